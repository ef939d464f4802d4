"""The desk as members of staff meet it: the queue as it changes, a case, an answer from a question to its use."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Browsing, OpenPage, check_axe, check_direction, sign_in, speak
from tests.conftest import Demo
from tests.telegram.walking import Walker, wording

pytestmark = pytest.mark.processes

OWN = {"call_name": "Оксана", "wish_year": "знову працювати медсестрою", "languages": "українська", "job": "медсестра"}
SUMMARY = {"de": "In einem Jahr", "nl": "Over een jaar", "en": "In one year"}
UNHEARD_OF = "Wer repariert kaputte Fahrräder?"
ASKED_ANEW = "Mein Rad ist kaputt, wer kann es reparieren?"
NEW_TEXT = "Im Repair-Café Musterstadt reparieren Freiwillige samstags Fahrräder. Das kostet nichts."
EDITORS = ("answers", "answers/new", "answers/todo", "answers/translations", "answers/try", "questions")
BOTH = pytest.mark.parametrize("language", ["de", "ar"])


class Intake:
    """A newcomer in Telegram who has reviewed everything and not sent it yet."""

    def __init__(self, demo: Demo) -> None:
        self._walker = Walker(demo.messenger.person("uk"), "uk")
        self._walker.greet()
        self._walker.whole(OWN)
        self._reference = ""

    @property
    def reference(self) -> str:
        """Of the case; the first one who asks sends it."""
        self._reference = self._reference or self._walker.send()
        return self._reference


@pytest.fixture(scope="package")
def oksana(demo: Demo) -> Intake:
    return Intake(demo)


def change(page: Page, form: str) -> None:
    """Send a form of a case's page, and see that it was done."""
    page.click(f"form[action$='/{form}'] button")
    page.wait_for_url(f"**?done={form}")
    expect(page.locator("#messages .done")).to_be_visible()


def test_sign_in(browsing: Browsing, demo: Demo) -> None:
    page = browsing.device().new_page()
    page.goto("/desk/cases?status=new")
    expect(page).to_have_url(re.compile("/desk/sign-in"))
    check_axe(page)
    sign_in(page, "guide@musterstadt.example", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("stimmt nicht")
    assert page.input_value("#login") == "guide@musterstadt.example"
    check_axe(page)
    page.click(".language-links a[lang=ar]")
    check_direction(page, "ar")
    check_axe(page)
    sign_in(page, "guide@musterstadt.example", demo.passwords["guide@musterstadt.example"])
    page.wait_for_url("**/desk/cases?status=new")  # the page that was asked for
    page.click("form[action='/desk/sign-out'] button")
    page.goto("/desk/cases")
    expect(page).to_have_url(re.compile("/desk/sign-in"))


def test_a_new_case_comes_into_the_open_queue(signed_in: OpenPage, oksana: Intake) -> None:
    page = signed_in("guide")
    page.goto("/desk/cases")
    with page.expect_response("**/desk/cases/events"):
        page.reload()
    page.evaluate("window.stayed = true")
    row = page.locator(f"#case-{oksana.reference}")
    expect(row).to_be_visible()
    assert page.evaluate("window.stayed"), "the page was not loaded again"
    line = page.locator("tr", has=row)
    expect(line).to_contain_text("Оксана")
    expect(line.locator(".status-new")).to_be_visible()
    check_axe(page)
    row.click()
    expect(page.locator("h1")).to_contain_text(oksana.reference)


def test_the_work_on_a_case(signed_in: OpenPage, oksana: Intake) -> None:
    page = signed_in("guide")
    page.goto(f"/desk/cases/{oksana.reference}")
    for tag, heading in SUMMARY.items():
        page.click(f".summary .tabs a[lang={tag}]")
        summary = page.locator(f".summary > div[lang={tag}]")
        expect(summary).to_contain_text(heading)
        expect(summary.locator(".own-words[lang=uk]", has_text=OWN["wish_year"])).to_be_visible()
        check_axe(page)
    page.goto(f"/desk/cases/{oksana.reference}")
    change(page, "take")
    expect(page.locator(".case-head .status-open")).to_be_visible()
    expect(page.locator("form[action$='/take']")).to_have_count(0)
    page.fill("#text", "Termin am Montag, 10 Uhr.\nÜbersetzerin bestellt: «Олена».")
    change(page, "note")
    page.click("form[action$='/note'] button")  # empty
    expect(page.locator("#text")).to_have_attribute("aria-invalid", "true")
    check_axe(page)
    page.click("#change-status ~ details summary")
    page.click("form[action$='/status'] button[value=waiting]")  # without saying for what
    expect(page.locator("#reason_waiting")).to_have_attribute("aria-invalid", "true")
    check_axe(page)
    page.fill("#reason_waiting", "Antwort der Schule")
    page.click("form[action$='/status'] button[value=waiting]")
    expect(page.locator(".case-head .status-waiting")).to_be_visible()
    expect(page.locator(".case-head")).to_contain_text("Antwort der Schule")
    page.select_option("#to", label="Kim Kollege")
    change(page, "assign")
    history = page.locator("ol.history")
    for told in (
        "Zugewiesen an Kim Kollege, vorher Gerda Guide",
        "von „offen“ zu „wartend“",
        "«Олена»",
        "Zugewiesen an Gerda Guide",
    ):
        expect(history).to_contain_text(told)
    expect(history.locator("li").first).to_contain_text("Kim Kollege")
    check_axe(page)
    colleague = signed_in("colleague")
    colleague.goto("/desk/cases?mine=1")
    expect(colleague.locator(f"#case-{oksana.reference}")).to_be_visible()


def test_everybody_keeps_to_their_pages(signed_in: OpenPage, oksana: Intake) -> None:
    editor, guide = signed_in("editor"), signed_in("guide")
    for page, paths in (
        (editor, ("/desk/cases", f"/desk/cases/{oksana.reference}", "/desk/figures")),
        (guide, ("/desk/answers", "/desk/answers/new", "/desk/questions", "/desk/figures")),
    ):
        for path in paths:
            response = page.goto(path)
            assert response is not None
            assert response.status == 403, path
            expect(page.locator("h1")).to_have_text("Kein Zugang")
    assert editor.locator("nav.pages a").count() == 3
    assert guide.locator("nav.pages a").count() == 4


def test_from_a_question_without_an_answer_to_its_answer(
    signed_in: OpenPage, demo: Demo, record_property: Callable[[str, object], None]
) -> None:
    first = Walker(demo.messenger.person("de"), "de")
    first.greet()
    first.say(UNHEARD_OF, wording("de")["answer.unknown"])
    first.press(wording("de")["answer.button.pass_and_tell"], wording("de")["answer.passed_and_tell"])

    page = signed_in("editor")
    page.goto("/desk/questions")
    asked = page.locator("li.asked", has_text=UNHEARD_OF)
    expect(asked).to_be_visible()
    check_axe(page)
    asked.locator("button[formaction$='/add']").click()
    check_axe(page)
    page.locator("form.add select").select_option(label="Vereine, Gruppen und Leute treffen")
    page.locator("form.add button").click()
    page.wait_for_url("**/desk/answers/*done=added")
    assert UNHEARD_OF in page.input_value("[id='questions.de']").splitlines()
    old = page.input_value("[id='text.de']")
    page.fill("[id='text.de']", f"{NEW_TEXT}\n\n{old}")
    expect(page.locator("#preview")).to_be_visible()
    page.click("form#editor .actions button:not([formaction])")
    page.wait_for_url("**done=saved")
    # not published yet: nobody gets it
    second = Walker(demo.messenger.person("de"), "de")
    second.greet()
    second.say("Wo lasse ich mein Fahrrad reparieren?", wording("de")["answer.unknown"])

    third = Walker(demo.messenger.person("de"), "de")
    third.greet()
    with page.expect_response(lambda response: response.url.endswith("/publish")) as published:
        page.click("button[formaction$='/publish']", no_wait_after=True)
    started = time.monotonic()
    assert published.value.status == 303
    time.sleep(2)  # every process knows it by now, whatever it does
    third.person.say(ASKED_ANEW)
    answer = third.person.wait_for(lambda message: message.from_bot, 20, fresh=True)
    took = time.monotonic() - started
    assert NEW_TEXT in answer.text, answer.text
    record_property("seconds from publishing to the new answer", round(took, 2))
    print(f"{took:.2f} s from publishing to the new answer")
    assert took < 10
    page.wait_for_url("**done=published")
    expect(page.locator("#messages .done")).to_have_text("Veröffentlicht. Der Bot benutzt es ab sofort.")
    page.goto("/desk/questions")
    expect(page.locator("li.asked", has_text=UNHEARD_OF)).to_have_count(0)


def test_the_editor_asks_before_words_are_lost(signed_in: OpenPage) -> None:
    page = signed_in("editor")
    page.goto("/desk/answers")
    page.fill("#search", "Konto")
    expect(page.locator("#answers tbody tr:not(.group)")).to_have_count(1)
    page.click("#answers a.title-link")
    page.fill("[id='title.en']", "")
    page.fill("[id='text.de']", "Neuer Text")
    page.click("form#editor .actions button:not([formaction])")
    expect(page.locator("#problem-summary")).to_be_focused()
    check_axe(page)
    assert page.input_value("[id='text.de']") == "Neuer Text"
    asked = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", stay)
    page.click("nav.pages a >> nth=0")
    page.wait_for_url("**/desk/answers")
    assert asked == ["beforeunload"]


@BOTH
def test_every_page_can_be_used_by_everybody(signed_in: OpenPage, oksana: Intake, language: str) -> None:
    for who, paths in (
        ("guide", ("/desk/cases", "/desk/cases?status=closed", f"/desk/cases/{oksana.reference}", "/desk/account")),
        ("editor", (*(f"/desk/{name}" for name in EDITORS), "/desk/cases", "/desk/nowhere")),
        ("admin", ("/desk/figures", "/desk/staff", "/desk/staff/new", "/desk/account/second-factor")),
    ):
        page = signed_in(who, language)
        for path in paths:
            page.goto(path)
            if path != "/desk/nowhere":
                check_direction(page, language)
            check_axe(page)
        if who == "editor":
            page.goto("/desk/answers")
            page.locator("a.title-link").first.click()
            page.click("button.language-button[value=ar]")
            check_direction(page, language)
            check_axe(page)
            address = page.url.split("?")[0].removesuffix("/view")
            for path in ("retire", "versions"):
                page.goto(f"{address}/{path}")
                check_direction(page, language)
                check_axe(page)
        speak(page, "de")


@BOTH
def test_on_a_phone_nothing_sticks_out(signed_in: OpenPage, oksana: Intake, language: str) -> None:
    for who, paths in (
        ("guide", ("/desk/cases", f"/desk/cases/{oksana.reference}", "/desk/account")),
        ("editor", tuple(f"/desk/{name}" for name in EDITORS)),
    ):
        page = signed_in(who, language, viewport={"width": 360, "height": 740})
        for path in paths:
            page.goto(path)
            check_direction(page, language)
        check_axe(page)
        speak(page, "de")

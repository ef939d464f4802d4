"""The newcomer's own pages in a real browser: by keyboard, on a small phone, in large print, by a link from the chat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from lotse.intake import links
from lotse.intake.links import MY_DATA, PRIVATE
from lotse.intake.runs import of_conversation
from lotse.settings import from_environment
from lotse.storage import Database
from lotse.storage.tables import Conversation
from tests.browser.conftest import PHONE, Browsing, OpenPage, check_axe, check_direction
from tests.browser.newcomers import WebNewcomer
from tests.browser.test_web_chat import BOTH, LOCALES, OWN, keyboard_to
from tests.conftest import Demo
from tests.telegram.walking import Walker, wording, words

pytestmark = pytest.mark.processes

SMALL = {"width": 320, "height": 568}
FAITH = {"de": "evangelische Gemeinde", "ar": "كنيسة قريبة من البيت"}
SAVE = "main form > button"
YES = "[name='agree.faith'][value=yes]"


def newcomer(phone: OpenPage, tag: str, until: str = "call_name") -> WebNewcomer:
    """Somebody who has agreed that answers are saved."""
    someone = WebNewcomer(phone(LOCALES[tag]), tag)
    someone.start()
    someone.intake(until=until)
    return someone


def link(demo: Demo, purpose: str) -> str:
    """The path of a link for the newest conversation, as the bot would make it where it knows its own address."""
    database = Database(from_environment({"LOTSE_HOME": str(demo.home)}))
    try:
        with database.session() as session:
            newest = session.scalars(select(Conversation).order_by(Conversation.started_at.desc()).limit(1)).one()
            intake = of_conversation(session, newest) if purpose == PRIVATE else None
            token = links.issue(session, database.vault, newest.id, purpose, intake.id if intake else None)
        return f"/my/{purpose}/{token}"
    finally:
        database.engine.dispose()


def fits(page: Page, tag: str) -> None:
    """Nothing sticks out of the page, axe finds nothing; on a small phone and in print twice as large too."""
    for size in (PHONE, SMALL):
        page.set_viewport_size(size)
        for zoom in ("100%", "200%"):
            page.evaluate("(size) => { document.documentElement.style.fontSize = size }", zoom)
            check_direction(page, tag)
            check_axe(page)
    page.evaluate("() => { document.documentElement.style.fontSize = '' }")
    page.set_viewport_size(PHONE)


@BOTH
def test_private_questions_by_keyboard_alone(phone: OpenPage, demo: Demo, tag: str) -> None:
    page = newcomer(phone, tag).page
    path = link(demo, PRIVATE)
    page.goto(path)
    fits(page, tag)
    expect(page.locator("[name=faith]").first).to_be_hidden()
    assert page.locator(":checked").count() == 0, "nothing is chosen beforehand"

    keyboard_to(page, YES)
    page.keyboard.press("Space")
    keyboard_to(page, "[name=faith][value=yes]")
    expect(page.locator("[name='faith_which.own']")).to_be_hidden()
    page.keyboard.press("Space")
    keyboard_to(page, "[name='faith_which.own']")
    page.keyboard.type(FAITH[tag])
    keyboard_to(page, "[name='agree.take_part'][value=yes]")
    page.keyboard.press("Space")
    keyboard_to(page, "[name=take_part][value=step_free]")
    page.keyboard.press("Space")
    fits(page, tag)
    keyboard_to(page, SAVE)
    page.keyboard.press("Enter")
    short = words(tag)["faith"]["short"]
    expect(page.get_by_role("status")).to_contain_text(short)
    fits(page, tag)
    assert FAITH[tag] not in page.content()

    page.goto(path)
    expect(page.locator("h1")).to_have_text(wording(tag)["my.used.heading"])
    fits(page, tag)


@BOTH
def test_a_form_that_is_not_clear_without_a_script(phone: OpenPage, demo: Demo, tag: str) -> None:
    newcomer(phone, tag)
    page = phone(LOCALES[tag], java_script_enabled=False)
    page.goto(link(demo, PRIVATE))
    page.check("[name='agree.take_part'][value=yes]")
    page.check("[name=take_part][value=breaks]")
    page.check("[name='agree.take_part'][value=no]")
    page.check(YES)
    page.check("[name=faith][value=yes]")
    page.fill("[name='faith_which.own']", FAITH[tag])
    page.click(SAVE)
    lines = page.get_by_role("status").locator("li")
    expect(lines).to_have_count(2)
    expect(lines.nth(1)).to_contain_text(words(tag)["take_part"]["short"])


def test_answers_without_a_yes_are_asked_back(phone: OpenPage, demo: Demo) -> None:
    page = newcomer(phone, "de").page
    page.goto(link(demo, PRIVATE))
    page.check(YES)
    page.check("[name=faith][value=no]")
    # as a browser that cannot hide what belongs to a yes
    page.evaluate("() => { document.querySelector('[name=\"agree.faith\"]:checked').checked = false }")
    page.evaluate("() => { document.querySelector('form').requestSubmit() }")
    expect(page.get_by_role("alert")).to_be_visible()
    fits(page, "de")
    page.click("[role=alert] a")
    assert page.evaluate("document.activeElement.name") == "agree.faith", "the link leads to what is missing"
    page.keyboard.press("Space")
    expect(page.locator("[name=faith][value=no]")).to_be_checked()
    page.click(SAVE)
    expect(page.get_by_role("status")).to_be_visible()


@BOTH
def test_everything_that_is_held(phone: OpenPage, demo: Demo, tag: str) -> None:
    someone = newcomer(phone, tag)
    page = someone.page
    name = OWN[tag]["call_name"]
    someone.respond("call_name", name, "gender")
    page.goto(link(demo, MY_DATA))
    fits(page, tag)
    keyboard_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/my/data")
    expect(page.locator("h3")).to_have_text(name)
    fits(page, tag)
    for summary in page.locator("summary").all():
        summary.focus()
        page.keyboard.press("Enter")
    expect(page.locator(".messages li").first).to_be_visible()
    fits(page, tag)

    with page.expect_download() as saved:
        page.click("a[download]")
    file = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert file["people"][0]["name"] == name
    assert saved.value.suggested_filename == "my-data.json"

    page.locator("form[action='/my/close'] button").first.click()
    expect(page.locator("h1")).to_have_text(wording(tag)["my.left.heading"])
    fits(page, tag)
    page.go_back()
    assert name not in page.locator("body").inner_text(), "who comes to the device next sees nothing"


@BOTH
def test_the_notice(phone: OpenPage, tag: str) -> None:
    page = phone(LOCALES[tag])
    page.goto("/chat")
    keyboard_to(page, "a[href^='/privacy']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/privacy?*")
    fits(page, tag)
    page.click("a[hreflang=uk]")
    expect(page.locator("html")).to_have_attribute("lang", "uk")


@pytest.fixture
def public(browser: Browser, tmp_path: Path) -> Iterator[tuple[Demo, Browsing]]:
    """A demo that knows an address of its own, so that the bot offers its pages."""
    demo = Demo(tmp_path / "public", LOTSE_PUBLIC_URL="http://localhost")
    browsing = Browsing(browser, demo.url)
    yield demo, browsing
    browsing.close()
    demo.close()
    assert not browsing.complaints, "\n".join(browsing.complaints)


def test_from_the_chat_to_the_pages_and_on_in_telegram(public: tuple[Demo, Browsing]) -> None:
    demo, browsing = public
    context = browsing.device("de-DE", viewport=PHONE, has_touch=True)
    someone = WebNewcomer(context.new_page(), "de")
    page = someone.page
    someone.start()
    someone.intake(until="town")
    skip_to(someone, "private")

    # the page of the town; when it is sent, the chat goes on by itself
    form = context.new_page()
    form.goto(path_in(page, PRIVATE))
    form.check(YES)
    form.check("[name=faith][value=yes]")
    form.fill("[name='faith_which.own']", FAITH["de"])
    form.click(SAVE)
    expect(form.locator("main")).to_contain_text(wording("de")["my.goes_on"])
    saved = page.locator("#log .bot", has_text=wording("de")["intake.saved_private"])
    expect(saved).to_contain_text(someone.label("contact_how"))
    assert FAITH["de"] not in page.content()
    form.click("a[href='/chat#end']")
    expect(form.locator("#log .bot").last).to_contain_text(someone.label("contact_how"))

    # everything that is held, by a link of the chat
    someone.say("/mydata", wording("de")["data.link"])
    form.goto(path_in(page, MY_DATA))
    form.click("main form button")
    expect(form.locator("dl")).to_contain_text(FAITH["de"])

    # on in Telegram, where the next question is asked
    try:
        someone.say("/move", wording("de")["move.what"])
    except Exception:
        print("BUBBLES", [t[:60] for t in someone.bubbles()[-5:]])
        raise
    code = page.locator("#log .bot strong").last.inner_text()
    walker = Walker(demo.messenger.person("de", "Irina"), "de")
    walker.person.start(f"move_{code}")
    shown = walker.wait(wording("de")["move.here"])
    assert someone.label("contact_how") in shown.text
    expect(page.locator("#log .bot").last).to_contain_text(wording("de")["move.gone"])
    walker.press(wording("de")["intake.button.skip"], walker.label("contact"))
    assert FAITH["de"] not in "".join(each.text for each in walker.person.messages)


def path_in(page: Page, purpose: str) -> str:
    """The path of the newest link of a purpose in the chat."""
    address = page.locator(f"#log a[href*='/my/{purpose}/']").last.get_attribute("href")
    return urlsplit(str(address)).path


def skip_to(someone: WebNewcomer, question: str) -> None:
    """Skip one question after the other until a certain one is asked."""
    asked = someone.page.locator("#log .bot")
    for _ in range(60):
        if someone.label(question) in asked.last.inner_text():
            return
        count = asked.count()
        someone.button(someone.menu("intake.button.skip")).as_element().click()
        expect(asked).not_to_have_count(count)
    raise AssertionError(f"{question} was not asked, but: {asked.last.inner_text()}")

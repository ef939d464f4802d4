"""The web chat as newcomers meet it: on a phone, in both directions, with a bad network, without a script, by keyboard."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage, check_axe, check_direction
from tests.browser.newcomers import SEVERAL, WebNewcomer
from tests.telegram.walking import ORDINARY, TOWN, wording

pytestmark = pytest.mark.processes

LOCALES = {"ar": "ar-EG", "de": "de-DE"}
QUESTION = {"ar": "وين بسجل عنواني الجديد", "de": "wo muss ich mich anmelden"}
PLACE = "Bürgerbüro"
OWN = {
    "ar": {"call_name": "سلمى", "wish_year": "بدي اتعلم الماني واشتغل خياطة", "languages": "العربية", "job": "خياطة"},
    "de": {"call_name": "Irina", "wish_year": "eine eigene Wohnung", "languages": "Deutsch", "job": "Bäckerin"},
}
BOTH = pytest.mark.parametrize("tag", ["ar", "de"])


def newcomer(phone: OpenPage, tag: str) -> WebNewcomer:
    someone = WebNewcomer(phone(LOCALES[tag]), tag)
    someone.start()
    return someone


def keyboard_to(page: Page, selector: str, key: str = "Tab", most: int = 60) -> None:
    """Go with the Tab key until the focus is there, and see it."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {selector} cannot be seen"
            return
    raise AssertionError(f"{selector} cannot be reached with {key}")


@BOTH
def test_a_whole_intake(phone: OpenPage, signed_in: OpenPage, tag: str) -> None:
    someone = newcomer(phone, tag)
    page = someone.page
    check_direction(page, tag)
    someone.say(QUESTION[tag], PLACE)
    given = {**ORDINARY, **OWN[tag]}
    someone.intake(until="needs", given=given)

    # ticks change the bubble that asks
    count = page.locator("#log .bubble").count()
    for name in given["needs"].split():
        someone.tick(someone.choice("needs", name.lstrip("@")))
    assert page.locator("#log .bubble").count() == count
    assert page.locator("#log [aria-pressed=true]").count() == len(given["needs"].split())
    check_axe(page)

    # a reload in the middle keeps everything that was said since the consent, and the ticks
    before = someone.bubbles()
    page.reload()
    since = before.index(next(text for text in before if someone.label("town") in text))
    assert someone.bubbles()[since:] == before[since:]
    assert len(someone.bubbles()) == len(before)
    assert page.locator("#log [aria-pressed=true]").count() == len(given["needs"].split())

    someone.press(someone.menu("intake.button.done"), someone.label("urgent"))
    someone.go_on("urgent", "review", given)
    check_direction(page, tag)
    reference = someone.send()

    # telephone and e-mail, typed with a mistake first
    page.goto("/chat/contact")
    page.fill("#phone", "12")
    page.fill("#email", "salma@")
    page.click("main form button:not([name])")
    expect(page.locator("[aria-invalid=true]")).to_have_count(2)
    check_axe(page)
    page.fill("#phone", "+49 251 123456")
    page.fill("#email", f"{tag}.newcomer@lotse-chat.org")
    page.click("main form button:not([name])")
    expect(page.get_by_role("status")).to_have_text(wording(tag)["web.contact.saved"])

    desk = signed_in("guide")
    desk.goto(f"/desk/cases/{reference}")
    expect(desk.locator("a[href='tel:+49251123456']")).to_be_visible()
    expect(desk.locator(f"a[href='mailto:{tag}.newcomer@lotse-chat.org']")).to_be_visible()
    assert given["wish_year"] in desk.locator(".summary").inner_text()


@BOTH
def test_every_page_can_be_used_by_everybody(phone: OpenPage, tag: str) -> None:
    page = phone(LOCALES[tag])
    someone = WebNewcomer(page, tag)
    for path in ("/chat", "/chat/return"):
        page.goto(path)
        check_direction(page, tag)
        check_axe(page)
    page.fill("#code", "KF7M-29TC-XW4H")
    page.click("main form button")
    expect(page.get_by_role("alert")).to_be_visible()
    check_axe(page)
    page.goto("/chat?town=nowhere")
    check_axe(page)
    someone.start()
    someone.say(QUESTION[tag], PLACE)
    page.click("summary")
    check_axe(page)
    for path in ("/chat/code", "/chat/contact", "/chat/leave"):
        page.goto(path)
        check_direction(page, tag)
        check_axe(page)
    page.goto("/chat/code")
    page.click("main form button")
    expect(page.locator("p.code")).to_be_visible()
    check_axe(page)


def test_on_two_devices(phone: OpenPage) -> None:
    someone = newcomer(phone, "ar")
    someone.say(QUESTION["ar"], PLACE)
    someone.page.click("summary")
    someone.page.click("a[href='/chat/code']")
    someone.page.click("main form button")
    code = someone.page.locator("p.code").inner_text()
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", code)
    someone.page.goto("/chat")

    other = WebNewcomer(phone("ar-EG"), "ar")
    other.page.goto("/chat")
    other.page.click("a[href='/chat/return']")
    other.page.fill("#code", code.lower().replace("-", " "))
    other.page.click("main form button")
    other.page.wait_for_url("**/chat#end")
    assert other.bubbles()[:-1] == someone.bubbles()[:-1]
    # what the bot says to one device comes to the other one
    count = someone.page.locator("#log .bot").count()
    other.press(other.menu("answer.button.more"), "")
    expect(someone.page.locator("#log .bot")).not_to_have_count(count)
    assert someone.bubbles()[-1] == other.bubbles()[-1]
    # leaving on one device does not touch the other
    someone.page.goto("/chat/leave")
    someone.page.click("main form button")
    expect(someone.page.locator("button.card").first).to_be_visible()
    other.page.reload()
    other.say(QUESTION["ar"], PLACE)


@BOTH
def test_without_a_network_nothing_is_lost(phone: OpenPage, tag: str) -> None:
    someone = newcomer(phone, tag)
    page = someone.page
    page.context.set_offline(True)
    page.fill("#text", QUESTION[tag])
    page.keyboard.press("Enter")
    expect(page.locator(".own .state")).to_have_text(wording(tag)["web.state.waiting"])
    page.context.set_offline(False)
    someone.wait(PLACE)
    assert someone.own() == [QUESTION[tag]]
    page.reload()
    assert sum(PLACE in text for text in someone.bubbles()) == 1
    assert page.locator("#log .own").count() == 1


def test_a_message_whose_receipt_was_lost_arrives_once(phone: OpenPage) -> None:
    someone = newcomer(phone, "de")
    page, lost = someone.page, []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch())  # the server has it, the phone does not know
            route.abort()

    page.route("**/chat/send", lose_the_first)
    someone.say(QUESTION["de"], PLACE)
    expect(page.locator("[data-unsent]")).to_have_count(0)
    assert lost
    assert sum(PLACE in text for text in someone.bubbles()) == 1
    page.unroute_all(behavior="wait")

    # what could not be sent survives a reload
    page.route("**/chat/send", lambda route: route.abort())
    page.fill("#text", "wie finde ich einen arzt")
    page.keyboard.press("Enter")
    expect(page.locator("[data-unsent] .state")).to_have_text(wording("de")["web.state.waiting"])
    page.unroute_all(behavior="wait")
    page.reload()
    expect(page.locator("[data-unsent]")).to_have_count(0)
    someone.wait("Arzt")
    assert len([text for text in someone.own() if text == "wie finde ich einen arzt"]) <= 1


@BOTH
def test_without_a_script(phone: OpenPage, tag: str) -> None:
    page = phone(LOCALES[tag], java_script_enabled=False)
    page.goto("/chat")
    page.click(f"button.card[value={tag}]")
    expect(page.locator("#log")).to_contain_text(TOWN)
    page.fill("#text", QUESTION[tag])
    page.click("#write button")
    expect(page.locator("#log")).to_contain_text(PLACE)
    more = page.locator("#log button", has_text=wording(tag)["answer.button.more"])
    bubbles = page.locator("#log .bubble").count()
    more.last.click()
    expect(page.locator("#log .bubble")).not_to_have_count(bubbles)
    page.click("#write button")  # nothing typed
    expect(page.get_by_role("alert")).to_have_text(wording(tag)["web.empty"])


@BOTH
def test_by_keyboard_alone(phone: OpenPage, tag: str) -> None:
    page = phone(LOCALES[tag])
    someone = WebNewcomer(page, tag)
    page.goto("/chat")
    keyboard_to(page, f"button.card[value={tag}]")
    page.keyboard.press("Enter")
    someone.wait(TOWN)
    keyboard_to(page, "#text")
    page.keyboard.type(QUESTION[tag])
    page.keyboard.press("Enter")
    someone.wait(PLACE)
    assert page.evaluate("document.activeElement.id") == "text", "the next message can be typed at once"
    keyboard_to(page, "#log .bubble:last-child button", "Shift+Tab")
    page.keyboard.press("Space")
    expect(page.locator("#log .own")).to_have_count(2)
    expect(page.locator("#status.typing")).to_have_count(0)
    keyboard_to(page, "summary", "Shift+Tab")
    page.keyboard.press("Enter")
    keyboard_to(page, "a[href='/chat/contact']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chat/contact")


def test_an_answer_that_is_quicker_than_the_receipt_stands_below(phone: OpenPage) -> None:
    someone = newcomer(phone, "de")

    def hold_the_receipt(route: Route) -> None:
        answer = route.fetch()
        someone.page.wait_for_timeout(1500)  # the stream brings the answer meanwhile
        route.fulfill(response=answer)

    someone.page.route("**/chat/send", hold_the_receipt)
    someone.say("/move", wording("de")["move.what"])
    assert someone.bubbles()[-2] == "/move"
    someone.page.unroute_all(behavior="wait")


def test_ticks_keep_the_focus(phone: OpenPage) -> None:
    someone = newcomer(phone, "de")
    someone.intake(until="needs")
    assert "needs" in SEVERAL
    choice = someone.button(someone.choice("needs", "home")).as_element()
    choice.focus()
    someone.page.keyboard.press("Space")
    expect(someone.page.locator("#log [aria-pressed=true]")).to_have_count(1)
    assert someone.page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"
    started = time.monotonic()
    someone.page.keyboard.press("Space")
    expect(someone.page.locator("#log [aria-pressed=true]")).to_have_count(0)
    assert time.monotonic() - started < 10

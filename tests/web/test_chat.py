"""The web chat over HTTP, without JavaScript and as chat.js uses it."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from bot.channels.web import STATIC
from bot.channels.web.app import TEMPLATES
from bot.inbox import Inbox
from bot.messages import IncomingMessage
from bot.outbox import Outbox
from lotse.privacy import erase_told
from lotse.replies import Reply, say
from lotse.storage.tables import Conversation, Entry, Municipality, Outbound, WebSession
from tests.web.conftest import Desk

BY_SCRIPT = {"Accept": "application/json"}


def plain(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def send(browser: TestClient, text: str, nonce: str = "n1"):
    return browser.post("/chat/send", data={"text": text, "nonce": nonce})


def test_looking_stores_nothing(desk: Desk) -> None:
    for method in ("GET", "HEAD"):
        page = desk.browser("uk-UA,uk;q=0.9").request(method, "/chat?start=unknown")
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
    assert desk.conversations() == []
    shown = desk.browser("uk").get("/chat").text
    assert '<html lang="uk" dir="ltr">' in shown
    assert re.findall(r'name="language" value="(\w+)" lang="\1" dir="(\w+)"', shown)[0] == ("uk", "ltr")
    assert 'value="ar" lang="ar" dir="rtl"' in shown
    assert "العربية" in shown
    assert "Musterstadt" in shown


def test_start(desk: Desk) -> None:
    browser = desk.browser()
    started = browser.post("/chat/start", data={"language": "ar"})
    assert (started.status_code, started.headers["location"]) == (303, "/chat")
    cookie = started.headers["set-cookie"]
    assert re.fullmatch(r"lotse_chat=[\w-]{43}; HttpOnly; Max-Age=7776000; Path=/chat; SameSite=lax", cookie)
    (conversation,) = desk.conversations()
    assert (conversation.channel, conversation.language, conversation.language_chosen) == ("web", "ar", True)
    with desk.core.database.reading() as session:
        assert browser.cookies["lotse_chat"] not in session.scalars(select(WebSession.digest)).one()
    page = browser.get("/chat")
    assert '<html lang="ar" dir="rtl">' in page.text
    assert page.headers["content-language"] == "ar"
    assert browser.post("/chat/start", data={"language": "de"}).status_code == 303
    assert len(desk.conversations()) == 1, "pressed twice is begun once"


def test_the_cookie_is_secure_behind_https(secure_desk: Desk) -> None:
    started = secure_desk.browser().post("/chat/start", data={"language": "de"})
    assert "; Secure" in started.headers["set-cookie"]


def test_a_place_and_a_town(desk: Desk) -> None:
    with desk.core.database.session() as session:
        town = Municipality(slug="nebenan", name="Nebenan", country="DE", time_zone="Europe/Berlin", details={})
        session.add(town)
        session.flush()
        session.add(Entry(token="counter1", municipality_id=town.id, place="Library"))
    page = desk.browser().get("/chat?start=counter1").text
    assert "Nebenan" in page
    assert 'name="start" value="counter1"' in page
    desk.browser().post("/chat/start", data={"language": "de", "start": "counter1"})
    desk.browser().post("/chat/start", data={"language": "de", "town": "nebenan"})
    desk.browser().post("/chat/start", data={"language": "de", "start": "gone"})
    with desk.core.database.reading() as session:
        towns = session.scalars(select(Municipality.slug).join(Conversation).order_by(Conversation.started_at)).all()
        assert session.get_one(Entry, "counter1").used == 1
    assert towns == ["nebenan", "nebenan", "musterstadt"]


@pytest.mark.parametrize("slug", ["atlantis", "a\0b", "<script>", "x" * 500])
def test_an_unknown_town(desk: Desk, slug: str) -> None:
    for answer in (
        desk.browser("de").get("/chat", params={"town": slug}),
        desk.browser("de").post("/chat/start", data={"language": "de", "town": slug}),
    ):
        assert answer.status_code == 404
        assert "Diese Stadt ist hier nicht bekannt" in answer.text
    assert desk.conversations() == []


def test_a_message_without_javascript(desk: Desk) -> None:
    browser = desk.newcomer()
    answer = send(browser, "hello")
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat#end")
    page = browser.get("/chat").text
    assert "<strong>Title hello</strong>\nhello" in page
    assert {row.state for row in desk.outbound()} == {"sent"}
    press = re.findall(r'name="press" value="([^"]+)"', page)[-1]
    browser.post("/chat/send", data={"press": press, "nonce": "n1"})  # the same form, another content
    assert len(desk.inbound()) == 2
    assert "Title menu" in browser.get("/chat").text


def test_the_same_form_twice_is_one_message(desk: Desk) -> None:
    browser = desk.newcomer()
    for _ in range(3):
        send(browser, "hello", "n1")
    assert browser.post("/chat/send", data={"text": "hello", "nonce": "n1"}, headers=BY_SCRIPT).status_code == 202
    send(browser, "hello", "n2")
    first, second = desk.inbound()
    assert first.external_id != second.external_id
    assert "n1" not in first.external_id
    assert len([row for row in desk.outbound() if row.inbound_id]) == 2


def test_by_script(desk: Desk) -> None:
    browser = desk.newcomer()
    last = desk.outbound()[-1].number
    answer = browser.post("/chat/send", data={"text": "hi", "nonce": "n"}, headers=BY_SCRIPT)
    assert answer.status_code == 202
    assert answer.json() == {"state": "accepted", "bubble": desk.inbound()[0].external_id}
    news = browser.get(f"/chat/messages?after={last}").json()
    assert news["reset"] is None
    assert [message["number"] for message in news["messages"]] == [news["last"]] == [last + 1]
    assert f'data-number="{last + 1}"' in news["messages"][0]["html"]
    assert desk.outbound()[-1].state == "sent"
    assert browser.get(f"/chat/messages?after={last + 1}").json() == {"last": last + 1, "reset": None, "messages": []}


def test_the_bot_is_away(desk: Desk) -> None:
    desk.door.away = True
    browser = desk.newcomer()
    assert send(browser, "is somebody there").status_code == 303
    page = plain(browser.get("/chat").text)
    assert "is somebody there" in page
    assert "The answer takes longer than usual" in page


def test_words_that_were_not_kept(desk: Desk) -> None:
    browser = desk.newcomer("de")
    send(browser, "geheim geheim")
    page = browser.get("/chat").text
    own = re.findall(r'class="bubble own" id=.*?</div>', page, re.DOTALL)
    assert len(own) == 1
    assert "Die Worte wurden nicht gespeichert" in own[0]
    assert "geheim" not in own[0]


def test_ticks_replace_their_message(desk: Desk) -> None:
    desk.door.keeps_words = True
    browser = desk.newcomer()
    send(browser, "ticks")
    ids = re.findall(r'name="press" value="([^"]+)" data-tick aria-pressed="false"', browser.get("/chat").text)
    browser.post("/chat/send", data={"press": ids[1], "nonce": "n2"})
    page = browser.get("/chat").text
    assert page.count("Which?") == 1
    assert re.findall(r'aria-pressed="(\w+)">([^<]+)<', page) == [("false", "home"), ("true", "✓ work")]
    assert page.count('class="bubble own" id=') == 1, "a tick has no bubble of its own"
    fragment = browser.get(f"/chat/messages?after={desk.outbound()[-2].number}").json()["messages"][0]["html"]
    assert f'data-edits="{desk.outbound()[-2].id}"' in fragment


EVIL = '<script>alert(1)</script> "><img src=x onerror=alert(1)> javascript:alert(1)'


def test_nothing_is_markup(desk: Desk) -> None:
    desk.door.keeps_words = True
    browser = desk.newcomer()
    send(browser, EVIL)
    browser.post("/chat/contact", data={"phone": EVIL, "email": EVIL})
    pages = [browser.get("/chat").text, browser.post("/chat/contact", data={"phone": EVIL, "email": EVIL}).text]
    pages += [browser.post("/chat/return", data={"code": EVIL}).text, desk.browser().post("/chat/send", data={"text": EVIL}).text]
    pages += [message["html"] for message in browser.get("/chat/messages?after=0").json()["messages"]]
    assert plain(pages[0]).count(EVIL) == 3, "shown as it was typed: own words, title, answer"
    for page in pages:
        assert "<script>" not in page
        assert "<img" not in page
        assert 'href="javascript' not in page


def test_no_inline_script_or_style(desk: Desk) -> None:
    browser = desk.newcomer()
    send(browser, "hello")
    pages = [browser.get(path) for path in ("/chat", "/chat/code", "/chat/contact", "/chat/leave", "/chat/return")]
    pages += [desk.browser().get("/chat"), browser.post("/chat/code"), desk.browser().get("/chat?town=x")]
    for page in pages:
        assert "script-src 'self'; style-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
        for address in re.findall(r'(?:src|href)="(/static[^"]+)"', page.text):
            assert browser.get(address).status_code == 200


@pytest.mark.parametrize(
    ("data", "status", "told"),
    [
        ({"text": ""}, 400, "Bitte schreiben Sie zuerst etwas"),
        ({"text": " \n\t "}, 400, "Bitte schreiben Sie zuerst etwas"),
        ({}, 400, "Bitte schreiben Sie zuerst etwas"),
        ({"text": "ä" * 600_000}, 413, "Das war zu lang"),
        ({"text": "a\0b\x07\u202ec"}, 303, ""),
        ({"text": "x" * 100_000}, 303, ""),
        ({"press": "b_nothing.0"}, 303, ""),
        ({"press": "\0'; DROP"}, 303, ""),
        ({"text": "hello", "nonce": "\0" * 5000}, 303, ""),
    ],
)
def test_bad_input(desk: Desk, data: dict[str, str], status: int, told: str) -> None:
    browser = desk.newcomer("de")
    answer = browser.post("/chat/send", data=data)
    assert answer.status_code == status
    assert told in answer.text
    assert browser.get("/chat").status_code == 200
    assert browser.post("/chat/send", data=data, headers=BY_SCRIPT).status_code == {303: 202}.get(status, status)


def test_bytes_that_are_no_form(desk: Desk) -> None:
    browser = desk.newcomer()
    for body in (b"\xff\xfe%%%=&=&text", b"text=%ff%fe", b"&".join([b"a=1"] * 1000), b"{}"):
        assert browser.post("/chat/send", content=body).status_code in (303, 400)


def test_a_session_that_is_over(desk: Desk) -> None:
    for browser in (desk.browser(), desk.browser()):
        browser.cookies.set("lotse_chat", "nobody", path="/chat")
        answer = browser.post("/chat/send", data={"text": "мій довгий текст", "language": "uk", "nonce": "n"})
        assert answer.status_code == 401
        assert "Цей чат більше не відкрито" in answer.text
        assert "мій довгий текст" in answer.text, "what was typed can be copied"
        assert browser.post("/chat/send", data={"text": "x"}, headers=BY_SCRIPT).json() == {"state": "gone"}
        assert browser.get("/chat/messages").status_code == 401
        assert browser.get("/chat/events").status_code == 401
        for path in ("/chat/code", "/chat/contact", "/chat/leave", "/chat/send", "/chat/start"):
            assert browser.get(path).headers["location"] == "/chat"
        assert browser.post("/chat/code").status_code == 401
    assert desk.inbound() == []


def test_too_fast(desk: Desk) -> None:
    browser = desk.newcomer()
    for number in range(90):
        assert browser.post("/chat/send", data={"text": "x", "nonce": str(number)}, headers=BY_SCRIPT).status_code == 202
    answer = send(browser, "my long text", "last")
    assert answer.status_code == 429
    assert "wait a moment" in answer.text
    assert "my long text</textarea>" in answer.text
    assert 0 < int(answer.headers["retry-after"]) <= 60
    by_script = browser.post("/chat/send", data={"text": "x"}, headers=BY_SCRIPT)
    assert (by_script.status_code, by_script.json()) == (429, {"state": "wait"})
    assert int(by_script.headers["retry-after"]) > 0
    assert send(desk.newcomer(), "another chat goes on").status_code == 303


def test_many_starts(desk: Desk) -> None:
    for _ in range(60):
        assert desk.browser().post("/chat/start", data={"language": "de"}).status_code == 303
    refused = desk.browser("de").post("/chat/start", data={"language": "de"})
    assert refused.status_code == 429
    assert "Bitte warten Sie einen Moment" in refused.text
    assert desk.browser(address="10.0.0.2").post("/chat/start", data={"language": "de"}).status_code == 303


def test_another_site_cannot_send(desk: Desk) -> None:
    browser = desk.newcomer()
    assert browser.post("/chat/send", data={"text": "x"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert desk.inbound() == []


def test_erased_messages_leave_open_pages(desk: Desk) -> None:
    browser = desk.newcomer()
    send(browser, "secret words")
    browser.get("/chat")
    last = desk.outbound()[-1].number
    with desk.core.database.session() as session:
        erase_told(session, session.scalars(select(Conversation)).one())
    news = browser.get(f"/chat/messages?after={last}").json()
    assert (news["reset"], news["last"]) == ("", 0)
    send(browser, "a new beginning", "n2")
    page = browser.get("/chat").text
    assert "a new beginning" in page
    assert "secret" not in page


def test_earlier_messages_on_request(desk: Desk) -> None:
    browser = desk.newcomer()
    with desk.core.database.session() as session:
        conversation = session.scalars(select(Conversation)).one()
        body = session.scalars(select(Outbound)).first().body
        for number in range(150):
            session.add(Outbound(conversation_id=conversation.id, body={**body, "text": f"number {number}", "buttons": []}))
    page = browser.get("/chat").text
    assert page.count('class="bubble bot"') == 100
    assert "number 149" in page
    assert browser.get("/chat?earlier=1").text.count('class="bubble bot"') == 151


def test_the_menu_changes_the_language(desk: Desk) -> None:
    desk.door.keeps_words = True
    browser = desk.newcomer("de")
    send(browser, "/language")
    page = browser.get("/chat").text
    assert page.count("Sprache ändern") == 2
    assert '<p class="text">Sprache ändern' in page


def test_a_guide_writes_by_itself(desk: Desk) -> None:
    browser = desk.newcomer()
    send(browser, "hello")
    with desk.core.database.session() as session:
        conversation = session.scalars(select(Conversation)).one()
        reply = Reply(["A guide says hello: https://example.org/a?b=1&c=2."])
        Outbox(desk.core.wording, desk.core.languages).put(session, conversation, reply, None)
    page = browser.get("/chat").text
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noreferrer noopener" target="_blank"' in page
    assert len(re.findall(r'name="press"', page)) == 1, "buttons of the turn before stay"


def test_every_text_comes_from_the_wording() -> None:
    for template in TEMPLATES.glob("*.html"):
        text = re.sub(
            r"\{% block look %\}chat|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", "", template.read_text("utf-8"), flags=re.DOTALL
        )
        assert not re.search(r"\w", text), f"{template.name}: {text.split()}"
        assert not re.search(r'(aria-label|placeholder|title|alt)="[^"{]', template.read_text("utf-8"))


def test_the_page_is_light(desk: Desk) -> None:
    sizes = {name: (STATIC / name).stat().st_size for name in ("chat.css", "chat.js", "left.js")}
    assert sizes["chat.js"] < 10_000
    browser = desk.newcomer("ar")
    assert sizes["chat.css"] + sizes["chat.js"] + len(browser.get("/chat").content) < 30_000
    assert {Path(file).suffix for file in sizes} == {".css", ".js"}


def test_wordings_are_used(desk: Desk) -> None:
    sources = "".join(file.read_text("utf-8") for folder in (TEMPLATES, TEMPLATES.parent) for file in folder.glob("*.*"))
    keys = re.findall(r'msgid "(web\.[^"]+)"', Path("lotse/wording/locale/en/LC_MESSAGES/lotse.po").read_text("utf-8"))
    assert len(keys) > 50
    assert [key for key in keys if key not in sources and not key.startswith(("web.contact.phone", "web.contact.email"))] == []
    assert desk.core.wording.render(say("web.name"), "en") == "Lotse"


def test_the_inbox_knows_the_chat_by_its_address(desk: Desk) -> None:
    desk.newcomer()
    (conversation,) = desk.conversations()
    stored, _ = Inbox(desk.core).store(IncomingMessage("web", conversation.address, "1", text="x"))
    assert stored == conversation.id
    with desk.core.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 1

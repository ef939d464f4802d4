"""Other devices by the return code, leaving a device, and how a guide can reach the newcomer."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from limits import parse
from sqlalchemy import select, text, update
from starlette.testclient import TestClient

from bot.channels.web import app, contact
from bot.channels.web.limiting import network
from bot.channels.web.sessions import AGE
from bot.limiting import ALL_WRONG_CODES
from lotse.cases.service import ALPHABET
from lotse.codes import letters_of
from lotse.privacy import erase_conversation, erase_told
from lotse.storage.tables import Conversation, ReturnCode, WebSession, now
from tests.web.conftest import Desk


def make_code(browser: TestClient) -> str:
    page = browser.post("/chat/code").text
    return re.search(r'<p class="code"><bdi[^>]*>([^<]+)<', page)[1]  # type: ignore[index]


def return_with(browser: TestClient, code: str):
    return browser.post("/chat/return", data={"code": code})


def test_a_code_opens_the_chat_elsewhere(desk: Desk) -> None:
    browser, other = desk.newcomer("de"), desk.browser("de")
    browser.post("/chat/send", data={"text": "Hallo Stadt", "nonce": "1"})
    code = make_code(browser)
    assert re.fullmatch(f"([{ALPHABET}]{{4}}-){{2}}[{ALPHABET}]{{4}}", code)
    assert code not in browser.get("/chat/code").text, "shown once"
    with desk.core.database.reading() as session:
        assert code not in str(session.execute(text("SELECT * FROM return_code")).all())
    answer = return_with(other, code)
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat#end")
    assert "Title Hallo Stadt" in other.get("/chat").text
    assert "Title Hallo Stadt" in browser.get("/chat").text, "the first device goes on"
    assert len(desk.conversations()) == 1


SPELLINGS = {
    "small": str.lower,
    "without dashes": lambda code: code.replace("-", ""),
    "with spaces": lambda code: f" {code.replace('-', ' ')}\u2069",
    "Arabic digits": lambda code: code.translate(str.maketrans("234679", "٢٣٤٦٧٩")),
    "Persian digits": lambda code: code.translate(str.maketrans("234679", "۲۳۴۶۷۹")),
    "Cyrillic letters": lambda code: code.translate(str.maketrans("HKMPCTXY", "НКМРСТХУ")).lower(),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_a_code_however_it_is_typed(desk: Desk, spell) -> None:
    code = make_code(desk.newcomer())
    assert return_with(desk.browser(), spell(code)).status_code == 303


def test_letters_of_a_code() -> None:
    assert letters_of(" kf7m-29tc xw4h ") == "KF7M29TCXW4H"
    assert letters_of("ＫＦ７Ｍ") == "KF7M"
    assert letters_of("") == ""


def test_a_new_code_replaces_the_old_one(desk: Desk) -> None:
    browser = desk.newcomer()
    old, new = make_code(browser), make_code(browser)
    assert old != new
    assert return_with(desk.browser(), old).status_code == 400
    assert return_with(desk.browser(), new).status_code == 303


def test_a_wrong_code(desk: Desk) -> None:
    for number in range(10):
        answer = return_with(desk.browser("uk"), f"KF7M-29TC-XW{number}H")
        assert answer.status_code == 400
        assert "Чату з таким кодом немає" in answer.text
    code = make_code(desk.newcomer())
    refused = return_with(desk.browser("uk"), code)
    assert refused.status_code == 429, "even the right one waits now"
    assert code in refused.text, "nothing typed is lost"
    assert int(refused.headers["retry-after"]) > 0
    assert return_with(desk.browser(address="10.0.0.2"), code).status_code == 303


def test_wrong_codes_of_everybody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ALL_WRONG_CODES.amount == 300
    monkeypatch.setattr(app, "ALL_WRONG_CODES", parse("30/hour"))
    for number in range(30):
        assert return_with(desk.browser(address=f"10.1.0.{number}"), "x").status_code == 400
    assert return_with(desk.browser(address="10.2.0.1"), "x").status_code == 429


def test_networks() -> None:
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::9") != network("2001:db8:1:3::9")
    assert network("10.0.0.1") == "10.0.0.1"
    assert network("testclient") == "testclient"


def test_leaving(desk: Desk) -> None:
    browser, other = desk.newcomer(), desk.browser()
    return_with(other, make_code(browser))
    token = browser.cookies["lotse_chat"]
    left = browser.post("/chat/leave")
    assert left.status_code == 303
    assert 'lotse_chat=""' in left.headers["set-cookie"]
    browser.cookies.set("lotse_chat", token, path="/chat")
    assert 'action="/chat/start"' in browser.get("/chat").text, "the old cookie opens nothing"
    assert 'role="log"' in other.get("/chat").text


def test_a_session_ends_after_ninety_days_without_a_visit(desk: Desk) -> None:
    browser = desk.newcomer()
    with desk.core.database.session() as session:
        session.execute(update(WebSession).values(last_at=now() - AGE + timedelta(hours=1)))
    assert 'role="log"' in browser.get("/chat").text
    with desk.core.database.session() as session:
        assert session.scalars(select(WebSession.last_at)).one() > now() - timedelta(minutes=1), "the visit counts"
        session.execute(update(WebSession).values(last_at=now() - AGE - timedelta(hours=1)))
    assert 'action="/chat/start"' in browser.get("/chat").text


@pytest.mark.parametrize(
    ("phone", "email", "kept"),
    [
        ("0151 23456789", "", ("+4915123456789", None)),
        ("٠١٥١ ٢٣٤٥٦٧٨٩", "", ("+4915123456789", None)),
        ("+380 (67) 123-45-67", " Olena@Example.ORG ", ("+380671234567", "Olena@example.org")),
        ("00963 933 123456", "", ("+963933123456", None)),
        ("", "олена@пошта.укр", (None, "олена@пошта.укр")),
    ],
)
def test_contact(desk: Desk, phone: str, email: str, kept: tuple[str | None, str | None]) -> None:
    browser = desk.newcomer("ar")
    saved = browser.post("/chat/contact", data={"phone": phone, "email": email})
    assert saved.status_code == 200
    assert "تم الحفظ" in saved.text
    (conversation,) = desk.conversations()
    assert (conversation.contact["phone"], conversation.contact["email"]) == kept
    with desk.core.database.reading() as session:
        raw = str(session.execute(text("SELECT contact FROM conversation")).all())
        assert not any(value and value in raw for value in kept)
    assert 'name="delete"' in browser.get("/chat/contact").text
    assert browser.post("/chat/contact", data={"delete": "1", "phone": phone, "email": email}).status_code == 200
    assert desk.conversations()[0].contact is None


@pytest.mark.parametrize("phone", ["abc", "12", "+49", "0151 23456789 0151 23456789", "9" * 300, "\0", "112"])
def test_a_wrong_number(desk: Desk, phone: str) -> None:
    browser = desk.newcomer("de")
    browser.post("/chat/contact", data={"phone": "0151 23456789", "email": ""})
    answer = browser.post("/chat/contact", data={"phone": phone, "email": "a@example.org"})
    assert answer.status_code == 400
    assert "nicht wie eine Telefonnummer" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert "a@example.org" in answer.text, "what was right stays in the form"
    assert desk.conversations()[0].contact == {"phone": "+4915123456789", "email": None}


@pytest.mark.parametrize("email", ["x", "a@b", "a@localhost", "a b@example.org", f"{'a' * 300}@example.org", "<b>@example.org"])
def test_a_wrong_address(email: str) -> None:
    assert contact.read("", email, "DE").problems == {"email": "web.contact.email_wrong"}


@pytest.mark.parametrize("erase", [erase_told, erase_conversation])
def test_erasing_reaches_contact_and_code(desk: Desk, erase) -> None:
    browser = desk.newcomer()
    browser.post("/chat/contact", data={"phone": "0151 23456789", "email": "a@example.org"})
    code = make_code(browser)
    with desk.core.database.session() as session:
        erase(session, session.scalars(select(Conversation)).one())
    with desk.core.database.reading() as session:
        assert session.scalars(select(ReturnCode)).all() == []
        assert [one.contact for one in session.scalars(select(Conversation))] in ([None], [])
    assert return_with(desk.browser(), code).status_code == 400
    goes_on = erase is erase_told
    assert ('role="log"' in browser.get("/chat").text) is goes_on
    if goes_on:
        assert return_with(desk.browser(), make_code(browser)).status_code == 303

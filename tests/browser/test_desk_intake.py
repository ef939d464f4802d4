"""The desk's pages around an intake, in a real browser: changes, requests to delete, one person's two cases, filling in together.

The desk runs alone on a home of its own: nothing here needs the engine, and what it lays in the outbox the web chat shows.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from desk.access import COOKIE
from lotse import core as composition
from lotse.cases import deletion, likeness
from lotse.cases.service import record
from lotse.core import Core
from lotse.replies import say
from lotse.settings import ROOT, from_environment
from lotse.staff import Accounts, Grant, Role
from lotse.storage.tables import Case, Conversation, Response, Staff, now
from tests.browser.conftest import PHONE, SCREEN, Browsing, check_axe, check_direction, speak
from tests.desk.conftest import make_case

pytestmark = pytest.mark.processes

BOTH = pytest.mark.parametrize("language", ["de", "ar"])
CONTACT = {"phone": "+491701234567", "email": None}
REASON = "Es läuft ein Verfahren. Danach löschen wir."


@dataclass
class Desk:
    """A desk process with one guide, and its record."""

    core: Core
    url: str
    token: str

    def reference(self, *, days: int = 1, **more: object) -> str:
        """A new case with a telephone number."""
        with self.core.database.session() as session:
            case = make_case(session, **more)  # type: ignore[arg-type]
            case.opened_at = case.changed_at = now() - timedelta(days=days)
            case.conversation.contact = CONTACT
            return case.reference


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The process, on a free port."""
    home = tmp_path_factory.mktemp("desk")
    core = composition.build(from_environment({"LOTSE_HOME": str(home)}))
    composition.prepare(core)
    accounts = Accounts(core.database)
    accounts.add("guide", "Gerda Guide", [Grant(Role.CASE_WORKER, "musterstadt")], "correct horse battery", "de")
    with core.database.reading() as session:
        token = accounts.begin(session.scalars(select(Staff.id)).one())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "LOTSE_HOME": str(home),
        "LOTSE_DESK_PORT": str(port),
        "LOTSE_BOT_URL": "http://127.0.0.1:9",  # nobody
        "LOTSE_ENGINE_SECRET": "s" * 20,
    }
    process = subprocess.Popen([sys.executable, "-m", "desk"], cwd=ROOT, env={**os.environ, **settings})
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            break
        except OSError:
            assert process.poll() is None, "the desk ended"
            time.sleep(0.1)
    yield Desk(core, url, token)
    process.terminate()
    process.wait(30)
    core.database.engine.dispose()


@pytest.fixture
def devices(browser: Browser, desk: Desk) -> Iterator[Browsing]:
    """Makes devices; fails where a page broke its own rules or a script."""
    made = Browsing(browser, desk.url)
    yield made
    made.close()
    assert not made.complaints, "\n".join(made.complaints)


def guide(devices: Browsing, desk: Desk, language: str = "de", **options: object) -> Page:
    """The guide's browser, signed in."""
    context = devices.device(**options)
    context.add_cookies([{"name": COOKIE, "value": desk.token, "url": f"{desk.url}/desk"}])
    page = context.new_page()
    page.goto("/desk/account")
    speak(page, language)
    return page


def check(page: Page, language: str) -> None:
    """The page as it is, on a screen and on a phone, for everybody."""
    for size in (SCREEN, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        check_direction(page, language)
    check_axe(page)
    page.set_viewport_size(SCREEN)  # type: ignore[arg-type]


@BOTH
def test_what_the_newcomer_changed(devices: Browsing, desk: Desk, language: str) -> None:
    reference = desk.reference(status="open")
    with desk.core.database.session() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        assert case.intake is not None
        case.intake.sent = 2
        for question, value in (("housing", "shelter"), ("wish_year", "أريد أن أتعلم الألمانية")):
            case.intake.responses.append(
                Response(
                    question=question, value=value, words=value, language="ar", inbound_id="m", sent_in=2, confirmed_at=now()
                )
            )
        record(session, case, "amended", {"version": 2, "questions": ["housing", "wish_year"]})
    page = guide(devices, desk, language)
    page.goto("/desk/cases")
    row = page.locator("tr", has=page.locator(f"#case-{reference}"))
    expect(row.locator(".mark")).to_be_visible()
    check(page, language)
    page.locator(f"#case-{reference}").click()
    expect(page.locator(".changes dt")).to_have_count(2)
    expect(page.locator(".event-amended")).to_be_visible()
    check(page, language)


@BOTH
def test_a_request_is_refused(devices: Browsing, desk: Desk, language: str) -> None:
    reference = desk.reference(status="open")
    with desk.core.database.session() as session:
        case = session.scalars(select(Case).where(Case.reference == reference)).one()
        request = deletion.request(session, case.conversation)
        request.opened_at = now() - timedelta(days=31)
        asked = request.reference
    page = guide(devices, desk, language)
    page.goto("/desk/cases")
    expect(page.locator("tr", has=page.locator(f"#case-{asked}")).locator(".mark-overdue")).to_be_visible()
    page.locator(f"#case-{asked}").click()
    check(page, language)
    page.click("form[action$='/refuse'] button")
    expect(page.locator("#reason")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#reason")).to_be_focused()
    check(page, language)
    page.fill("#reason", REASON)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**?done=refuse")
    expect(page.locator(".event-refused .text")).to_have_text(REASON)
    check(page, language)


def test_erased_and_told_in_the_newcomers_chat(devices: Browsing, desk: Desk) -> None:
    phone = devices.device("ar", viewport=PHONE).new_page()
    phone.goto("/chat")
    phone.click("button.card[value=ar]")
    phone.wait_for_selector("#log .bubble")
    with desk.core.database.session() as session:
        chat = session.scalars(select(Conversation).where(Conversation.language == "ar", Conversation.channel == "web")).one()
        case = make_case(session, language="ar", status="open")
        assert case.intake is not None
        case.conversation_id = case.intake.conversation_id = chat.id
        session.flush()
        asked = deletion.request(session, chat).reference
        reference = case.reference
    page = guide(devices, desk)
    page.goto(f"/desk/cases/{asked}")
    page.click("a[href$='/erase']")
    expect(page.locator("main")).to_contain_text(reference)
    check(page, "de")
    page.keyboard.press("Tab")
    page.locator(".btn-danger").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**?done=erase")
    check(page, "de")
    told = desk.core.wording.render(say("deletion.erased"), "ar")
    expect(phone.locator("#log .bubble").last).to_contain_text(told[:40])
    check_axe(phone)
    page.goto(f"/desk/cases/{reference}")
    expect(page.locator("h1")).not_to_contain_text(reference)


@BOTH
def test_one_persons_two_cases(devices: Browsing, desk: Desk, language: str) -> None:
    older, newer = desk.reference(days=9, status="open"), desk.reference(days=1)
    contact = {"phone": f"+4917012345{'12' if language == 'de' else '34'}", "email": None}
    with desk.core.database.session() as session:
        for each in session.scalars(select(Case).where(Case.reference.in_([older, newer]))):
            likeness.keep(session, each, contact, {})
    page = guide(devices, desk, language)
    page.goto(f"/desk/cases/{newer}")
    check(page, language)
    page.click(f"a[href$='/merge?other={older}']")
    heads = page.locator("table.both thead a")
    expect(heads.nth(0)).to_have_text(older)
    expect(heads.nth(1)).to_have_text(newer)
    check(page, language)
    page.click("form[action$='/merge'] button")
    page.wait_for_url(f"**/{older}?done=merge")
    check(page, language)
    page.goto("/desk/cases?status=closed")
    expect(page.locator("tr", has=page.locator(f"#case-{newer}"))).to_contain_text(older)
    check(page, language)
    page.goto(f"/desk/cases/{newer}")
    check(page, language)
    page.click("form[action$='/split'] button")
    page.wait_for_url(f"**/{newer}?done=split")
    page.click("form[action$='/different'] button")
    page.wait_for_url(f"**/{newer}?done=different")
    expect(page.locator(f"a[href$='/merge?other={older}']")).to_have_count(0)


@BOTH
def test_filled_in_together(devices: Browsing, desk: Desk, language: str) -> None:
    page = guide(devices, desk, language)
    page.goto("/desk/cases")
    page.click("a[href='/desk/together']")
    check(page, language)
    page.select_option("#language", language)
    page.click("form[action='/desk/together'] button")
    page.wait_for_url("**/chat")
    expect(page.locator(".together")).to_contain_text("Gerda Guide")
    check(page, language)
    page.click(".together a[href='/chat/code']")
    page.click("main form button")
    code = page.locator("p.code").inner_text()
    phone = devices.device(viewport=PHONE).new_page()
    phone.goto("/chat/return")
    phone.fill("#code", code)
    phone.click("main form button")
    phone.wait_for_url(re.compile("/chat"))
    phone.wait_for_selector("#log .bubble")
    expect(phone.locator(".together")).to_have_count(0)
    page.goto("/chat")
    page.click(".together a[href='/chat/leave']")
    page.click("main form button")
    page.wait_for_url("**/desk/together?done=ended")
    expect(page.locator("#messages .done")).to_be_visible()
    check(page, language)
    page.goto("/desk/cases")
    expect(page.locator("h1")).to_be_visible()  # still signed in
    phone.reload()
    expect(phone.locator("#log .bubble").first).to_be_visible()

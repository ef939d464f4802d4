"""Filling in together: a chat in the browser of a member of staff, marked as such, that does not stay open."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import Conversation, Intake, Municipality, Outbound, StaffRole, WebSession, now
from lotse.turns import Turn, Understanding
from tests.desk.conftest import ELSEWHERE, HERE, SITE, Browser, SignedIn, make_case, staff, town


async def begun(worker: Browser, **form: str) -> httpx.Response:
    answer = await worker.post("/desk/together", **{"language": "uk", "town": HERE, **form})
    assert (answer.status_code, answer.headers["location"]) == (303, "/chat")
    return answer


async def test_the_chat_opens_in_this_browser_and_the_desk_stays(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    answer = await begun(worker)
    assert re.fullmatch(r"lotse_chat=counter\.[\w-]{43}; HttpOnly; Path=/chat; SameSite=lax", answer.headers["set-cookie"])
    with core.database.reading() as session:
        chat = session.scalars(select(Conversation)).one()
        assert (chat.channel, chat.language, chat.language_chosen, chat.assisted_by) == ("web", "uk", True, worker.staff_id)
        assert chat.municipality_id == town(session).id
        assert session.scalars(select(Outbound)).first() is not None, "it is greeted like every chat"
    page = await worker.get("/chat")
    assert page.status_code == 200
    assert 'class="together"' in page.text
    assert "Anna Beispiel" in page.text
    assert 'href="/chat/code"' in page.text
    assert (await worker.get("/desk/cases")).status_code == 200


async def test_intakes_that_begin_there_say_who_helped(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    await begun(worker)
    with core.database.session() as session:
        chat = session.scalars(select(Conversation)).one()
        turn = Turn(session, chat, town(session), None, Understanding(None))  # type: ignore[arg-type]
        assert core.intakes.begin(turn).assisted_by == worker.staff_id


async def test_the_case_says_that_it_was_filled_in_together(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_case(session)
        session.get_one(Intake, case.intake_id or "").assisted_by = staff(session, "colleague").id
        reference = case.reference
    assert "Filled in together" in (await browser(Role.CASE_WORKER).get(f"/desk/cases/{reference}")).text


async def test_at_home_the_chat_is_the_newcomers_own(core: Core, browser: SignedIn) -> None:
    worker, phone = browser(Role.CASE_WORKER), browser()
    await begun(worker)
    page = await worker.request("POST", "/chat/code", headers={"Origin": SITE})
    code = re.search(r'<p class="code"><bdi[^>]*>([^<]+)<', page.text)
    assert code is not None
    home = await phone.request("POST", "/chat/return", data={"code": code[1]}, headers={"Origin": SITE})
    assert "Max-Age=7776000" in home.headers["set-cookie"]
    assert 'class="together"' not in (await phone.get("/chat")).text
    left = await worker.request("POST", "/chat/leave", headers={"Origin": SITE})
    assert left.headers["location"] == "/desk/together?done=ended"
    assert "closed on this device" in (await worker.get(left.headers["location"])).text
    assert 'class="together"' not in (await worker.get("/chat")).text
    assert (await phone.get("/chat/code")).status_code == 200, "the phone keeps it"
    with core.database.reading() as session:
        assert session.scalars(select(Conversation.assisted_by)).all() == [None], "what comes now is told alone"


@pytest.mark.parametrize(("minutes", "open_still"), [(119, True), (121, False)])
async def test_forgotten_at_the_counter_it_closes_by_itself(
    core: Core, browser: SignedIn, minutes: int, open_still: bool
) -> None:
    worker = browser(Role.CASE_WORKER)
    await begun(worker)
    with core.database.session() as session:
        session.execute(update(WebSession).values(last_at=now() - timedelta(minutes=minutes)))
    assert ('class="together"' in (await worker.get("/chat")).text) is open_still


async def test_what_an_open_page_asks_by_itself_is_no_visit(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    await begun(worker)
    long_ago = now() - timedelta(minutes=100)
    with core.database.session() as session:
        session.execute(update(WebSession).values(last_at=long_ago))
    assert (await worker.get("/chat/messages?after=0")).status_code == 200
    with core.database.reading() as session:
        assert session.scalars(select(WebSession.last_at)).one() == long_ago
    await worker.get("/chat")
    with core.database.reading() as session:
        assert session.scalars(select(WebSession.last_at)).one() > long_ago


@pytest.mark.parametrize("form", [{"language": "xx"}, {"language": ""}, {"town": ELSEWHERE}, {"town": "nowhere"}])
async def test_only_offered_languages_and_ones_own_towns(core: Core, browser: SignedIn, form: dict[str, str]) -> None:
    answer = await browser(Role.CASE_WORKER).post("/desk/together", **{"language": "uk", "town": HERE, **form})
    assert answer.status_code == 422
    with core.database.reading() as session:
        assert session.scalars(select(Conversation)).all() == []


async def test_who_works_in_several_towns_chooses_one(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    assert '<select class="form-select" id="town"' not in (await worker.get("/desk/together")).text
    with core.database.session() as session:
        member = staff(session, "case_worker.musterstadt")
        member.roles.append(StaffRole(role=Role.CASE_WORKER.value, municipality_id=town(session, ELSEWHERE).id))
    assert '<select class="form-select" id="town"' in (await worker.get("/desk/together")).text
    assert (await worker.post("/desk/together", language="uk")).status_code == 422
    await begun(worker, town=ELSEWHERE)
    with core.database.reading() as session:
        slugs = select(Municipality.slug).join(Conversation, Conversation.municipality_id == Municipality.id)
        assert session.scalars(slugs).all() == [ELSEWHERE]


async def test_the_queue_leads_there(browser: SignedIn) -> None:
    assert 'href="/desk/together"' in (await browser(Role.CASE_WORKER).get("/desk/cases")).text

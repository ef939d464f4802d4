"""Calls after a message that named danger: at the top of every page, taken once, words only with a yes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from desk import cases as pages
from desk.hub import Hub
from desk.pages import DESK_LANGUAGES
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import Conversation, CrisisCall, now
from tests.desk.conftest import ELSEWHERE, HERE, SignedIn, make_case, make_contact

BANNER = 'id="alert"'
WORDS = "<b>мій чоловік б'є мене</b>"


def make_call(session: Session, *, slug: str = HERE, **more: Any) -> CrisisCall:
    """A call that waits, in a conversation without a case."""
    contact = make_contact(session, None, slug=slug)
    conversation = contact.conversation
    session.delete(contact)
    call = CrisisCall(conversation_id=conversation.id, municipality_id=conversation.municipality_id, words=WORDS)
    for name, value in {"state": "called", "reference": "M-C-7K4P", "called_at": now(), **more}.items():
        setattr(call, name, value)
    session.add(call)
    session.flush()
    return call


def add(core: Core, **more: Any) -> str:
    with core.database.session() as session:
        return make_call(session, **more).id


async def test_the_banner_stands_on_every_page_of_case_workers(core: Core, browser: SignedIn) -> None:
    worker = browser(Role.CASE_WORKER)
    with core.database.session() as session:
        case = make_case(session).reference
    paths = ["/desk/cases", "/desk/calls", f"/desk/cases/{case}", "/desk/account", "/desk/nonsense", "/desk/answers"]
    for path in paths:
        assert BANNER not in (await worker.get(path)).text, path
    add(core)
    for path in paths:
        page = (await worker.get(path)).text
        assert BANNER in page, path
        assert "A person asked for a call" in page
        assert "M-C-7K4P" in page
        assert "б&#39;є" not in page, "number, time and topic only"
    add(core, reference="M-C-2222")
    assert "2 people asked for a call" in (await worker.get("/desk/account")).text


@pytest.mark.parametrize("state", ["offered", "declined", "lapsed", "acknowledged"])
async def test_only_a_yes_that_waits_is_told(core: Core, browser: SignedIn, state: str) -> None:
    add(core, state=state, acknowledged_at=now())
    worker = browser(Role.CASE_WORKER)
    assert BANNER not in (await worker.get("/desk/cases")).text
    assert ("M-C-7K4P" in (await worker.get("/desk/calls")).text) is (state == "acknowledged")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CASE_WORKER])
async def test_other_roles_hear_nothing(core: Core, browser: SignedIn, role: Role) -> None:
    call = add(core)
    member = browser(role)
    page = await member.get("/desk/account")
    assert page.status_code == 200
    assert BANNER not in page.text
    assert "sse-connect" not in page.text
    assert (await member.get("/desk/calls")).status_code == 403
    assert (await member.post(f"/desk/calls/{call}/take")).status_code == 403


async def test_another_towns_call_is_as_unknown_as_none(core: Core, browser: SignedIn) -> None:
    call = add(core)
    stranger = browser(Role.CASE_WORKER, ELSEWHERE)
    page = await stranger.get("/desk/calls")
    assert page.status_code == 200
    assert "M-C-7K4P" not in page.text
    assert BANNER not in page.text
    answers = [await stranger.post(f"/desk/calls/{one}/take") for one in (call, "cc_unknown")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text
    with core.database.session() as session:
        assert session.get_one(CrisisCall, call).state == "called"


async def test_the_oldest_call_comes_first(core: Core, browser: SignedIn) -> None:
    late, early = add(core), add(core, called_at=now() - timedelta(minutes=20))
    page = (await browser(Role.CASE_WORKER).get("/desk/calls")).text
    assert page.index(early) < page.index(late)
    assert "20 minutes" in page


async def test_words_are_shown_only_where_the_newcomer_said_yes(core: Core, browser: SignedIn) -> None:
    call = add(core)
    worker = browser(Role.CASE_WORKER)
    page = await worker.get("/desk/calls")
    assert "б&#39;є мене" not in page.text
    assert "has not allowed you to read" in page.text
    with core.database.session() as session:
        session.get_one(CrisisCall, call).show_words = True
    page = await worker.get("/desk/calls")
    assert 'class="own-words" lang="uk" dir="auto">&lt;b&gt;мій чоловік б&#39;є мене&lt;/b&gt;</blockquote>' in page.text
    assert WORDS not in page.text, "words of newcomers are never markup"
    stranger = await browser(Role.CASE_WORKER, ELSEWHERE).get("/desk/calls")
    assert "чоловік" not in stranger.text


async def test_how_the_person_can_be_reached(core: Core, browser: SignedIn) -> None:
    call = add(core)
    worker = browser(Role.CASE_WORKER)
    page = await worker.get("/desk/calls")
    assert "cannot write back from the desk yet" in page.text
    assert "Telegram" in page.text
    with core.database.session() as session:
        conversation = session.get_one(Conversation, session.get_one(CrisisCall, call).conversation_id)
        conversation.contact = {"phone": "+491701234567", "email": None}
        session.get_one(CrisisCall, call).reference = make_case(session).reference
    page = await worker.get("/desk/calls")
    assert 'href="tel:+491701234567"' in page.text
    assert "cannot write back" not in page.text
    assert '<h3><a href="/desk/cases/M-' in page.text, "with a case, its number leads there"


async def test_taking_a_call(core: Core, browser: SignedIn) -> None:
    call = add(core)
    worker, colleague = browser(Role.CASE_WORKER), browser("colleague")
    answer = await worker.post(f"/desk/calls/{call}/take")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/calls?done=take")
    page = await worker.get("/desk/calls?done=take")
    assert "You have taken the call." in page.text
    assert "Anna Beispiel has taken it" in page.text
    assert BANNER not in page.text
    with core.database.session() as session:
        taken = session.get_one(CrisisCall, call)
        assert (taken.state, taken.acknowledged_by) == ("acknowledged", worker.staff_id)
        at = taken.acknowledged_at
    assert (await worker.post(f"/desk/calls/{call}/take")).status_code == 303, "pressed twice"
    late = await colleague.post(f"/desk/calls/{call}/take")
    assert late.status_code == 409
    assert "war schneller" in late.text
    with core.database.session() as session:
        taken = session.get_one(CrisisCall, call)
        assert (taken.acknowledged_by, taken.acknowledged_at) == (worker.staff_id, at)


@pytest.mark.parametrize("state", ["offered", "declined", "lapsed"])
async def test_a_call_that_nobody_wants_cannot_be_taken(core: Core, browser: SignedIn, state: str) -> None:
    call = add(core, state=state)
    assert (await browser(Role.CASE_WORKER).post(f"/desk/calls/{call}/take")).status_code == 404


@pytest.mark.parametrize("language", DESK_LANGUAGES)
async def test_the_page_in_each_language(core: Core, browser: SignedIn, language: str) -> None:
    add(core)
    add(core, state="acknowledged", acknowledged_at=now(), show_words=True)
    worker = browser(Role.CASE_WORKER)
    await worker.post("/desk/language", language=language)
    page = await worker.get("/desk/calls")
    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.text
    assert "calls." not in page.text


async def test_open_pages_hear_of_a_call_and_of_what_becomes_of_it(core: Core) -> None:
    hub = Hub(core.database)
    looking = asyncio.create_task(hub.run())

    async def alive() -> bool:
        return True

    stream = pages.changes(hub, alive, keep_alive=20)
    await anext(stream)

    async def next_change(change: Any) -> None:
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.7)  # the hub has seen what was there
        while waiting.done():
            waiting = asyncio.create_task(anext(stream))
            await asyncio.sleep(0.4)
        change()
        assert await asyncio.wait_for(waiting, 3) == "event: changed\ndata: -\n\n"

    made: list[str] = []

    def change_call(**more: Any) -> None:
        with core.database.session() as session:
            for name, value in {"changed_at": now(), **more}.items():
                setattr(session.get_one(CrisisCall, made[0]), name, value)

    await next_change(lambda: made.append(add(core)))
    await next_change(lambda: change_call(show_words=True))
    await next_change(lambda: change_call(state="acknowledged"))
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking


async def test_the_queue_and_the_banner_share_one_stream(core: Core, browser: SignedIn) -> None:
    """A browser allows six connections to a host, for all its pages together."""
    for path in ("/desk/cases", "/desk/calls", "/desk/account"):
        page = await browser(Role.CASE_WORKER).get(path)
        assert page.text.count("sse-connect=") == 1, path

"""Answering a request to delete at the desk: what the guide sees, what the newcomer is told, what stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from lotse.cases import deletion, likeness
from lotse.core import Core
from lotse.staff import Role
from lotse.storage.tables import Case, Outbound, Response, now
from tests.desk.conftest import ELSEWHERE, SignedIn, make_case, staff

REASON = "Es läuft ein Verfahren. <b>Danach</b> löschen wir."


def make_request(session: Session, **more: object) -> Case:
    """A guide has the case, the newcomer asks to delete everything."""
    case = make_case(session, status="open", **more)  # type: ignore[arg-type]
    case.conversation.contact = {"phone": "+491701234567", "email": None}
    return deletion.request(session, case.conversation)


def references(core: Core) -> tuple[str, str]:
    """Of a request and of the case that it is about."""
    with core.database.session() as session:
        request = make_request(session)
        (case,) = deletion.stock(session, request.conversation).cases
        return request.reference, case.reference


def told(core: Core) -> list[dict]:
    with core.database.reading() as session:
        return [row.body for row in session.scalars(select(Outbound).order_by(Outbound.number))]


async def test_the_page_says_what_is_asked_and_until_when(core: Core, browser: SignedIn) -> None:
    request, case = references(core)
    page = await browser(Role.CASE_WORKER).get(f"/desk/cases/{request}")
    assert page.status_code == 200
    assert "The newcomer asks that everything is deleted" in page.text
    assert "Please answer by" in page.text
    assert f'href="/desk/cases/{case}"' in page.text
    assert "They write in this language: Ukrainian" in page.text
    assert 'value="closed"' not in page.text, "an answer closes it, nothing else"


async def test_what_is_overdue_is_said_in_the_queue_and_on_the_page(core: Core, browser: SignedIn) -> None:
    request, _ = references(core)
    worker = browser(Role.CASE_WORKER)
    assert "answer overdue" not in (await worker.get("/desk/cases")).text
    with core.database.session() as session:
        session.scalars(select(Case).where(Case.kind == "deletion")).one().opened_at = now() - timedelta(days=31)
    assert "answer overdue" in (await worker.get("/desk/cases")).text
    assert "The answer was due by" in (await worker.get(f"/desk/cases/{request}")).text


async def test_erasing_is_asked_back_and_names_what_goes_and_stays(core: Core, browser: SignedIn) -> None:
    request, case = references(core)
    page = await browser(Role.CASE_WORKER).get(f"/desk/cases/{request}/erase")
    assert page.status_code == 200
    for words in ("All answers of Олена", f'href="/desk/cases/{case}"', "Telephone number", "This stays", request, "Backups"):
        assert words in page.text
    assert told(core) == []
    with core.database.reading() as session:
        assert session.scalars(select(Response)).first() is not None, "looking erases nothing"


async def test_erased_recorded_and_told_in_the_newcomers_language(core: Core, browser: SignedIn) -> None:
    request, case = references(core)
    with core.database.reading() as session:
        chat = session.scalars(select(Case).where(Case.kind == "deletion")).one().conversation_id
    tracker = create_engine(core.settings.tracker_url)
    with tracker.begin() as connection:
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, sender_id VARCHAR, timestamp FLOAT, data TEXT)")
        )
        connection.execute(
            text("INSERT INTO events (sender_id, timestamp, data) VALUES (:sender, :at, '{}')"),
            {"sender": chat, "at": now().timestamp()},
        )
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post(f"/desk/cases/{request}/erase")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{request}?done=erase")
    (message,) = told(core)
    assert message["language"] == "uk"
    assert message["buttons"][0][0]["value"] == "menu"
    with tracker.begin() as connection:
        assert connection.execute(text("SELECT sender_id FROM events")).all() == []
    tracker.dispose()
    page = await worker.get(answer.headers["location"])
    assert "Everything is deleted. The newcomer gets a message." in page.text
    assert "Anna Beispiel" in page.text
    assert "as they had asked" in page.text
    assert "Олена" not in page.text
    assert "Erase everything" not in page.text
    assert (await worker.get(f"/desk/cases/{case}")).status_code == 404
    again = await worker.post(f"/desk/cases/{request}/erase")  # pressed twice
    assert again.status_code == 303
    assert len(told(core)) == 1
    assert (await worker.get(f"/desk/cases/{request}/erase")).status_code == 303


async def test_another_chat_of_the_person_is_erased_on_a_tick_only(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        by = staff(session, "colleague")
        for ticked in (False, True):
            request = make_request(session)
            (case,) = deletion.stock(session, request.conversation).cases
            other = make_case(session, status="open")
            likeness.merge(session, case, other, by)
            stranger = make_case(session)
            if ticked:
                second = (request.reference, other.reference, stranger.reference)
            else:
                first = (request.reference, other.reference)
    worker = browser(Role.CASE_WORKER)
    assert f'value="{first[1]}"' in (await worker.get(f"/desk/cases/{first[0]}/erase")).text
    await worker.post(f"/desk/cases/{first[0]}/erase")
    assert (await worker.get(f"/desk/cases/{first[1]}")).status_code == 200
    assert len(told(core)) == 1
    await worker.post(f"/desk/cases/{second[0]}/erase", also=[second[1], second[2]])
    assert (await worker.get(f"/desk/cases/{second[1]}")).status_code == 404
    assert (await worker.get(f"/desk/cases/{second[2]}")).status_code == 200, "a case that was not offered stays"
    assert len(told(core)) == 3


async def test_refused_with_the_reason_as_it_was_written(core: Core, browser: SignedIn) -> None:
    request, case = references(core)
    worker = browser(Role.CASE_WORKER)
    answer = await worker.post(f"/desk/cases/{request}/refuse", reason=REASON)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/cases/{request}?done=refuse")
    (message,) = told(core)
    assert message["language"] == "uk"
    assert REASON in message["text"].splitlines()
    page = await worker.get(answer.headers["location"])
    assert "The refusal is recorded." in page.text
    assert "&lt;b&gt;Danach&lt;/b&gt;" in page.text
    assert 'class="status status-closed"' in page.text
    assert (await worker.get(f"/desk/cases/{case}")).status_code == 200
    await worker.post(f"/desk/cases/{request}/refuse", reason="again")
    assert len(told(core)) == 1


@pytest.mark.parametrize(("reason", "problem"), [("  ", "Please write the reason."), ("x" * 1501, "at most 1500 characters")])
async def test_without_a_right_reason_nothing_happens(core: Core, browser: SignedIn, reason: str, problem: str) -> None:
    request, _ = references(core)
    page = await browser(Role.CASE_WORKER).post(f"/desk/cases/{request}/refuse", reason=reason)
    assert page.status_code == 422
    assert problem in page.text
    assert 'id="reason-error"' in page.text
    assert f">{reason}</textarea>" in page.text
    assert told(core) == []


async def test_only_requests_can_be_answered(core: Core, browser: SignedIn) -> None:
    with core.database.session() as session:
        case = make_case(session, status="open").reference
    worker = browser(Role.CASE_WORKER)
    assert (await worker.get(f"/desk/cases/{case}/erase")).status_code == 303
    await worker.post(f"/desk/cases/{case}/erase")
    await worker.post(f"/desk/cases/{case}/refuse", reason=REASON)
    with core.database.reading() as session:
        found = session.scalars(select(Case)).one()
        assert (found.status, found.events) == ("open", [])
    assert told(core) == []


@pytest.mark.parametrize("path", ["erase", "refuse"])
async def test_another_towns_request_is_as_unknown_as_none(core: Core, browser: SignedIn, path: str) -> None:
    request, _ = references(core)
    stranger = browser(Role.CASE_WORKER, ELSEWHERE)
    assert (await stranger.post(f"/desk/cases/{request}/{path}", reason=REASON)).status_code == 404
    worker = browser(Role.CASE_WORKER)
    forged = await worker.request(
        "POST", f"/desk/cases/{request}/{path}", data={"reason": REASON}, headers={"Origin": "http://localhost"}
    )
    assert forged.status_code == 403
    assert told(core) == []

"""The page of a case with what a case worker can do, and the news for open pages. The queue is in queue.py."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from markupsafe import Markup, escape
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from desk.access import Member, current_member, requires
from desk.history import history
from desk.hub import CASES, Hub
from desk.laying import end_talk
from desk.render import Desk, TheDesk
from lotse import audit, cases
from lotse.cases import deletion, flags, likeness, news, passing_on, pdf, queue, tasks, work
from lotse.cases.summary import STAFF_LANGUAGES
from lotse.cases.work import WorkError
from lotse.replies import say
from lotse.staff import Role
from lotse.storage.tables import Case, Staff, now

CaseWorker = Annotated[Member, Depends(requires(Role.CASE_WORKER))]
Field = Annotated[str, Form()]

KEEP_ALIVE = 15.0  # seconds; proxies close a connection that is silent for long
DONE = (
    "take", "assign", "status", "note", "erase", "refuse", "merge", "split", "different", "flag", "flag_cleared", "task",
    "task_done", "task_undone", "transfer", "refer", "verify",
)  # fmt: skip

LIMITS = {  # characters, by field
    "note": work.LONGEST_NOTE,
    "reason": deletion.LONGEST_REASON,
    "reason_waiting": work.LONGEST_REASON,
    "reason_closed": work.LONGEST_REASON,
    "flag_reason": flags.LONGEST_REASON,
    "task": tasks.LONGEST_TASK,
    "organisation": passing_on.LONGEST_NAME,
    "handed_over": passing_on.LONGEST_TEXT,
    "offer": passing_on.LONGEST_NAME,
}

router = APIRouter()


@router.get("/desk/cases/events")
def events(request: Request, desk: TheDesk, member: CaseWorker) -> StreamingResponse:
    """Tells an open queue that it is to be loaded again (server-sent events)."""

    async def alive() -> bool:
        now = await run_in_threadpool(current_member, request)
        return now is not None and not now.to_do and now.holds(Role.CASE_WORKER)

    headers = {"X-Accel-Buffering": "no"}  # nginx would keep events back
    return StreamingResponse(changes(desk.hub, alive), media_type="text/event-stream", headers=headers)


async def changes(hub: Hub, alive: Callable[[], Awaitable[bool]], keep_alive: float = KEEP_ALIVE) -> AsyncIterator[str]:
    """An event for each change of cases, until the session has ended; the first one at once."""
    with hub.watch(CASES) as changed:
        while True:
            try:
                await asyncio.wait_for(changed.wait(), keep_alive)
            except TimeoutError:
                pass
            if not await alive():
                yield "event: ended\ndata: -\n\n"
                return
            if changed.is_set():
                changed.clear()
                yield "event: changed\ndata: -\n\n"
            else:
                yield ": still here\n\n"


@router.get("/desk/cases/{reference}")
def one_case(desk: TheDesk, member: CaseWorker, reference: str, language: str = "", done: str = "") -> HTMLResponse:
    """The page of a case."""
    with desk.core.database.reading() as session:
        found = find_case(session, member, reference)
        page = case_page(desk, session, member, found, language=language, done=done if done in DONE else "")
        case_id, read, newest = found.id, news.read_until(session, found, member.staff_id), news.newest(found)
    if read != newest:
        with desk.core.database.session() as session:
            news.mark_read(session, case_id, member.staff_id, newest)
    return page


@router.post("/desk/cases/{reference}/take")
def take(desk: TheDesk, member: CaseWorker, reference: str) -> Response:
    """Make the case one's own."""
    return work_on(desk, member, reference, "take", work.take)


@router.post("/desk/cases/{reference}/assign")
def assign(desk: TheDesk, member: CaseWorker, reference: str, to: Field = "") -> Response:
    """Give the case to a colleague."""
    return work_on(desk, member, reference, "assign", lambda session, case, by: work.assign(session, case, to, by), to=to)


@router.post("/desk/cases/{reference}/status")
def status(
    desk: TheDesk,
    member: CaseWorker,
    reference: str,
    status: Field = "",
    reason_waiting: Field = "",
    outcome: Field = "",
    reason_closed: Field = "",
) -> Response:
    """Change the status: `waiting` with what it waits for, `closed` with what came of it."""

    def change(session: Session, case: Case, by: Staff) -> None:
        if status == "waiting":
            work.wait(session, case, reason_waiting, by)
        elif status == "closed":
            work.close(session, case, outcome, reason_closed, by)
            end_talk(desk, session, case, by)
        else:
            work.set_status(session, case, status, by)

    typed = {"reason_waiting": reason_waiting, "outcome": outcome, "reason_closed": reason_closed}
    return work_on(desk, member, reference, "status", change, **typed)


@router.post("/desk/cases/{reference}/note")
def note(desk: TheDesk, member: CaseWorker, reference: str, text: Field = "") -> Response:
    """Add a note."""
    return work_on(desk, member, reference, "note", lambda session, case, by: work.write_note(session, case, text, by), note=text)


def work_on(
    desk: Desk, member: Member, reference: str, done: str, change: Callable[[Session, Case, Staff], None], **typed: str
) -> Response:
    """Change a case and show it; what it does not allow is said at the field, with what was typed."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        try:
            change(session, found, session.get_one(Staff, member.staff_id))
        except WorkError as error:
            return case_page(desk, session, member, found, 422, error=error, **typed)
        return to_case(found, done)


def find_case(session: Session, member: Member, reference: str) -> Case:
    """The case, if the member may read it, noted in the trail. One of another town is as unknown as one that does not exist."""
    found = cases.find(session, reference)
    if found is None or found.municipality_id not in member.municipalities(Role.CASE_WORKER):
        raise HTTPException(404)
    audit.note(session, member.staff_id, "case.read", town=found.municipality_id, reference=found.reference)
    return found


def to_case(found: Case, done: str = "") -> Response:
    """The way to a case's page, where it says what was done."""
    return RedirectResponse(f"/desk/cases/{found.reference}" + (f"?done={done}" if done else ""), 303)


def case_page(
    desk: Desk,
    session: Session,
    member: Member,
    found: Case,
    status: int = 200,
    *,
    language: str = "",
    done: str = "",
    error: WorkError | None = None,
    **typed: str,
) -> HTMLResponse:
    """The page of a case; after a change that was refused with the error and what was typed, by the field's name."""
    read = news.read_until(session, found, member.staff_id)
    unread = news.since(found, member.staff_id, read)
    people = work.colleagues(session, found.municipality_id)
    merged = likeness.merged(session, found)
    root = likeness.root(session, found)
    return desk.page(
        member,
        "case.html",
        status,
        session,
        **read_case(desk, session, member, found, language),
        zone=found.municipality.time_zone,
        summary_languages=STAFF_LANGUAGES,
        pdf_languages=pdf.languages(found.language, desk.core.languages),
        may_take=work.may_take(found, member.staff_id),
        next_statuses=work.offered_statuses(found),
        status_reason=work.reason(found),
        outcomes=work.OUTCOMES,
        may_transfer=passing_on.may_transfer(found),
        people=people,
        colleagues=[each for each in people if each.id != found.assigned_to],
        flags=flags.of(session, found),
        flag_kinds=flags.KINDS,
        tasks=tasks.of(session, found),
        unread={event.number for event in unread},
        new_questions=news.changed_questions(unread),
        today=now().astimezone(ZoneInfo(found.municipality.time_zone)).date().isoformat(),
        history=history(desk, session, member, found),
        root=root if root is not found else None,
        merged=merged,
        proposals=likeness.proposals(session, found),
        request=_request(session, found) if found.kind == deletion.KIND else None,
        limits=LIMITS,
        done=done,
        errors={error.field: f"case.error.{error.field}.{error.reason}"} if error else {},
        typed=defaultdict(str, typed),
    )


def read_case(desk: Desk, session: Session, member: Member, found: Case, language: str = "") -> dict[str, Any]:
    """What templates need to show who a case is about and what was told."""
    offered = (language, member.language, *STAFF_LANGUAGES)
    summary = desk.core.summaries.of(found, next(tag for tag in offered if tag in STAFF_LANGUAGES))
    return {
        "case": found,
        "call_name": queue.call_name(session, found),
        "waiting_since": queue.waiting_since(found),
        "contact": found.conversation.contact or {},
        "summary": summary,
        "notes": [_linked(each, summary.household) for each in summary.notes],
        "s": partial(_summary_text, desk, summary.language),  # a wording of the summary, in its language
        "date_of": date.fromisoformat,
    }


def _request(session: Session, found: Case) -> dict[str, Any]:
    """What the page of a request to delete shows beside the buttons."""
    return {
        "waits": deletion.waits(found),
        "until": deletion.answer_until(found),
        "overdue": deletion.is_overdue(found, now()),
        "cases": deletion.stock(session, found.conversation).cases,
    }


def _linked(note: str, references: list[str]) -> Markup:
    """A note of the summary in which the references are links."""
    if not references:
        return escape(note)
    parts = re.split(f"({'|'.join(map(re.escape, references))})", note)
    link = Markup('<a href="/desk/cases/{0}"><bdi>{0}</bdi></a>')
    return Markup("").join(link.format(part) if part in references else escape(part) for part in parts)


def _summary_text(desk: Desk, language: str, key: str, /, **values: Any) -> str:
    return desk.core.wording.render(say(f"summary.{key}", **values), language)

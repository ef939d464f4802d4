"""Appointments with a newcomer: propose up to three times, see what was picked, move, call off, take the calendar file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member
from desk.cases import CaseWorker, find_case
from desk.laying import lay
from desk.render import Desk, TheDesk
from lotse.cases import appointments, queue
from lotse.cases.appointments import LONGEST, LONGEST_PLACE, MOST_TIMES, SHORTEST, USUAL
from lotse.cases.work import WorkError
from lotse.storage.tables import Appointment, Case, Staff

Field = Annotated[str, Form()]

DONE = ("proposed", "moved", "cancelled")  # appointments.done.<name>

router = APIRouter()


@router.get("/desk/cases/{reference}/appointments")
def read(desk: TheDesk, member: CaseWorker, reference: str, done: str = "", move: str = "") -> HTMLResponse:
    """All appointments of a case, and the form for a new one; `move` is the one that it takes the place of."""
    with desk.core.database.reading() as session:
        found = find_case(session, member, reference)
        moved = _open(session, found, move) if move else None
        typed = {"place": moved.place, "minutes": str(moved.minutes)} if moved is not None else {}
        return _page(desk, session, member, found, done=done if done in DONE else "", move=move, typed=typed)


@router.post("/desk/cases/{reference}/appointments")
def propose(
    desk: TheDesk,
    member: CaseWorker,
    reference: str,
    time_1: Field = "",
    time_2: Field = "",
    time_3: Field = "",
    minutes: Field = "",
    place: Field = "",
    move: Field = "",
) -> Response:
    """Propose times; the newcomer is asked in the chat."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        moved = _open(session, found, move) if move else None
        try:
            times = appointments.read_times((time_1, time_2, time_3), found.municipality)
            length = int(minutes) if minutes.strip().isdecimal() else 0
            by = session.get_one(Staff, member.staff_id)
            _, laid = appointments.propose(session, found, times, length, place, by, moved=moved)
        except WorkError as error:
            typed = {"time_1": time_1, "time_2": time_2, "time_3": time_3, "minutes": minutes, "place": place}
            errors = {error.field: f"appointments.error.{error.field}.{error.reason}"}
            return _page(desk, session, member, found, 422, move=move, typed=typed, errors=errors)
        lay(desk, session, found, laid)
        return _to(found, "moved" if moved is not None else "proposed")


@router.post("/desk/cases/{reference}/appointments/{appointment_id}/cancel")
def cancel(desk: TheDesk, member: CaseWorker, reference: str, appointment_id: str) -> Response:
    """Call one off; pressed twice, the newcomer is told once."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        made = _open(session, found, appointment_id)
        if made is not None and appointments.is_open(made):
            lay(desk, session, found, appointments.cancel(session, found, made, session.get_one(Staff, member.staff_id)))
        return _to(found, "cancelled")


@router.get("/desk/cases/{reference}/appointments/{appointment_id}/calendar.ics")
def calendar(desk: TheDesk, member: CaseWorker, reference: str, appointment_id: str) -> Response:
    """The calendar file: the case's reference and the place, no name."""
    with desk.core.database.reading() as session:
        found = find_case(session, member, reference)
        made = _find(session, found, appointment_id)
        if made is None or made.starts_at is None:
            raise HTTPException(404)
        title = desk.text(member, "appointments.calendar.title", reference=found.reference)
        file = appointments.calendar_file(made, title, desk.core.settings.host)
    headers = {"Content-Disposition": f'attachment; filename="{found.reference}.ics"'}
    return Response(file, media_type="text/calendar", headers=headers)


def _find(session: Session, found: Case, appointment_id: str) -> Appointment | None:
    made = session.get(Appointment, appointment_id)
    return made if made is not None and made.case_id == found.id else None


def _open(session: Session, found: Case, appointment_id: str) -> Appointment:
    """An appointment of the case; of another one none is known."""
    made = _find(session, found, appointment_id)
    if made is None:
        raise HTTPException(404)
    return made


def _to(found: Case, done: str) -> Response:
    return RedirectResponse(f"/desk/cases/{found.reference}/appointments?done={done}", 303)


def _page(
    desk: Desk,
    session: Session,
    member: Member,
    found: Case,
    status: int = 200,
    *,
    done: str = "",
    move: str = "",
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> HTMLResponse:
    limits: dict[str, Any] = {"times": MOST_TIMES, "least": SHORTEST, "most": LONGEST, "place": LONGEST_PLACE}
    return desk.page(
        member,
        "appointments.html",
        status,
        session,
        zone=found.municipality.time_zone,
        case=found,
        call_name=queue.call_name(session, found),
        made=appointments.of_case(session, found),
        is_open=appointments.is_open,
        starts=appointments.starts,
        move=move,
        typed={"minutes": str(USUAL), **(typed or {})},
        limits=limits,
        errors=errors or {},
        done=done,
    )

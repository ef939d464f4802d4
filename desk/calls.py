"""Crisis calls: people who asked for a call of a person after a message that named danger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.access import Member, requires
from desk.render import Desk, TheDesk
from lotse import audit
from lotse.crisis import alerts
from lotse.crisis.alerts import TakenError
from lotse.staff import Role
from lotse.storage.tables import Municipality, Staff

CaseWorker = Annotated[Member, Depends(requires(Role.CASE_WORKER))]

router = APIRouter()


@router.get("/desk/calls")
def all_calls(desk: TheDesk, member: CaseWorker, done: str = "") -> HTMLResponse:
    """The calls that wait, and those that somebody has taken."""
    with desk.core.database.reading() as session:
        return _page(desk, session, member, done="take" if done == "take" else "")


@router.post("/desk/calls/{call}/take")
def take(desk: TheDesk, member: CaseWorker, call: str) -> Response:
    """Say that one cares for it. One of another town is as unknown as one that does not exist."""
    with desk.core.database.session() as session:
        found = alerts.find(session, call, member.municipalities(Role.CASE_WORKER))
        if found is None:
            raise HTTPException(404)
        try:
            alerts.acknowledge(session, found, session.get_one(Staff, member.staff_id))
        except TakenError:
            return _page(desk, session, member, 409, taken=found.id)
        return RedirectResponse("/desk/calls?done=take", 303)


def _page(desk: Desk, session: Session, member: Member, status: int = 200, *, done: str = "", taken: str = "") -> HTMLResponse:
    towns = member.municipalities(Role.CASE_WORKER)
    waiting, acknowledged = alerts.waiting(session, towns), alerts.acknowledged(session, towns)
    for town in sorted({call.municipality_id for call in (*waiting, *acknowledged)}):
        seen = [call.reference for call in (*waiting, *acknowledged) if call.municipality_id == town]
        audit.note(session, member.staff_id, "calls.read", town=town, references=seen)
    return desk.page(
        member,
        "calls.html",
        status,
        session,
        zone=session.get_one(Municipality, min(towns)).time_zone,
        waiting=waiting,
        acknowledged=acknowledged,
        cases=alerts.cases_of(session, [*waiting, *acknowledged]),
        several=len(towns) > 1,
        done=done,
        taken=taken,
    )

"""Answering a request to delete everything: erase, confirmed on a page that names what goes, or refuse with a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response

from desk.access import Member
from desk.cases import CaseWorker, Field, case_page, find_case, to_case
from desk.render import Desk, TheDesk
from lotse import privacy
from lotse.cases import deletion
from lotse.cases.deletion import Answer
from lotse.cases.work import WorkError
from lotse.staff import Role
from lotse.storage.tables import Case, Staff

router = APIRouter()


@router.get("/desk/cases/{reference}/erase", response_model=None)
def ask_erase(desk: TheDesk, member: CaseWorker, reference: str) -> HTMLResponse | Response:
    """What erasing means, before it is done."""
    with desk.core.database.reading() as session:
        found = find_case(session, member, reference)
        if not deletion.waits(found):
            return to_case(found)
        return desk.page(
            member,
            "erase.html",
            session=session,
            zone=found.municipality.time_zone,
            case=found,
            stock=deletion.stock(session, found.conversation),
            elsewhere=_elsewhere(session, member, found),
        )


@router.post("/desk/cases/{reference}/erase")
def erase(desk: TheDesk, member: CaseWorker, reference: str, also: Annotated[list[str] | None, Form()] = None) -> Response:
    """Erase everything of the conversation, and of those that were chosen beside it."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        if deletion.waits(found):  # else it was pressed twice
            chosen = [each for each in _elsewhere(session, member, found) if each.reference in (also or [])]
            for answer in deletion.erase(session, found, session.get_one(Staff, member.staff_id), chosen):
                privacy.forget_tracker(desk.core.settings.tracker_url, answer.conversation.id)
                _tell(desk, session, answer)
        response = to_case(found, "erase")
    response.background = BackgroundTask(privacy.forget_traces_or_later, desk.core.database, desk.core.settings)
    return response


@router.post("/desk/cases/{reference}/refuse")
def refuse(desk: TheDesk, member: CaseWorker, reference: str, reason: Field = "") -> Response:
    """Refuse it, with the reason that the newcomer reads."""
    with desk.core.database.session() as session:
        found = find_case(session, member, reference)
        if deletion.waits(found):
            try:
                _tell(desk, session, deletion.refuse(session, found, reason, session.get_one(Staff, member.staff_id)))
            except WorkError as error:
                return case_page(desk, session, member, found, 422, error=error, reason=reason)
        return to_case(found, "refuse")


def _elsewhere(session: Session, member: Member, found: Case) -> list[Case]:
    towns = member.municipalities(Role.CASE_WORKER)
    return [each for each in deletion.elsewhere(session, found) if each.municipality_id in towns]


def _tell(desk: Desk, session: Session, answer: Answer) -> None:
    desk.outbox.put(session, answer.conversation, answer.reply, None)

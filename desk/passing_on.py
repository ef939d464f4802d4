"""Passing a case on: to another organisation (transfer), or the newcomer to an offer (refer)."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from desk.cases import CaseWorker, Field, work_on
from desk.laying import end_talk
from desk.render import TheDesk
from lotse.cases import passing_on
from lotse.storage.tables import Case, Staff

router = APIRouter()


@router.post("/desk/cases/{reference}/transfer")
def transfer(
    desk: TheDesk, member: CaseWorker, reference: str, organisation: Field = "", handed_over: Field = "", agreed: Field = ""
) -> Response:
    """Hand the case to another organisation; it is closed here."""

    def change(session: Session, case: Case, by: Staff) -> None:
        passing_on.transfer(session, case, organisation, handed_over, agreed, by)
        end_talk(desk, session, case, by)

    typed = {"organisation": organisation, "handed_over": handed_over, "agreed": agreed}
    return work_on(desk, member, reference, "transfer", change, **typed)


@router.post("/desk/cases/{reference}/refer")
def refer(desk: TheDesk, member: CaseWorker, reference: str, offer: Field = "") -> Response:
    """Note that the newcomer was pointed to an offer; the case stays."""
    change = passing_on.refer
    return work_on(desk, member, reference, "refer", lambda session, case, by: change(session, case, offer, by), offer=offer)

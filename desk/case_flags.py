"""Flags on a case: set with a reason, cleared."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from desk.cases import CaseWorker, Field, work_on
from desk.render import TheDesk
from lotse.cases import flags
from lotse.storage.tables import Case, Staff

router = APIRouter()


@router.post("/desk/cases/{reference}/flag")
def set_flag(desk: TheDesk, member: CaseWorker, reference: str, flag: Field = "", flag_reason: Field = "") -> Response:
    """Set a flag."""

    def change(session: Session, case: Case, by: Staff) -> None:
        flags.set_flag(session, case, flag, flag_reason, by)

    return work_on(desk, member, reference, "flag", change, flag=flag, flag_reason=flag_reason)


@router.post("/desk/cases/{reference}/clear")
def clear_flag(desk: TheDesk, member: CaseWorker, reference: str, flag: Field = "") -> Response:
    """Take a flag off."""
    return work_on(desk, member, reference, "flag_cleared", lambda session, case, by: flags.clear_flag(session, case, flag, by))

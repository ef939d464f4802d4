"""The summary of a case: what is verified in it, and as a PDF to print or hand out."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import Response

from desk.cases import CaseWorker, find_case, work_on
from desk.render import TheDesk
from lotse.cases import pdf, verifying
from lotse.storage.tables import Case, Staff, now

Numbers = Annotated[list[str] | None, Form()]

router = APIRouter()


@router.post("/desk/cases/{reference}/verify")
def verify(desk: TheDesk, member: CaseWorker, reference: str, verified: Numbers = None, shown: Numbers = None) -> Response:
    """Save which of the responses that stood on the page are verified; `shown` are those that were when it was opened."""

    def change(session: Session, case: Case, by: Staff) -> None:
        verifying.verify(session, case, _numbers(verified), _numbers(shown), by)

    return work_on(desk, member, reference, "verify", change)


@router.get("/desk/cases/{reference}/summary.pdf")
def as_pdf(desk: TheDesk, member: CaseWorker, reference: str, language: str = "") -> Response:
    """The summary to print; in another language than those that are offered for the case it does not exist."""
    core = desk.core
    with core.database.reading() as session:
        found = find_case(session, member, reference)
        offered = pdf.languages(found.language, core.languages)
        chosen = language or next(tag for tag in (member.language, *offered) if tag in offered)
        if chosen not in offered:
            raise HTTPException(404)
        summary = core.summaries.of(found, chosen)
        contact = found.conversation.contact or {}
        today = now().astimezone(ZoneInfo(found.municipality.time_zone)).date()
    made = pdf.render(summary, contact, core.wording, core.languages, today)
    name = f'inline; filename="{found.reference}-{chosen}.pdf"'
    return Response(made, media_type="application/pdf", headers={"Content-Disposition": name, "Content-Language": chosen})


def _numbers(sent: list[str] | None) -> set[int]:
    return {int(each) for each in sent or () if each.isdecimal() and len(each) < 19}

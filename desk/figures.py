"""Figures of a municipality: how much there is to do, and nothing about anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from desk.access import Member, requires
from desk.render import TheDesk
from lotse.cases import queue
from lotse.staff import Role
from lotse.storage.tables import Conversation, Municipality, UnansweredQuestion, now

ROLES = (Role.OBSERVER, Role.MUNICIPALITY_ADMINISTRATOR)
Reader = Annotated[Member, Depends(requires(*ROLES))]
FEW = 10  # smaller numbers are not shown: in a small town they would point at people
DAYS = 30

router = APIRouter()


@dataclass(frozen=True)
class Figures:
    """The numbers of one municipality."""

    municipality: str
    cases: dict[str, int]  # by status
    conversations: int  # begun in the last DAYS
    unanswered: dict[str, int]  # open questions by language


@router.get("/desk/figures")
def figures(desk: TheDesk, member: Reader) -> HTMLResponse:
    """The page."""
    with desk.core.database.reading() as session:
        towns = session.scalars(
            select(Municipality).where(Municipality.id.in_(member.municipalities(*ROLES))).order_by(Municipality.name)
        )
        found = [figures_of(session, town) for town in towns]
    return desk.page(member, "figures.html", figures=found, few=FEW, days=DAYS)


def figures_of(session: Session, town: Municipality) -> Figures:
    """All numbers of a town, the small ones too: whoever shows them hides those."""
    begun = (
        select(func.count())
        .select_from(Conversation)
        .where(Conversation.municipality_id == town.id, Conversation.started_at >= now() - timedelta(days=DAYS))
    )
    unanswered = (
        select(UnansweredQuestion.language, func.count())
        .where(UnansweredQuestion.municipality_id == town.id, UnansweredQuestion.status == "open")
        .group_by(UnansweredQuestion.language)
        .order_by(UnansweredQuestion.language)
    )
    return Figures(
        municipality=town.name,
        cases=queue.counts(session, [town.id]),
        conversations=session.scalar(begun) or 0,
        unanswered=dict(session.execute(unanswered).all()),
    )

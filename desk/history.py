"""What has happened in a case, as its page tells it: by whom, and in the words of the desk's language."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from desk.access import Member
from desk.render import Desk
from lotse.cases.queue import BY_NEWCOMER
from lotse.intake.asking import Asking
from lotse.storage.tables import Case, CaseEvent

ABOUT_QUESTIONS = ("amended", "verified", "unverified")  # kinds of events that name questions


@dataclass(frozen=True)
class Entry:
    """One event. `other` is the reference of the other case of a merge; None where that was erased."""

    event: CaseEvent
    by_newcomer: bool
    other: str | None = None
    questions: list[str] = field(default_factory=list)  # short names of those that it is about
    times: list[datetime] = field(default_factory=list)  # of an appointment


def history(desk: Desk, session: Session, member: Member, case: Case) -> list[Entry]:
    """All events of a case, the last one first."""
    others = {event.number: _other(event) for event in case.events}
    query = select(Case.id, Case.reference).where(Case.id.in_([other for other in others.values() if other]))
    references = dict(session.execute(query).all())
    return [
        Entry(
            event=event,
            by_newcomer=event.kind in BY_NEWCOMER,
            other=references.get(others[event.number] or ""),
            questions=_questions(desk, session, member, case, event),
            times=[datetime.fromisoformat(each) for each in event.body["times"]] if event.kind == "appointment" else [],
        )
        for event in reversed(case.events)
    ]


def _other(event: CaseEvent) -> str | None:
    """Id of the other case of a merge or a split."""
    if event.kind not in ("merged", "split"):
        return None
    return next((event.body[name] for name in ("into", "from", "with") if name in event.body), None)


def _questions(desk: Desk, session: Session, member: Member, case: Case, event: CaseEvent) -> list[str]:
    if event.kind not in ABOUT_QUESTIONS:
        return []
    questionnaire = desk.core.intakes.questionnaire(session, case.intake)
    asking = Asking(questionnaire, member.language, case.municipality)
    return [asking.short(questionnaire.question(key)) for key in event.body["questions"] if questionnaire.has(key)]

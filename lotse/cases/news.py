"""What is new in a case to somebody of the staff: what others and the newcomer did since they last opened its page."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lotse.storage.tables import Case, CaseEvent, CaseReading, now


def read_until(session: Session, case: Case, staff_id: str) -> int | None:
    """Number of the last event that somebody has seen; None for who has never opened the case."""
    return session.scalar(select(CaseReading.event).where(CaseReading.staff_id == staff_id, CaseReading.case_id == case.id))


def newest(case: Case) -> int:
    """Number of the last event of a case; 0 without events."""
    return max((event.number for event in case.events), default=0)


def since(case: Case, staff_id: str, event: int | None) -> list[CaseEvent]:
    """The events after one, but for one's own. Who opens a case for the first time reads all of it: nothing is marked."""
    return [each for each in case.events if event is not None and each.number > event and each.staff_id != staff_id]


def changed_questions(events: Iterable[CaseEvent]) -> set[str]:
    """The questions whose responses the newcomer changed in these events."""
    return {question for event in events if event.kind == "amended" for question in event.body["questions"]}


def counts(session: Session, cases: Iterable[str], staff_id: str) -> dict[str, int]:
    """How many events are new to somebody, by case; only cases that they have opened and that have some."""
    query = (
        select(CaseEvent.case_id, func.count())
        .join(CaseReading, (CaseReading.case_id == CaseEvent.case_id) & (CaseReading.staff_id == staff_id))
        .where(
            CaseEvent.case_id.in_(list(cases)),
            CaseEvent.number > CaseReading.event,
            or_(CaseEvent.staff_id.is_(None), CaseEvent.staff_id != staff_id),
        )
        .group_by(CaseEvent.case_id)
    )
    return dict(session.execute(query).all())


def mark_read(session: Session, case_id: str, staff_id: str, event: int) -> None:
    """Remember how far somebody has read."""
    known = session.get(CaseReading, (staff_id, case_id))
    if known is not None:
        known.event, known.at = max(known.event, event), now()
        return
    try:
        with session.begin_nested():
            session.add(CaseReading(staff_id=staff_id, case_id=case_id, event=event))
    except IntegrityError:  # opened twice in the same moment, or erased meanwhile
        pass

"""What case workers see of a call after a crisis message: its number, the time, one topic; words only with a yes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from lotse.storage import trail
from lotse.storage.tables import Case, CrisisCall, Staff, now

SHOWN = 50  # acknowledged calls on the page


class TakenError(Exception):
    """A colleague has taken the call."""


def waiting(session: Session, municipalities: Iterable[str]) -> list[CrisisCall]:
    """Calls that nobody has taken yet, the oldest first."""
    query = _of(municipalities, "called").order_by(CrisisCall.called_at, CrisisCall.id)
    return list(session.scalars(query))


def acknowledged(session: Session, municipalities: Iterable[str]) -> list[CrisisCall]:
    """Calls that somebody has taken, the newest first."""
    query = _of(municipalities, "acknowledged").order_by(CrisisCall.acknowledged_at.desc(), CrisisCall.id).limit(SHOWN)
    return list(session.scalars(query))


def find(session: Session, call_id: str, municipalities: Iterable[str]) -> CrisisCall | None:
    """A call that was asked for in one of these municipalities."""
    query = select(CrisisCall).where(CrisisCall.id == call_id, CrisisCall.municipality_id.in_(sorted(municipalities)))
    return session.scalar(query.where(CrisisCall.state.in_(("called", "acknowledged"))))


def acknowledge(session: Session, call: CrisisCall, by: Staff) -> None:
    """Somebody takes a call; the first one has it."""
    if call.state == "acknowledged":
        if call.acknowledged_by == by.id:
            return  # pressed twice
        raise TakenError
    call.state, call.acknowledged_by, call.acknowledged_at = "acknowledged", by.id, now()
    call.changed_at = call.acknowledged_at
    session.flush()
    trail.note(session, by.id, "call.taken", town=call.municipality_id, reference=call.reference)


def cases_of(session: Session, calls: Iterable[CrisisCall]) -> set[str]:
    """References among those of the calls under which there is a case to open."""
    references = {call.reference for call in calls if call.reference}
    return set(session.scalars(select(Case.reference).where(Case.reference.in_(references))))


def _of(municipalities: Iterable[str], state: str) -> Select[CrisisCall]:
    return (
        select(CrisisCall)
        .where(CrisisCall.municipality_id.in_(sorted(municipalities)), CrisisCall.state == state)
        .options(joinedload(CrisisCall.conversation), joinedload(CrisisCall.municipality), joinedload(CrisisCall.staff))
    )

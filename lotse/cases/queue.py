"""The queue of cases as case workers read it: new first, then who has waited longest, closed ones last.

A case that is merged into another one shows among the closed ones only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import case as depending
from sqlalchemy.orm import Session, joinedload

from lotse.cases import deletion
from lotse.cases.work import STATUSES
from lotse.storage.tables import Case, CaseEvent, Response, now

PAGE = 50
BY_NEWCOMER = ("amended", "withdrawn")  # events that are the newcomer's, not staff's


@dataclass(frozen=True)
class Filter:
    """What of the queue is shown. The status is one of STATUSES, or None for all."""

    status: str | None = None
    assigned_to: str | None = None
    page: int = 1


@dataclass(frozen=True)
class Row:
    """One case in the queue."""

    case: Case
    call_name: str | None
    waiting_since: datetime
    changed_by_newcomer: bool = False  # since somebody last worked on it
    overdue: bool = False  # a request to delete that should have an answer
    merged_into: str | None = None  # reference


def waiting_since(case: Case) -> datetime:
    """Since when nothing has happened for the newcomer: a new case since it came, another since its last change."""
    return case.opened_at if case.status == "new" else case.changed_at


def rows(session: Session, municipalities: Iterable[str], wanted: Filter) -> tuple[list[Row], bool]:
    """One page of the queue, and whether more follow."""
    query = (
        select(Case)
        .where(*_conditions(municipalities, wanted.assigned_to), *_shown(wanted.status))
        .options(joinedload(Case.assignee), joinedload(Case.municipality))
        .order_by(*_order())
        .offset((wanted.page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    found = list(session.scalars(query))
    names = _call_names(session, [each.intake_id for each in found if each.intake_id])
    changed = _changed_by_newcomer(session, [each.id for each in found])
    into = select(Case.id, Case.reference).where(Case.id.in_([each.merged_into for each in found if each.merged_into]))
    references = dict(session.execute(into).all())
    moment = now()
    shown = [
        Row(
            case=each,
            call_name=names.get(each.intake_id or ""),
            waiting_since=waiting_since(each),
            changed_by_newcomer=each.id in changed,
            overdue=deletion.is_overdue(each, moment),
            merged_into=references.get(each.merged_into or ""),
        )
        for each in found[:PAGE]
    ]
    return shown, len(found) > PAGE


def all_of(session: Session, municipalities: Iterable[str], wanted: Filter) -> list[tuple[str, str]]:
    """Id and municipality of all cases that the pages of the queue show, in its order."""
    conditions = (*_conditions(municipalities, wanted.assigned_to), *_shown(wanted.status))
    rows = session.execute(select(Case.id, Case.municipality_id).where(*conditions).order_by(*_order()))
    return [(case_id, municipality) for case_id, municipality in rows]


def counts(session: Session, municipalities: Iterable[str], assigned_to: str | None = None) -> dict[str, int]:
    """How many cases there are in each status."""
    conditions = _conditions(municipalities, assigned_to)
    found = dict(session.execute(select(Case.status, func.count()).where(*conditions).group_by(Case.status)).all())
    return {status: found.get(status, 0) for status in STATUSES}


def total(session: Session, municipalities: Iterable[str], assigned_to: str | None = None) -> int:
    """How many cases the queue of all statuses shows."""
    conditions = [*_conditions(municipalities, assigned_to), *_shown(None)]
    return session.scalar(select(func.count()).select_from(Case).where(*conditions)) or 0


def _order() -> tuple[ColumnElement[Any], ...]:
    since = depending((Case.status == "new", Case.opened_at), else_=Case.changed_at)
    rank = depending((Case.status == "new", 0), (Case.status == "closed", 2), else_=1)
    return rank, since, Case.id.expression


def _conditions(municipalities: Iterable[str], assigned_to: str | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Case.municipality_id.in_(sorted(municipalities))]
    if assigned_to:
        conditions.append(Case.assigned_to == assigned_to)
    return conditions


def _shown(status: str | None) -> list[ColumnElement[bool]]:
    """One status; without one all that somebody may have to work on."""
    return [Case.status == status] if status else [Case.merged_into.is_(None)]


def _changed_by_newcomer(session: Session, cases: list[str]) -> set[str]:
    """The cases whose last event is the newcomer's; what happens in cases that are merged into one counts as its own."""
    stands_for = {each: each for each in cases}
    last = cases
    while last:
        query = select(Case.id, Case.merged_into).where(Case.merged_into.in_(last), Case.id.not_in(list(stands_for)))
        into = session.execute(query).all()
        stands_for |= {each: stands_for[target] for each, target in into if target is not None}
        last = [each for each, _ in into]
    newest = select(func.max(CaseEvent.number)).where(CaseEvent.case_id.in_(list(stands_for))).group_by(CaseEvent.case_id)
    query = select(CaseEvent.case_id, CaseEvent.kind).where(CaseEvent.number.in_(newest)).order_by(CaseEvent.number)
    kinds = {stands_for[each]: kind for each, kind in session.execute(query).all()}
    return {each for each, kind in kinds.items() if kind in BY_NEWCOMER}


def call_name(session: Session, found: Case) -> str | None:
    """What the newcomer wants to be called, if they said so."""
    return _call_names(session, [found.intake_id]).get(found.intake_id) if found.intake_id else None


def _call_names(session: Session, intakes: list[str]) -> dict[str, str]:
    """By intake; the last response counts."""
    query = select(Response).where(
        Response.intake_id.in_(intakes), Response.question == "call_name", Response.sent_in.is_not(None)
    )
    query = query.order_by(Response.number)
    names = {response.intake_id: response.value for response in session.scalars(query)}
    return {intake: name for intake, name in names.items() if name}

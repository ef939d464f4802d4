"""The queue of cases as case workers read it: new first, then who has waited longest, closed ones last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy import case as depending
from sqlalchemy.orm import Session, joinedload

from lotse.cases.work import STATUSES
from lotse.storage.tables import Case, Response

PAGE = 50


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


def waiting_since(case: Case) -> datetime:
    """Since when nothing has happened for the newcomer: a new case since it came, another since its last change."""
    return case.opened_at if case.status == "new" else case.changed_at


def rows(session: Session, municipalities: Iterable[str], wanted: Filter) -> tuple[list[Row], bool]:
    """One page of the queue, and whether more follow."""
    since = depending((Case.status == "new", Case.opened_at), else_=Case.changed_at)
    rank = depending((Case.status == "new", 0), (Case.status == "closed", 2), else_=1)
    query = (
        select(Case)
        .where(*_conditions(municipalities, wanted))
        .options(joinedload(Case.assignee), joinedload(Case.municipality))
        .order_by(rank, since, Case.id)
        .offset((wanted.page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    found = list(session.scalars(query))
    names = _call_names(session, [each.intake_id for each in found if each.intake_id])
    shown = [Row(each, names.get(each.intake_id or ""), waiting_since(each)) for each in found[:PAGE]]
    return shown, len(found) > PAGE


def counts(session: Session, municipalities: Iterable[str], assigned_to: str | None = None) -> dict[str, int]:
    """How many cases there are in each status."""
    conditions = _conditions(municipalities, Filter(assigned_to=assigned_to))
    query = select(Case.status, func.count()).where(*conditions).group_by(Case.status)
    found = dict(session.execute(query).all())
    return {status: found.get(status, 0) for status in STATUSES}


def _conditions(municipalities: Iterable[str], wanted: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Case.municipality_id.in_(sorted(municipalities))]
    if wanted.status:
        conditions.append(Case.status == wanted.status)
    if wanted.assigned_to:
        conditions.append(Case.assigned_to == wanted.assigned_to)
    return conditions


def call_name(session: Session, found: Case) -> str | None:
    """What the newcomer wants to be called, if they said so."""
    return _call_names(session, [found.intake_id]).get(found.intake_id) if found.intake_id else None


def _call_names(session: Session, intakes: list[str]) -> dict[str, str]:
    """By intake; the last response counts."""
    query = select(Response).where(Response.intake_id.in_(intakes), Response.question == "call_name").order_by(Response.number)
    names = {response.intake_id: response.value for response in session.scalars(query)}
    return {intake: name for intake, name in names.items() if name}

"""Tasks: what somebody is to do in a case, and by when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from lotse.cases.service import record
from lotse.cases.work import WorkError, colleagues, day_of, required
from lotse.storage.tables import Case, CaseTask, Staff, now

LONGEST_TASK = 300  # characters
LISTED = 200  # tasks that the page of one's own shows at once


@dataclass(frozen=True)
class Listed:
    """One task in a list."""

    task: CaseTask
    overdue: bool


def is_overdue(task: CaseTask, moment: datetime) -> bool:
    """Whether the day by which it was to be done is over in the town, and it is not done."""
    today = moment.astimezone(ZoneInfo(task.case.municipality.time_zone)).date()
    return task.done_at is None and task.due_on is not None and task.due_on < today


def of(session: Session, case: Case) -> list[Listed]:
    """The tasks of a case: what is to be done first, then what is done."""
    query = select(CaseTask).where(CaseTask.case_id == case.id).options(joinedload(CaseTask.assignee))
    return _listed(session.scalars(query))


def mine(session: Session, staff_id: str, municipalities: Iterable[str]) -> list[Listed]:
    """What somebody has to do in the cases of these towns, overdue first."""
    query = (
        select(CaseTask)
        .join(Case, Case.id == CaseTask.case_id)
        .where(CaseTask.assigned_to == staff_id, CaseTask.done_at.is_(None), Case.municipality_id.in_(sorted(municipalities)))
        .options(joinedload(CaseTask.case).joinedload(Case.municipality))
        .order_by(func.coalesce(CaseTask.due_on, date.max), CaseTask.created_at)
        .limit(LISTED)
    )
    return _listed(session.scalars(query))


def find(session: Session, case: Case, task_id: str) -> CaseTask | None:
    """A task of a case."""
    task = session.get(CaseTask, task_id)
    return task if task is not None and task.case_id == case.id else None


def add(session: Session, case: Case, text: str, due: str, to: str, by: Staff) -> CaseTask:
    """Add a task: for somebody of the case workers, with a day in ISO form or without one."""
    text = required(text, "task", LONGEST_TASK)
    due_on = day_of(due, "due") if due.strip() else None
    colleague = next((staff for staff in colleagues(session, case.municipality_id) if staff.id == to), None)
    if colleague is None:
        raise WorkError("task_to", "unknown", "choose a case worker of the municipality")
    task = CaseTask(case=case, text=text, due_on=due_on, assignee=colleague)
    session.add(task)
    session.flush()
    told = {"task": text, "due": due_on.isoformat() if due_on else None, "to": colleague.name}
    record(session, case, "task_added", told, by)
    return task


def set_done(session: Session, task: CaseTask, done: bool, by: Staff) -> None:
    """Say that a task is done, or that it is not; what it is already is no change."""
    if (task.done_at is not None) == done:
        return
    task.done_at = now() if done else None
    record(session, task.case, "task_done" if done else "task_undone", {"task": task.text}, by)


def _listed(found: Iterable[CaseTask]) -> list[Listed]:
    moment = now()
    ordered = sorted(found, key=lambda task: (task.done_at is not None, task.due_on or date.max, task.created_at))
    return [Listed(task, is_overdue(task, moment)) for task in ordered]

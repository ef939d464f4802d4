"""Tasks of a case, and the page of one's own tasks."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from desk.cases import CaseWorker, Field, work_on
from desk.render import TheDesk
from lotse.cases import tasks
from lotse.staff import Role
from lotse.storage.tables import Case, Staff

MINE = "/desk/tasks"

router = APIRouter()


@router.get(MINE)
def my_tasks(desk: TheDesk, member: CaseWorker, done: str = "") -> HTMLResponse:
    """What the member has to do, in all cases."""
    with desk.core.database.reading() as session:
        found = tasks.mine(session, member.staff_id, member.municipalities(Role.CASE_WORKER))
        return desk.page(member, "tasks.html", 200, session, tasks=found, done="task_done" if done else "")


@router.post("/desk/cases/{reference}/task")
def add_task(
    desk: TheDesk, member: CaseWorker, reference: str, task: Field = "", due: Field = "", task_to: Field = ""
) -> Response:
    """Add a task."""

    def change(session: Session, case: Case, by: Staff) -> None:
        tasks.add(session, case, task, due, task_to, by)

    return work_on(desk, member, reference, "task", change, task=task, due=due, task_to=task_to)


@router.post("/desk/cases/{reference}/task/{task}")
def set_done(desk: TheDesk, member: CaseWorker, reference: str, task: str, undone: Field = "", back: Field = "") -> Response:
    """Say that a task is done, or that it is not."""

    def change(session: Session, case: Case, by: Staff) -> None:
        found = tasks.find(session, case, task)
        if found is None:
            raise HTTPException(404)
        tasks.set_done(session, found, not undone, by)

    answer = work_on(desk, member, reference, "task_undone" if undone else "task_done", change)
    return RedirectResponse(f"{MINE}?done=1", 303) if back else answer

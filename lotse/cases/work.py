"""Working on a case: take, assign, change its status, write a note. Every change leaves a note in its history.

    new ──► open ◄──► waiting
     │       │ ▲         │
     │       ▼ │         │
     └─────► closed ◄────┘

`new` is where a case starts: nobody has looked at it yet, and the newcomer may still delete it at once
(actions/people.py); it never comes back, unless a merge is undone (likeness.py). A request to delete is closed by its answer
only (deletion.py), and a merged case stays closed until it is split.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.service import FIELDS, record
from lotse.staff.roles import Role
from lotse.storage import trail
from lotse.storage.tables import ApiToken, Case, Staff, StaffRole

STATUSES = ("new", "open", "waiting", "closed")
LONGEST_NOTE = 10_000  # characters
_NEXT: dict[str, tuple[str, ...]] = {
    "new": ("open", "closed"),
    "open": ("waiting", "closed"),
    "waiting": ("open", "closed"),
    "closed": ("open",),
}


class WorkError(Exception):
    """A change that a case does not allow; the message names the field and the remedy."""

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.reason = reason


def next_statuses(status: str) -> tuple[str, ...]:
    """The statuses that may follow a status, in the order in which they are offered."""
    return _NEXT[status]


def offered_statuses(case: Case) -> tuple[str, ...]:
    """The statuses that staff may give a case now."""
    if case.merged_into is not None or any(event.kind == "erased" for event in case.events):
        return ()
    return tuple(each for each in next_statuses(case.status) if case.kind != "deletion" or each != "closed")


def may_take(case: Case, staff_id: str) -> bool:
    """Whether somebody can take a case: it is not closed, nobody else has it, and it is not in work with them already."""
    mine = case.assigned_to == staff_id
    return case.status != "closed" and (case.assigned_to is None or (mine and case.status == "new"))


def take(session: Session, case: Case, by: Staff) -> None:
    """Make a case one's own; a new one is open from now on."""
    if case.assigned_to == by.id and case.status != "new":
        return  # pressed twice
    if case.status == "closed":
        raise WorkError("take", "closed", "the case is closed; open it first")
    if not may_take(case, by.id):
        raise WorkError("take", "taken", "a colleague has the case; assign it to yourself if you agreed on that")
    _assign(session, case, by, by)
    if case.status == "new":
        _change_status(session, case, "open", by)


def assign(session: Session, case: Case, to: str, by: Staff) -> None:
    """Give a case to a case worker of its municipality; a new one stays new until they take it."""
    if case.status == "closed":
        raise WorkError("assign", "closed", "the case is closed; open it first")
    colleague = next((staff for staff in colleagues(session, case.municipality_id) if staff.id == to), None)
    if colleague is None:
        raise WorkError("assign", "unknown", "choose a case worker of the municipality")
    _assign(session, case, colleague, by)


def set_status(session: Session, case: Case, status: str, by: Staff | ApiToken) -> None:
    """Change the status, as `offered_statuses` allows; the one that it has is no change. Another system may do it too."""
    if status == case.status:
        return
    offered = offered_statuses(case)
    if status not in offered:
        following = f"after {case.status} comes one of {', '.join(offered)}" if offered else "it is changed elsewhere"
        raise WorkError("status", "not_allowed", following)
    _change_status(session, case, status, by)


def write_note(session: Session, case: Case, text: str, by: Staff) -> None:
    """Add a case note."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise WorkError("note", "empty", "write something first")
    if len(text) > LONGEST_NOTE:
        raise WorkError("note", "long", f"too long; at most {LONGEST_NOTE} characters")
    record(session, case, "note", text, by)


def colleagues(session: Session, municipality_id: str) -> list[Staff]:
    """The case workers of a municipality, by name."""
    held = select(StaffRole.staff_id).where(StaffRole.municipality_id == municipality_id, StaffRole.role == Role.CASE_WORKER)
    return list(session.scalars(select(Staff).where(Staff.active, Staff.id.in_(held)).order_by(Staff.name, Staff.id)))


def _assign(session: Session, case: Case, to: Staff, by: Staff) -> None:
    if case.assigned_to == to.id:
        return
    before = case.assignee.name if case.assignee else None
    case.assignee = to
    record(session, case, "assigned", {"from": before, "to": to.name}, by)


def _change_status(session: Session, case: Case, status: str, by: Staff | ApiToken) -> None:
    before, case.status = case.status, status
    if isinstance(by, Staff):
        record(session, case, "status", {"from": before, "to": status}, by)
        return
    record(session, case, "status", {"from": before, "to": status, "by": by.name})
    trail.note(session, by.id, "case.status", town=case.municipality_id, reference=case.reference, fields=FIELDS["status"])

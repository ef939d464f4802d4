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

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.service import FIELDS, record
from lotse.staff.roles import Role
from lotse.storage import trail
from lotse.storage.tables import ApiToken, Case, Staff, StaffRole

STATUSES = ("new", "open", "waiting", "closed")
TRANSFERRED = "transferred"
OUTCOMES = ("done", "moved", "not_wanted", "unreachable", "other")  # why a case is closed; TRANSFERRED comes of itself
LONGEST_NOTE = 10_000  # characters
LONGEST_REASON = 500
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
        change_status(session, case, "open", by)


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
    change_status(session, case, status, by)


def wait(session: Session, case: Case, for_what: str, by: Staff) -> None:
    """Set a case to `waiting`, and say for what; a case that waits may get another reason."""
    _check_offered(case, "waiting")
    for_what = required(for_what, "reason_waiting", LONGEST_REASON)
    if case.status != "waiting" or reason(case).words != for_what:
        change_status(session, case, "waiting", by, reason=for_what)


def close(session: Session, case: Case, outcome: str, words: str, by: Staff) -> None:
    """Close a case with an outcome of OUTCOMES; `other` needs words."""
    if case.status == "closed":
        return  # pressed twice
    _check_offered(case, "closed")
    if outcome not in OUTCOMES:
        raise WorkError("outcome", "unknown", f"choose one of {', '.join(OUTCOMES)}")
    if outcome == "other" or len(words) > LONGEST_REASON:
        words = required(words, "reason_closed", LONGEST_REASON)
    change_status(session, case, "closed", by, outcome=outcome, reason=_plain(words))


def _check_offered(case: Case, status: str) -> None:
    offered = offered_statuses(case)
    if status != case.status and status not in offered:
        raise WorkError("status", "not_allowed", f"after {case.status} comes one of {', '.join(offered)}")


@dataclass(frozen=True)
class Reason:
    """Why a case has its status, as far as staff said so; empty where they did not."""

    words: str = ""
    outcome: str = ""  # of OUTCOMES, or TRANSFERRED
    organisation: str = ""  # to which it was transferred


def reason(case: Case) -> Reason:
    """Why a case has the status that it has."""
    last = next((event for event in reversed(case.events) if event.kind == "status"), None)
    if last is None or last.body["to"] != case.status:
        return Reason()
    outcome = last.body.get("outcome", "")
    handed = next((event for event in reversed(case.events) if event.kind == TRANSFERRED), None)
    organisation = handed.body["organisation"] if handed is not None and outcome == TRANSFERRED else ""
    return Reason(last.body.get("reason", ""), outcome, organisation)


def write_note(session: Session, case: Case, text: str, by: Staff) -> None:
    """Add a case note."""
    record(session, case, "note", required(text, "note", LONGEST_NOTE), by)


def required(text: str, field: str, longest: int) -> str:
    """What staff typed into a field that must not be empty, in one spelling of line ends."""
    text = _plain(text)
    if not text:
        raise WorkError(field, "empty", "write something first")
    if len(text) > longest:
        raise WorkError(field, "long", f"too long; at most {longest} characters")
    return text


def day_of(text: str, field: str) -> date:
    """The day that staff typed, as browsers send it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise WorkError(field, "date", "a day such as 2026-12-31 is needed") from error


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


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


def change_status(
    session: Session, case: Case, status: str, by: Staff | ApiToken, *, outcome: str = "", reason: str = ""
) -> None:
    """Give a case another status, whatever it had, and note why."""
    before, case.status = case.status, status
    case.outcome = outcome or None
    told = {"from": before, "to": status, "outcome": outcome, "reason": reason}
    said = {name: value for name, value in told.items() if value}
    if isinstance(by, Staff):
        record(session, case, "status", said, by)
        return
    record(session, case, "status", {**said, "by": by.name})
    trail.note(session, by.id, "case.status", town=case.municipality_id, reference=case.reference, fields=FIELDS["status"])

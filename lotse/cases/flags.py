"""Flags: signs that staff set on a case for each other, with a reason. Each is about the work that a case needs, none about
what somebody is like, and the program sets none by itself (docs/decisions/0006-nothing-about-people.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.service import record
from lotse.cases.work import WorkError, required
from lotse.storage.tables import Case, CaseFlag, Staff

KINDS = ("deadline", "call_back", "interpreter", "papers", "colleague", "other")
LONGEST_REASON = 300  # characters
MOST = 5000  # cases with a flag that the queue can show


def of(session: Session, case: Case) -> list[CaseFlag]:
    """The flags of a case, in the order of KINDS."""
    found = session.scalars(select(CaseFlag).where(CaseFlag.case_id == case.id))
    return sorted(found, key=lambda flag: KINDS.index(flag.kind))


def of_all(session: Session, cases: Iterable[str]) -> dict[str, list[str]]:
    """The kinds of flags of many cases, by case."""
    found: dict[str, list[str]] = defaultdict(list)
    query = select(CaseFlag.case_id, CaseFlag.kind).where(CaseFlag.case_id.in_(list(cases)))
    for case, kind in sorted(session.execute(query).all(), key=lambda row: KINDS.index(row[1])):
        found[case].append(kind)
    return found


def flagged(session: Session, kind: str) -> set[str]:
    """Ids of the cases with a flag. Flags are cleared when their matter is done, so there are few."""
    return set(session.scalars(select(CaseFlag.case_id).where(CaseFlag.kind == kind).limit(MOST)))


def set_flag(session: Session, case: Case, kind: str, reason: str, by: Staff) -> None:
    """Set a flag, or give one that is set another reason."""
    if kind not in KINDS:
        raise WorkError("flag", "unknown", f"choose one of {', '.join(KINDS)}")
    reason = required(reason, "flag_reason", LONGEST_REASON)
    flag = session.get(CaseFlag, (case.id, kind))
    if flag is None:
        session.add(CaseFlag(case_id=case.id, kind=kind, reason=reason, staff=by))
    elif flag.reason == reason:
        return  # pressed twice
    else:
        flag.reason, flag.staff = reason, by
    record(session, case, "flag_set", {"flag": kind, "reason": reason}, by)


def clear_flag(session: Session, case: Case, kind: str, by: Staff) -> None:
    """Take a flag off; one that is not set is no change."""
    flag = session.get(CaseFlag, (case.id, kind))
    if flag is not None:
        session.delete(flag)
        record(session, case, "flag_cleared", {"flag": kind}, by)

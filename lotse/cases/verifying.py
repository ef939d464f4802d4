"""Responses that a case worker has verified, by papers or in a talk. It counts for the response as it was: who changes it
undoes that, and the page shows the new one as not verified."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.cases.service import record
from lotse.intake.runs import sent
from lotse.storage.tables import Case, CaseCheck, Response, Staff


def of(session: Session, case: Case) -> dict[str, CaseCheck]:
    """What was verified of the responses that count now, by the question's key."""
    if case.intake is None:
        return {}
    by_number = {response.number: response for response in case.intake.responses}
    last = sent(case.intake)
    found: dict[str, CaseCheck] = {}
    for check in session.scalars(select(CaseCheck).where(CaseCheck.case_id == case.id).order_by(CaseCheck.at)):
        verified = by_number.get(check.response)
        if verified is not None and _same(verified, last.get(verified.question)):
            found[verified.question] = check
    return found


def verify(session: Session, case: Case, checked: Collection[int], shown: Collection[int], by: Staff) -> None:
    """Set what is verified among the responses that stood on a page: those that are checked, and no other of them.

    Responses are named by their numbers, so one that the newcomer has replaced since is not verified unseen.
    """
    if case.intake is None:
        return
    last = {response.number: response.question for response in sent(case.intake).values()}
    now_verified = {number: check for number, question in last.items() if (check := of(session, case).get(question)) is not None}
    added = [number for number in last if number in checked and number not in now_verified]
    undone = [number for number in last if number in shown and number not in checked and number in now_verified]
    for number in added:
        session.add(CaseCheck(case_id=case.id, response=number, staff=by))
    for number in undone:
        session.delete(now_verified[number])
    for kind, numbers in (("verified", added), ("unverified", undone)):
        if numbers:
            record(session, case, kind, {"questions": [last[number] for number in numbers]}, by)


def _same(verified: Response, current: Response | None) -> bool:
    return current is not None and (verified.value, verified.words) == (current.value, current.words)

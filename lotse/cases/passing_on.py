"""Passing a case on: `transfer` hands it to another organisation and closes it here, `refer` points the newcomer to an offer
and leaves the case where it is. To *assign* it to a colleague is neither (work.py)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lotse.cases.service import record
from lotse.cases.work import TRANSFERRED, WorkError, change_status, day_of, offered_statuses, required
from lotse.storage.tables import Case, Staff, now

LONGEST_NAME = 200  # characters
LONGEST_TEXT = 2000


def may_transfer(case: Case) -> bool:
    """Whether a case can be handed to another organisation: closing it is one of its next steps."""
    return "closed" in offered_statuses(case)


def transfer(session: Session, case: Case, organisation: str, handed_over: str, agreed: str, by: Staff) -> None:
    """Hand a case to another organisation, as the newcomer agreed to on a day; it is closed here."""
    if not may_transfer(case):
        raise WorkError("organisation", "closed", "the case is closed; open it first")
    organisation = required(organisation, "organisation", LONGEST_NAME)
    handed_over = required(handed_over, "handed_over", LONGEST_TEXT)
    agreed_on = day_of(agreed, "agreed")
    if agreed_on > now().astimezone(ZoneInfo(case.municipality.time_zone)).date():
        raise WorkError("agreed", "future", "the newcomer must have agreed before it is handed over")
    told = {"organisation": organisation, "handed_over": handed_over, "agreed_on": agreed_on.isoformat()}
    record(session, case, "transferred", told, by)
    change_status(session, case, "closed", by, outcome=TRANSFERRED)


def refer(session: Session, case: Case, offer: str, by: Staff) -> None:
    """Note that the newcomer was pointed to an offer."""
    record(session, case, "referred", {"offer": required(offer, "offer", LONGEST_NAME)}, by)

"""How long things are kept: a municipality's own periods, else those proposed here. The notice and the deletion both use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from lotse.storage.tables import Municipality

# the same for all towns: nobody agreed to more, or nothing is left to be kept for
BEFORE_AGREEMENT = timedelta(days=1)  # what was told before the agreement to start, from the last message
BROWSER = timedelta(days=90)  # a browser's session, from its last visit
EMPTY_CHAT = timedelta(days=90)  # address and language of a chat in which nothing is kept any more, from its last message

ENGINE_CACHE = timedelta(days=30)  # intents and ids in the engine's tracker, from the last event


@dataclass(frozen=True)
class Periods:
    """Days. Named in municipality.yml under `retention`."""

    draft_days: int = 30  # an intake that was not sent, from the newcomer's last message to it
    message_days: int = 30  # words of the chat
    case_days: int = 90  # a case and its intake, from the day the case was closed; then the case-file rules of the town
    proof_days: int = 1095  # that somebody had agreed, from the end of the agreement
    audit_days: int = 365  # who has seen or done what: the trail (lotse/audit/), by whole days


def periods_of(municipality: Municipality) -> Periods:
    """A municipality's periods; raises ValueError as `read_periods`."""
    return read_periods(municipality.details)


def read_periods(details: Mapping[str, Any]) -> Periods:
    """The periods in a municipality's details; raises ValueError for an unknown name and for what is no number of days."""
    told = details.get("retention") or {}
    known = [each.name for each in fields(Periods)]
    if not isinstance(told, Mapping):
        raise ValueError(f"retention must name days, such as {known[0]}: 30")
    for name, days in told.items():
        if name not in known:
            raise ValueError(f"retention: {name!r} is unknown; there are {', '.join(known)}")
        if type(days) is not int or days < 1:
            raise ValueError(f"retention: {name} must be a number of days from 1, not {days!r}")
    return Periods(**told)

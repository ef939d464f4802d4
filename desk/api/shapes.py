"""What the API sends and takes. A name or meaning here is a promise to other systems: changes need a version 2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lotse.cases.summary import Summary

Status = Literal["new", "open", "waiting", "closed"]
By = Literal["staff", "newcomer", "other_system", "system"]
REFERENCE = "M-7K4P"


class CaseEntry(BaseModel):
    """A case in a list: what it is about, and nothing about the person."""

    reference: str = Field(description="The number that people use", examples=[REFERENCE])
    kind: str = Field(
        description="intake: one was sent; contact: wants to talk to a person; deletion: asks to delete everything",
        examples=["intake"],
    )
    status: Status = Field(examples=["open"])
    municipality: str = Field(description="Slug of the town", examples=["musterstadt"])
    language: str = Field(description="The newcomer's language, a BCP 47 tag", examples=["uk"])
    opened_at: datetime
    changed_at: datetime = Field(description="Of the last event, by whomever")
    assigned: bool = Field(description="Whether a colleague has it")
    merged_into: str | None = Field(description="Reference of the same person's case where the work goes on", examples=[None])


class CasePage(BaseModel):
    """A part of a list, in the order of changes, the oldest first."""

    items: list[CaseEntry]
    next_cursor: str | None = Field(description="For the next part; null when there is no more", examples=[None])


@dataclass(frozen=True)
class Event:
    """Something that happened in a case. Words of notes and of refusals only with the scope read:notes."""

    number: int
    kind: str  # note, status, assigned, amended, withdrawn, merged, split, erased, refused
    at: datetime
    by: By
    before: str | None = None  # of a status
    after: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class CaseDocument(Summary):
    """The page that a case worker reads, as `./run case show --format json` has it, with what happened."""

    changed_at: datetime
    events: list[Event]


class NewStatus(BaseModel):
    """The status that a case is to have."""

    model_config = ConfigDict(extra="forbid")

    status: Status = Field(examples=["waiting"])


class Figures(BaseModel):
    """Numbers of a town. Small ones are null: in a small town they would point at people."""

    municipality: str = Field(description="Slug of the town", examples=["musterstadt"])
    cases: dict[str, int | None] = Field(
        description="Cases by status", examples=[{"new": None, "open": 14, "waiting": 0, "closed": 120}]
    )
    conversations: int | None = Field(description="Begun in the last 30 days", examples=[57])
    unanswered: dict[str, int | None] = Field(description="Open questions by language", examples=[{"uk": 12, "ar": None}])
    hidden_below: int = Field(description="Numbers from 1 to below this one are null", examples=[10])

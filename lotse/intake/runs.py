"""Intakes of a conversation: whose turn it is, what was told, what the case worker may read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lotse.storage.tables import Conversation, Intake, Response, new_id

LIVE = ("started", "submitted")


def of_conversation(session: Session, conversation: Conversation) -> Intake | None:
    """The intake of the person whose turn it is, else the latest one; none that was withdrawn or has expired."""
    if conversation.intake_id:
        chosen = session.get(Intake, conversation.intake_id)
        if chosen is not None and chosen.conversation_id == conversation.id and chosen.status in LIVE:
            return chosen
    return next(iter(reversed(all_of(session, conversation))), None)


def all_of(session: Session, conversation: Conversation) -> list[Intake]:
    """The intakes of everybody who shares a conversation, oldest first."""
    query = select(Intake).where(Intake.conversation_id == conversation.id, Intake.status.in_(LIVE))
    return list(session.scalars(query.order_by(Intake.started_at, Intake.id)))


def waiting(session: Session, conversation: Conversation) -> Intake | None:
    """The intake that was begun, or is being changed, and not sent; paused or not."""
    intake = of_conversation(session, conversation)
    return intake if intake is not None and is_open(intake) else None


def is_open(intake: Intake) -> bool:
    """Whether an intake was begun, or is being changed, and not sent; paused or not."""
    return intake.status == "started" or intake.amending


def pause(intakes: Iterable[Intake]) -> None:
    """No question of them waits until somebody goes on with one."""
    for intake in intakes:
        intake.paused = intake.paused or is_open(intake)


def share_household(intakes: Iterable[Intake]) -> str:
    """Intakes of people who live together; returns what they have in common."""
    people = list(intakes)
    household = next((each.household_id for each in people if each.household_id), None) or new_id("hh")
    for each in people:
        each.household_id = household
    return household


def last(intake: Intake) -> dict[str, Response]:
    """The responses that count, by the question's key: the last of each."""
    return {response.question: response for response in intake.responses}


def values(intake: Intake) -> dict[str, Any]:
    """What was told, by the question's key; before the agreement too."""
    return {**(intake.gate or {}), **{key: response.value for key, response in last(intake).items()}}


def sent(intake: Intake, version: int | None = None) -> dict[str, Response]:
    """The responses that a case worker may read, by key: the last of each that was sent, or was by a version."""
    last = intake.sent if version is None else version
    return {response.question: response for response in intake.responses if response.sent_in and response.sent_in <= last}


def call_name(intake: Intake) -> str | None:
    """What a person wants to be called, if they said so."""
    name = values(intake).get("call_name")
    return str(name) if name else None

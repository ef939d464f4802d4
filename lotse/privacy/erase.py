"""Erasing personal data. Every table with personal data hangs on the conversation (tests/unit/test_privacy.py)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, inspect, select, text
from sqlalchemy.orm import Session

from lotse.storage import connect
from lotse.storage.tables import (
    Applied,
    Case,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Outbound,
    ReturnCode,
    UnansweredQuestion,
)


@dataclass(frozen=True)
class Erased:
    """How many of each were erased."""

    intakes: int
    cases: int
    messages: int


def erase_told(session: Session, conversation: Conversation, keep_inbound: str | None = None) -> Erased:
    """Erase what a newcomer told, but let the chat go on: its address and language stay.

    `keep_inbound` is the message that asked for it: it is needed until the reply is sent, its words go too.
    """
    messages = session.execute(
        delete(Inbound).where(Inbound.conversation_id == conversation.id, Inbound.id != (keep_inbound or ""))
    ).rowcount  # type: ignore[attr-defined]
    messages += session.execute(
        delete(Outbound).where(Outbound.conversation_id == conversation.id, Outbound.state == "sent")
    ).rowcount  # type: ignore[attr-defined]
    cases = _delete(session, Case, conversation)
    intakes = _delete(session, Intake, conversation)
    _delete(session, UnansweredQuestion, conversation)
    session.execute(delete(CrisisCall).where(CrisisCall.conversation_id == conversation.id))
    session.execute(delete(ReturnCode).where(ReturnCode.conversation_id == conversation.id))
    conversation.pending = None
    conversation.contact = None
    session.flush()
    session.expire_all()
    return Erased(intakes, cases, messages)


def erase_conversation(session: Session, conversation: Conversation) -> Erased:
    """Erase everything, the chat's address included."""
    told = erase_told(session, conversation)
    inbound = select(Inbound.id).where(Inbound.conversation_id == conversation.id)
    session.execute(delete(Applied).where(Applied.inbound_id.in_(inbound)))
    for table in (Inbound, Outbound):
        session.execute(delete(table).where(table.conversation_id == conversation.id))
    session.execute(delete(Conversation).where(Conversation.id == conversation.id))
    return told


def forget_tracker(tracker_url: str, conversation_id: str) -> None:
    """Erase the engine's cache of a conversation. Call it while no turn of the conversation runs."""
    engine = connect(tracker_url)
    try:
        if inspect(engine).has_table("events"):
            with engine.begin() as connection:
                connection.execute(text("DELETE FROM events WHERE sender_id = :id"), {"id": conversation_id})
    finally:
        engine.dispose()


def _delete(session: Session, table: type[Case] | type[Intake] | type[UnansweredQuestion], conversation: Conversation) -> int:
    found = session.scalars(select(table).where(table.conversation_id == conversation.id)).all()
    for row in found:
        session.delete(row)
    session.flush()
    return len(found)

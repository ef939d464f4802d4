"""Going on in another channel: a code takes everything that a conversation holds to the one where it is typed.

The code is known by a keyed hash only, works once and for an hour; a conversation has one at a time
(docs/decisions/0021-one-time-links.md).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, String, delete, func, select, update
from sqlalchemy.orm import Session

from lotse.codes import draw, grouped, is_code, letters_of
from lotse.intake.runs import all_of, of_conversation, pause, share_household
from lotse.storage.crypto import Vault
from lotse.storage.tables import (
    Case,
    Conversation,
    CrisisCall,
    Inbound,
    Intake,
    Outbound,
    ReturnCode,
    UnansweredQuestion,
    WebLink,
    now,
)

PURPOSE = "move"
LASTS = timedelta(hours=1)
_HANGING_ON = (Intake, Case, UnansweredQuestion, CrisisCall, Outbound)


def offer(session: Session, vault: Vault, conversation: Conversation) -> str:
    """A new code such as KF7M-29TC-XW4H; the one before no longer moves anything."""
    letters = draw()
    session.execute(delete(WebLink).where(WebLink.conversation_id == conversation.id, WebLink.purpose == PURPOSE))
    session.add(
        WebLink(digest=_digest(vault, letters), conversation_id=conversation.id, purpose=PURPOSE, expires_at=now() + LASTS)
    )
    session.flush()
    return grouped(letters)


def find(session: Session, vault: Vault, typed: str, moment: datetime | None = None) -> Conversation | None:
    """The conversation that a typed code would move; nothing is used up."""
    letters = letters_of(typed)
    if not is_code(letters):
        return None
    valid = (WebLink.digest == _digest(vault, letters), WebLink.purpose == PURPOSE, WebLink.expires_at > (moment or now()))
    return session.scalar(select(Conversation).join(WebLink, WebLink.conversation_id == Conversation.id).where(*valid))


def take(session: Session, vault: Vault, typed: str, into: Conversation) -> Conversation | None:
    """Move everything into a conversation; returns the one that it came from, which is empty now.

    None if the code is wrong, has expired or was used, or is this conversation's own: then nothing has changed.
    """
    former = find(session, vault, typed)
    if former is None or former.id == into.id or not _use_up(session, vault, typed):
        return None
    _share_home(session, former, into)
    _move_settings(session, former, into)
    for table in _HANGING_ON:
        session.execute(update(table).where(table.conversation_id == former.id).values(conversation_id=into.id))
    # a message that is worked on in this moment ends where it came; a channel's own ids are its own
    worked_on = (Inbound.conversation_id == former.id, Inbound.state != "received")
    own_id = func.substr(Inbound.external_id, 1, 40, type_=String) + "." + Inbound.id
    session.execute(update(Inbound).where(*worked_on).values(conversation_id=into.id, external_id=own_id))
    for opened in (WebLink, ReturnCode):  # what opened the former conversation must not open an empty one, nor this one
        session.execute(delete(opened).where(opened.conversation_id == former.id))
    session.flush()
    session.expire_all()
    return former


def _share_home(session: Session, former: Conversation, into: Conversation) -> None:
    """Where both have intakes they are of people who live together; who has just come goes on first."""
    coming = all_of(session, former)
    current = of_conversation(session, former)
    here = all_of(session, into)
    for unbegun in [each for each in here if each.gate is not None and coming]:
        session.delete(unbegun)  # nobody had agreed to it yet
        here.remove(unbegun)
    session.flush()
    if coming and here:
        share_household((*here, *coming))
        pause(here)
    if current is not None:
        into.intake_id = current.id


def _move_settings(session: Session, former: Conversation, into: Conversation) -> None:
    if not into.language_chosen:
        into.language, into.language_chosen = former.language, former.language_chosen
        into.language_declined = former.language_declined
    if not all_of(session, into):
        into.municipality_id = former.municipality_id
    into.talks_in = former.talks_in or into.talks_in  # a person goes on talking where the newcomer is now
    into.contact = _both(former.contact, into.contact)
    into.reminders = into.reminders and former.reminders
    into.last_at = now()
    for conversation in (former, into):  # what was asked beside the intake stands in the other chat
        conversation.pending, conversation.misunderstood = None, 0
    former.contact, former.intake_id, former.talks_in = None, None, None
    session.flush()


def _both(coming: dict[str, Any] | None, here: dict[str, Any] | None) -> dict[str, Any] | None:
    """Telephone and e-mail of both; what was left here is newer."""
    return {**(coming or {}), **{name: value for name, value in (here or {}).items() if value}} or None


def _use_up(session: Session, vault: Vault, typed: str) -> bool:
    """Whether this was the first to use the code: of two at the same time one alone is."""
    used: CursorResult[Any] = session.execute(delete(WebLink).where(WebLink.digest == _digest(vault, letters_of(typed))))  # type: ignore[assignment]
    return used.rowcount == 1


def _digest(vault: Vault, letters: str) -> str:
    return vault.digest(f"move code\0{letters}")

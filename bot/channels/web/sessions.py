"""Who may read a web conversation: browsers by their cookie, other devices by the return code. Only keyed hashes are kept."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lotse.codes import LENGTH, draw, grouped, letters_of
from lotse.storage.crypto import Vault
from lotse.storage.tables import ReturnCode, WebSession, now

AGE = timedelta(days=90)  # of a browser's session, counted from its last visit
NOTED_EVERY = timedelta(hours=12)  # a visit is noted so often: reading a chat shall not write each time
# a browser of staff, where a chat was begun together: whoever comes to the counter next must not find it open
COUNTER_AGE = timedelta(hours=2)
COUNTER_NOTED_EVERY = timedelta(minutes=5)
AT_COUNTER = "counter."  # a token's beginning


def begin(session: Session, vault: Vault, conversation_id: str, *, at_counter: bool = False) -> str:
    """A new session of a browser; returns the token for its cookie."""
    token = (AT_COUNTER if at_counter else "") + secrets.token_urlsafe(32)
    session.add(WebSession(digest=_of_token(vault, token), conversation_id=conversation_id))
    session.flush()
    return token


def find(session: Session, vault: Vault, token: str | None) -> WebSession | None:
    """The session of a cookie, unless it has ended."""
    found = session.get(WebSession, _of_token(vault, token)) if token else None
    age = COUNTER_AGE if is_at_counter(token) else AGE
    return found if found is not None and found.last_at > now() - age else None


def is_at_counter(token: str | None) -> bool:
    """Whether a token is that of a browser of staff, where newcomer and staff sit together."""
    return (token or "").startswith(AT_COUNTER)


def is_to_be_noted(found: WebSession, token: str) -> bool:
    """Whether this visit should be written down, so that the session goes on."""
    return found.last_at < now() - (COUNTER_NOTED_EVERY if is_at_counter(token) else NOTED_EVERY)


def note(session: Session, vault: Vault, token: str) -> None:
    """The browser was here."""
    found = find(session, vault, token)
    if found is not None:
        found.last_at = now()


def end(session: Session, vault: Vault, token: str | None) -> None:
    """End a browser's session; other devices keep theirs."""
    if token:
        session.execute(delete(WebSession).where(WebSession.digest == _of_token(vault, token)))


def make_code(session: Session, vault: Vault, conversation_id: str) -> str:
    """A new return code such as KF7M-29TC-XW4H; the one before no longer opens anything."""
    letters = draw()
    session.execute(delete(ReturnCode).where(ReturnCode.conversation_id == conversation_id))
    session.add(ReturnCode(conversation_id=conversation_id, digest=_of_code(vault, letters)))
    session.flush()
    return grouped(letters)


def has_code(session: Session, conversation_id: str) -> bool:
    """Whether a conversation has a return code."""
    return session.get(ReturnCode, conversation_id) is not None


def conversation_of_code(session: Session, vault: Vault, typed: str) -> str | None:
    """The conversation that a typed return code opens."""
    letters = letters_of(typed)
    if len(letters) != LENGTH:
        return None
    return session.scalar(select(ReturnCode.conversation_id).where(ReturnCode.digest == _of_code(vault, letters)))


def _of_token(vault: Vault, token: str) -> str:
    return vault.digest(f"web session\0{token}")


def _of_code(vault: Vault, letters: str) -> str:
    return vault.digest(f"return code\0{letters}")

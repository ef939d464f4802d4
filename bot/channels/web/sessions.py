"""Who may read a web conversation: browsers by their cookie, other devices by the return code. Only keyed hashes are kept."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lotse.cases.service import ALPHABET
from lotse.storage.crypto import Vault
from lotse.storage.tables import ReturnCode, WebSession, now

AGE = timedelta(days=90)  # of a browser's session, counted from its last visit
NOTED_EVERY = timedelta(hours=12)  # a visit is noted so often: reading a chat shall not write each time
GROUP, GROUPS = 4, 3

# what a Cyrillic keyboard gives for letters that look like those of a code
_LOOK_ALIKE = str.maketrans("НКМРСТХУ", "HKMPCTXY")


def begin(session: Session, vault: Vault, conversation_id: str) -> str:
    """A new session of a browser; returns the token for its cookie."""
    token = secrets.token_urlsafe(32)
    session.add(WebSession(digest=_of_token(vault, token), conversation_id=conversation_id))
    session.flush()
    return token


def find(session: Session, vault: Vault, token: str | None) -> WebSession | None:
    """The session of a cookie, unless it has ended."""
    found = session.get(WebSession, _of_token(vault, token)) if token else None
    return found if found is not None and found.last_at > now() - AGE else None


def is_to_be_noted(found: WebSession) -> bool:
    """Whether this visit should be written down, so that the session goes on."""
    return found.last_at < now() - NOTED_EVERY


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
    letters = "".join(secrets.choice(ALPHABET) for _ in range(GROUP * GROUPS))
    session.execute(delete(ReturnCode).where(ReturnCode.conversation_id == conversation_id))
    session.add(ReturnCode(conversation_id=conversation_id, digest=_of_code(vault, letters)))
    session.flush()
    return "-".join(letters[start : start + GROUP] for start in range(0, len(letters), GROUP))


def has_code(session: Session, conversation_id: str) -> bool:
    """Whether a conversation has a return code."""
    return session.get(ReturnCode, conversation_id) is not None


def conversation_of_code(session: Session, vault: Vault, typed: str) -> str | None:
    """The conversation that a typed return code opens."""
    letters = letters_of(typed)
    if len(letters) != GROUP * GROUPS:
        return None
    return session.scalar(select(ReturnCode.conversation_id).where(ReturnCode.digest == _of_code(vault, letters)))


def letters_of(typed: str) -> str:
    """A typed code in one spelling: capitals, digits 0-9, nothing between them."""
    wide = unicodedata.normalize("NFKC", typed).upper().translate(_LOOK_ALIKE)
    return "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in wide if sign.isalnum())


def _of_token(vault: Vault, token: str) -> str:
    return vault.digest(f"web session\0{token}")


def _of_code(vault: Vault, letters: str) -> str:
    return vault.digest(f"return code\0{letters}")

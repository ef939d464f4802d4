"""Links to pages about one conversation: random, for a short time, used up by the page's form and not by a preview."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lotse.storage.crypto import Vault
from lotse.storage.tables import WebLink, now

PRIVATE, MY_DATA, OPEN = "private", "my_data", "open"  # purposes; open: the page of my_data after its link was used
LASTS = timedelta(hours=24)
OPEN_LASTS = timedelta(minutes=30)  # a page that was opened by its link


class Links:
    """Makes and reads the one-time links of an installation that has an address of its own."""

    def __init__(self, vault: Vault, public_url: str) -> None:
        self._vault = vault
        self._url = public_url

    def make(self, session: Session, conversation_id: str, purpose: str, intake_id: str | None = None) -> str:
        """A new link to the page of a purpose; one made before to everything that is held is void.

        Not so with the private questions: they are asked again after every message, and a form that is just being filled
        in must not be lost by that. Their page shows nothing about anybody.
        """
        if purpose != PRIVATE:
            session.execute(delete(WebLink).where(WebLink.conversation_id == conversation_id, WebLink.purpose == purpose))
        return f"{self._url}/my/{purpose}/{issue(session, self._vault, conversation_id, purpose, intake_id)}"


def issue(
    session: Session,
    vault: Vault,
    conversation_id: str,
    purpose: str,
    intake_id: str | None = None,
    lasts: timedelta = LASTS,
) -> str:
    """A new token; only its keyed hash is kept."""
    token = secrets.token_urlsafe(18)
    session.add(
        WebLink(
            digest=_digest(vault, token),
            conversation_id=conversation_id,
            intake_id=intake_id,
            purpose=purpose,
            expires_at=now() + lasts,
        )
    )
    session.flush()
    return token


def find(session: Session, vault: Vault, token: str, purpose: str, moment: datetime | None = None) -> WebLink | None:
    """The link of a token, unless it was used or has expired."""
    link = known(session, vault, token, purpose)
    return link if link is not None and is_open(link, moment) else None


def known(session: Session, vault: Vault, token: str, purpose: str, *, locked: bool = False) -> WebLink | None:
    """The link of a token, used or not; `locked`: of two who use it in the same moment one waits for the other."""
    query = select(WebLink).where(WebLink.digest == _digest(vault, token), WebLink.purpose == purpose)
    return session.scalar(query.with_for_update() if locked else query)


def is_open(link: WebLink, moment: datetime | None = None) -> bool:
    """Whether a link was neither used nor has expired."""
    return link.used_at is None and link.expires_at > (moment or now())


def use_up(link: WebLink) -> None:
    """The page's form was sent: the link opens nothing any more."""
    link.used_at = now()


def prolong(link: WebLink, moment: datetime | None = None) -> None:
    """An opened page was looked at again: it stays open for as long as at first, but no longer than a link lasts."""
    link.expires_at = min((moment or now()) + OPEN_LASTS, link.created_at + LASTS)


def lapse(session: Session, moment: datetime) -> int:
    """Delete links that have expired; returns how many."""
    return session.execute(delete(WebLink).where(WebLink.expires_at <= moment)).rowcount  # type: ignore[attr-defined, no-any-return]


def _digest(vault: Vault, token: str) -> str:
    return vault.digest(f"link\0{token}")

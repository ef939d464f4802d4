"""Tokens of the API: what another system of a town proves itself with. Shown once, kept as a hash, limited in time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from lotse.storage import Database, trail
from lotse.storage.tables import ApiToken, now

SCOPES = ("read:cases", "read:notes", "write:status", "read:figures")
DAYS = (30, 90, 180, 365)  # that a token may be valid
PREFIX = "lotse_"  # by which programs that look for leaked secrets find it
LONGEST_NAME = 80  # characters
TOUCH_EVERY = timedelta(minutes=1)  # `last_used_at` is written no more often


class TokenError(Exception):
    """A token cannot be made so; the message names the field and the remedy."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


@dataclass(frozen=True)
class Bearer:
    """Who is calling: one system of one town."""

    token_id: str
    municipality_id: str
    scopes: frozenset[str]


def make(session: Session, municipality_id: str, name: str, scopes: Collection[str], days: int, by: str) -> tuple[ApiToken, str]:
    """Make a token for a town; returns it and the secret, which nobody sees again."""
    name = "".join(filter(str.isprintable, " ".join(name.split())))
    if not name or len(name) > LONGEST_NAME:
        raise TokenError("name", f"name the other system, in {LONGEST_NAME} characters at most")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise TokenError("scopes", f"choose at least one of {', '.join(SCOPES)}")
    if days not in DAYS:
        raise TokenError("days", f"choose one of {', '.join(map(str, DAYS))} days")
    secret = PREFIX + secrets.token_urlsafe(32)
    moment = now()
    token = ApiToken(
        municipality_id=municipality_id,
        name=name,
        scopes=[each for each in SCOPES if each in scopes],
        digest=_digest(secret),
        created_at=moment,
        created_by=by,
        expires_at=moment + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    trail.note(session, by, "token.made", town=municipality_id, reference=token.id, scopes=token.scopes)
    return token, secret


def revoke(session: Session, token: ApiToken, by: str) -> None:
    """End a token; it is refused from now on."""
    if token.revoked_at is None:
        token.revoked_at = now()
        trail.note(session, by, "token.revoked", town=token.municipality_id, reference=token.id)


def all_of(session: Session, municipalities: Iterable[str]) -> list[ApiToken]:
    """The tokens of towns, the newest first."""
    query = select(ApiToken).where(ApiToken.municipality_id.in_(sorted(municipalities)))
    query = query.options(joinedload(ApiToken.municipality), joinedload(ApiToken.maker))
    return list(session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id)))


def find(session: Session, token_id: str, municipalities: Iterable[str]) -> ApiToken | None:
    """A token of one of these towns."""
    return session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.municipality_id.in_(sorted(municipalities))))


def is_valid(token: ApiToken, moment: datetime) -> bool:
    """Whether it opens anything."""
    return token.revoked_at is None and token.expires_at > moment


def bearer(database: Database, secret: str) -> Bearer | None:
    """Whose secret this is, if it opens anything."""
    moment = now()
    with database.reading() as session:
        found = session.scalar(select(ApiToken).where(ApiToken.digest == _digest(secret)))
        if found is None or not is_valid(found, moment):
            return None
        stale = found.last_used_at is None or moment - found.last_used_at >= TOUCH_EVERY
    if stale:
        with database.session() as session:
            here = session.get(ApiToken, found.id)
            if here is not None:
                here.last_used_at = moment
    return Bearer(found.id, found.municipality_id, frozenset(found.scopes))


def _digest(secret: str) -> str:
    """A plain hash does: the secret is 256 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()

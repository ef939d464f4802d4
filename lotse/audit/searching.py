"""Searching the trail, for those who must answer who has seen what."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session

from lotse.storage.tables import ApiToken, AuditEntry, Municipality, Staff
from lotse.storage.trail import INSTALLATION

PAGE = 50
LISTS = ("queue.read", "calls.read")  # actions on several cases, whose references stand in the details


@dataclass(frozen=True)
class Filter:
    """What is looked for. `chains` None means all of them."""

    chains: frozenset[str] | None = None
    who: str = ""  # a part of the login or the name, or what stands for it: operator, system
    reference: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None  # exclusive


@dataclass(frozen=True)
class Found:
    """One entry with the names that its ids stand for now."""

    entry: AuditEntry
    who: str | None  # name of the staff or of the token; None for the command line, the program and deleted accounts
    login: str | None
    town: str | None  # name

    def as_json(self, slugs: dict[str, str]) -> dict[str, Any]:
        """Plain data for other systems."""
        entry = self.entry
        return {
            "chain": slugs.get(entry.chain, entry.chain),
            "number": entry.number,
            "at": entry.at.isoformat(timespec="microseconds"),
            "actor": entry.actor,
            "login": self.login,
            "action": entry.action,
            "reference": entry.reference,
            "details": entry.details,
            "hash": entry.hash,
        }


def search(session: Session, wanted: Filter, page: int = 1) -> tuple[list[Found], bool]:
    """One page, the newest first, and whether more follow."""
    query = select(AuditEntry).where(*_conditions(session, wanted)).order_by(*_newest_first())
    rows = list(session.scalars(query.offset((page - 1) * PAGE).limit(PAGE + 1)))
    return _named(session, rows[:PAGE]), len(rows) > PAGE


def count(session: Session, wanted: Filter) -> int:
    """How many entries there are."""
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*_conditions(session, wanted))) or 0


def batch(session: Session, wanted: Filter, after: Found | None, size: int = 1000) -> list[Found]:
    """The next entries in the order of the chains, for an export."""
    query = select(AuditEntry).where(*_conditions(session, wanted))
    if after is not None:
        place = tuple_(AuditEntry.chain, AuditEntry.number)
        query = query.where(place > tuple_(after.entry.chain, after.entry.number))
    return _named(session, list(session.scalars(query.order_by(AuditEntry.chain, AuditEntry.number).limit(size))))


def slugs(session: Session) -> dict[str, str]:
    """What chains are called outside: the slug of the town."""
    return dict(session.execute(select(Municipality.id, Municipality.slug)).all())


def _newest_first() -> tuple[ColumnElement[Any], ...]:
    return AuditEntry.at.desc(), AuditEntry.chain.desc(), AuditEntry.number.desc()


def _conditions(session: Session, wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.chains is not None:
        yield AuditEntry.chain.in_(sorted(wanted.chains))
    if wanted.who:
        yield AuditEntry.actor.in_(_actors(session, wanted.who))
    if wanted.action:
        yield AuditEntry.action == wanted.action
    if wanted.reference:
        named = cast(AuditEntry.details, Text).contains(f'"{wanted.reference}"', autoescape=True)
        yield or_(AuditEntry.reference == wanted.reference, and_(AuditEntry.action.in_(LISTS), named))
    if wanted.since is not None:
        yield AuditEntry.at >= wanted.since
    if wanted.until is not None:
        yield AuditEntry.at < wanted.until


def _actors(session: Session, who: str) -> Collection[str]:
    """Ids of whom a search means."""
    wanted = who.strip().lower()
    called = or_(Staff.login.contains(wanted, autoescape=True), func.lower(Staff.name).contains(wanted, autoescape=True))
    staff = select(Staff.id).where(called)
    tokens = select(ApiToken.id).where(func.lower(ApiToken.name).contains(wanted, autoescape=True))
    return [who.strip(), wanted, *session.scalars(staff), *session.scalars(tokens)]


def _named(session: Session, entries: list[AuditEntry]) -> list[Found]:
    actors = {entry.actor for entry in entries}
    people = {each.id: each for each in session.scalars(select(Staff).where(Staff.id.in_(actors)))}
    tokens = dict(session.execute(select(ApiToken.id, ApiToken.name).where(ApiToken.id.in_(actors))).all())
    chains = {entry.chain for entry in entries} - {INSTALLATION}
    towns = dict(session.execute(select(Municipality.id, Municipality.name).where(Municipality.id.in_(chains))).all())

    def named(entry: AuditEntry) -> Found:
        person = people.get(entry.actor)
        who = person.name if person is not None else tokens.get(entry.actor)
        return Found(entry, who, person.login if person is not None else None, towns.get(entry.chain))

    return [named(entry) for entry in entries]

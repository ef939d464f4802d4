"""The trail: who did or saw what, written with the transaction in which it happened, each entry chained to the one before.

    trail.note(session, member.staff_id, "case.read", town=case.municipality_id, reference=case.reference)

A note is only collected; `Database` writes all of a session's notes as the last thing before its commit, because writing
locks the chain until then. Each town has a chain of its own, which is cut off at the front by the town's own period
(lotse/audit/). Decision: docs/decisions/0026-audit.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from lotse.storage.tables import AuditChain, AuditEntry, now

INSTALLATION = "installation"  # the chain of what belongs to no town
OPERATOR, SYSTEM = "operator", "system"  # who is at the command line; what happens by itself
READS = ("case.read", "queue.read", "calls.read")
COUNTS_ONCE = timedelta(minutes=5)  # the same person reading the same again
LOCK = 3_776_583  # any number of our own
_NOTED = "noted for the trail"


@dataclass(frozen=True)
class Note:
    """What is to be written."""

    actor: str
    action: str
    chain: str
    reference: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def note(session: Session, actor: str, action: str, *, town: str | None, reference: str | None = None, **details: Any) -> None:
    """Have it written with this session. Details are names of fields, counts and references; never values or words."""
    session.info.setdefault(_NOTED, []).append(Note(actor, action, town or INSTALLATION, reference, details))


def taken(session: Session) -> list[Note]:
    """What was noted in a session, which forgets it. Who changes something has seen it: that is not said twice."""
    noted: list[Note] = session.info.pop(_NOTED, [])
    changed = {(each.actor, each.reference) for each in noted if each.action not in READS}
    return [each for each in noted if each.action not in READS or (each.actor, each.reference) not in changed]


def unrepeated(session: Session, noted: list[Note]) -> list[Note]:
    """Without what the same person has read a moment ago."""
    fresh: list[Note] = []
    for each in noted:
        if each not in fresh and (each.action not in READS or not _is_repeated(session, each)):
            fresh.append(each)
    return fresh


def write(session: Session, noted: list[Note]) -> None:
    """Append to the chains, in an order that is the same for all writers: none waits for another one in a circle."""
    if not noted:
        return
    session.flush()
    fresh = unrepeated(session, noted)
    for name in sorted({each.chain for each in fresh}):
        chain = locked(session, name)
        for each in fresh:
            if each.chain == name:
                append(session, chain, each)
    session.flush()


def locked(session: Session, name: str) -> AuditChain:
    """A chain, made at its first entry; nobody else writes to it until this transaction ends."""
    query = select(AuditChain).where(AuditChain.chain == name).with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is not None:
        return found
    if session.get_bind().dialect.name == "postgresql":  # two first entries at once; on SQLite only one transaction writes
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        found = session.scalar(query)
        if found is not None:
            return found
    chain = AuditChain(chain=name, key=secrets.token_hex(32), start_number=0, start_hash="", last_number=0, last_hash="", seal="")
    chain.seal = seal_of(chain)
    session.add(chain)
    session.flush()
    return chain


def append(session: Session, chain: AuditChain, note: Note) -> None:
    """Write one entry at the end of a locked chain."""
    entry = AuditEntry(
        chain=chain.chain,
        number=chain.last_number + 1,
        at=now(),
        actor=note.actor,
        action=note.action,
        reference=note.reference,
        details=note.details,
    )
    entry.hash = hash_of(chain.key, chain.last_hash, entry)
    session.add(entry)
    chain.last_number, chain.last_hash = entry.number, entry.hash
    chain.seal = seal_of(chain)


def hash_of(key: str, before: str, entry: AuditEntry) -> str:
    """The keyed hash of an entry and, by the hash before it, of all that came before."""
    what = (entry.actor, entry.action, entry.reference, entry.details)
    return _keyed(key, before, entry.chain, entry.number, _plain(entry.at), *what)


def seal_of(chain: AuditChain) -> str:
    """The keyed hash of where a chain begins and ends."""
    return _keyed(chain.key, "", chain.chain, chain.start_number, chain.start_hash, chain.last_number, chain.last_hash)


def _keyed(key: str, *parts: Any) -> str:
    plain = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hmac.new(bytes.fromhex(key), plain.encode(), hashlib.sha256).hexdigest()


def _plain(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _is_repeated(session: Session, note: Note) -> bool:
    query = select(AuditEntry.reference, AuditEntry.details).where(
        AuditEntry.actor == note.actor,
        AuditEntry.at > now() - COUNTS_ONCE,
        AuditEntry.chain == note.chain,
        AuditEntry.action == note.action,
    )
    return any((reference, details) == (note.reference, note.details) for reference, details in session.execute(query))

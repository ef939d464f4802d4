"""What of a conversation lies beside the record: the engine's cache, logs, and what SQLite has not overwritten yet."""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from lotse.logs import cause_of
from lotse.privacy.periods import ENGINE_CACHE
from lotse.settings import Settings
from lotse.storage import REWRITTEN_AT_ONCE, Database, connect, settle
from lotse.storage.tables import Case, Conversation, CrisisCall, Inbound, Intake, Outbound, now

AT_ONCE = 500  # ids in one query

log = structlog.get_logger()

_KINDS = {"c": Conversation.id, "m": Inbound.id, "b": Outbound.id, "in": Intake.id, "ca": Case.id, "cc": CrisisCall.id}
_ID = re.compile(rb"(?<![\w-])(" + "|".join(_KINDS).encode() + rb")_[A-Za-z0-9_-]{16}(?![\w-])")


def forget_tracker(tracker_url: str, conversation_id: str) -> None:
    """Erase the engine's cache of a conversation. Call it while no turn of the conversation runs."""
    _delete_events(tracker_url, {conversation_id})


def forget_traces(
    database: Database, settings: Settings, moment: datetime | None = None, largest: int | None = REWRITTEN_AT_ONCE
) -> bool:
    """After rows were erased: take what speaks of them out of the engine's cache, the logs and the databases' files.

    It finds by itself what is left of whom, and so also makes up for what a crash has interrupted. Of the engine's cache
    also that goes in which nothing has happened for long. Files are written anew up to a size of `largest` (`settle`);
    returns whether nobody was in the way of that.
    """
    latest = _last_events(settings.tracker_url)
    too_old = ((moment or now()) - ENGINE_CACHE).timestamp()
    with database.reading() as session:
        gone = _missing(session, "c", latest) | {sender for sender, last in latest.items() if last < too_old}
        _delete_events(settings.tracker_url, gone)
        for file in sorted((settings.home / "log").glob("*.log")):
            _blot(session, file)
    tracker = connect(settings.tracker_url)
    try:
        return all([settle(database.engine, largest), settle(tracker, largest)])
    finally:
        tracker.dispose()


def forget_traces_or_later(database: Database, settings: Settings) -> None:
    """The same at once where it can be; what fails is done within the hour by the worker, which looks for it anyway."""
    try:
        forget_traces(database, settings)
    except Exception as error:
        log.error("traces not forgotten yet", cause=cause_of(error))


def _last_events(tracker_url: str) -> dict[str, float]:
    engine = connect(tracker_url)
    try:
        if not inspect(engine).has_table("events"):
            return {}
        with engine.begin() as connection:
            rows = connection.execute(text("SELECT sender_id, max(timestamp) FROM events GROUP BY sender_id")).all()
            return {sender: float(last) for sender, last in rows}
    finally:
        engine.dispose()


def _delete_events(tracker_url: str, senders: Collection[str]) -> None:
    if not senders:
        return
    engine = connect(tracker_url)
    try:
        if inspect(engine).has_table("events"):
            with engine.begin() as connection:
                rows = [{"id": sender} for sender in sorted(senders)]
                connection.execute(text("DELETE FROM events WHERE sender_id = :id"), rows)
    finally:
        engine.dispose()


def _blot(session: Session, file: Path) -> None:
    """Overwrite the ids in a log whose rows are gone, in place: whoever writes to its end is not disturbed."""
    if not file.stat().st_size:
        return
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), 0) as content:
        found = [(match.start(), match[0].decode()) for match in _ID.finditer(content)]
        by_kind = {kind: {each for _, each in found if each.split("_")[0] == kind} for kind in _KINDS}
        gone = {each for kind, ids in by_kind.items() for each in _missing(session, kind, ids)}
        for start, each in found:
            if each in gone:
                content[start : start + len(each)] = b"x" * len(each)


def _missing(session: Session, kind: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that no row has."""
    column = _KINDS[kind]
    known = {each for part in _parts(sorted(ids)) for each in session.scalars(select(column).where(column.in_(part)))}
    return set(ids) - known


def _parts(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))

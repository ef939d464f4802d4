"""Tells open pages that something has changed. It looks into the database, so it works across processes and restarts."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy import func, select

from lotse.logs import cause_of
from lotse.storage import Database
from lotse.storage.tables import Case, CaseEvent, CrisisCall, Outbound

LOOK_EVERY = 0.3  # seconds; one short query however many pages are open, none while there are none
CASES = "cases"

log = structlog.get_logger()


class Hub:
    """Events by topic: `CASES` for cases, talks and crisis calls, or a conversation's id for what is laid in its outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._seen: dict[str, Any] = {}

    @contextmanager
    def watch(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the topic changes; whoever waits clears it. It is set at first: look at once."""
        event = asyncio.Event()
        event.set()
        self._watchers[topic].add(event)
        try:
            yield event
        finally:
            self._watchers[topic].discard(event)
            if not self._watchers[topic]:
                del self._watchers[topic]
                self._seen.pop(topic, None)

    async def run(self) -> None:
        """Look for changes, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if not self._watchers:
                continue
            try:
                marks = await asyncio.to_thread(self._look, list(self._watchers))
            except Exception as error:  # the database is away for a moment; pages keep what they show
                log.error("cannot look for changes", cause=cause_of(error))
                continue
            for topic, mark in marks.items():
                if self._seen.get(topic) != mark:
                    self._seen[topic] = mark
                    for event in self._watchers.get(topic, ()):
                        event.set()

    def _look(self, topics: list[str]) -> dict[str, Any]:
        marks: dict[str, Any] = {}
        conversations = [topic for topic in topics if topic != CASES]
        with self._database.reading() as session:
            if CASES in topics:
                newest = session.execute(select(func.count(), func.max(Case.changed_at)).select_from(Case)).one()
                calls = select(func.count(), func.max(CrisisCall.changed_at)).select_from(CrisisCall)
                told = session.execute(calls.where(CrisisCall.state.in_(("called", "acknowledged")))).one()
                # what people wrote to newcomers and is on its way: an open page shows when it was sent
                under_way = select(func.count()).where(Outbound.case_id.is_not(None), Outbound.state == "pending")
                events = session.scalar(select(func.max(CaseEvent.number)))
                marks[CASES] = (*newest, events, *told, session.scalar(under_way))
            if conversations:
                query = select(Outbound.conversation_id, func.max(Outbound.number)).group_by(Outbound.conversation_id)
                marks |= dict(session.execute(query.where(Outbound.conversation_id.in_(conversations))).all())
        return marks

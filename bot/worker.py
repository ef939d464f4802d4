"""What happens by itself as time passes: reminders, and the deletion of what is over. Several processes may do it at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.outbox import Outbox
from lotse import privacy
from lotse.cases import finding
from lotse.core import Core
from lotse.crisis import calls
from lotse.intake import reminders
from lotse.logs import cause_of
from lotse.privacy import retention
from lotse.storage import REWRITTEN_AT_ONCE
from lotse.storage.tables import now

REWRITES_AT = 2  # hour (UTC) in which also a large SQLite file is written anew, so that nothing deleted is left in it

log = structlog.get_logger()


@dataclass(frozen=True)
class _Job:
    """Something to be done again and again."""

    name: str
    every: float  # seconds
    do: Callable[[], list[str]]  # returns conversations for which something was laid in the outbox


class Worker:
    """Does what is due; `laid` is told of conversations for which a message was laid in the outbox."""

    def __init__(self, core: Core, laid: Callable[[str], None]) -> None:
        self._core = core
        self._laid = laid
        self._outbox = Outbox(core.wording, core.languages)
        self._jobs = (
            _Job("reminders", 60.0, self.remind),
            _Job("crisis words", 600.0, self._lapse),
            _Job("retention", 3600.0, self._purge),
            _Job("marks of old cases", 3600.0, self._mark),
        )

    async def run(self) -> None:
        """Do every job at once and then in its time, for ever; what fails is tried again the next time."""
        await asyncio.gather(*(self._repeat(job) for job in self._jobs))

    def remind(self, moment: datetime | None = None) -> list[str]:
        """Offer unfinished intakes again that are due; returns the conversations."""
        moment = moment or now()
        with self._core.database.reading() as session:
            found = reminders.candidates(session, moment)
        return [conversation_id for conversation_id in found if self._remind(conversation_id, moment)]

    def purge(self, moment: datetime | None = None) -> retention.Purged:
        """Delete what is over, here and in what lies beside the record; returns how much."""
        moment = moment or now()
        with self._core.database.session() as session:
            purged = retention.purge(session, moment)
        largest = None if moment.hour == REWRITES_AT else REWRITTEN_AT_ONCE if any(purged.as_json().values()) else 0
        privacy.forget_traces(self._core.database, self._core.settings, moment, largest)
        return purged

    def _remind(self, conversation_id: str, moment: datetime) -> bool:
        with self._core.database.session() as session:
            offered = reminders.offer(session, self._core.intakes, conversation_id, moment)
            if offered is not None:
                conversation, reply = offered
                self._outbox.put(session, conversation, reply, None)
            return offered is not None

    def _lapse(self) -> list[str]:
        with self._core.database.session() as session:
            lapsed = calls.lapse(session)
        if lapsed:
            log.info("words of crisis messages deleted", calls=lapsed)
        return []

    def _mark(self) -> list[str]:
        """Some at a time: nobody else can write meanwhile."""
        marked = 0
        while more := self._mark_some():
            marked += more
        if marked:
            log.info("old cases can be found by name and theme", cases=marked)
        return []

    def _mark_some(self) -> int:
        with self._core.database.session() as session:
            return finding.fill(session)

    def _purge(self) -> list[str]:
        started = time.monotonic()
        log.info("deleted what is over", **self.purge().as_json(), seconds=round(time.monotonic() - started, 2))
        return []

    async def _repeat(self, job: _Job) -> None:
        while True:
            try:
                conversations = await asyncio.to_thread(job.do)
                if conversations:
                    log.info(job.name, count=len(conversations))
                for conversation_id in conversations:
                    self._laid(conversation_id)
            except Exception as error:  # such as the database being away for a moment
                log.error("job failed", job=job.name, cause=cause_of(error))
            await asyncio.sleep(job.every)

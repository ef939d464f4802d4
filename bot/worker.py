"""What happens by itself as time passes: reminders, answers told of, webhooks, links checked, what is over deleted.

Several processes may do it at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select

from bot import link_check
from bot.outbox import Outbox
from lotse import privacy
from lotse.answers import links, telling
from lotse.cases import appointments, finding
from lotse.core import Core
from lotse.crisis import calls
from lotse.intake import reminders
from lotse.logs import cause_of
from lotse.privacy import retention
from lotse.storage import REWRITTEN_AT_ONCE
from lotse.storage.tables import Municipality, now
from lotse.webhooks import delivery
from lotse.webhooks.delivery import Sender

LINKS_AT_ONCE = 40  # addresses asked in one go
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
        self._links_of: dict[str, int] = {}  # municipality -> content version whose addresses are known
        self._sender = Sender(loopback=core.settings.webhooks_loopback)
        self._jobs = (
            _Job("reminders", 60.0, self.remind),
            _Job("appointments", 60.0, self.remind_of_appointments),
            _Job("answers told", 60.0, self.tell),
            _Job("links", 30.0, self.check_links),
            _Job("webhooks", 2.0, self.call_webhooks),
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

    def remind_of_appointments(self, moment: datetime | None = None) -> list[str]:
        """Remind of appointments that are near; returns the conversations."""
        moment = moment or now()
        with self._core.database.reading() as session:
            near = appointments.due(session, moment)
        return [conversation_id for each in near if (conversation_id := self._remind_of(each, moment))]

    def purge(self, moment: datetime | None = None) -> retention.Purged:
        """Delete what is over, here and in what lies beside the record; returns how much."""
        moment = moment or now()
        with self._core.database.session() as session:
            purged = retention.purge(session, moment)
        largest = None if moment.hour == REWRITES_AT else REWRITTEN_AT_ONCE if any(purged.as_json().values()) else 0
        privacy.forget_traces(self._core.database, self._core.settings, moment, largest)
        return purged

    def tell(self, moment: datetime | None = None) -> list[str]:
        """Tell of answers that newcomers wait for and that have become valid; returns the conversations."""
        with self._core.database.session() as session:
            found = telling.due(session, moment=moment)
            for conversation, reply in found:
                self._outbox.put(session, conversation, reply, None)
            telling.forget(session, moment)
        return [conversation.id for conversation, _ in found]

    def check_links(self, moment: datetime | None = None, pause: float = link_check.PAUSE) -> list[str]:
        """Ask some of the addresses that are due. Without the setting nothing is asked, only known which there are."""
        settings = self._core.settings
        self._follow_links(moment)
        if settings.check_links:
            with self._core.database.session() as session:
                urls = links.take(session, LINKS_AT_ONCE, moment)
            if urls:  # outside of any transaction: it may take minutes
                asked = link_check.check(urls, inside=settings.check_links_inside, pause=pause)
                with self._core.database.session() as session:
                    links.record(session, asked, moment)
        return []

    def _follow_links(self, moment: datetime | None) -> None:
        """Look which addresses are named where something was published since the last look."""
        with self._core.database.reading() as session:
            rows = session.execute(select(Municipality.id, Municipality.content_version)).all()
        for town, version in rows:
            if self._links_of.get(town) == version:
                continue
            with self._core.database.reading() as session:
                in_step = links.is_in_step(session, town)
            if not in_step:
                with self._core.database.session() as session:
                    links.sync(session, town, moment)
            self._links_of[town] = version

    def _remind(self, conversation_id: str, moment: datetime) -> bool:
        with self._core.database.session() as session:
            offered = reminders.offer(session, self._core.intakes, conversation_id, moment)
            if offered is not None:
                conversation, reply = offered
                self._outbox.put(session, conversation, reply, None)
            return offered is not None

    def _remind_of(self, appointment_id: str, moment: datetime) -> str | None:
        with self._core.database.session() as session:
            found = appointments.remind(session, appointment_id, moment)
            if found is None:
                return None
            conversation, reply = found
            self._outbox.put(session, conversation, reply, None)
            return conversation.id

    def call_webhooks(self) -> list[str]:
        """Tell other systems what happened in cases; nothing for newcomers comes of it."""
        delivery.deliver(self._core.database, self._sender)
        return []

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

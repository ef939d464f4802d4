"""Sends what lies in the outbox: in order within a chat, chats side by side, at Telegram's pace, at least once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from aiolimiter import AsyncLimiter
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from telegram import Bot, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.channels.telegram.reading import CHANNEL
from bot.channels.telegram.writing import keyboard, parts
from bot.outbox import mark_sent, waiting_on
from lotse.core import Core
from lotse.logs import cause_of
from lotse.storage.tables import Conversation, Outbound

BURST, BURST_SECONDS = 10, 10.0  # in one chat: a message a second on the long run, a few at once (Bots FAQ)
OVERALL, OVERALL_SECONDS = 2, 0.08  # 25 a second, evenly: Telegram allows 30 in any second
SWEEP_EVERY = 2.0  # seconds: for what other processes laid in the outbox
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
UNREACHABLE = ("chat not found", "user is deactivated", "peer_id_invalid", "bot can't initiate conversation")

log = structlog.get_logger()


@dataclass(frozen=True)
class _Job:
    """The next message of a chat."""

    outbound_id: str
    chat: int
    body: dict[str, Any]
    edited: int | None  # the Telegram message that it replaces


class _Closed(Exception):
    """The newcomer cannot be reached any more."""


class Sender:
    """One sending task a conversation, started when there is something to send."""

    def __init__(self, core: Core, bot: Bot) -> None:
        self._core = core
        self._bot = bot
        self._overall = AsyncLimiter(OVERALL, OVERALL_SECONDS)
        self._paces: dict[str, AsyncLimiter] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def wake(self, conversation_id: str) -> None:
        """Something may lie in the outbox of this conversation."""
        if conversation_id in self._running:
            self._again.add(conversation_id)
        else:
            self._running[conversation_id] = asyncio.create_task(self._deliver(conversation_id))

    async def run(self) -> None:
        """Look for what nobody told us about, for ever."""
        while True:
            try:
                for conversation_id in await asyncio.to_thread(self._waiting):
                    if conversation_id not in self._running:
                        self.wake(conversation_id)
            except Exception as error:  # the database is away for a moment
                log.error("cannot look into the outbox", cause=cause_of(error))
            self._paces = {
                name: pace for name, pace in self._paces.items() if name in self._running or not pace.has_capacity(BURST)
            }
            await asyncio.sleep(SWEEP_EVERY)

    async def close_chat(self, conversation_id: str) -> None:
        """The newcomer has blocked the bot: nothing more is sent until they write again."""
        await asyncio.to_thread(self._close, conversation_id)

    async def _deliver(self, conversation_id: str) -> None:
        done: tuple[str, list[int] | None] | None = None
        try:
            while True:
                self._again.discard(conversation_id)
                job = await asyncio.to_thread(self._next, conversation_id, done)
                done = None
                if job is not None:
                    done = (job.outbound_id, await self._send(job, conversation_id))
                elif conversation_id not in self._again:
                    return
        except _Closed:
            log.info("chat closed", conversation=conversation_id)
            await self.close_chat(conversation_id)
        except Exception as error:  # the row stays pending; the sweep tries again
            log.error("cannot send", conversation=conversation_id, cause=cause_of(error))
        finally:
            del self._running[conversation_id]

    async def _send(self, job: _Job, conversation_id: str) -> list[int] | None:
        """Send one message, however long it takes; Telegram's numbers of its parts, None if it cannot be sent at all."""
        texts = parts(job.body["text"], job.body.get("strong"))
        numbers: list[int] = []
        pause = SHORTEST_PAUSE
        while len(numbers) < len(texts):
            markup = keyboard(job.body["buttons"]) if len(numbers) == len(texts) - 1 else None
            try:
                if job.edited is not None and len(texts) == 1:
                    numbers.append(await self._edit(job, texts[0], markup, conversation_id))
                else:
                    numbers.append(await self._post(job.chat, texts[len(numbers)], markup, conversation_id))
                pause = SHORTEST_PAUSE
            except RetryAfter as error:
                wait = error.retry_after
                seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
                log.warning("told to wait", conversation=conversation_id, seconds=seconds)
                await asyncio.sleep(seconds + 0.1)
            except Forbidden as error:
                raise _Closed from error
            except BadRequest as error:
                if any(reason in error.message.lower() for reason in UNREACHABLE):
                    raise _Closed from error
                log.error("message refused", conversation=conversation_id, message=job.outbound_id, cause=error.message)
                return None
            except TelegramError as error:
                log.warning("telegram away", conversation=conversation_id, cause=type(error).__name__, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        return numbers

    async def _post(self, chat: int, text: str, markup: Any, conversation_id: str) -> int:
        async with self._pace(conversation_id), self._overall:
            sent = await self._bot.send_message(
                chat, text, ParseMode.HTML, reply_markup=markup, link_preview_options=LinkPreviewOptions(is_disabled=True)
            )
        return sent.message_id

    def _pace(self, conversation_id: str) -> AsyncLimiter:
        return self._paces.setdefault(conversation_id, AsyncLimiter(BURST, BURST_SECONDS))

    async def _edit(self, job: _Job, text: str, markup: Any, conversation_id: str) -> int:
        assert job.edited is not None
        try:
            async with self._pace(conversation_id), self._overall:
                edited = await self._bot.edit_message_text(
                    text,
                    job.chat,
                    job.edited,
                    parse_mode=ParseMode.HTML,
                    reply_markup=markup,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                )
            return edited.message_id if isinstance(edited, Message) else job.edited
        except BadRequest as error:
            if "not modified" in error.message.lower():  # sent already, before a crash or a lost answer
                return job.edited
            return await self._post(job.chat, text, markup, conversation_id)  # deleted by the newcomer, or too old

    # the database

    def _waiting(self) -> list[str]:
        with self._core.database.reading() as session:
            return waiting_on(session, CHANNEL)

    def _next(self, conversation_id: str, done: tuple[str, list[int] | None] | None) -> _Job | None:
        """Mark what was sent, and find what comes next."""
        if done is None:
            with self._core.database.reading() as session:
                return self._job(session, conversation_id)
        with self._core.database.session() as session:
            outbound_id, numbers = done
            if numbers is None:
                session.execute(update(Outbound).where(Outbound.id == outbound_id).values(state="undeliverable"))
            else:
                mark_sent(session, [outbound_id], numbers)
            return self._job(session, conversation_id)

    def _job(self, session: Session, conversation_id: str) -> _Job | None:
        query = (
            select(Outbound, Conversation)
            .join(Conversation)
            .where(
                Outbound.conversation_id == conversation_id,
                Outbound.state == "pending",
                Conversation.channel == CHANNEL,
                Conversation.reachable,
            )
            .order_by(Outbound.number)
        )
        found = session.execute(query.limit(1)).first()
        if found is None:
            return None
        row, conversation = found
        replaced = select(Outbound.sent_as).where(Outbound.id == row.body["edits"], Outbound.conversation_id == conversation_id)
        numbers = session.scalar(replaced) if row.body["edits"] else None
        return _Job(row.id, int(conversation.address), row.body, numbers[-1] if numbers else None)

    def _close(self, conversation_id: str) -> None:
        with self._core.database.session() as session:
            session.execute(update(Conversation).where(Conversation.id == conversation_id).values(reachable=False))
            waiting = update(Outbound).where(Outbound.conversation_id == conversation_id, Outbound.state == "pending")
            session.execute(waiting.values(state="undeliverable"))

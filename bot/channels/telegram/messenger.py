"""Telegram's side of the bot: updates are stored before they are confirmed, then worked on by the gateway."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from aiohttp import web
from sqlalchemy import select
from telegram import Bot, Update
from telegram.constants import ChatAction
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.telegram import profile
from bot.channels.telegram.reading import ALLOWED_UPDATES, CHANNEL, Arrived, InGroup, Membership, read
from bot.channels.telegram.sender import Sender
from bot.turn import Gateway
from lotse.core import Core
from lotse.logs import cause_of
from lotse.replies import say
from lotse.storage.tables import Conversation, Municipality

WEBHOOK_PATH = "/telegram/webhook"
POLL_SECONDS = 25
TYPING_AFTER, TYPING_EVERY = 0.8, 4.5  # seconds; Telegram shows the action for five
SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
CONFLICT_PAUSE, TOKEN_PAUSE = 5.0, 60.0

log = structlog.get_logger()


def build(core: Core, gateway: Gateway) -> Messenger | None:
    """The messenger; None without a token."""
    token = core.settings.telegram_token
    if token is None:
        return None
    os.environ.setdefault("PTB_TIMEDELTA", "true")  # times as timedelta, the library's coming default
    bot = Bot(
        token,
        base_url=f"{core.settings.telegram_url}/bot",
        request=HTTPXRequest(connection_pool_size=64, read_timeout=20, pool_timeout=20),
        get_updates_request=HTTPXRequest(connection_pool_size=2, read_timeout=15),
    )
    return Messenger(core, gateway, bot)


class Messenger:
    """Polling or webhook in, the sender out."""

    def __init__(self, core: Core, gateway: Gateway, bot: Bot) -> None:
        self._core = core
        self._gateway = gateway
        self._bot = bot
        self._sender = Sender(core, bot)
        self._secret = core.database.vault.digest("telegram webhook")
        self._tasks: set[asyncio.Task[None]] = set()
        self._state = "connecting"
        gateway.when_laid(self._sender.wake)

    def state(self) -> str:
        """How it does, in a few words for the operator."""
        return self._state

    def webhooks(self) -> dict[str, Callable[[web.Request], Awaitable[web.Response]]]:
        """Our own route for Telegram, if it is to call us."""
        return {WEBHOOK_PATH: self._called} if self._core.settings.telegram_webhook else {}

    async def run(self) -> None:
        """Receive and send until cancelled."""
        sending = asyncio.create_task(self._sender.run())
        try:
            name = await self._connect()
            self._start(self._publish_profile())
            if self._core.settings.telegram_webhook:
                self._state = f"{name} by webhook"
                await asyncio.Event().wait()
            await self._poll(name)
        finally:
            sending.cancel()
            for task in self._tasks:
                task.cancel()
            with suppress(TelegramError, asyncio.CancelledError):
                await self._bot.shutdown()

    # connecting

    async def _connect(self) -> str:
        """Sign in and choose how updates come; the bot's name."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                await self._bot.initialize()
                await self._choose_way()
                return self._bot.name
            except InvalidToken:
                self._trouble("TELEGRAM_BOT_TOKEN is not accepted; take the right one from @BotFather")
                await asyncio.sleep(TOKEN_PAUSE)
            except TelegramError as error:
                self._trouble(f"cannot reach Telegram: {type(error).__name__}")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _choose_way(self) -> None:
        if not self._core.settings.telegram_webhook:
            await self._bot.delete_webhook()  # updates that wait are kept
            return
        if self._core.settings.public_url is None:
            self._trouble("LOTSE_TELEGRAM_WEBHOOK needs LOTSE_PUBLIC_URL, the address that Telegram is to call")
            await asyncio.Event().wait()
        # one connection: with more, Telegram does not keep the order of a chat
        await self._bot.set_webhook(
            f"{self._core.settings.public_url}{WEBHOOK_PATH}",
            allowed_updates=ALLOWED_UPDATES,
            secret_token=self._secret,
            max_connections=1,
        )

    async def _publish_profile(self) -> None:
        with self._core.database.reading() as session:
            slug = self._core.settings.municipality
            name = session.scalar(select(Municipality.name).where(Municipality.slug == slug)) or slug
        try:
            changed = await profile.publish(self._bot, self._core.languages, self._core.wording, name)
            log.info("telegram profile", changed=changed)
        except TelegramError as error:  # people can write all the same; the next start tries again
            log.warning("telegram profile not set", cause=f"{type(error).__name__}: {error.message}")

    def _trouble(self, cause: str) -> None:
        if self._state != cause:
            log.error("telegram", cause=cause)
        self._state = cause

    # receiving

    async def _poll(self, name: str) -> None:
        offset: int | None = None
        self._state = f"{name} by polling"
        pause = SHORTEST_PAUSE
        while True:
            try:
                updates = await self._bot.get_updates(offset, timeout=POLL_SECONDS, allowed_updates=ALLOWED_UPDATES)
                await self._take(updates)
                if updates:
                    offset = updates[-1].update_id + 1  # confirms them: only now, when they are stored
                self._state = f"{name} by polling"
                pause = SHORTEST_PAUSE
                continue
            except Conflict:
                self._trouble("another process uses this bot token (getUpdates conflict); stop it, or take another token")
                pause = CONFLICT_PAUSE
            except InvalidToken:
                self._trouble("TELEGRAM_BOT_TOKEN is not accepted any more; take the right one from @BotFather")
                pause = TOKEN_PAUSE
            except TelegramError as error:
                log.warning("no updates", cause=type(error).__name__)
            except Exception as error:  # not stored: Telegram hands them out again
                log.error("updates not stored", cause=cause_of(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _called(self, request: web.Request) -> web.Response:
        """The webhook: 200 only for what is stored; anything else makes Telegram call again."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return web.Response(status=403)
        try:
            update = Update.de_json(await request.json(), self._bot)
        except (ValueError, TypeError, KeyError) as error:
            log.error("update not understood", cause=type(error).__name__)
            return web.Response(status=200)  # the same again would not help
        try:
            await self._take([update])
        except Exception as error:
            log.error("update not stored", cause=cause_of(error))
            return web.Response(status=500)
        return web.Response(status=200)

    async def _take(self, updates: Sequence[Update]) -> None:
        """Store a batch in its order, then have it worked on; a press is answered at once, so that its button rests."""
        happened = [found for update in updates if (found := _read(update)) is not None]
        for each in happened:
            if isinstance(each, Arrived) and each.callback:
                self._start(self._answer(each.callback))
        arrived = [each for each in happened if isinstance(each, Arrived)]
        for each, ids in zip(arrived, await asyncio.to_thread(self._store, arrived)):
            self._start(self._work(int(each.message.address), *ids))
        for each in happened:
            if isinstance(each, Membership):
                await self._membership(each)
            elif isinstance(each, InGroup):
                self._start(self._leave(each))

    def _store(self, arrived: list[Arrived]) -> list[tuple[str, str]]:
        return [self._gateway.inbox.store(each.message) for each in arrived]

    async def _work(self, chat: int, conversation_id: str, inbound_id: str) -> None:
        """One turn; "typing" is shown while it takes long."""
        turn = asyncio.create_task(self._gateway.work(conversation_id, inbound_id))
        done, _ = await asyncio.wait({turn}, timeout=TYPING_AFTER)
        while not done:
            with suppress(TelegramError):
                await self._bot.send_chat_action(chat, ChatAction.TYPING)
            done, _ = await asyncio.wait({turn}, timeout=TYPING_EVERY)
        await turn

    async def _answer(self, callback: str) -> None:
        with suppress(TelegramError):  # too old to be answered: the press counts all the same
            await self._bot.answer_callback_query(callback)

    async def _membership(self, change: Membership) -> None:
        conversation_id = await asyncio.to_thread(self._find, change)
        if conversation_id is not None and not change.reachable:
            await self._sender.close_chat(conversation_id)

    def _find(self, change: Membership) -> str | None:
        """The conversation of a chat, marked as reachable if it is again."""
        with self._core.database.session() as session:
            digest = self._core.database.vault.digest(f"{CHANNEL}\0{change.address}")
            query = select(Conversation).where(Conversation.channel == CHANNEL, Conversation.address_digest == digest)
            conversation = session.scalar(query)
            if conversation is None:
                return None
            if change.reachable:
                conversation.reachable = True
            return conversation.id

    async def _leave(self, group: InGroup) -> None:
        """Say once that we talk to one person at a time, and go: what people write there is none of our business."""
        tag = self._core.languages.offered_tag(group.language) or profile.DEFAULT_LANGUAGE
        with suppress(TelegramError):
            await self._bot.send_message(group.chat, self._core.wording.render(say("telegram.group"), tag))
        with suppress(TelegramError):
            await self._bot.leave_chat(group.chat)

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:  # the sweep takes the message up again
            log.error("turn broke off", cause=cause_of(error))


def _read(update: Update) -> Arrived | Membership | InGroup | None:
    try:
        return read(update)
    except Exception as error:  # a kind of update that we do not know must not stop those behind it
        log.error("update not understood", update=update.update_id, cause=type(error).__name__)
        return None

"""The dialogue that newcomers talk with: the real processes, or the same code in this process with a stand-in engine.

Both are reached through the terminal channel, by the client of `./run chat`.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select

from actions.__main__ import executor
from bot.channels import terminal
from bot.messages import IncomingMessage
from bot.turn import Gateway
from commands.chat import Client
from commands.supervisor import Running, free_ports
from lotse import privacy
from lotse.cleaning import clean
from lotse.core import Core
from lotse.languages import Identifier
from lotse.storage.tables import Conversation, Inbound
from tests.simulation.stand_in import StandIn
from tests.simulation.world import Chat

CHANNEL = "terminal"
CLOSES_WITHIN = 0.05  # seconds until the channel has noticed that everybody left


class Terminal(Client):
    """A newcomer's end of the terminal channel; messages cannot be sent before the last one is answered."""

    async def at_once(self, requests: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Nothing: the channel takes one line at a time."""
        return None


class Processes:
    """The real processes of one home, which run already."""

    def __init__(self, core: Core, running: Running) -> None:
        self.core = core
        self._running = running

    async def chat(self, name: str, language: str, town: str) -> Chat:
        """A conversation in the terminal."""
        return Terminal(self.core.settings, self._running, _opening(name, language, town))

    def means(self, text: str, intent: str) -> None:
        """The engine understands by itself."""

    def lose_tracker(self, name: str) -> None:
        """Delete the rows of the conversation in Rasa's store."""
        conversation = conversation_of(self.core, name)
        if conversation is not None:
            privacy.forget_tracker(self.core.settings.tracker_url, conversation)


class InProcess:
    """Gateway, terminal channel, actions and database of this process; what a text means the newcomer tells the engine."""

    def __init__(self, core: Core, engine: StandIn, gateway: Gateway, running: Running, meanings: dict[str, str]) -> None:
        self.core = core
        self._engine = engine
        self._gateway = gateway
        self._running = running
        self._meanings = meanings

    async def chat(self, name: str, language: str, town: str) -> Chat:
        """A conversation in the terminal."""
        return _AtOnce(self, name, Terminal(self.core.settings, self._running, _opening(name, language, town)))

    def means(self, text: str, intent: str) -> None:
        """What the stand-in is to understand."""
        self._meanings[clean(text)] = intent

    def lose_tracker(self, name: str) -> None:
        """Forget what Rasa would remember."""
        conversation = conversation_of(self.core, name)
        if conversation is not None:
            self._engine.trackers.pop(conversation, None)

    def store(self, name: str, request: dict[str, Any]) -> None:
        """A message arrives, and is not worked on yet."""
        self._gateway.inbox.store(IncomingMessage(CHANNEL, name, request["id"], text=request["text"]))


class _AtOnce:
    """A chat in which messages can arrive before the one before them is answered."""

    def __init__(self, world: InProcess, name: str, chat: Terminal) -> None:
        self._world = world
        self._name = name
        self._chat = chat
        self.greeting = chat.greeting
        self.turn = chat.turn
        self.close = chat.close

    async def at_once(self, requests: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Both are there before the first is worked on; the last state and all messages."""
        for request in requests:
            self._world.store(self._name, request)
        lines = [await self._chat.turn(request) for request in requests]
        return {"messages": [message for line in lines for message in line["messages"]], "state": lines[-1]["state"]}


@asynccontextmanager
async def in_process(core: Core) -> AsyncIterator[InProcess]:
    """The dialogue on a database that is ready, until the block ends."""
    meanings: dict[str, str] = {}

    def meaning(message: str) -> str:
        with core.database.reading() as session:
            body = session.scalars(select(Inbound.body).where(Inbound.id == message)).one()
        return meanings.get(str((body or {}).get("text", "")), "respond")

    engine = StandIn(executor(core), meaning)
    gateway = Gateway(core, engine, Identifier([language.tag for language in core.languages.all]))  # type: ignore[arg-type]
    (port,), secret = free_ports(1), secrets.token_urlsafe(32)
    running = Running([], "", "", None, port, secret, os.getpid())
    server = await terminal.serve(core, gateway, port, secret)
    try:
        yield InProcess(core, engine, gateway, running, meanings)
    finally:
        server.close()
        await asyncio.sleep(CLOSES_WITHIN)


def _opening(name: str, language: str, town: str) -> dict[str, Any]:
    return {"conversation": name, "language": language, "municipality": town}


def conversation_of(core: Core, name: str) -> str | None:
    """The id of a terminal conversation by its name."""
    digest = core.database.vault.digest(f"{CHANNEL}\0{name}")
    with core.database.reading() as session:
        return session.scalar(select(Conversation.id).where(Conversation.address_digest == digest))

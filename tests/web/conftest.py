"""What the tests of the web chat share: the chat's routes in this process on a fresh database, a bot that only echoes."""

from __future__ import annotations

import asyncio
import shutil
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy import select

from bot.channels import web
from bot.outbox import Outbox
from desk.hub import Hub
from desk.security import Guard
from lotse import core as core_parts
from lotse.core import Core
from lotse.replies import Button, Reply, say
from lotse.settings import from_environment
from lotse.storage.tables import Conversation, Inbound, Outbound

with warnings.catch_warnings():  # httpx2, which it asks for, is not among our libraries
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

CHOICES = ("home", "work")


@dataclass
class EchoingDoor:
    """Stands for the bot's door: says what it was told, and asks one question whose choices can be ticked."""

    core: Core
    away: bool = False
    keeps_words: bool = False
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def work(self, conversation_id: str, inbound_id: str) -> bool:
        self.asked.append((conversation_id, inbound_id))
        if self.away:
            return False
        with self.core.database.session() as session:
            inbound = session.scalars(select(Inbound).where(Inbound.id == inbound_id)).one()
            if inbound.state != "received":
                return True
            conversation = session.get_one(Conversation, conversation_id)
            Outbox(self.core.wording, self.core.languages).put(session, conversation, self._reply(inbound.body), inbound)
            inbound.state = "done"
            if not self.keeps_words:
                inbound.body = None
        return True

    async def close(self) -> None:
        pass

    def _reply(self, body: dict) -> Reply:
        press = body.get("press")
        text = press["value"] if press else body["text"]
        ticks = text == "ticks" or (press is not None and press["kind"] == "choice")
        ticked = press["value"] if press and press["kind"] == "choice" else None
        if ticks:
            rows = [[Button(("✓ " if choice == ticked else "") + choice, "choice", choice, "needs") for choice in CHOICES]]
            rows.append([Button(say("intake.button.done"), "control", "done", "needs")])
            return Reply(["Which?"], rows, edits_pressed=ticked is not None)
        return Reply([f"Title {text}", text], [[Button(say("button.yes"), "menu", "menu")]], strong=0)


@dataclass
class Desk:
    """The server, its bot and its record."""

    core: Core
    door: EchoingDoor
    public_url: str | None = None

    def browser(self, language: str = "en", address: str = "10.0.0.1") -> TestClient:
        """A browser without cookies, on the running server."""
        client = TestClient(
            self.app, base_url=self.public_url or "http://localhost", follow_redirects=False, client=(address, 5000)
        )
        client.headers["Accept-Language"] = language
        return client

    def __post_init__(self) -> None:
        hub = Hub(self.core.database)

        @asynccontextmanager
        async def life(_: FastAPI) -> AsyncIterator[None]:
            looking = asyncio.create_task(hub.run())
            yield
            looking.cancel()

        # as desk/app.py does it, without the pages of staff
        self.app = FastAPI(lifespan=life, openapi_url=None)
        self.app.add_middleware(Guard, public_url=self.core.settings.public_url)
        self.app.mount("/static/chat", StaticFiles(directory=web.STATIC))
        self.app.include_router(web.routes(self.core, self.door, hub, {"chat": web.STATIC}))  # type: ignore[arg-type]

    def newcomer(self, language: str = "en", **extra: str) -> TestClient:
        """A browser with a chat that has begun."""
        client = self.browser(language, **extra)
        assert client.post("/chat/start", data={"language": language}).status_code == 303
        return client

    def conversations(self) -> list[Conversation]:
        with self.core.database.reading() as session:
            return list(session.scalars(select(Conversation).order_by(Conversation.started_at)))

    def inbound(self) -> list[Inbound]:
        with self.core.database.reading() as session:
            return list(session.scalars(select(Inbound).order_by(Inbound.number)))

    def outbound(self) -> list[Outbound]:
        with self.core.database.reading() as session:
            return list(session.scalars(select(Outbound).order_by(Outbound.number)))


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """The core on a database with the sample towns, made once."""
    parts = core_parts.build(from_environment({"LOTSE_HOME": str(tmp_path_factory.mktemp("web"))}))
    core_parts.prepare(parts)
    parts.database.engine.dispose()
    return parts


@pytest.fixture
def desk(prepared: Core, tmp_path: Path) -> Iterator[Desk]:
    """A server of its own."""
    yield from _desk(prepared, tmp_path, None)


@pytest.fixture
def secure_desk(prepared: Core, tmp_path: Path) -> Iterator[Desk]:
    """A server behind https."""
    yield from _desk(prepared, tmp_path, "https://lotse.musterstadt.example")


def _desk(prepared: Core, home: Path, public_url: str | None) -> Iterator[Desk]:
    for name in ("lotse.db", "keys"):
        shutil.copy(prepared.settings.home / name, home / name)
    settings = replace(
        prepared.settings, home=home, database_url=f"sqlite:///{home / 'lotse.db'}", public_url=public_url, keys=()
    )
    parts = replace(prepared, settings=settings, database=type(prepared.database)(settings))
    yield Desk(parts, EchoingDoor(parts), public_url)
    parts.database.engine.dispose()

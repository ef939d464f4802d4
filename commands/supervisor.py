"""Starts the processes of one installation, watches them, restarts them, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import aiohttp

from commands.errors import CommandError
from lotse import core
from lotse.settings import ROOT, Settings

READY_WITHIN = 180.0  # seconds; a cold disk and a busy machine included
STOP_WITHIN = 8.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # between restarts of a process that dies at once
LIVED_WELL = 30.0  # seconds after which a death counts as the first again
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Running:
    """How to reach the processes of an installation; kept in a file that only its owner can read."""

    engine_url: str
    actions_url: str
    terminal_port: int
    secret: str
    supervisor: int  # process id


@dataclass
class Child:
    """A process to keep alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Running]:
    """The running processes of this home: those that run already, or new ones that end with this block."""
    settings.runtime.mkdir(parents=True, exist_ok=True)
    lock = open(settings.runtime / "lock", "a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        yield await _running(settings)
        return
    core.prepare(core.build(settings))
    running = _plan(settings)
    note = settings.runtime / "services.json"
    _write_private(note, json.dumps(asdict(running)))
    supervisor = _Supervisor(_children(settings, running), settings.home / "log")
    try:
        await supervisor.start()
        yield running
    finally:
        await supervisor.stop()
        note.unlink(missing_ok=True)
        lock.close()


async def wait_until_ready(settings: Settings, running: Running) -> None:
    """Return when engine, actions and bot answer; CommandError with the log's place if they do not in time."""
    deadline = time.monotonic() + READY_WITHIN
    headers = {"X-Lotse-Secret": running.secret}
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(2)) as session:
        checks: dict[str, Callable[[], asyncio.Future[bool] | object]] = {
            "bot": lambda: _listens(running.terminal_port),
            "actions": lambda: _answers(session, f"{running.actions_url}/health"),
            "engine": lambda: _answers(session, f"{running.engine_url}/webhooks/lotse/ready"),
        }
        for name, check in checks.items():
            while not await check():  # type: ignore[misc]
                if time.monotonic() > deadline:
                    raise CommandError(f"{name} did not start; see {settings.home / 'log' / (name + '.log')}")
                await asyncio.sleep(0.1)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as response:
            return response.status == 200 and (await response.json()).get("ready", True)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


async def _running(settings: Settings) -> Running:
    """The note of the processes that hold the lock; they may have begun only now."""
    note = settings.runtime / "services.json"
    for _ in range(100):
        try:
            return Running(**json.loads(note.read_text()))
        except (OSError, ValueError):
            await asyncio.sleep(0.1)
    raise CommandError(f"another Lotse holds {settings.runtime / 'lock'} but does not say how to reach it; stop it first")


def _plan(settings: Settings) -> Running:
    engine, actions, terminal = _free_ports(3)
    return Running(
        engine_url=f"http://127.0.0.1:{engine}",
        actions_url=f"http://127.0.0.1:{actions}",
        terminal_port=terminal,
        secret=secrets.token_urlsafe(32),
        supervisor=os.getpid(),
    )


def _children(settings: Settings, running: Running) -> list[Child]:
    model = os.environ.get("LOTSE_MODEL")
    if not model:
        raise CommandError("start this by ./run, which trains the model")
    environment = {
        **os.environ,
        "LOTSE_HOME": str(settings.home),
        "LOTSE_CACHE": str(settings.cache),
        "LOTSE_ENGINE_SECRET": running.secret,
        "LOTSE_ENGINE_URL": running.engine_url,
        "LOTSE_ACTIONS_URL": f"{running.actions_url}/webhook",
        "LOTSE_TERMINAL_PORT": str(running.terminal_port),
        "LOTSE_DATABASE_URL": settings.database_url,
        "LOTSE_TRACKER_URL": settings.tracker_url,
        "LOTSE_KEYS": ",".join(settings.keys),
        "OMP_NUM_THREADS": "1",  # with more, two busy processes slow each other down a hundred times
        "PYTHONUNBUFFERED": "1",
    }
    engine_port = running.engine_url.rpartition(":")[2]
    rasa = ["--model", model, "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    return [
        Child("engine", [str(ROOT / "engine/.venv/bin/python"), "-m", "rasa", "run", *rasa, "-i", "127.0.0.1", "-p", engine_port],
              {**environment, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "WARNING",
               "PYTHONWARNINGS": "ignore"}),
        Child("actions", [sys.executable, "-m", "actions", running.actions_url.rpartition(":")[2]], environment),
        Child("bot", [sys.executable, "-m", "bot"], environment),
    ]  # fmt: skip


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _write_private(file: Path, text: str) -> None:
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        opened.write(text)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class _Supervisor:
    """Keeps children alive until it is stopped."""

    def __init__(self, children: list[Child], logs: Path) -> None:
        self._children = children
        self._logs = logs
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        self._tasks = [asyncio.create_task(self._keep(child)) for child in self._children]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(_end(child) for child in self._children))

    async def _keep(self, child: Child) -> None:
        pause = SHORTEST_PAUSE
        while True:
            started = time.monotonic()
            with open(self._logs / f"{child.name}.log", "ab") as output:
                child.process = await _spawn(child, output)
            code = await child.process.wait()
            pause = SHORTEST_PAUSE if time.monotonic() - started > LIVED_WELL else min(pause * 2, LONGEST_PAUSE)
            with open(self._logs / f"{child.name}.log", "a") as output:
                output.write(f"supervisor: {child.name} ended with {code}; starting it again in {pause:.1f} s\n")
            await asyncio.sleep(pause)


async def _spawn(child: Child, output: IO[bytes]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *child.command,
        cwd=ROOT,
        env=child.environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,  # Ctrl-C reaches the parent alone, which then stops them in order
        preexec_fn=_die_with_parent,
    )


async def _end(child: Child) -> None:
    process = child.process
    if process is None or process.returncode is not None:
        return
    _signal_group(process.pid, signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_WITHIN)
    except TimeoutError:
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass

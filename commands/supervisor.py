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
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from commands.errors import CommandError
from lotse.settings import ROOT, SECRET_HEADER, Settings

if TYPE_CHECKING:
    import aiohttp

READY_WITHIN = 180.0  # seconds; a cold disk and a busy machine included
STOP_WITHIN = 8.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 10.0  # between restarts of a process that dies at once
LIVED_WELL = 30.0  # seconds after which a death counts as the first again
PR_SET_PDEATHSIG = 1


LOOPBACK = ("127.0.0.1", "localhost", "::1")
NAMES = ("engine", "actions", "bot", "desk")


@dataclass(frozen=True)
class Running:
    """How to reach the processes of an installation; kept in a file that only its owner can read."""

    engine_urls: list[str]
    actions_url: str
    bot_url: str
    desk_url: str | None  # None: runs without the desk
    terminal_port: int | None  # None: nobody chats in a terminal
    secret: str
    supervisor: int  # process id
    host: str = "127.0.0.1"  # where the desk listens
    inner_host: str = "127.0.0.1"  # where the others listen


@dataclass
class Child:
    """A process to keep alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None


def local_plan(desk_port: int | None = None, *, desk: bool = False) -> Running:
    """Free ports on this machine; with the desk on the given port or a free one."""
    engine, actions, bot, terminal, free = free_ports(5)
    return Running(
        engine_urls=[f"http://127.0.0.1:{engine}"],
        actions_url=f"http://127.0.0.1:{actions}",
        bot_url=f"http://127.0.0.1:{bot}",
        desk_url=f"http://127.0.0.1:{desk_port or free}" if desk else None,
        terminal_port=terminal,
        secret=secrets.token_urlsafe(32),
        supervisor=os.getpid(),
    )


@asynccontextmanager
async def services(
    settings: Settings, plan: Running | None = None, names: tuple[str, ...] = NAMES, *, fill: bool = True
) -> AsyncIterator[Running]:
    """The running processes of this home: those that run already, or new ones that end with this block.

    With a plan the processes are started as planned, or not at all if others hold the home already.
    """
    settings.runtime.mkdir(parents=True, exist_ok=True)
    part = "" if set(NAMES) <= set(names) else f"-{'-'.join(names)}"
    lock = open(settings.runtime / f"lock{part}", "a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        if plan is not None:
            raise CommandError(f"another Lotse runs on {settings.home}; stop it first, or set LOTSE_HOME") from None
        yield await _running(settings)
        return
    from lotse import core  # takes seconds; a command that finds the processes running needs none of it

    parts = core.build(settings)
    core.prepare(parts, fill=fill)
    running = plan or local_plan()
    note = settings.runtime / f"services{part}.json"
    _write_private(note, json.dumps(asdict(running)))
    children = [child for child in _children(settings, running) if child.name in names]
    supervisor = _Supervisor(children, settings.home / "log")
    try:
        await supervisor.start()
        yield running
    finally:
        await supervisor.stop()
        note.unlink(missing_ok=True)
        lock.close()


def when_stopped() -> asyncio.Event:
    """Set by Ctrl-C or SIGTERM, which then end nothing by themselves."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    return stopped


async def wait_until_ready(settings: Settings, running: Running, names: tuple[str, ...] = NAMES) -> None:
    """Return when the processes answer; CommandError with the log's place if they do not in time."""
    import aiohttp

    deadline = time.monotonic() + READY_WITHIN
    headers = {SECRET_HEADER: running.secret}
    addresses = [("bot", f"{running.bot_url}/health"), ("actions", f"{running.actions_url}/health")]
    addresses += [("desk", f"{running.desk_url}/health")] if running.desk_url else []
    addresses += [("engine", f"{url}/webhooks/lotse/ready") for url in running.engine_urls]
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(2)) as session:
        for name, address in addresses:
            while name in names and not await _answers(session, address):
                if time.monotonic() > deadline:
                    raise CommandError(f"{name} did not start; see {settings.home / 'log' / (name + '.log')}")
                await asyncio.sleep(0.1)


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    import aiohttp

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


def _children(settings: Settings, running: Running) -> list[Child]:
    environment = {
        **os.environ,
        **({"LOTSE_PUBLIC_URL": settings.public_url} if settings.public_url else {}),
        "LOTSE_HOME": str(settings.home),
        "LOTSE_CACHE": str(settings.cache),
        "LOTSE_ENGINE_SECRET": running.secret,
        "LOTSE_ENGINE_URL": ",".join(running.engine_urls),
        "LOTSE_ACTIONS_URL": f"{running.actions_url}/webhook",
        "LOTSE_BOT_URL": running.bot_url,
        "LOTSE_BOT_PORT": _port(running.bot_url),
        "LOTSE_INNER_HOST": running.inner_host,
        "LOTSE_TERMINAL_PORT": str(running.terminal_port or ""),
        "LOTSE_DESK_HOST": running.host,
        "LOTSE_DESK_PORT": _port(running.desk_url) if running.desk_url else "",
        "LOTSE_DATABASE_URL": settings.database_url,
        "LOTSE_TRACKER_URL": settings.tracker_url,
        "LOTSE_KEYS": ",".join(settings.keys),
        "OMP_NUM_THREADS": "1",  # with more, two busy processes slow each other down a hundred times
        "PYTHONUNBUFFERED": "1",
    }
    children = [_engine(url, running.inner_host, environment) for url in running.engine_urls]
    children += [
        Child("actions", [sys.executable, "-m", "actions", _port(running.actions_url)], environment),
        Child("bot", [sys.executable, "-m", "bot"], environment),
    ]
    if running.desk_url:
        children.append(Child("desk", [sys.executable, "-m", "desk"], environment))
    return children


def _engine(url: str, host: str, environment: dict[str, str]) -> Child:
    model = os.environ.get("LOTSE_MODEL")
    if not model:
        raise CommandError("start this by ./run, which trains the model")
    rasa = ["--model", model, "--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    quiet = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore"}
    python = str(ROOT / "engine/.venv/bin/python")
    return Child("engine", [python, "-m", "rasa", "run", *rasa, "-i", host, "-p", _port(url)], {**environment, **quiet})


def _port(url: str) -> str:
    return str(urlsplit(url).port or 80)


def free_ports(count: int, wanted: int = 0) -> list[int]:
    """Ports that nobody listens on now; OSError if a wanted one is taken."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", wanted))
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

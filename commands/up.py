"""./run up: the production start. Everything comes from the environment (docs/architecture.md, Settings)."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
from urllib.parse import urlsplit

from commands.errors import CommandError
from commands.supervisor import LOOPBACK, NAMES, Running, services, wait_until_ready, when_stopped
from lotse import core
from lotse.settings import Settings
from lotse.storage.tables import Municipality


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", metavar="NAMES", help=f"some of {','.join(NAMES)},worker, separated by commas")
    parser.add_argument("--engines", type=int, metavar="N", help="engines on this machine; a conversation stays with one")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Start and watch the processes until stopped."""
    names = _names(arguments.only)
    plan = _plan(names, arguments.engines, settings)
    asyncio.run(_up(plan, names, settings))


async def _up(plan: Running, names: tuple[str, ...], settings: Settings) -> None:
    stopped = when_stopped()
    await asyncio.to_thread(_prepare, settings)
    async with services(settings, plan, names, fill=False) as running:
        await wait_until_ready(settings, running, names)
        print(f"ready: {', '.join(names)}", flush=True)
        await stopped.wait()


def _names(only: str | None) -> tuple[str, ...]:
    wanted = [name.strip() for name in only.split(",")] if only else list(NAMES)
    unknown = [name for name in wanted if name not in (*NAMES, "worker")]
    if unknown:
        raise CommandError(f"--only: there is no process {unknown[0]!r}; there are {', '.join(NAMES)}")
    names = tuple(name for name in NAMES if name in wanted)
    if not names:
        raise CommandError("--only worker: due jobs run in the bot; start the bot")
    return names


def _plan(names: tuple[str, ...], engines: int | None, settings: Settings) -> Running:
    given = os.environ
    host, alone = given.get("LOTSE_HOST") or "127.0.0.1", set(names) != set(NAMES)
    if host not in LOOPBACK and "desk" in names and settings.public_url is None:
        raise CommandError("LOTSE_HOST opens the desk to others; set LOTSE_PUBLIC_URL to the address that they use")
    if settings.public_url and urlsplit(settings.public_url).scheme not in ("http", "https"):
        raise CommandError("LOTSE_PUBLIC_URL must be an address such as https://lotse.example.org")
    secret = given.get("LOTSE_SECRET") or ("" if alone else secrets.token_urlsafe(32))
    if len(secret) < 20:
        raise CommandError("LOTSE_SECRET must be set to the same 20 or more characters for all processes")
    first = given.get("LOTSE_ENGINE_URL") or "http://127.0.0.1:5005"
    return Running(
        engine_urls=_engine_urls(first, engines),
        actions_url=given.get("LOTSE_ACTIONS_URL") or "http://127.0.0.1:5055",
        bot_url=given.get("LOTSE_BOT_URL") or "http://127.0.0.1:8090",
        desk_url=f"http://127.0.0.1:{given.get('LOTSE_PORT') or 8080}",
        terminal_port=None,
        secret=secret,
        supervisor=os.getpid(),
        host=host,
        inner_host=host if alone else "127.0.0.1",
    )


def _engine_urls(given: str, engines: int | None) -> list[str]:
    """The engines' addresses: as listed, or that many at the ports from the first one's on."""
    urls = given.split(",")
    if engines is None:
        return urls
    if engines < 1 or len(urls) > 1:
        raise CommandError("--engines: give a number from 1 on, and one address in LOTSE_ENGINE_URL")
    parts = urlsplit(urls[0])
    return [f"{parts.scheme}://{parts.hostname}:{(parts.port or 80) + number}" for number in range(engines)]


def _prepare(settings: Settings) -> None:
    """Bring the database up to date; towns are taken from a content folder only where one was named."""
    parts = core.build(settings)
    core.prepare(parts, fill="LOTSE_CONTENT" in os.environ)
    with parts.database.reading() as session:
        if session.query(Municipality).first() is None:
            raise CommandError("no town yet: set LOTSE_CONTENT to a folder with yours (docs/tasks/add-a-municipality.md)")

"""./run demo: everything on this machine with the sample town, until Ctrl-C. For looking and trying, not for real people."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from dataclasses import replace
from typing import Any

import aiohttp

from commands.errors import CommandError
from commands.supervisor import LOOPBACK, Running, free_ports, local_plan, services, wait_until_ready, when_stopped
from lotse import core
from lotse.settings import Settings
from lotse.staff import Accounts, Grant, Role

USUAL_PORT = 8080
TELEGRAM_WITHIN = 15.0  # seconds
# login, name as shown in the desk, roles; all of them invented
ACCOUNTS: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    ("guide@musterstadt.example", "Gerda Guide", (Role.CASE_WORKER,)),
    ("colleague@musterstadt.example", "Kim Kollege", (Role.CASE_WORKER,)),
    ("editor@musterstadt.example", "Edda Editor", (Role.CONTENT_AUTHOR, Role.CONTENT_PUBLISHER)),
    ("admin@musterstadt.example", "Adam Admin", (Role.MUNICIPALITY_ADMINISTRATOR, Role.OBSERVER)),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help=f"of web chat and desk; default {USUAL_PORT}, or a free one")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine only")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Start all, say where it is, stay until stopped."""
    if arguments.host not in LOOPBACK:
        raise CommandError(
            f"the demo listens on this machine only, not on {arguments.host}: its accounts and keys are for trying; "
            "for others to use it see ./run up"
        )
    asyncio.run(_demo(arguments.port, settings))


async def _demo(port: int | None, settings: Settings) -> None:
    started = time.monotonic()
    stopped = when_stopped()
    plan = local_plan(_port(port), desk=True)
    if settings.telegram_token is None:  # its pages can be reached from this machine's browser, not from a telephone
        settings = replace(settings, public_url=settings.public_url or plan.desk_url)
    async with services(settings, plan) as running:
        accounts_made = await asyncio.to_thread(_make_accounts, settings)
        await wait_until_ready(settings, running)
        print(f"web chat   {running.desk_url}/chat")
        print(f"desk       {running.desk_url}/desk")
        print("accounts   (made for this start)")
        for login, password, roles in accounts_made:
            print(f"           {login:<32} {password:<18} {roles}")
        print(f"telegram   {await _telegram(settings, running)}")
        print(f"logs       {settings.home / 'log'}")
        print(f"ready in {time.monotonic() - started:.0f} s; Ctrl-C stops all", flush=True)
        await stopped.wait()


def _port(given: int | None) -> int:
    if given:
        return given
    try:
        return free_ports(1, USUAL_PORT)[0] if given is None else free_ports(1)[0]
    except OSError:  # somebody uses it
        return free_ports(1)[0]


def _make_accounts(settings: Settings) -> list[tuple[str, str, str]]:
    """The demo's accounts in the default town, each with a new password."""
    accounts = Accounts(core.build(settings).database)
    known = {entry.login for entry in accounts.entries()}
    made = []
    for login, name, roles in ACCOUNTS:
        password = secrets.token_urlsafe(12)
        if login in known:
            accounts.set_password(login, password)
        else:
            accounts.add(login, name, [Grant(role, settings.municipality) for role in roles], password, "en")
        made.append((login, password, ", ".join(role.value.replace("_", " ") for role in roles)))
    return made


async def _telegram(settings: Settings, running: Running) -> str:
    if settings.telegram_token is None:
        return "off; set TELEGRAM_BOT_TOKEN to switch it on"
    deadline = time.monotonic() + TELEGRAM_WITHIN
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{running.bot_url}/health") as response:
                channels: dict[str, Any] = (await response.json())["channels"]
            state = str(channels["telegram"])
            if state != "connecting" or time.monotonic() > deadline:
                return state
            await asyncio.sleep(0.2)

"""./run chat: be a newcomer, in the terminal or by pipes (--json: one JSON object a line, docs/architecture.md)."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from commands.errors import CommandError
from commands.supervisor import Running, services
from lotse.settings import Settings

RECONNECT_EVERY = 0.2  # seconds
PATIENCE = 180.0  # seconds without any line from the bot, restarts included
LONGEST_LINE = 4_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line in and out")
    parser.add_argument("--language", metavar="TAG", help="language of the device, as Telegram would tell it")
    parser.add_argument("--municipality", metavar="SLUG", help="default: musterstadt")
    parser.add_argument("--conversation", metavar="NAME", help="go on with the conversation of this name")


def run(arguments: argparse.Namespace, settings: Settings) -> None:
    """Converse until the input ends."""
    asyncio.run(_chat(arguments, settings))


async def _chat(arguments: argparse.Namespace, settings: Settings) -> None:
    opening = {
        "conversation": arguments.conversation or f"terminal_{secrets.token_urlsafe(12)}",
        "language": arguments.language,
        "municipality": arguments.municipality,
    }
    show = _print_json if arguments.json else _print_for_people
    async with services(settings) as running:
        if running.terminal_port is None:
            raise CommandError(f"./run up holds {settings.home} and has no terminal; set LOTSE_HOME to another folder")
        if not arguments.json:
            print("Starting ...", file=sys.stderr)
        client = Client(settings, running, opening)
        said = await client.greeting()
        show(said)
        buttons = _numbered(said)
        async for line in _lines():
            request = _request(line, arguments.json, buttons)
            if request is None:
                continue
            said = await client.turn(request)
            show(said)
            buttons = _numbered(said) or buttons
        await client.close()


class Client:
    """The newcomer's end of the terminal channel: survives a restart of the bot, prints no message twice."""

    def __init__(self, settings: Settings, running: Running, opening: dict[str, Any]) -> None:
        self._settings = settings
        self._running = running
        self._opening = opening
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._printed: set[str] = set()
        self._count = 0

    async def greeting(self) -> dict[str, Any]:
        """Connect, and the first line."""
        return await self._until_answered({**self._opening, "greet": True}, None)

    async def turn(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one message; its line, whatever is restarted in between."""
        self._count += 1
        return await self._until_answered(None, {"id": f"{secrets.token_urlsafe(12)}-{self._count}", **request})

    async def close(self) -> None:
        """End the connection; the conversation stays."""
        if self._writer is not None:
            self._writer.close()

    async def _until_answered(self, opening: dict[str, Any] | None, request: dict[str, Any] | None) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            if time.monotonic() > deadline:
                raise CommandError(f"the bot does not answer; see {self._settings.home / 'log'}")
            try:
                if self._writer is None:
                    await self._connect(opening)
                if request is not None:
                    await self._send(request)
                return await self._receive()
            except (ConnectionError, OSError, asyncio.IncompleteReadError):
                self._writer = None
                await asyncio.sleep(RECONNECT_EVERY)

    async def _connect(self, opening: dict[str, Any] | None) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._running.terminal_port, limit=LONGEST_LINE)
        await self._send({"secret": self._running.secret, **(opening or self._opening)})

    async def _send(self, data: dict[str, Any]) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(data).encode() + b"\n")
        await self._writer.drain()

    async def _receive(self) -> dict[str, Any]:
        assert self._reader is not None
        line = await self._reader.readline()
        if not line:
            raise ConnectionError
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise CommandError(said["error"])
        said["messages"] = [message for message in said["messages"] if message["id"] not in self._printed]
        self._printed.update(message["id"] for message in said["messages"])
        return said


async def _lines() -> AsyncIterator[str]:
    """Lines of standard input, read beside the event loop."""
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        yield line.decode("utf-8", "replace").rstrip("\r\n")


def _request(line: str, as_json: bool, buttons: dict[str, str]) -> dict[str, Any] | None:
    if not as_json:
        number = line.strip()
        return {"press": buttons[number[1:]]} if number[:1] == "#" and number[1:] in buttons else {"text": line}
    if not line.strip():
        return None
    try:
        given = json.loads(line)
    except ValueError as error:
        raise CommandError(f"input is no JSON object: {error}") from error
    if not isinstance(given, dict) or len({"text", "press"} & given.keys()) != 1:
        raise CommandError('input must be {"text": "..."} or {"press": "<button id>"}')
    return {key: str(given[key]) for key in ("text", "press") if key in given}


def _print_json(said: dict[str, Any]) -> None:
    messages = []
    for message in said["messages"]:
        rows = [[{key: button[key] for key in ("id", "label", "kind", "value")} for button in row] for row in message["buttons"]]
        shown = {"id": message["id"], "text": message["text"], "edits": message["edits"], "buttons": rows}
        messages.append({**shown, **({"pushed": True} if message.get("pushed") else {})})
    line = json.dumps({"messages": messages, "state": said["state"]}, ensure_ascii=False)
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


def _print_for_people(said: dict[str, Any]) -> None:
    number = 0
    for message in said["messages"]:
        print()
        print("\n".join("  " + line for line in message["text"].splitlines()))
        for row in message["buttons"]:
            shown = []
            for button in row:
                number += 1
                shown.append(f"[#{number} {button['label']}]")
            print("  " + " ".join(shown))
    print("\n> ", end="", flush=True)


def _numbered(said: dict[str, Any]) -> dict[str, str]:
    buttons = [button for message in said["messages"] for row in message["buttons"] for button in row]
    return {str(number): button["id"] for number, button in enumerate(buttons, 1)}

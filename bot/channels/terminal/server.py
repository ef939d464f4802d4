"""The bot's side of the terminal channel.

The client opens with {"secret", "conversation", "language", "municipality"} and gets the greeting's line; then every
{"id", "text"} or {"id", "press"} gets exactly one line. A line that got lost is asked for again with the same id;
messages not yet marked as sent then come once more, and the client drops those it has printed.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from dataclasses import asdict
from typing import Any

import structlog

from bot.inbox import UnknownMunicipality
from bot.messages import IncomingMessage
from bot.outbox import mark_sent, pending
from bot.turn import Gateway
from lotse.core import Core
from lotse.logs import cause_of

CHANNEL = "terminal"
LONGEST_LINE = 4_000_000  # bytes

log = structlog.get_logger()


async def serve(core: Core, gateway: Gateway, port: int, secret: str) -> asyncio.Server:
    """Listen on the loopback address."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(core, gateway, secret, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        except Exception as error:  # the client sends the message again; the cause is for the operator
            log.error("terminal connection ended", cause=cause_of(error))
        finally:
            writer.close()

    return await asyncio.start_server(connected, "127.0.0.1", port, limit=LONGEST_LINE)


async def _converse(
    core: Core, gateway: Gateway, secret: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    opening = await _read(reader)
    if opening is None or not hmac.compare_digest(str(opening.get("secret", "")), secret):
        return
    name = str(opening["conversation"])
    incoming = IncomingMessage(CHANNEL, name, "", language_hint=opening.get("language"), municipality=opening.get("municipality"))
    try:
        conversation = await gateway.open(incoming) if opening.get("greet") else None
    except UnknownMunicipality as error:
        await _write(writer, {"error": str(error)})
        return
    if conversation:
        await _reply(core, gateway, writer, conversation, None)
    while (line := await _read(reader)) is not None:
        message = IncomingMessage(CHANNEL, name, str(line["id"]), text=line.get("text"), press=line.get("press"))
        conversation = await gateway.receive(message)
        await _reply(core, gateway, writer, conversation, str(line["id"]))


async def _reply(core: Core, gateway: Gateway, writer: asyncio.StreamWriter, conversation: str, answered: str | None) -> None:
    """Write all that waits in the outbox as one line, and mark it as sent."""
    with core.database.session() as session:
        rows = pending(session, conversation)
        newest = rows[-1].inbound_id if rows else None
        messages = [{**row.body, **({"pushed": True} if row.inbound_id != newest else {})} for row in rows]
        state = asdict(gateway.state(session, conversation))
    await _write(writer, {"messages": messages, "state": state, "answered": answered})
    with core.database.session() as session:
        mark_sent(session, [row.id for row in rows])


async def _read(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    line = await reader.readline()
    return json.loads(line) if line else None


async def _write(writer: asyncio.StreamWriter, data: dict[str, Any]) -> None:
    writer.write(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    await writer.drain()

"""The bot process: python -m bot. Channels in and out, the gateway between them and the engine."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import structlog

from bot import door
from bot.channels import telegram, terminal
from bot.engine import Engine
from bot.turn import Gateway
from bot.worker import Worker
from lotse import core, logs, settings
from lotse.languages import Identifier
from lotse.logs import cause_of

log = structlog.get_logger()


async def main() -> int:
    """Run until stopped; not zero if a part ended by itself, so that the supervisor starts all anew."""
    parts = core.build(settings.from_environment())
    parts.crisis.warm()
    secret = os.environ["LOTSE_ENGINE_SECRET"]
    engine = Engine(os.environ["LOTSE_ENGINE_URL"], secret)
    gateway = Gateway(parts, engine, Identifier([language.tag for language in parts.languages.all]))
    messenger = telegram.build(parts, gateway)
    recovery = await gateway.recover()  # before new messages are taken, which must wait behind those
    background = [asyncio.create_task(gateway.sweep()), asyncio.create_task(Worker(parts, gateway.laid).run())]
    host, port = os.environ.get("LOTSE_INNER_HOST", "127.0.0.1"), int(os.environ["LOTSE_BOT_PORT"])
    if messenger is None:
        listening = await door.serve(gateway, host, port, secret, {"telegram": lambda: "off"}, {})
    else:
        listening = await door.serve(gateway, host, port, secret, {"telegram": messenger.state}, messenger.webhooks())
        background.append(asyncio.create_task(messenger.run()))
    terminal_port = os.environ.get("LOTSE_TERMINAL_PORT")
    server = await terminal.serve(parts, gateway, int(terminal_port), secret) if terminal_port else None

    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    waiting = asyncio.create_task(stopped.wait())
    await asyncio.wait({waiting, *background}, return_when=asyncio.FIRST_COMPLETED)
    broken = next((task for task in background if task.done()), None)
    if broken is not None:
        error = broken.exception()
        log.error("a part of the bot ended", cause=cause_of(error) if error is not None else "it came to its end")
    waiting.cancel()
    if server is not None:
        server.close()
    recovery.cancel()
    for task in background:
        task.cancel()
    await asyncio.gather(*background, return_exceptions=True)
    await listening.cleanup()
    await engine.close()
    return 1 if broken is not None else 0


if __name__ == "__main__":
    logs.configure()
    sys.exit(asyncio.run(main()))

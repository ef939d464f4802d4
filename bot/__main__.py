"""The bot process: python -m bot. Channels in and out, the gateway between them and the engine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import structlog

from bot.channels import terminal
from bot.engine import Engine
from bot.turn import Gateway
from lotse import core, settings
from lotse.languages import Identifier


async def main() -> None:
    """Run until stopped."""
    parts = core.build(settings.from_environment())
    secret = os.environ["LOTSE_ENGINE_SECRET"]
    engine = Engine(os.environ["LOTSE_ENGINE_URL"], secret)
    gateway = Gateway(parts, engine, Identifier([language.tag for language in parts.languages.all]))
    recovery = await gateway.recover()  # before new messages are taken, which must wait behind those
    server = await terminal.serve(parts, gateway, int(os.environ["LOTSE_TERMINAL_PORT"]), secret)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()
    recovery.cancel()
    await engine.close()


if __name__ == "__main__":
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    asyncio.run(main())

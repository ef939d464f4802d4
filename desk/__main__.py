"""The desk process: python -m desk. Web chat and staff pages on one port."""

from __future__ import annotations

import os

import uvicorn

from bot.door import Door
from desk.app import create
from desk.engine import Engine
from lotse import core, logs, settings


def main() -> None:
    """Run until stopped."""
    logs.configure()
    parts = core.build(settings.from_environment())
    secret = os.environ["LOTSE_ENGINE_SECRET"]
    door = Door(os.environ["LOTSE_BOT_URL"], secret)
    engine = Engine(os.environ["LOTSE_ENGINE_URL"], secret) if os.environ.get("LOTSE_ENGINE_URL") else None
    uvicorn.run(
        create(parts, door, engine),
        host=os.environ.get("LOTSE_DESK_HOST", "127.0.0.1"),
        port=int(os.environ["LOTSE_DESK_PORT"]),
        log_level="warning",
        access_log=False,  # addresses of newcomers stay out of logs
        proxy_headers=parts.settings.public_url is not None,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()

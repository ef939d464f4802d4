"""How processes log: one JSON object a line, with ids and causes, never with words of people."""

from __future__ import annotations

import logging

import structlog


def configure() -> None:
    """Set up logging of this process; libraries say warnings only (httpx would write the bot's token at INFO)."""
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL)  # it writes whole answers; we say the causes ourselves
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(),
    )


def cause_of(error: BaseException) -> str:
    """An error in one line: further lines of a database's errors hold values, which may be words of people."""
    return f"{type(error).__name__}: {error}".splitlines()[0]

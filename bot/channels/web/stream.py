"""Server-sent events: what is laid in a conversation's outbox, to an open page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

ALIVE_EVERY = 15.0  # seconds; proxies close what is silent for longer
RETRY = 2000  # milliseconds until a browser connects again


@dataclass(frozen=True)
class News:
    """Messages after a number, as HTML. `reset`: the page shows what is no more; this is all there is."""

    last: int
    messages: list[tuple[int, str]] = field(default_factory=list)
    reset: str | None = None
    unsent: list[str] = field(default_factory=list)  # ids to be marked as sent


Look = Callable[[int], Awaitable[News | None]]
Mark = Callable[[list[str]], Awaitable[None]]


async def events(look: Look, mark: Mark, changed: asyncio.Event, after: int) -> AsyncIterator[bytes]:
    """All messages after a number, then each new one, until the session ends. Marked as sent after they went out."""
    yield f"retry: {RETRY}\n\n".encode()
    while True:
        changed.clear()
        news = await look(after)
        if news is None:
            yield frame("gone", "-", after)
            return
        if news.reset is not None:
            yield frame("reset", news.reset, news.last)
        for number, html in news.messages:
            yield frame("message", html, number)
        if news.unsent:
            await mark(news.unsent)
        after = news.last
        try:
            await asyncio.wait_for(changed.wait(), ALIVE_EVERY)
        except TimeoutError:
            yield b": still here\n\n"


def frame(event: str, data: str, number: int) -> bytes:
    """One event (WHATWG HTML, 9.2.6)."""
    lines = "".join(f"data: {line}\n" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return f"id: {number}\nevent: {event}\n{lines}\n".encode()

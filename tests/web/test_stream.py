"""Server-sent events: what a page missed comes first, then what is new, until the session ends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import contextmanager

import pytest
import uvicorn
from httpx import Client

from bot.channels.web import stream
from bot.channels.web.stream import News, events, frame
from tests.web.conftest import Desk

BY_SCRIPT = {"Accept": "application/json"}


class Outbox:
    """What lies in a conversation, for the generator alone."""

    def __init__(self) -> None:
        self.messages: dict[int, str] = {}
        self.changed = asyncio.Event()
        self.marked: list[str] = []
        self.over = False

    def lay(self, number: int) -> None:
        self.messages[number] = f"<p>{number}</p>"
        self.changed.set()

    async def look(self, after: int) -> News | None:
        if self.over:
            return None
        if after and after not in self.messages:
            return News(max(self.messages, default=0), reset="<p>all</p>")
        new = [(number, html) for number, html in self.messages.items() if number > after]
        return News(max([after, *self.messages]), new, unsent=[str(number) for number, _ in new])

    async def mark(self, ids: list[str]) -> None:
        self.marked += ids


async def upcoming(source: AsyncIterator[bytes]) -> str:
    return (await asyncio.wait_for(anext(source), 5)).decode()


async def test_what_was_missed_then_what_comes() -> None:
    box = Outbox()
    for number in (3, 4, 5):
        box.lay(number)
    source = events(box.look, box.mark, box.changed, 3)
    assert await upcoming(source) == "retry: 2000\n\n"
    assert await upcoming(source) == "id: 4\nevent: message\ndata: <p>4</p>\n\n"
    assert box.marked == [], "marked only after it went out"
    assert (await upcoming(source)).startswith("id: 5\n")
    waiting = asyncio.create_task(upcoming(source))
    await asyncio.sleep(0)
    box.lay(9)
    assert (await waiting).startswith("id: 9\n")
    assert box.marked == ["4", "5"]
    box.messages.clear()
    box.lay(2)
    assert "event: reset\ndata: <p>all</p>" in await upcoming(source)
    box.over = True
    box.changed.set()
    assert "event: gone" in await upcoming(source)
    with pytest.raises(StopAsyncIteration):
        await anext(source)


async def test_silence_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ALIVE_EVERY", 0.01)
    box = Outbox()
    source = events(box.look, box.mark, box.changed, 0)
    await upcoming(source)
    assert await upcoming(source) == ": still here\n\n"
    assert await upcoming(source) == ": still here\n\n"


def test_a_frame_with_lines() -> None:
    assert frame("message", "a\n\rb\r\nc", 7) == b"id: 7\nevent: message\ndata: a\ndata: \ndata: b\ndata: c\n\n"


@contextmanager
def listening(desk: Desk):
    """The server on a port of its own: streams need a real connection."""
    server = uvicorn.Server(uvicorn.Config(desk.app, port=0, log_level="error", timeout_graceful_shutdown=1, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_over_a_real_connection(desk: Desk) -> None:
    with listening(desk) as address, Client(base_url=address, timeout=10) as browser:
        browser.post("/chat/start", data={"language": "de"})
        first = desk.outbound()[-1].number
        for number in range(3):
            browser.post("/chat/send", data={"text": f"nummer {number}", "nonce": str(number)}, headers=BY_SCRIPT)
        with browser.stream("GET", f"/chat/events?after={first}", headers={"Last-Event-ID": str(first + 1)}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert answer.headers["cache-control"] == "no-store"
            seen = []
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    seen.append(int(line[4:]))
                if len(seen) == 2 and seen[-1] == first + 3:
                    browser.post("/chat/send", data={"text": "noch eins", "nonce": "x"}, headers=BY_SCRIPT)
                if len(seen) == 3:
                    break
        assert seen == [first + 2, first + 3, first + 4], "the header counts, not the address; what comes is told at once"
        deadline = time.monotonic() + 5
        while desk.outbound()[-2].state != "sent" and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [row.state for row in desk.outbound()][-3:-1] == ["sent", "sent"]

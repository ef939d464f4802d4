"""What goes wrong on the way to Telegram, when a test asks for it, and Telegram's limits of pace."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

KINDS = (403, 409, 429, 500, 502, "slow", "reset", "drop")
DESCRIPTIONS = {
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
PACED = ("sendMessage", "editMessageText", "editMessageReplyMarkup")


class Refused(Exception):
    """An answer with "ok": false."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    @classmethod
    def bad(cls, why: str) -> Refused:
        """A request that Telegram finds wrong."""
        return cls(400, f"Bad Request: {why}")

    @classmethod
    def later(cls, seconds: int) -> Refused:
        """Too many requests."""
        return cls(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


@dataclass
class Fault:
    """Calls that shall fail: the next `left` that fit, or a share of all until a time."""

    kinds: Sequence[int | str]
    method: str | None
    chat: int | None
    left: float
    extra: dict[str, Any]
    share: float = 1.0
    until: float = math.inf
    hits: int = field(default=0)

    def fits(self, method: str, chat: int | None) -> bool:
        """Without a method it fits all but getUpdates, which a bot always calls."""
        named = method != "getUpdates" if self.method is None else self.method == method
        return named and self.chat in (None, chat) and self.left > 0 and time.monotonic() < self.until


class Faults:
    """All faults that tests have asked for; the oldest that fits strikes."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """From now on."""
        unknown = [kind for kind in fault.kinds if kind not in KINDS]
        if unknown:
            raise ValueError(f"unknown kinds {unknown}; there are {KINDS}")
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """No faults from now on."""
        self._faults.clear()

    def strike(self, method: str, chat: int | None) -> tuple[int | str, dict[str, Any]] | None:
        """What happens to this call, if anything does."""
        self._faults = [fault for fault in self._faults if fault.left > 0 and time.monotonic() < fault.until]
        for fault in self._faults:
            if fault.fits(method, chat) and self._random.random() < fault.share:
                fault.left -= 1
                fault.hits += 1
                return self._random.choice(fault.kinds), fault.extra
        return None


def refusal(kind: int, extra: dict[str, Any]) -> Refused:
    """The answer of an injected status."""
    if kind == 429:
        return Refused.later(extra.get("retry_after", 1))
    return Refused(kind, extra.get("description", DESCRIPTIONS[kind]))


class Pace:
    """Telegram's limits: so many messages a chat within a window, so many a second overall."""

    def __init__(self, burst: int = 20, window: float = 20.0, overall: int = 30) -> None:
        self.burst, self.window, self.overall = burst, window, overall
        self._chats: dict[int, deque[float]] = defaultdict(deque)
        self._all: deque[float] = deque()

    def check(self, chat: int) -> int:
        """Count a message; seconds to wait if it is one too many (it is then not counted)."""
        now = time.monotonic()
        wait = 0.0
        for times, window, most in ((self._chats[chat], self.window, self.burst), (self._all, 1.0, self.overall)):
            while times and times[0] <= now - window:
                times.popleft()
            if len(times) >= most:
                wait = max(wait, times[0] + window - now)
        if not wait:
            self._chats[chat].append(now)
            self._all.append(now)
        return math.ceil(wait)

"""How often something may be done. Kept in memory: addresses of newcomers are written nowhere."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

WRONG_CODE = parse("10/10minutes")  # an address of the network, or a conversation
ALL_WRONG_CODES = parse("300/hour")  # everybody together: 54 bits cannot be guessed in this way


class Limits:
    """Counts in moving windows."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, limit: RateLimitItem, name: str, who: str = "") -> int:
        """Count one; returns the seconds to wait if it was one too many, else 0."""
        return 0 if self._limiter.hit(limit, name, who) else self._seconds(limit, name, who)

    def left(self, limit: RateLimitItem, name: str, who: str = "") -> int:
        """The same without counting."""
        return 0 if self._limiter.test(limit, name, who) else self._seconds(limit, name, who)

    def _seconds(self, limit: RateLimitItem, name: str, who: str) -> int:
        return max(1, math.ceil(self._limiter.get_window_stats(limit, name, who).reset_time - time.time()))

"""How often something may be asked of the web chat. Kept in memory: addresses of newcomers are written nowhere."""

from __future__ import annotations

import ipaddress
import math
import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

START = parse("60/hour")  # an address: a shelter shares one
SEND = parse("40/minute")  # a conversation
CODE = parse("20/hour")  # new return codes of a conversation
WRONG_CODE = parse("10/10minutes")  # an address
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


def network(address: str) -> str:
    """The address that is counted: of IPv6 the network, because one household has all of it."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)

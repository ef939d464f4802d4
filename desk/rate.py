"""How often somebody may try to sign in from one address, by whatever way and login; besides the lock of an account."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.channels.web.limiting import network

SIGN_IN_TRIES = RateLimitItemPerMinute(20, 5)  # 20 in 5 minutes


class Limit:
    """Counts by address (of IPv6 by network), in the memory of this process."""

    def __init__(self, allowed: RateLimitItem = SIGN_IN_TRIES) -> None:
        self._allowed = allowed
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, address: str) -> bool:
        """Count one more; False if it is one too many."""
        return self._limiter.hit(self._allowed, network(address))

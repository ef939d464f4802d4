"""How often somebody may try to sign in from one address, by whatever way and login; besides the lock of an account."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from bot.channels.web.limiting import network

SIGN_IN_TRIES = RateLimitItemPerMinute(20, 5)  # passwords in 5 minutes; as many codes
PROVIDER_TRIES = RateLimitItemPerMinute(200, 5)  # ways to the provider: nothing can be guessed there, an office shares an address


class Limit:
    """Counts by address (of IPv6 by network), in the memory of this process."""

    def __init__(self, allowed: RateLimitItem = SIGN_IN_TRIES) -> None:
        self._allowed = allowed
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, address: str) -> bool:
        """Count one more; False if it is one too many."""
        return self._limiter.hit(self._allowed, network(address))

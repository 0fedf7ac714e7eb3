"""Rate limits in bounded memory that remember nobody: token buckets by site key and by network address.

An address is kept only as a keyed hash whose key is random, lives in memory and changes every hour, so that it can be linked neither to a person nor
from one hour to the next.
"""

import hashlib
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from mien_server.errors import RateLimited

MAX_BUCKETS: Final = 50_000
"""Buckets kept at once; the one unused for longest goes first."""
HOUR: Final = 3600
IPV6_PREFIX: Final = 64
"""Bits of an IPv6 address that one subscriber holds (RFC 6177)."""


class Limiter:
    """Token buckets: `rate` a second over time, `burst` at once. `clock` gives monotonic seconds."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float], *, most: int = MAX_BUCKETS
    ) -> None:
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, who: bytes) -> None:
        """Return when `who` may go on now; raise `RateLimited` with the seconds to wait otherwise."""
        now = self._clock()
        tokens, since = self._buckets.get(who, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        if tokens < 1:
            wait = math.ceil((1 - tokens) / self._rate)
            msg = "too many requests; wait as long as `Retry-After` says"
            raise RateLimited(msg, retry_after=max(1, wait))
        self._buckets[who] = (tokens - 1, now)
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)


class Veil:
    """Turns network addresses into hashes that mean nothing after an hour."""

    def __init__(self, random: Callable[[int], bytes], now: Callable[[], int]) -> None:
        self._random = random
        self._now = now
        self._hour = -1
        self._key = b""

    def hide(self, address: str) -> bytes:
        """16 bytes that stand for `address` within this hour."""
        hour = self._now() // HOUR
        if hour != self._hour:
            self._hour, self._key = hour, self._random(32)
        return hashlib.blake2b(_network(address), key=self._key, digest_size=16).digest()


def _network(address: str) -> bytes:
    if ":" not in address:
        return address.encode()
    try:
        return ipaddress.IPv6Address(address).packed[: IPV6_PREFIX // 8]
    except ValueError:
        return address.encode()

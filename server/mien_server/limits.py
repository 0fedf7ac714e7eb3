"""Rate limits in bounded memory that remember nobody: token buckets by network address, by site and by person.

An address or a person is kept only as a keyed hash whose key is random, lives in memory and changes every hour, so that it can be linked neither to
anybody nor from one hour to the next. What people take back (`Budgets` of rights) never waits for what was used up otherwise.

See docs/decisions/0020-limits-and-faults.md.
"""

import hashlib
import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
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
        """Use one up when `who` may go on now; raise `RateLimited` with the seconds to wait otherwise."""
        self._put(who, self._enough(who) - 1)

    def check(self, who: bytes) -> None:
        """Return when `who` may go on now, and use nothing up; raise `RateLimited` as `take` does."""
        self._enough(who)

    def charge(self, who: bytes) -> None:
        """Use one up, whatever is left: what runs at the same time may go into debt, down to one burst, and waits for longer afterwards."""
        self._put(who, max(self._left(who) - 1, -self._burst))

    def _enough(self, who: bytes) -> float:
        tokens = self._left(who)
        if tokens < 1:
            wait = math.ceil((1 - tokens) / self._rate)
            msg = "too many requests; wait as long as `Retry-After` says"
            raise RateLimited(msg, retry_after=max(1, wait))
        return tokens

    def _left(self, who: bytes) -> float:
        now = self._clock()
        tokens, since = self._buckets.get(who, (self._burst, now))
        return min(self._burst, tokens + (now - since) * self._rate)

    def _put(self, who: bytes, tokens: float) -> None:
        self._buckets[who] = (tokens, self._clock())
        self._buckets.move_to_end(who)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Budgets:
    """What one kind of request may use up: by network address, by site, by person."""

    addresses: Limiter
    sites: Limiter
    subjects: Limiter


class Veil:
    """Turns network addresses and people into hashes that mean nothing after an hour."""

    def __init__(self, random: Callable[[int], bytes], now: Callable[[], int]) -> None:
        self._random = random
        self._now = now
        self._hour = -1
        self._key = b""

    def hide(self, address: str) -> bytes:
        """16 bytes that stand for `address` within this hour."""
        return self._hash(_network(address), b"address")

    def hide_person(self, site: str, subject: str) -> bytes:
        """16 bytes that stand for `subject` of `site` within this hour."""
        return self._hash(f"{site}\n{subject}".encode(errors="surrogatepass"), b"person")

    def _hash(self, what: bytes, kind: bytes) -> bytes:
        hour = self._now() // HOUR
        if hour != self._hour:
            self._hour, self._key = hour, self._random(32)
        return hashlib.blake2b(what, key=self._key, digest_size=16, person=kind).digest()


def _network(address: str) -> bytes:
    if ":" not in address:
        return address.encode()
    try:
        return ipaddress.IPv6Address(address).packed[: IPV6_PREFIX // 8]
    except ValueError:
        return address.encode()

"""The machine's clock and randomness, for whoever is given no others."""

import os
import threading
import time
from typing import Final

NONCE_BYTES: Final = 16
"""Randomness up to this size is no key."""
PAGE_BYTES: Final = 1024


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())


class SystemEntropy:
    """The operating system's randomness; nonces come from a page of it fetched at once.

    Each call into the kernel lets go of the interpreter's lock, and a request needs many nonces. Keys never come from a page: what is used of it
    stays in memory until the next.
    """

    def __init__(self) -> None:
        self._pages = threading.local()

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        if count > NONCE_BYTES:
            return os.urandom(count)
        page: bytes = getattr(self._pages, "rest", b"")
        if len(page) < count:
            page = os.urandom(PAGE_BYTES)
        self._pages.rest = page[count:]
        return page[:count]

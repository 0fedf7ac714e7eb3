"""The way out to sites: one POST to the address that an operator registered for one. The only other way out of the server is `cosigners`.

By `outward`; answers are not read beyond their headers.
"""

import asyncio
from collections.abc import Mapping
from typing import Final, Self

import httpx

from mien_server.outward import FAULTS, Outward
from mien_server.values import Reply

SECONDS: Final = 10.0
"""Until a site must have answered, from the first packet on."""
_AGENT: Final = "mien"
_MAX_DIGITS: Final = 9


class Webhooks:
    """`ports.Poster` over HTTP, for the length of a block. Each post has a connection of its own."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._outward = Outward(seconds, httpx.Limits(max_keepalive_connections=0))

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """See `Poster.post`."""
        client = self._outward.client()
        given = {**headers, "user-agent": _AGENT}
        try:
            async with (
                asyncio.timeout(self._seconds),
                client.stream("POST", url, headers=given, content=body) as answer,
            ):
                return Reply(answer.status_code, _retry_after(answer))
        except FAULTS:
            return Reply(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._outward.close()


def _retry_after(answer: httpx.Response) -> int:
    """Seconds (RFC 9110 section 10.2.3); a date there says nothing to us."""
    text = str(answer.headers.get("retry-after", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else 0

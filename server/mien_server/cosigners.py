"""The way out to the witnesses that an operator named: the log's checkpoint goes there, a few lines come back.

By `outward`; an answer is bounded in time and size and must be plain UTF-8. Connections are kept between two questions: a checkpoint goes out every
time the log grows.
"""

import asyncio
from typing import Final

import httpx

from mien.wire.witness import MAX_ANSWER_BYTES
from mien_server.outward import FAULTS, Outward
from mien_server.values import Answered

SECONDS: Final = 10.0
"""Until a witness must have answered, from the first packet on."""
KEEP_SECONDS: Final = 2.0
"""How long a connection is kept unused: shorter than other servers keep it, so that a question does not meet a closed one."""
_HEADERS: Final = {
    "user-agent": "mien", "content-type": "text/plain; charset=utf-8", "accept-encoding": "identity",
}  # fmt: skip
_NOTHING: Final = Answered(0)


class Cosigners:
    """`ports.Asker` over HTTP, until it is closed."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._outward = Outward(seconds, httpx.Limits(keepalive_expiry=KEEP_SECONDS))

    async def ask(self, url: str, body: str) -> Answered:
        """See `Asker.ask`."""
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._outward.client().stream("POST", url, headers=_HEADERS, content=body.encode()) as answer,
            ):  # fmt: skip
                text = await _bounded(answer)
        except (*FAULTS, UnicodeDecodeError):
            return _NOTHING
        if text is None:
            return _NOTHING
        return Answered(answer.status_code, str(answer.headers.get("content-type", "")), text)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._outward.close()


async def _bounded(answer: httpx.Response) -> str | None:
    """The body as it came, unpacked by nobody; None when it is too long. Raises `UnicodeDecodeError`."""
    parts, size = [], 0
    async for part in answer.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            return None
    return b"".join(parts).decode()

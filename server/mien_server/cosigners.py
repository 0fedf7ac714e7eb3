"""The way out to the witnesses that an operator named: the log's checkpoint goes there, a few lines come back.

TLS is checked, redirects are not followed, an answer is bounded in time and size and must be plain UTF-8. `https` goes through the proxy that the
environment names (`HTTPS_PROXY`); plain `http` is for loopback only (`addresses` sees to that) and goes straight. Connections are kept between two
questions: a checkpoint goes out every time the log grows.
"""

import asyncio
from typing import Final

import httpx

from mien.wire.witness import MAX_ANSWER_BYTES
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
        self._client: httpx.AsyncClient | None = None

    async def ask(self, url: str, body: str) -> Answered:
        """See `Asker.ask`."""
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._opened().stream("POST", url, headers=_HEADERS, content=body.encode()) as answer,
            ):  # fmt: skip
                text = await _bounded(answer)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, UnicodeDecodeError):
            return _NOTHING
        if text is None:
            return _NOTHING
        return Answered(answer.status_code, str(answer.headers.get("content-type", "")), text)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _opened(self) -> httpx.AsyncClient:
        # Made at the first need: reading the machine's certificates takes long, and most servers have no witness.
        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                timeout=self._seconds,
                limits=httpx.Limits(keepalive_expiry=KEEP_SECONDS),
                mounts={"http://": None},
            )
        return self._client


async def _bounded(answer: httpx.Response) -> str | None:
    """The body as it came, unpacked by nobody; None when it is too long. Raises `UnicodeDecodeError`."""
    parts, size = [], 0
    async for part in answer.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            return None
    return b"".join(parts).decode()

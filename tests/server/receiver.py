"""A site's backend that listens for webhooks: a real server on loopback that answers as a test tells it to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from mien.wire import webhooks
from mien.wire.webhooks import Told

Answer = Callable[[asyncio.StreamWriter], None]


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def told(self, *, key: str, site: str, now: int) -> Told:
        return webhooks.verify(self.headers, self.body, key=key, site=site, now=now)


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {code} X", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


HANG = b""
"""Says nothing and keeps the connection."""


@dataclass
class Receiver:
    """Answers with `answers` in turn, the last of them for ever. `None` closes the connection without a word."""

    answers: list[bytes | None] = field(default_factory=lambda: [status(204)])
    got: list[Got] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mien"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._end = asyncio.Event()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._end.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.got.append(await _request(reader))
            number = min(len(self.got), len(self.answers)) - 1
            answer = self.answers[number]
            if answer == HANG:
                await self._end.wait()
            elif answer is not None:
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side went away: that is its right
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> Got:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
    method, target, _version = head[0].split(" ")
    headers = dict(line.split(": ", 1) for line in head[1:] if line)
    headers = {name.lower(): text for name, text in headers.items()}
    return Got(method, target, headers, await reader.readexactly(int(headers["content-length"])))

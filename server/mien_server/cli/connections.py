"""The HTTP server around the application: how many connections, how long one may say nothing, and how it stops.

Requests that have begun are looked after by `routes`; this is about what comes before the head of a request is whole and after the order to stop,
of which an application never hears.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mien_server.errors import NotReady
from mien_server.routes.shell import document

if TYPE_CHECKING:
    from threading import Event


def _full() -> bytes:
    response = document(NotReady("every place is taken; try again in a moment"))
    lines = [b"HTTP/1.1 503 Service Unavailable"]
    lines += [b": ".join(header) for header in response.raw_headers]
    return b"\r\n".join([*lines, b"connection: close", b"", bytes(response.body)])


FULL: Final = _full()
"""The whole answer to a connection for which there is no place."""


class Connection(HttpToolsProtocol):
    """One connection. The time for a head runs whenever no request is under way; between two requests uvicorn's own time for idleness does."""

    most: ClassVar[int]
    head_seconds: ClassVar[float]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._patience: asyncio.TimerHandle | None = None
        self._turned_away = False

    def connection_made(  # type: ignore[override]  # as uvicorn's own
        self, transport: asyncio.Transport
    ) -> None:
        """Take the connection, or tell it that there is no place."""
        super().connection_made(transport)
        if len(self.connections) > self.most:
            self._turned_away = True
            transport.write(FULL)
            transport.close()
            return
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._turned_away:
            return
        super().data_received(data)
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._waited()
        elif self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._waited()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(self.head_seconds, self.transport.close)

    def _waited(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def guarded(most: int, head_seconds: float) -> type[asyncio.Protocol]:
    """Connections of which at most `most` are open, and that send a request's head within `head_seconds` or are closed."""
    return type("Guarded", (Connection,), {"most": most, "head_seconds": head_seconds})


class Server(uvicorn.Server):
    """Calls `announce` once it answers. From the first signal on it is not ready, `drain_seconds` later it stops; a second one ends it at once."""

    def __init__(
        self,
        config: uvicorn.Config,
        announce: Callable[[], None],
        leaving: "Event",
        drain_seconds: float,
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._leaving = leaving
        self._drain_seconds = drain_seconds
        self._leave_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        del frame
        self._leaving.set()
        self._leave_at = time.monotonic() + self._drain_seconds
        self._captured_signals.append(sig)
        # Whoever asks twice does not want to wait: the system ends the process. What was acknowledged is on the disk.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_DFL)

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop."""
        if self._leave_at is not None and time.monotonic() >= self._leave_at:
            self.should_exit = True
        return await super().on_tick(counter)

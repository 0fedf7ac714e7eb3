"""Every byte that leaves the device in a demo, counted and kept for the checks: a transport around the real one."""

from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as it left: method, path, and the body's bytes."""

    method: str
    path: str
    body: bytes = field(repr=False)


class Recorder(httpx.BaseTransport):
    """Passes requests on and remembers them."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Remember, then send."""
        self.sent.append(Sent(request.method, request.url.path, request.read()))
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the real transport."""
        self._inner.close()

    def bodies(self, path: str) -> list[bytes]:
        """The bodies sent to `path`."""
        return [sent.body for sent in self.sent if sent.path == path]

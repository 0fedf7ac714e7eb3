"""How the server reaches an address that its operator set: one HTTP client for whoever asks, until it is closed.

TLS is checked, redirects are not followed, cookies not kept. `https` goes through the proxy that the environment names (`HTTPS_PROXY`), which is where egress can be
filtered; plain `http` is for loopback only (`addresses` sees to that) and goes straight.
"""

from http.cookiejar import DefaultCookiePolicy
from typing import Final

import httpx

FAULTS: Final = (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError)
"""What is raised when nobody answers, or nothing that can be read."""


class Outward:
    """A client that waits `seconds` at most for each step, and keeps as many connections as `limits` allow."""

    def __init__(self, seconds: float, limits: httpx.Limits) -> None:
        self._seconds = seconds
        self._limits = limits
        self._client: httpx.AsyncClient | None = None

    def client(self) -> httpx.AsyncClient:
        """The client. Made at the first need: reading the machine's certificates takes long, and often there is nothing to say."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                follow_redirects=False,
                timeout=self._seconds,
                limits=self._limits,
                mounts={"http://": None},
            )
            forget_cookies(self._client)
        return self._client

    async def close(self) -> None:
        """Let go of the connections; who asks again gets a new client."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def forget_cookies(client: httpx.Client | httpx.AsyncClient) -> None:
    """Keep none: they would come back with every request, tell who asks, and grow as the other side likes."""
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))

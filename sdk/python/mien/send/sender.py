"""HTTP to one server: timeouts, retries with exponential backoff and full jitter, `Retry-After`, a deadline for the whole answer."""

import ipaddress
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from mien.errors import (
    RequestRefused,
    SendError,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
    SettingsError,
)
from mien.send import answers
from mien.send.outbound import Outbound, Request, request_of

if TYPE_CHECKING:
    import httpx

A = TypeVar("A", bound=BaseModel)
_BUSY: Final = frozenset({429, 502, 503, 504})
_REDIRECT: Final = range(300, 400)
_DEFAULT_WAIT: Final = 1.0
_MAX_WAIT: Final = 3600.0
AGENT: Final = "mien"


class Ticker(Protocol):
    """The two things of a clock that sending needs."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try, in seconds: `connect`, `read` between two pieces, `whole` for one answer.

    `tries` in all; the n-th wait is at most `base * 2**n`, and a server's `Retry-After` is honoured up to `longest`.
    """

    tries: int = 4
    connect: float = 5.0
    read: float = 10.0
    whole: float = 30.0
    base: float = 0.5
    longest: float = 30.0


PATIENT: Final = Patience()
ONCE: Final = Patience(tries=1, connect=3.0, read=5.0, whole=10.0)
"""For the background: the next beat tries again."""


@dataclass(slots=True)
class Sender:
    """The way to one server. `transport` replaces the network in tests. Threads may share it.

    `gpc` adds `Sec-GPC: 1` to every request: the person's browser or system says that they do not want to be profiled (W3C Global Privacy Control).
    """

    server: str
    site_key: str = field(repr=False)
    clock: Ticker
    entropy: Callable[[int], bytes] = field(repr=False)
    transport: Any = None
    gpc: bool = False
    _client: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.server = check_server(self.server)

    def send(self, outbound: Outbound, answer: type[A], patience: Patience = PATIENT) -> A:
        """The server's answer. Raises `ServerUnreachable`, `ServerBusy`, `ServerAnswerInvalid`, `RequestRefused` or `RequestInvalid`.

        A `RequestRefused` says whether it answers a second try of what may have arrived with the first (`again`).
        """
        request = request_of(outbound)
        if request.answer is not answer:
            msg = f"`{request.path}` answers {request.answer.__name__}, not {answer.__name__}"
            raise TypeError(msg)
        attempt, arrived = 0, False
        while True:
            attempt += 1
            try:
                return self._once(request, answer, patience)
            except (ServerBusy, _Lost) as error:
                wait = self._wait(error, request, attempt, patience)
                if wait is None:
                    raise _told(error) from error.__cause__
                # Whoever asks to wait may be in front of the server, which has acted.
                arrived = arrived or not isinstance(error, _Lost) or error.maybe_done
                self.clock.sleep(wait)
            except RequestRefused as error:
                error.again = arrived
                raise

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _wait(
        self, error: SendError, request: Request, attempt: int, patience: Patience
    ) -> float | None:
        """Seconds until the next try, None when there is none."""
        if attempt >= patience.tries:
            return None
        if isinstance(error, _Lost) and error.maybe_done and not request.again:
            return None
        jitter: float = int.from_bytes(self.entropy(4), "big") / 2**32
        wait = jitter * patience.base * (1 << attempt)
        if isinstance(error, ServerBusy):
            wait = max(wait, error.retry_after)
            return wait if error.retry_after <= patience.longest else None
        return wait

    def _once(self, request: Request, answer: type[A], patience: Patience) -> A:
        import httpx

        headers = {
            "Mien-Site-Key": self.site_key,
            "Accept": "application/json, application/problem+json",
        } | ({"Sec-GPC": "1"} if self.gpc else {})
        with (
            _translated(),
            self._http().stream(
                request.method,
                self.server + request.path,
                content=request.body,
                headers=headers | dict(request.headers),
                timeout=httpx.Timeout(patience.read, connect=patience.connect),
            ) as response,
        ):
            _refuse_busy(response)
            body = self._body(response, answers.limit(answer), patience.whole)
        return answers.read(
            answer, response.status_code, response.headers.get("content-type", ""), body
        )

    def _body(self, response: "httpx.Response", limit: int, whole: float) -> bytes:
        deadline = self.clock.monotonic() + whole
        pieces: list[bytes] = []
        size = 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > limit:
                msg = f"the server's answer has more than {limit} bytes; check that the address is a mien server"
                raise ServerAnswerInvalid(msg)
            if self.clock.monotonic() > deadline:
                raise _Lost(_SLOW, maybe_done=True)
            pieces.append(piece)
        return b"".join(pieces)

    def _http(self) -> "httpx.Client":
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx

        if self._client is None:
            self._client = httpx.Client(
                transport=self.transport,
                follow_redirects=False,  # what is signed for this server goes to no other
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # takes none
                trust_env=False,  # proxies and .netrc of the environment are not the integrator's decision
                headers={
                    "User-Agent": AGENT,
                    "Accept-Encoding": "identity",
                },  # no decompression bombs
            )
        client: httpx.Client = self._client
        return client


class _Lost(ServerUnreachable):
    """No answer; `maybe_done` when the server may have acted nevertheless."""

    def __init__(self, message: str, *, maybe_done: bool) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done


_SLOW: Final = "the server takes too long; what waits is kept and tried again"
_AWAY: Final = (
    "the server cannot be reached; check the address and the connection, what waits is kept"
)


@contextmanager
def _translated() -> Iterator[None]:
    import httpx

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _Lost(_AWAY, maybe_done=False) from error
    except httpx.TimeoutException as error:
        raise _Lost(_SLOW, maybe_done=True) from error
    except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
        msg = "the server does not speak HTTP as it should; check that the address is a mien server"
        raise ServerAnswerInvalid(msg) from error
    except httpx.TransportError as error:
        raise _Lost(_AWAY, maybe_done=True) from error


def _told(error: SendError) -> SendError:
    return ServerUnreachable(str(error)) if isinstance(error, _Lost) else error


def _refuse_busy(response: "httpx.Response") -> None:
    status = response.status_code
    if status in _BUSY:
        msg = "the server asks to wait; what waits is kept and tried again"
        raise ServerBusy(msg, retry_after=_seconds(response.headers.get("retry-after", "")))
    if status in _REDIRECT:
        msg = "the server sends elsewhere, which is not followed; give its final address"
        raise ServerAnswerInvalid(msg)


def _seconds(text: str) -> float:
    """`Retry-After` in seconds (RFC 9110, 10.2.3); a date or anything odd is a moment."""
    return min(float(text), _MAX_WAIT) if text.isascii() and text.isdigit() else _DEFAULT_WAIT


def check_server(server: str) -> str:
    """The server's address without a final slash. Raises `SettingsError` unless it is https, or http on this machine."""
    parts = urlsplit(server)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        msg = f"`{server}` is no server address; write it like https://mien.example"
        raise SettingsError(msg)
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(parts.hostname)):
        msg = f"`{server}` is not encrypted; use https (http is for this machine only)"
        raise SettingsError(msg)
    return server.rstrip("/")


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

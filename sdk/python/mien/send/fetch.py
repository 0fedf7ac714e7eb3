"""Get one public file by its address: bounded in size and time, encrypted, with nothing of this device in the request.

What comes is bytes from a stranger: whoever asked compares their hash before anything else is done with them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from mien.errors import SendError, ServerAnswerInvalid, ServerBusy, ServerUnreachable, SettingsError
from mien.send.sender import AGENT, check_server

if TYPE_CHECKING:
    import httpx

REDIRECTS: Final = 3
CONNECT: Final = 10.0
READ: Final = 20.0
"""Seconds until the connection stands, and between two pieces."""
WHOLE: Final = 600.0
"""Seconds for the whole file."""
_OK: Final = 200
_BUSY: Final = frozenset({429, 502, 503, 504})
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
_MOMENT: Final = 60.0

Progress = Callable[[int], object]
"""Told after each piece how many bytes there are."""


def fetch(
    address: str, *, most: int, progress: Progress | None = None, whole: float = WHOLE
) -> bytes:
    """The file at `address`, https or http on this machine, of at most `most` bytes, within `whole` seconds.

    At most three redirects are followed, never to an address that is not encrypted. Raises `SettingsError` for an address that may not be asked,
    `ServerUnreachable`, `ServerBusy`, and `ServerAnswerInvalid` for anything that is not the whole file.
    """
    _check(address)
    deadline = time.monotonic() + whole
    with _translated(), _client() as client:
        for _ in range(REDIRECTS + 1):
            with client.stream("GET", address) as response:
                if response.status_code not in _MOVED:
                    _check_status(response)
                    return _body(response, most, progress, deadline)
                address = _next(address, response.headers.get("location", ""))
    msg = f"the file was moved more than {REDIRECTS} times; give its final address"
    raise ServerAnswerInvalid(msg)


def _check(address: str) -> None:
    """Return for https, and for http on this machine."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        msg = "that is no address; write it like https://models.example/model.onnx"
        raise SettingsError(msg) from error
    check_server(f"{parts.scheme}://{parts.netloc}")


def _next(address: str, location: str) -> str:
    """Where a redirect leads: encrypted, or on this machine as before."""
    try:
        target = urljoin(address, location)
        _check(target)
    except (SettingsError, ValueError):
        target = ""
    if not target or (urlsplit(address).scheme, urlsplit(target).scheme) == ("https", "http"):
        msg = "the file was moved to an address that is not encrypted; give another address"
        raise ServerAnswerInvalid(msg)
    return target


def _client() -> "httpx.Client":
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    return httpx.Client(
        follow_redirects=False,  # each is looked at before it is followed
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # takes none
        trust_env=False,  # proxies and .netrc of the environment were not asked for
        timeout=httpx.Timeout(READ, connect=CONNECT),
        headers={"User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity"},
    )


def _check_status(response: "httpx.Response") -> None:
    if response.status_code in _BUSY:
        msg = "the server of the file is busy; try again later"
        raise ServerBusy(msg, retry_after=_MOMENT)
    if response.status_code != _OK:
        msg = f"the server has no such file (it answers {response.status_code}); check the address"
        raise ServerAnswerInvalid(msg)


def _body(
    response: "httpx.Response", most: int, progress: Progress | None, deadline: float
) -> bytes:
    """The bytes as they come, not decompressed."""
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_raw():
        size += len(piece)
        if size > most:
            msg = f"the file has more than {most} bytes; check the address"
            raise ServerAnswerInvalid(msg)
        if time.monotonic() > deadline:
            raise ServerUnreachable(_SLOW)
        pieces.append(piece)
        if progress is not None:
            progress(size)
    return b"".join(pieces)


_SLOW: Final = "the file takes too long to come; try again later"


@contextmanager
def _translated() -> Iterator[None]:
    import httpx

    try:
        yield
    except SendError:
        raise
    except httpx.TimeoutException as error:
        raise ServerUnreachable(_SLOW) from error
    except (httpx.RemoteProtocolError, httpx.InvalidURL) as error:
        msg = "the file did not come whole; check the address and try again"
        raise ServerAnswerInvalid(msg) from error
    except httpx.TransportError as error:
        msg = "the server of the file cannot be reached; check the address and the connection"
        raise ServerUnreachable(msg) from error

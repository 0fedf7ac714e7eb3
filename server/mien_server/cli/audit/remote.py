"""A log read from a server, or from whatever serves its files: the checkpoint once, then only the tiles that its size implies.

    with Remote("https://shop.example", NOBODY) as remote:
        note = remote.read("checkpoint")
        found = remote.gather(["tile/0/000", "tile/0/001"])

Nothing that comes is believed: it is handed on to be hashed. What comes is bounded in size and time, redirects are not followed, and plain `http` is
for loopback only.
"""

import math
import os
import re
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from mien.errors import (
    RequestRefused,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
    SettingsError,
)
from mien.wire.messages import EntriesAsk
from mien.wire.proof import HASH_BYTES
from mien_server import addresses, audit
from mien_server.cli.officer.key import OfficerKey
from mien_server.cli.officer.key import read as read_key
from mien_server.outward import forget_cookies

Credentials = Callable[[], Mapping[str, str]]
"""Gives the headers that show an officer, anew for every request: they may be short-lived."""
SERVED_BELOW: Final = "/audit"
"""Where a server of mien has its log."""
AT_ONCE: Final = 8
CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 30.0
MAX_BYTES: Final = 128 * 1024
"""Of one file: the longest checkpoint, and ten times the largest bundle of entries. What is longer is cut here, and then is not what was hashed."""
ENTRIES: Final = "tile/entries/"
"""What only officers may read lies below it."""
PASS_SECONDS: Final = 240
"""An officer's pass is used for so long; the server takes it for five minutes."""
TRIES: Final = 5
MOST_PATIENT: Final = 30.0
"""Seconds waited at most before an overloaded server is asked again."""
LENGTH_BYTES: Final = 2
"""Before every entry of a bundle."""
_GONE: Final = frozenset({404, 410})
_STRANGER: Final = frozenset({401, 403})
_BUSY: Final = frozenset({429, 503})
_FULL: Final = re.compile(r"tile/[a-z0-9]+/(?:x[0-9]{3}/)*[0-9]{3}", re.ASCII)
"""A tile or bundle of 256: it never changes."""


def nobody() -> Mapping[str, str]:
    """No credentials: what anybody may read."""
    return {}


def officer(file: Path) -> Credentials:
    """The credentials of the privacy officer whose key is in `file`. Raises `KeysMissing`, `KeysUnsafe`, `CheckpointInvalid`."""
    return _Pass(read_key(file)).headers


class _Pass:
    """An officer's pass for entries, signed anew before it runs out: each is one look in the log."""

    def __init__(self, key: OfficerKey) -> None:
        self._key = key
        self._lock = Lock()
        self._signed_at = -math.inf
        self._headers: Mapping[str, str] = {}

    def headers(self) -> Mapping[str, str]:
        """The headers of one request."""
        with self._lock:
            now = time.time()
            if not 0 <= now - self._signed_at < PASS_SECONDS:
                value = self._key.authorization(EntriesAsk(), int(now))
                self._signed_at, self._headers = now, {"authorization": value}
            return self._headers


def is_url(text: str) -> bool:
    """Whether a log is on a server, and not in a folder."""
    return re.match(r"https?://", text) is not None


class Remote:
    """The files of a log behind `url`: a server of mien, or with a path the very place of `checkpoint` and `tile/`. Full tiles are kept in `cache`.

    A server that has no time is asked `tries` times. Raises `SettingsError` for an address that is no `https://` (plain `http` reaches loopback only).
    """

    def __init__(
        self, url: str, credentials: Credentials, cache: Path | None = None, *, tries: int = TRIES
    ) -> None:
        self._prefix = _prefix(url)
        self._tries = tries
        self._credentials = credentials
        self._cache = cache
        self._client = httpx.Client(
            follow_redirects=False,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=AT_ONCE),
            mounts={"http://": None},  # loopback is asked itself, and no proxy for it
            headers={"accept-encoding": "gzip, identity"},
        )
        forget_cookies(self._client)  # nobody is shown a log of their own for being known
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mien-audit")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._client.close()

    def gather(self, names: Iterable[str]) -> dict[str, bytes | None]:
        """Several files at once, as `read` gives them."""
        asked = list(names)
        return dict(zip(asked, self._pool.map(self.read, asked), strict=True))

    def read(self, name: str) -> bytes | None:
        """A file, at most `MAX_BYTES` and one byte of it; None when the server says that it has none.

        Raises `ServerUnreachable`, `ServerBusy`, `RequestRefused` when only officers may read it, `ServerAnswerInvalid`.
        """
        kept = self._kept(name)
        if kept is not None:
            return kept
        data = self._fetch(name)
        if data is None:
            return self._beginning_of_full(name)
        self._keep(name, data)
        return data

    def _beginning_of_full(self, name: str) -> bytes | None:
        """A partial tile that is gone because the full one is there, whose beginning it was (c2sp.org/tlog-tiles, "Partial Tiles")."""
        full, partial, width = name.rpartition(".p/")
        data = self._fetch(full) if partial else None
        return None if data is None else _first(data, int(width), entries=name.startswith(ENTRIES))

    # ---- the network ----
    def _fetch(self, name: str) -> bytes | None:
        patience = 0.0
        for tried in range(self._tries):
            if tried:
                time.sleep(min(MOST_PATIENT, max(patience, 0.5 * 2 ** (tried - 1))))
            status, patience, data = self._ask(name)
            if status not in _BUSY:
                return _answered(name, status, data)
        msg = f"the server has no time for `{name}`; try again later"
        raise ServerBusy(msg, retry_after=MOST_PATIENT)

    def _ask(self, name: str) -> tuple[int, float, bytes]:
        """Status, seconds to wait, and the beginning of the body."""
        # What anybody may read is asked for by nobody.
        headers = self._credentials() if name.startswith(ENTRIES) else {}
        try:
            with self._client.stream("GET", f"{self._prefix}/{name}", headers=headers) as answer:
                data = _beginning(_unpacked(answer))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            msg = f"`{self._prefix}` does not answer for `{name}`; check the address and try again"
            raise ServerUnreachable(msg) from error
        patience = answer.headers.get("retry-after", "")
        seconds = float(patience) if re.fullmatch(r"[0-9]{1,4}", patience) else 0.0
        return answer.status_code, seconds, data

    # ---- what was read before ----
    def _kept(self, name: str) -> bytes | None:
        if self._cache is None or not _FULL.fullmatch(name):
            return None
        try:
            return (self._cache / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            msg = f"`{self._cache / name}` cannot be read; delete it, or name another --cache"
            raise SettingsError(msg) from error

    def _keep(self, name: str, data: bytes) -> None:
        """Whole or not at all: two runs may share a cache."""
        if self._cache is None or not _FULL.fullmatch(name):
            return
        path = self._cache / name
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            beside.write_bytes(data)
            beside.replace(path)
        except OSError as error:
            msg = f"`{path}` cannot be written; name another --cache, or none"
            raise SettingsError(msg) from error


def names_of(asked: audit.Asked, part: int) -> list[str]:
    """The files of one part of the log: its tiles, and its entries if those are asked for."""
    found = []
    row = _width(asked.size, 1, part)
    if row > 0:
        found.append(audit.tile_path(1, part, row))
    first = part * audit.TILE_WIDTH
    for number in range(first, first + audit.TILE_WIDTH):
        width = _width(asked.size, 0, number)
        if width <= 0:
            break
        found.append(audit.tile_path(0, number, width))
        if asked.entries:
            found.append(audit.entries_path(number, width))
    return found


def _width(size: int, level: int, number: int) -> int:
    above = (size // audit.TILE_WIDTH) if level else size
    return min(audit.TILE_WIDTH, above - number * audit.TILE_WIDTH)


def _unpacked(answer: httpx.Response) -> Iterator[bytes]:
    """A file as it was before the server packed it (c2sp.org/tlog-tiles, "Log entries", lets it); at once never more than a file can have.

    Raises `ServerAnswerInvalid`.
    """
    packing = answer.headers.get("content-encoding", "identity").lower()
    if packing == "identity" or answer.status_code != httpx.codes.OK:
        yield from answer.iter_raw()
        return
    gzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for piece in answer.iter_raw() if packing == "gzip" else ():
            yield gzip.decompress(piece, MAX_BYTES + 1)
    except zlib.error as error:
        raise _badly_packed() from error
    if not gzip.eof:
        raise _badly_packed()


def _badly_packed() -> ServerAnswerInvalid:
    return ServerAnswerInvalid(
        "a file of the log is packed in a way that was not asked for, or broken; see to what serves it"
    )


def _beginning(pieces: Iterable[bytes]) -> bytes:
    """What comes, up to `MAX_BYTES` and one byte. Raises `TimeoutError` when it comes too slowly."""
    data = bytearray()
    until = time.monotonic() + ANSWER_SECONDS
    for piece in pieces:
        data += piece
        if len(data) > MAX_BYTES:
            break
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(data[: MAX_BYTES + 1])


def _first(tile: bytes, width: int, *, entries: bool) -> bytes:
    """The first `width` hashes, or entries, of a full tile."""
    if not entries:
        return tile[: width * HASH_BYTES]
    at = 0
    for _ in range(width):
        at += LENGTH_BYTES + int.from_bytes(tile[at : at + LENGTH_BYTES], "big")
    return tile[:at]


def _answered(name: str, status: int, data: bytes) -> bytes | None:
    if status == httpx.codes.OK:
        return data
    if status in _GONE:
        return None
    if status in _STRANGER:
        msg = f"only officers may read `{name}`; give your file with --officer, or leave it out to check hashes alone"
        raise RequestRefused(msg, status=status, problem="officer-unknown")
    msg = f"the answer to `{name}` has status {status}; is this the address of a log, and not one that redirects?"
    raise ServerAnswerInvalid(msg)


def _prefix(url: str) -> str:
    found = addresses.base(url, "log")
    return found if urlsplit(found).path else f"{found}{SERVED_BELOW}"

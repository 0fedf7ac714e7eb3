"""A log fetched over HTTP: bounded in time and size, no redirects, and nothing of an answer is believed."""

import time
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from mien.errors import ServerUnreachable, SettingsError
from mien.wire.proof import HASH_BYTES, MAX_NOTE_CHARS

SECONDS: Final = 10.0
"""Until one file must have come."""
MAX_BYTES: Final = 4 * MAX_NOTE_CHARS
"""More than the largest checkpoint; a tile has 8,192 bytes."""
_NOT_FOUND: Final = 404


class Fetched:
    """The files of a log by their paths. `url` is its server (the log lies below `/audit`), or the prefix of any other place where it is served.

    Raises `SettingsError` for what is no address.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            whole = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            whole = False
        if not whole or parts.query or parts.fragment:
            msg = "the log's address cannot be used; write `https://host`, or the prefix below which its files lie"
            raise SettingsError(msg)
        self._prefix = url.rstrip("/") + ("" if parts.path.strip("/") else "/audit")
        self._client = httpx.Client(
            follow_redirects=False, timeout=SECONDS, headers={"user-agent": "mien", "accept-encoding": "identity"}
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def file(self, path: str) -> bytes:
        """A file of the log. Raises `ServerUnreachable`, also when there is none."""
        found = self._get(path)
        if found is None:
            # c2sp.org/tlog-tiles: a partial tile may be gone once the full one is there, and is its beginning
            full, partial, width = path.rpartition(".p/")
            found = self._get(full) if partial else None
            found = None if found is None else found[: int(width) * HASH_BYTES]
        if found is None:
            msg = f"the log has no `{path}` where it should be; ask who serves it"
            raise ServerUnreachable(msg)
        return found

    def _get(self, path: str) -> bytes | None:
        until = time.monotonic() + SECONDS
        try:
            with self._client.stream("GET", f"{self._prefix}/{path}") as answer:
                if answer.status_code == _NOT_FOUND:
                    return None
                if answer.status_code != httpx.codes.OK:
                    msg = f"the log answers {answer.status_code} for `{path}`; try again later, or ask who serves it"
                    raise ServerUnreachable(msg)
                return _bounded(answer, path, until)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            msg = "the log does not answer; check its address and the network"
            raise ServerUnreachable(msg) from error


def _bounded(answer: httpx.Response, path: str, until: float) -> bytes:
    parts, size = [], 0
    for part in answer.iter_raw():
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES or time.monotonic() > until:
            msg = f"the log's answer for `{path}` is too large or too slow; try again later, or ask who serves it"
            raise ServerUnreachable(msg)
    return b"".join(parts)

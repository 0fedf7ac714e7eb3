"""The journal of what people took back, as files in a directory kept apart from the database: `ports.Journal`.

    2026-11-22-0f3c9a5be2d4c6a8.journal   one a process and day: a line an entry, synced before it counts

    {"at":1795348800,"id":"…","kind":"erased","site":"shop","subject":"sub_…","v":1} 5f3a9c01

A line is canonical JSON and the CRC-32 of it. A process writes to files of its own only and starts a new one after a failure, so nothing is ever
glued to a line that was torn. Torn lines at the end of a file are left out: nobody was told that they count. A damaged line before a whole one, a
word that this server does not know, or a file that others can write is an error: what cannot be read could be somebody's erasure.

Directory mode 0700, files 0600. All nodes share one directory; each reads what all wrote. See docs/decisions/0017-journal.md.
"""

import os
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from mien.errors import RequestInvalid
from mien.wire.canonical import b64, decode, encode, unb64
from mien_server.errors import JournalInvalid, JournalMissing, JournalUnwritable
from mien_server.ports import Entropy
from mien_server.values import Taken

KINDS: Final = frozenset({"erased", "withdrawn"})
ID_BYTES: Final = 16
REMEMBERED: Final = 16_384
"""Entries whose writing this process remembers: far more than are on their way into the database at a time."""
DAY: Final = 86_400
_VERSION: Final = 1
_FIELDS: Final = {"v", "id", "kind", "site", "subject", "at"}
_FILE: Final = re.compile(r"(\d{4}-\d{2}-\d{2})-[0-9a-f]{16}\.journal")
_SUFFIX: Final = ".journal"
_OTHERS: Final = 0o077
_CRC_CHARS: Final = 8
_TAIL: Final = 4096
"""Bytes at the end of a file in which its last entry is looked for first."""


@dataclass(eq=False, slots=True)
class _Batch:
    """Entries that wait to be written, and what came of it."""

    entries: Sequence[Taken]
    done: bool = False
    error: JournalUnwritable | None = field(default=None)


class FileJournal:
    """`ports.Journal` in `directory`. Does nothing to the disk until it is asked."""

    def __init__(self, directory: Path, entropy: Entropy) -> None:
        self._directory = directory
        self._entropy = entropy
        self._file: Path | None = None
        self._waiting: list[_Batch] = []
        self._written: OrderedDict[bytes, int] = OrderedDict()
        self._queue = threading.Lock()
        self._disk = threading.Lock()

    def make(self) -> None:
        """Make the directory where there is none. Raises `JournalUnwritable`, and `JournalInvalid` when other users can get at it."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(error) from error
        _check_mode(self._directory, "chmod 700")
        with self._disk:
            if self._file is not None and not self._file.exists():
                self._file = None

    # ---- writing ----
    def append(self, entries: Sequence[Taken]) -> None:
        """See `ports.Journal`. Many threads at once share one sync."""
        mine = _Batch(tuple(entries))
        with self._queue:
            self._waiting.append(mine)
        with self._disk:
            if not mine.done:
                with self._queue:
                    batches, self._waiting = self._waiting, []
                self._write(batches)
        if mine.error is not None:
            raise mine.error

    def _write(self, batches: list[_Batch]) -> None:
        entries = [entry for batch in batches for entry in batch.entries]
        failed: JournalUnwritable | None = None
        try:
            self._put(entries)
        except OSError as error:
            self._file = None  # what may be torn there is never written to again
            failed = _unwritable(error)
        for batch in batches:
            batch.done, batch.error = True, failed
        if failed is None:
            self._remember(entries)

    def _put(self, entries: Sequence[Taken]) -> None:
        # By the youngest: a file goes by its name, and none may go before an entry in it has had its time.
        latest = max(entry.at for entry in entries)
        day = datetime.fromtimestamp(latest, UTC).date().isoformat()
        new = self._file is None or not self._file.name.startswith(day)
        if new:
            self._file = self._directory / f"{day}-{self._entropy.bytes(8).hex()}{_SUFFIX}"
        assert self._file is not None  # noqa: S101 - for the type checker
        # Never made anew once it was there: a directory that was exchanged under a running server is an error.
        flags = os.O_WRONLY | os.O_APPEND | (os.O_CREAT | os.O_EXCL if new else 0)
        handle = os.open(self._file, flags, 0o600)
        try:
            _write_all(handle, b"".join(_line(entry) for entry in entries))
            os.fsync(handle)
        finally:
            os.close(handle)
        if new:
            _sync(self._directory)

    def _remember(self, entries: Sequence[Taken]) -> None:
        for entry in entries:
            self._written[entry.id] = entry.at
            self._written.move_to_end(entry.id)
        while len(self._written) > REMEMBERED:
            self._written.popitem(last=False)

    def written_at(self, entry: bytes) -> int | None:
        """See `ports.Journal`."""
        return self._written.get(entry)

    def check(self) -> None:
        """See `ports.Journal`."""
        if not self._directory.is_dir():
            raise _missing(self._directory)
        if not os.access(self._directory, os.W_OK | os.X_OK):
            raise _unwritable(None)

    # ---- reading ----
    def entries(self) -> tuple[Taken, ...]:
        """See `ports.Journal`."""
        found: dict[bytes, Taken] = {}
        for path in self._files():
            for entry in _read(path):
                kept = found.get(entry.id)
                if kept is None or kept.at < entry.at:
                    found[entry.id] = entry
        return tuple(sorted(found.values(), key=lambda entry: (entry.at, entry.id)))

    def newest(self) -> tuple[Taken, ...]:
        """See `ports.Journal`."""
        return tuple(last for path in self._files() if (last := _last(path)) is not None)

    def drop_before(self, at: int) -> None:
        """See `ports.Journal`. A file goes when its whole day, and one more, lies before that time."""
        try:
            for path in self._files():
                if _start_of(path) + 2 * DAY <= at:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(error) from error

    def _files(self) -> list[Path]:
        """The files by name, which is by day. None when there is no directory: whether that is right, the database knows."""
        try:
            _check_mode(self._directory, "chmod 700")
            found = sorted(each for each in self._directory.iterdir() if each.suffix == _SUFFIX)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(self._directory) from error
        for path in found:
            _start_of(path)
        return found


def _line(entry: Taken) -> bytes:
    document = encode({
        "v": _VERSION, "id": b64(entry.id), "kind": entry.kind, "site": entry.site,
        "subject": entry.subject, "at": entry.at,
    })  # fmt: skip
    return document + b" %08x\n" % zlib.crc32(document)


def _read(path: Path) -> Iterator[Taken]:
    """The entries of a file. Raises `JournalInvalid`."""
    torn = 0
    for number, line in enumerate(_content(path).split(b"\n"), 1):
        if not line:
            continue
        entry = _entry(line, path, number)
        if entry is None:
            torn = torn or number
        elif torn:
            msg = f"line {torn} of `{path.name}` in the journal is damaged; restore the file, because it may be somebody's erasure"
            raise JournalInvalid(msg)
        else:
            yield entry


def _last(path: Path) -> Taken | None:
    """The last whole entry of a file."""
    tail = _content(path, tail=_TAIL)
    for line in reversed(tail.split(b"\n")):
        if line and (entry := _entry(line, path, 0)) is not None:
            return entry
    # All of the tail is torn: look at everything.
    whole = tuple(_read(path)) if len(tail) == _TAIL else ()
    return whole[-1] if whole else None


def _entry(line: bytes, path: Path, number: int) -> Taken | None:
    """The entry of a line, None when it is torn. Raises `JournalInvalid` when it is whole but not understood."""
    document, _, crc = line.rpartition(b" ")
    if len(crc) != _CRC_CHARS or crc != b"%08x" % zlib.crc32(document):
        return None
    try:
        return _understood(decode(document))
    except (RequestInvalid, KeyError, TypeError, ValueError) as error:
        msg = f"line {number} of `{path.name}` in the journal says what this server does not understand; use the server that wrote it, or a newer one"
        raise JournalInvalid(msg) from error


def _understood(value: Any) -> Taken:
    known = isinstance(value, dict) and set(value) == _FIELDS and value["v"] == _VERSION
    if not known or value["kind"] not in KINDS or type(value["at"]) is not int:
        raise ValueError
    if not (isinstance(value["site"], str) and isinstance(value["subject"], str)):
        raise TypeError
    name = unb64(value["id"])
    if len(name) != ID_BYTES:
        raise ValueError
    return Taken(name, value["kind"], value["site"], value["subject"], value["at"])


def _content(path: Path, tail: int | None = None) -> bytes:
    try:
        _check_mode(path, "chmod 600")
        with path.open("rb") as file:
            if tail is not None:
                file.seek(max(0, os.fstat(file.fileno()).st_size - tail))
            return file.read()
    except FileNotFoundError:
        return b""  # another node dropped it: it was too old
    except OSError as error:
        raise _unreadable(path) from error


def _start_of(path: Path) -> int:
    """Unix seconds at which the day in a file's name begins. Raises `JournalInvalid`."""
    named = _FILE.fullmatch(path.name)
    try:
        day = date.fromisoformat(named[1] if named else "")
    except ValueError as error:
        msg = f"`{path.name}` in the journal has no name that this server gives; move it away, or use the server that wrote it"
        raise JournalInvalid(msg) from error
    return int(datetime.combine(day, datetime.min.time(), UTC).timestamp())


def _check_mode(path: Path, cure: str) -> None:
    if path.stat().st_mode & _OTHERS:
        msg = f"`{path}` can be read or written by other users; run `{cure} {path}` and think about who has changed it"
        raise JournalInvalid(msg)


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(error: OSError | None) -> JournalUnwritable:
    why = (error.strerror or "unwritable").lower() if error is not None else "permission denied"
    return JournalUnwritable(
        f"the journal of withdrawals and erasures cannot be written ({why}); nothing was changed: mend MIEN_JOURNAL, then ask again"
    )


def _unreadable(path: Path) -> JournalInvalid:
    return JournalInvalid(f"`{path}` cannot be read; check its owner and permissions")


def _missing(directory: Path) -> JournalMissing:
    return JournalMissing(
        f"the journal `{directory}` is not there; mount or restore it, or check MIEN_JOURNAL"
    )

"""A database as one file, and back: beside running servers, whole or not at all, readable by its owner alone.

SQLite is copied page by page from one snapshot (its online backup); PostgreSQL has `pg_dump` and `pg_restore`, which must be installed. A backup holds
what the database holds: sealed rows, random ids, wrapped keys. It can be read for as long as the key-encryption keys that were in force live.

Takes a URL and a path. Deliberately absent: the keys, the journal, and any way to write over a file that is there.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from fcntl import LOCK_EX, LOCK_NB, lockf
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, make_url

from mien.errors import SettingsError
from mien_server.errors import BackupInvalid, StoreBusy, StoreUnwritable
from mien_server.stores.sqlite import told

Progress = Callable[[int, int], None]
"""Told the bytes that are done and those to do; 0 to do: nobody knows."""
PAGES: Final = 1024
"""Pages copied between two words about progress: 4 MiB."""
WAIT_SECONDS: Final = 5.0
_SQLITE: Final = "sqlite:///"
_LOCKS: Final = (0x4000_0000 + 2, 510)
"""Offset and length of what every open SQLite connection keeps locked in the file (sqlite.org/fileformat2.html, "The Lock-Byte Page"; os.h, SHARED_FIRST)."""
_OURS: Final = frozenset({"site", "person", "leaf", "erasure"})
"""Tables of every revision."""
_TRUSTED: Final = frozenset({"PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL"})
"""Certificates, which the server finds by the same variables (asyncpg, libpq)."""
_ASIDE: Final = ("", "-wal", "-shm")


def back_up(url: str, to: Path, progress: Progress) -> None:
    """Write a backup of the database at `url` to the new file `to`.

    Raises `SettingsError` when `to` is there or cannot be made, or when the program that it takes is missing, `BackupInvalid` when what was written is
    not whole, `StoreUnwritable`, `StoreBusy`.
    """
    with _new(to) as part:
        if url.startswith(_SQLITE):
            _copy(Path(url.removeprefix(_SQLITE)), part, progress)
        else:
            _dump(url, part, progress)


# ---- SQLite ----
def unpack(backup: Path, database: Path, progress: Progress) -> Path:
    """A checked copy of a backup beside the SQLite file that it is to replace. Raises `BackupInvalid`, `StoreBusy` while a server holds that file."""
    check_free(database)
    copy = database.with_name(database.name + ".restoring")
    _remove(copy)
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise _told(error) from error
    try:
        _copy(backup, copy, progress)
        _check_ours(copy)
    except BaseException:
        _remove(copy)
        raise
    return copy


def exchange(copy: Path, database: Path, aside: Path) -> None:
    """Put `copy` in the place of the database, in one step; what was there stays under the name `aside`. Raises `StoreBusy`, `StoreUnwritable`."""
    check_free(database)
    try:
        if Path(f"{copy}-wal").exists():
            msg = "another program has the restored copy open; stop it and restore again"
            raise StoreBusy(msg)
        if database.exists():
            _settle(database)
            for end in _ASIDE[1:]:
                _move(database, aside, end)
            os.link(database, aside)
        copy.replace(database)
        _sync(database.parent)
    except OSError as error:
        raise _told(error) from error


def drop(copy: Path) -> None:
    """Throw a copy away that is not used."""
    _remove(copy)


def check_free(database: Path) -> None:
    """Raise `StoreBusy` while another process has the SQLite file open."""
    try:
        handle = os.open(database, os.O_RDWR)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _told(error) from error
    try:
        start, length = _LOCKS
        lockf(handle, LOCK_EX | LOCK_NB, length, start)
    except OSError as error:
        msg = f"a server holds `{database}`; stop it first"
        raise StoreBusy(msg) from error
    finally:
        os.close(handle)


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy one snapshot of a SQLite file; writers go on meanwhile."""
    if not source.is_file():
        msg = f"there is no database file `{source}`; check the path"
        raise BackupInvalid(msg)
    try:
        with closing(_connect(source)) as there, closing(sqlite3.connect(target)) as here:
            # An open read transaction: every step sees the same snapshot, and no commit of the server makes the copying begin anew.
            there.execute("BEGIN")
            there.execute("SELECT count(*) FROM sqlite_master").fetchone()
            (size,) = there.execute("PRAGMA page_size").fetchone()
            there.backup(here, pages=PAGES, progress=lambda _s, left, all_: progress((all_ - left) * size, all_ * size))  # fmt: skip
            here.execute("PRAGMA journal_mode = DELETE")
            whole = here.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:  # fmt: skip
            raise _damaged(source) from error
        raise _told(error) from error
    if whole != ("ok",):
        raise _damaged(source)


def _connect(path: Path) -> sqlite3.Connection:
    # Never made when it is not there; `rw` because a file with a log beside it is read through shared memory.
    name = f"file:{quote(str(path))}?mode={'rw' if os.access(path, os.W_OK) else 'ro'}"
    return sqlite3.connect(name, uri=True, timeout=WAIT_SECONDS, isolation_level=None)


def _check_ours(copy: Path) -> None:
    with closing(_connect(copy)) as here:
        rows = here.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    if not {name for (name,) in rows} >= _OURS:
        msg = "this is a database, but no backup of this server; choose one that `mien database backup` wrote"
        raise BackupInvalid(msg)


def _settle(database: Path) -> None:
    """Move the old database's log into it, so that it can be kept aside as one file. A damaged one is kept as it is."""
    try:
        with closing(_connect(database)) as old:
            old.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError:
        return


def _move(database: Path, aside: Path, end: str) -> None:
    """A log that stayed must never meet another database."""
    left = Path(f"{database}{end}")
    if left.exists():
        left.replace(f"{aside}{end}")


# ---- PostgreSQL ----
def load(backup: Path, url: str, progress: Progress) -> None:
    """Load a dump into the database at `url`, which must be empty, in one transaction. Raises `BackupInvalid`, `SettingsError`, `StoreUnwritable`."""
    if not backup.is_file():
        msg = f"there is no backup `{backup}`; check the path"
        raise BackupInvalid(msg)
    given = make_url(url)
    _run(given, ["pg_restore", "--list", str(backup)], progress, None)
    progress(0, 0)
    arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    name = given.database or ""
    _run(given, ["pg_restore", *arguments, f"--dbname={name}", str(backup)], progress, None)


def _dump(url: str, part: Path, progress: Progress) -> None:
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--file={part}"]
    _run(make_url(url), ["pg_dump", *arguments], progress, part)
    _run(make_url(url), ["pg_restore", "--list", str(part)], progress, None)


def _run(url: URL, command: list[str], progress: Progress, grows: Path | None) -> None:
    """Run one of PostgreSQL's programs. The password goes through its environment: what stands on a command line every user sees."""
    program = shutil.which(command[0])
    if program is None:
        msg = f"`{command[0]}` is not installed here; install PostgreSQL's client programs, or see the how-to on backups"
        raise SettingsError(msg)
    with subprocess.Popen(
        [program, *command[1:]], env=_environment(url), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        said = _wait(running, progress, grows)
    if running.returncode != 0:
        msg = f"`{command[0]}` failed: {_first_error(said)}"
        raise BackupInvalid(msg)


def _wait(running: "subprocess.Popen[bytes]", progress: Progress, grows: Path | None) -> bytes:
    while True:
        try:
            return running.communicate(timeout=0.2)[1]
        except subprocess.TimeoutExpired:
            progress(grows.stat().st_size if grows is not None else 0, 0)


def _first_error(said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    found = next((line for line in lines if "error:" in line), lines[0] if lines else "no reason")
    return found.partition("error: ")[2] or found


def _environment(url: URL) -> dict[str, str]:
    given = {
        "PGHOST": url.host or "",
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
        "PGSSLMODE": str(url.query.get("ssl", "")),
    }
    # Whom to trust stays as the server has it, who is spoken to does not; secrets of ours are none of theirs.
    rest = {
        name: value
        for name, value in os.environ.items()
        if name in _TRUSTED or not name.startswith(("PG", "MIEN_"))
    }
    return {**rest, **{name: value for name, value in given.items() if value}}


# ---- files ----
@contextmanager
def _new(to: Path) -> Iterator[Path]:
    """A file of its owner's beside `to`, which gets the name `to` once it is whole and synced."""
    part = to.with_name(to.name + ".part")
    if to.exists():
        msg = f"`{to}` is there already; choose a new file"
        raise SettingsError(msg)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        msg = f"`{part}` cannot be made: {(error.strerror or 'unwritable').lower()}; choose another place, or delete it when no backup is running"
        raise SettingsError(msg) from error
    try:
        yield part
        _sync(part)
        os.link(part, to)
        _sync(to.parent)
    except OSError as error:
        raise _told(error) from error
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    for end in ("", "-journal", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(path: Path) -> BackupInvalid:
    return BackupInvalid(f"`{path}` is damaged or no database; use another backup")


def _told(error: BaseException) -> BaseException:
    known = told(error)
    if known is not error:
        return known
    return StoreUnwritable("the database file cannot be used; check its path and permissions")

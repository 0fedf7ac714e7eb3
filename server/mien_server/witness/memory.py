"""What a witness has seen: of each log the largest checkpoint that it cosigned. One SQLite file, synced before anything is answered.

Several threads and processes may use one file: each look and the change that follows from it are one transaction that lets nobody in between.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.wire.proof import Checkpoint
from mien_server.errors import StoreBusy, StoreUnwritable

_BUSY_SECONDS: Final = 5.0
_TABLES: Final = """
CREATE TABLE witness (vkey TEXT NOT NULL) STRICT;
CREATE TABLE seen (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A checkpoint and the note in which the log signed it."""

    checkpoint: Checkpoint
    note: str


class Turn:
    """The memory while nobody else may change it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def seen(self, origin: str) -> Seen | None:
        """The largest checkpoint of a log, as far as this witness knows."""
        row = self._database.execute(
            "SELECT size, root, note FROM seen WHERE origin = ?", (origin,)
        ).fetchone()
        return None if row is None else Seen(Checkpoint(origin, row[0], row[1]), row[2])

    def see(self, seen: Seen) -> None:
        """Remember this checkpoint in the place of what was remembered of its log."""
        checkpoint = seen.checkpoint
        self._database.execute(
            "INSERT OR REPLACE INTO seen (origin, size, root, note) VALUES (?, ?, ?, ?)",
            (checkpoint.origin, checkpoint.size, checkpoint.root, seen.note),
        )


class Memory:
    """The file `path`, which `make` has made."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self, vkey: str) -> None:
        """Make the file, for the witness with this verification key. Raises `StoreUnwritable`."""
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA synchronous = FULL")
                database.executescript(f"BEGIN; {_TABLES}")
                database.execute("INSERT INTO witness (vkey) VALUES (?)", (vkey,))
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unusable() from error

    def owner(self) -> str:
        """Whose memory this is: the witness's verification key. Raises `StoreUnwritable`."""
        try:
            with closing(self._open()) as database:
                row = database.execute("SELECT vkey FROM witness").fetchone()
        except sqlite3.Error as error:
            raise self._unusable() from error
        return "" if row is None else str(row[0])

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Look and change, alone. What was changed is on the disk when the block is left well; otherwise nothing was.

        Raises `StoreBusy` when another process holds the file for too long, `StoreUnwritable`.
        """
        try:
            with closing(self._open()) as database:
                database.execute("BEGIN IMMEDIATE")
                yield Turn(database)
                database.execute("COMMIT")  # whatever is raised before closes the file without it
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:  # whatever the extended code
                msg = "the witness's memory is held by another process; ask again in a second"
                raise StoreBusy(msg) from error
            raise self._unusable() from error
        except sqlite3.Error as error:
            raise self._unusable() from error

    def _open(self) -> sqlite3.Connection:
        # Never made here: a memory that is gone must not be replaced by an empty one.
        database = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None,
        )  # fmt: skip
        database.execute("PRAGMA synchronous = FULL")
        return database

    def _unusable(self) -> StoreUnwritable:
        return StoreUnwritable(
            f"`{self._path}` cannot be used; see to its disk and its rights. A witness whose memory is lost begins again under a new key"
        )

"""The embedded store: one SQLite file, one thread that writes, many requests to one commit.

A request's closure waits in a queue. The writer takes all that wait, opens one transaction (BEGIN IMMEDIATE), runs each closure behind its own
savepoint, commits once, and only then wakes the callers: whoever is answered is durable (WAL, `synchronous=FULL`: the log is synced at every
commit). A closure that raises undoes its own savepoint and nobody else's. If the commit fails, nobody is answered yes.

See docs/decisions/0003-one-writer-group-commit.md.
"""

import asyncio
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from mien.errors import ServerBusy
from mien_server.errors import StoreBusy, StoreUnwritable
from mien_server.ports import Transaction
from mien_server.stores import revisions, schema
from mien_server.stores.runner import SqliteRunner
from mien_server.stores.transaction import SqlTransaction

T = TypeVar("T")
MAX_BATCH: Final = 256
"""Closures committed together at most: bounds how long the first of them waits for the last."""
QUEUE: Final = 4096
"""Closures that may wait; more are told to come back."""
CLOSE_SECONDS: Final = 60.0
"""How long `close` waits for what is being written: longer than any closure takes."""
BUSY_SECONDS: Final = 2.0
"""How long another program may hold the database before callers are told."""
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Deleted cells are overwritten with zeros: what is erased is gone from the file too.
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
)
_UNWRITABLE: Final = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB,
})  # fmt: skip
_REPLACED: Final = "the database's files were replaced under the running server; put them back or start it again"  # fmt: skip
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


@dataclass(slots=True)
class _Job:
    """A closure on its way, and who waits for it."""

    work: Callable[[Transaction], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    alone: bool = False
    answer: Any = None
    error: BaseException | None = field(default=None)


class SqliteStore:
    """`ports.Store` over the SQLite file at `path`, which is created with its tables when it is not there.

    Raises `StoreUnwritable` when it cannot be opened, is no database, or has tables of another version; `StoreBusy` when another program
    holds it for longer than `busy_seconds`.
    """

    def __init__(
        self, path: Path, *, queue_size: int = QUEUE, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        self._path = path
        self._most = queue_size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._useless = False
        self._engine = engine(path, busy_seconds)
        try:
            self._connection = _open(self._engine, path)
        except (DBAPIError, sqlite3.Error, OSError) as error:
            raise told(error) from error
        self._files = _files(path)
        self._transaction = SqlTransaction(SqliteRunner(self._raw))
        self._thread = threading.Thread(target=self._write, name="mien-store", daemon=True)
        self._thread.start()

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """See `ports.Store`."""
        answer: T = await self._submit(work)
        return answer

    async def scrub(self) -> None:
        """Move the log into the database and cut it to nothing. Raises `StoreBusy` while another program still reads it."""
        await self._submit(self._truncate, alone=True)

    async def close(self) -> None:
        """See `ports.Store`."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join, CLOSE_SECONDS)
        if self._thread.is_alive():
            msg = "the database did not end a write; look into its disk"
            raise StoreUnwritable(msg)

    async def _submit(self, work: Callable[[Transaction], Any], *, alone: bool = False) -> Any:
        if self._closed:
            msg = "the store is closed; start the server again"
            raise StoreUnwritable(msg)
        if self._jobs.qsize() >= self._most:
            msg = "too many requests wait for the database; try again in a second"
            raise ServerBusy(msg, retry_after=1.0)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.put(_Job(work, loop, future, alone))
        return await future

    # ---- the writer's thread ----
    def _write(self) -> None:
        batch = self._batch()
        while batch:
            self._do(batch)
            _wake(batch)
            batch = self._batch()
        self._refuse_rest()
        self._connection.close()
        self._engine.dispose()

    def _batch(self) -> list[_Job]:
        """Everything that waits, up to `MAX_BATCH`; empty when the store is closing."""
        batch: list[_Job] = []
        while len(batch) < MAX_BATCH:
            try:
                job = self._jobs.get(block=not batch)
            except queue.Empty:
                break
            if job is None:
                # Seen again after this batch: then it stands alone and ends the loop.
                if batch:
                    self._jobs.put(None)
                break
            batch.append(job)
        return batch

    def _do(self, batch: list[_Job]) -> None:
        try:
            self._mend()
        except BaseException as error:  # noqa: BLE001 - whatever it is, these callers must hear of it
            for job in batch:
                job.error = told(error)
        else:
            self._commit(batch)

    def _commit(self, batch: list[_Job]) -> None:
        together = [job for job in batch if not job.alone and not job.future.cancelled()]
        try:
            if together:
                self._together(together)
        except BaseException as error:  # noqa: BLE001 - whatever it is, these callers must hear of it
            self._undo()
            for job in together:
                job.error = told(error)
        for job in batch:
            if job.alone:
                self._alone(job)

    def _mend(self) -> None:
        """Open another connection, when the one there is cannot be used any more. Never to another file: see `_check_files`."""
        if self._useless:
            if _file(self._path) != self._files[0]:
                raise StoreUnwritable(_REPLACED)
            self._connection.close()
            self._connection = _open(self._engine, self._path)
            self._files = _files(self._path)
            self._transaction = SqlTransaction(SqliteRunner(self._raw))
            self._useless = False

    def _together(self, jobs: list[_Job]) -> None:
        self._say("BEGIN IMMEDIATE")
        for job in jobs:
            self._say("SAVEPOINT job")
            try:
                job.answer = job.work(self._transaction)
            except BaseException as error:
                if not self._raw.in_transaction:
                    raise  # SQLite itself undid the whole transaction (full disk): it failed for all
                self._say("ROLLBACK TO job")
                job.error = told(error)
            self._say("RELEASE job")
        self._check_files()
        self._say("COMMIT")

    def _alone(self, job: _Job) -> None:
        try:
            job.answer = job.work(self._transaction)
        except BaseException as error:  # noqa: BLE001 - it goes to the one who sent the closure
            job.error = told(error)

    def _undo(self) -> None:
        """Roll back. A connection that cannot is closed, which rolls back too: the writer must go on for those who come later (`_mend`)."""
        try:
            # SQLite may have rolled back already (full disk): then there is nothing to undo.
            if self._raw.in_transaction:
                self._say("ROLLBACK")
        except Exception:  # noqa: BLE001 - what failed first is what the callers hear
            self._useless = True
            self._connection.invalidate()

    def _check_files(self) -> None:
        """Files that were moved away still take what is written to them, and lose it when this process ends: that may not be acknowledged."""
        if _files(self._path) != self._files:
            raise StoreUnwritable(_REPLACED)

    def _truncate(self, _transaction: Transaction) -> None:
        busy, _, _ = self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            msg = "another program reads the database; close it so that deleted rows can be wiped"
            raise StoreBusy(msg)

    def _refuse_rest(self) -> None:
        rest: list[_Job] = []
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job.error = StoreUnwritable("the store is closed; start the server again")
                rest.append(job)
        _wake(rest)

    def _say(self, statement: str) -> None:
        # Past SQLAlchemy: these three run around every closure, and it has no word for BEGIN IMMEDIATE.
        self._raw.execute(statement)

    @property
    def _raw(self) -> sqlite3.Connection:
        found: sqlite3.Connection = self._connection.connection.dbapi_connection  # type: ignore[assignment]
        return found


def told(error: BaseException) -> BaseException:
    """`error` in words for whoever runs the server. Errors of this project, and what is not the database's fault, stay as they are."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return StoreBusy("another program holds the database; stop it or try again in a second")
    if code not in _UNWRITABLE and not isinstance(cause, OSError):
        return error
    name = getattr(cause, "sqlite_errorname", type(cause).__name__)
    return StoreUnwritable(
        f"the database cannot be written ({name}); check its path, permissions and free space"
    )


def _wake(batch: list[_Job]) -> None:
    """Give the answers, with one call into each event loop."""
    for loop in {job.loop for job in batch}:
        try:
            loop.call_soon_threadsafe(_settle, [job for job in batch if job.loop is loop])
        except RuntimeError:
            continue  # the loop is closed: nobody waits any more


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue  # the caller went away
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.answer)


def engine(path: Path, busy_seconds: float) -> Engine:
    """Connections to the file at `path`, each with the pragmas that durability needs; BEGIN and COMMIT are said by whoever uses them."""
    made = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
    )
    event.listen(made, "connect", _prepare)
    return made


def _prepare(raw: sqlite3.Connection, _record: object) -> None:
    for pragma in _PRAGMAS:
        raw.execute(pragma)


def _open(on: Engine, path: Path) -> Connection:
    _create_file(path)
    connection = on.connect()
    raw: Any = connection.connection.dbapi_connection
    raw.execute("BEGIN IMMEDIATE")
    try:
        _make_or_check(connection, raw)
        raw.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _make_or_check(connection: Connection, raw: Any) -> None:
    (version,) = raw.execute("PRAGMA user_version").fetchone()
    if version not in {0, *revisions.VERSIONS}:
        msg = f"the database has tables of version {version}, which this server does not know; use the server that made it"
        raise StoreUnwritable(msg)
    revision = revisions.found(connection)
    if revision is None:
        revisions.make(connection)
        raw.execute(f"PRAGMA user_version = {schema.VERSION}")
    else:
        revisions.check(revision)


def _files(path: Path) -> tuple[tuple[int, int], ...]:
    """What tells the database and its log from other files of their names. Raises `OSError` when one is not there."""
    return _file(path), _file(f"{path}-wal")


def _file(path: Path | str) -> tuple[int, int]:
    found = os.stat(path)  # noqa: PTH116 - before every commit: twice as fast
    return found.st_dev, found.st_ino


def _create_file(path: Path) -> None:
    """Make an empty file that only its owner reads; SQLite gives the same mode to the files beside it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))

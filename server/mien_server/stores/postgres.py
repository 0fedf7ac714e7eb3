"""Many nodes on one PostgreSQL: a connection a transaction, a transaction a closure.

A request's closure takes a connection from a bounded pool, runs in a transaction of its own (READ COMMITTED) and is answered only after COMMIT
returned with `synchronous_commit = on`. Transactions that got in each other's way are undone and their closures run again from the start. What is
read to be changed is locked (`ports.Lock`, `Transaction.turn`): another node may be at it this moment.

See docs/decisions/0013-postgresql.md.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from mien.errors import ServerBusy, SettingsError
from mien_server.errors import StoreBusy, StoreUnwritable
from mien_server.ports import Transaction
from mien_server.stores import revisions, schema
from mien_server.stores.partitions import PostgresPartitions
from mien_server.stores.postgres_faults import AGAIN, DatabaseFault, is_lost, sqlstate, told
from mien_server.stores.postgres_runner import Compiled, PostgresRunner, lock_number
from mien_server.stores.transaction import SqlTransaction

T = TypeVar("T")
POOL: Final = 10
"""Connections a node opens at most; a transaction takes a few round trips, so few are busy at once."""
WAITING: Final = 1024
"""Closures that may wait for a connection; more are told to come back."""
WAIT_SECONDS: Final = 2.0
"""How long a closure waits for a connection before its caller is told to come back."""
ATTEMPTS: Final = 6
"""How often a closure is run that others get in the way of."""
PAUSE_MS: Final = 20
"""Longest pause before the second attempt; the pauses grow with every further one."""
CONNECT_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 60.0
"""How long `close` waits for what is running."""
STATEMENTS: Final = 512
"""Statements that a connection keeps prepared: more than there are."""
OLDEST: Final = 140_000
"""PostgreSQL 14: the oldest that its makers still mend."""
SESSION: Final = {
    "application_name": "mien",
    "synchronous_commit": "on",
    "default_transaction_isolation": "read committed",
    "lock_timeout": "5s",
    "statement_timeout": "15s",
    # A node that stops in the middle of a transaction must not hold its rows for ever.
    "idle_in_transaction_session_timeout": "30s",
}
UNHURRIED: Final = {**SESSION, "lock_timeout": "60s", "statement_timeout": "0"}
"""For what is done once: making tables, wiping what was deleted."""
_WIPED: Final = ", ".join(
    each.name for each in schema.metadata.sorted_tables if "subject" in each.c
)
"""Tables with rows of people."""


class PostgresStore:
    """`ports.Store` over the PostgreSQL database at `url`, whose tables are made when it is empty.

    Raises `SettingsError` for a URL that is none, `StoreUnwritable` when the database cannot be used: not reached, of another revision, or on a
    server that does not sync its writes; `StoreBusy` when it takes no connection now.
    """

    def __init__(
        self, url: str, *, pool: int = POOL, waiting: int = WAITING, wait_seconds: float = WAIT_SECONDS
    ) -> None:  # fmt: skip
        self._url = url
        self._most = pool + waiting
        self._taken = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._ready: Compiled = {}
        _elsewhere(_prepare(url))
        self._engine = engine(
            url, SESSION, pool_size=pool, max_overflow=0, pool_timeout=wait_seconds
        )

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """See `ports.Store`."""
        if self._closed:
            msg = "the store is closed; start the server again"
            raise StoreUnwritable(msg)
        if self._taken >= self._most:
            msg = "too many requests wait for the database; try again in a second"
            raise ServerBusy(msg, retry_after=1.0)
        self._taken += 1
        self._idle.clear()
        try:
            return await self._attempts(work)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told without the values of rows
            raise told(error) from None
        finally:
            self._taken -= 1
            if not self._taken:
                self._idle.set()

    async def scrub(self) -> None:
        """Let PostgreSQL reuse the room of deleted rows. It does not overwrite them at once: see docs/decisions/0013-postgresql.md."""
        try:
            await _wipe(self._url)
        except Exception as error:  # noqa: BLE001 - told without the values of rows
            raise told(error) from None

    async def close(self) -> None:
        """See `ports.Store`. What is running ends first."""
        self._closed = True
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._idle.wait()
                await self._engine.dispose()
        except TimeoutError:
            msg = "the database did not end what was running; look into its log"
            raise StoreUnwritable(msg) from None

    async def _attempts(self, work: Callable[[Transaction], T]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._once(work)
            except _Stale:
                await (
                    self._engine.dispose()
                )  # the server was started again: every connection to it is dead
            except Exception as error:
                if sqlstate(error) not in AGAIN or attempt == ATTEMPTS:
                    raise
            await asyncio.sleep(secrets.randbelow(PAUSE_MS * 2**attempt) / 1000)
        msg = "the database drops every connection; look into its log"
        raise StoreBusy(msg)

    async def _once(self, work: Callable[[Transaction], T]) -> T:
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            await _begin(connection, driver)
            try:
                answer = await connection.run_sync(lambda sync: work(self._transaction(sync)))
                tag = await driver.execute("COMMIT")
            except BaseException:
                await _undo(connection, driver)
                raise
        if tag != "COMMIT":
            # PostgreSQL answers COMMIT of a transaction that failed with ROLLBACK, and calls it a success.
            msg = "a closure went on after a statement of its failed; nothing was written"
            raise DatabaseFault(msg)
        return answer

    def _transaction(self, connection: Connection) -> SqlTransaction:
        raw: Any = connection.connection.dbapi_connection
        runner = PostgresRunner(raw, self._ready)
        return SqlTransaction(runner, PostgresPartitions(runner))


class _Stale(Exception):
    """A connection of the pool was dead before anything was said on it."""


async def _begin(connection: AsyncConnection, driver: Any) -> None:
    try:
        await driver.execute("BEGIN")
    except Exception as error:
        lost = is_lost(error)
        await connection.invalidate()
        if lost:
            raise _Stale from error
        raise


async def _undo(connection: AsyncConnection, driver: Any) -> None:
    """Roll back; a connection that cannot is thrown away, and PostgreSQL rolls back when it notices. What failed first is what is told."""
    try:
        # Bounded: the server may be gone without a word.
        async with asyncio.timeout(CONNECT_SECONDS):
            await driver.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - whatever it is, this connection is of no use any more
        driver.terminate()
        await connection.invalidate()
    except BaseException:
        driver.terminate()
        await connection.invalidate()
        raise


def engine(url: str, session: dict[str, str], **options: Any) -> AsyncEngine:
    """Connections to the database at `url` with the settings `session`; `options` are those of SQLAlchemy. Raises `SettingsError`."""
    try:
        address = make_url(url).set(drivername="postgresql+asyncpg")
    except (ArgumentError, ValueError):  # a port that is no number
        msg = "this is no database URL; change MIEN_DATABASE to `postgresql://user:password@host:port/name`"
        raise SettingsError(msg) from None
    return create_async_engine(
        address,
        isolation_level="AUTOCOMMIT",  # BEGIN and COMMIT are said here, around each closure
        hide_parameters=True,
        pool_reset_on_return=None,
        connect_args={
            "server_settings": session,
            "timeout": CONNECT_SECONDS,
            "statement_cache_size": STATEMENTS,
        },
        **options,
    )


async def _prepare(url: str) -> None:
    """Check the server, make the tables where there are none, check their revision: one node at a time."""
    once = engine(url, UNHURRIED, poolclass=NullPool)
    try:
        async with once.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            await connection.run_sync(_check_server)
            await connection.run_sync(_make_or_check)
    except Exception as error:  # noqa: BLE001 - told without the values of rows
        raise told(error) from None
    finally:
        await once.dispose()


def _check_server(connection: Connection) -> None:
    version, fsync = connection.execute(
        text("SELECT current_setting('server_version_num')::int, current_setting('fsync')")
    ).one()
    if version < OLDEST:
        msg = f"the database is PostgreSQL {version // 10_000}; mien needs {OLDEST // 10_000} or newer"
        raise StoreUnwritable(msg)
    if fsync != "on":
        msg = "the database server does not sync what it writes (`fsync` is off), so nothing it confirms is durable; turn it on"
        raise StoreUnwritable(msg)


def _make_or_check(connection: Connection) -> None:
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:number)"), {"number": lock_number("tables")}
    )
    revision = revisions.found(connection)
    if revision is None:
        revisions.make(connection)
    else:
        revisions.check(revision)


async def _wipe(url: str) -> None:
    once = engine(url, UNHURRIED, poolclass=NullPool)
    try:
        async with once.connect() as connection:
            await connection.execute(text(f"VACUUM (SKIP_LOCKED) {_WIPED}"))
    finally:
        await once.dispose()


def _elsewhere(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end in an event loop of its own: a store is opened by code that may already run in one, and must not wait in it."""
    with ThreadPoolExecutor(1, "mien-prepare") as pool:
        pool.submit(asyncio.run, work).result()

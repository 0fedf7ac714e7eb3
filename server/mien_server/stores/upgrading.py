"""Bringing a database's tables to the newest revision, with Alembic (`migrations`): for `mien database status` and `mien database upgrade`.

Each step is one transaction: a process that dies leaves the tables of one revision or of the next. No server may run meanwhile, because it would go on
saying the statements of the old tables.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from mien_server.errors import StoreBusy, StoreUnwritable
from mien_server.stores import backup, postgres, postgres_faults, revisions, sqlite
from mien_server.stores.postgres_runner import lock_number

T = TypeVar("T")
_SQLITE: Final = "sqlite:///"
_WAIT_SECONDS: Final = 5.0
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND application_name = 'mien' AND pid <> pg_backend_pid()"
)


def status(url: str) -> str | None:
    """The revision of the tables at `url`; None when there are none yet. Raises `StoreUnwritable`, `StoreBusy`."""
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        return None
    return _connected(url, revisions.found)


def upgrade(url: str, tell: Callable[[str, str], None]) -> str:
    """Take the tables at `url` to the newest revision; `tell` hears from which to which before each step. Returns the revision they have then.

    Raises `StoreBusy` while a server uses the database, `StoreUnwritable` for tables that are not ours or newer than this program.
    """
    found = status(url)
    if found is None:
        msg = "there are no tables yet; `mien serve` makes them at its first start"
        raise StoreUnwritable(msg)
    if found not in revisions.REVISIONS:
        revisions.check(found)
    start = revisions.REVISIONS.index(found)
    for old, new in zip(revisions.REVISIONS[start:], revisions.REVISIONS[start + 1 :], strict=False):  # fmt: skip
        tell(old, new)
        _connected(url, lambda connection, old=old, new=new: _step(connection, old, new), alone=True)  # type: ignore[misc]  # fmt: skip
    return revisions.HEAD


def config(connection: Connection) -> Config:
    """What Alembic needs to know, for a connection with an open transaction."""
    made = Config()
    made.set_main_option("script_location", "mien_server.stores:migrations")
    made.attributes["connection"] = connection
    return made


def _step(connection: Connection, old: str, new: str) -> None:
    if connection.dialect.name == "postgresql":
        _lock_out(connection)
    found = revisions.found(connection)
    if found != old:
        msg = f"somebody else upgraded the database to {found} meanwhile; look with `mien database status`"
        raise StoreBusy(msg)
    if not revisions.is_marked(connection):
        command.stamp(config(connection), old)
    command.upgrade(config(connection), new)


def _lock_out(connection: Connection) -> None:
    """Nobody opens the database meanwhile, and nobody has it open. Raises `StoreBusy`."""
    number = lock_number("tables")
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
    if connection.execute(_OTHERS).scalar():
        msg = "a server uses the database; stop all of them first"
        raise StoreBusy(msg)


def _connected(url: str, work: Callable[[Connection], T], *, alone: bool = False) -> T:
    """Run `work` in one transaction on a connection of its own."""
    if url.startswith(_SQLITE):
        return _on_file(Path(url.removeprefix(_SQLITE)), work, alone=alone)
    return asyncio.run(_on_server(url, work))


def _on_file(path: Path, work: Callable[[Connection], T], *, alone: bool) -> T:
    if alone:
        backup.check_free(path)
    engine = sqlite.engine(path, _WAIT_SECONDS)
    try:
        # The engine says no BEGIN of its own; what is begun here ends with SQLAlchemy's commit or rollback.
        with engine.begin() as connection:
            raw: Any = connection.connection.dbapi_connection
            raw.execute("BEGIN IMMEDIATE" if alone else "BEGIN")
            return work(connection)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        raise sqlite.told(error) from error
    finally:
        engine.dispose()


async def _on_server(url: str, work: Callable[[Connection], T]) -> T:
    engine = postgres.engine(url, postgres.UNHURRIED, poolclass=NullPool)
    try:
        async with engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            return await connection.run_sync(work)
    except Exception as error:  # noqa: BLE001 - told without the values of rows
        raise postgres_faults.told(error) from None
    finally:
        await engine.dispose()

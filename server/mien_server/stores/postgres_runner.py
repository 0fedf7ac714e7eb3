"""Statements on PostgreSQL: `runner.Runner` over a connection of asyncpg, called from a closure that knows no `await`.

The closure runs in a greenlet of SQLAlchemy (`AsyncConnection.run_sync`); every statement lets the event loop go on until its answer is there
(`AdaptedConnection.run_async`). asyncpg prepares each text once a connection.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import AdaptedConnection, Executable, Insert
from sqlalchemy.dialects.postgresql import asyncpg

from mien_server.stores.runner import Ready, Row, Values, compiled

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]
Compiled = dict[Executable, Ready]
"""Statements already compiled, shared by all connections of a store."""


class PostgresRunner:
    """`runner.Runner` in the transaction that is open on `raw`."""

    def __init__(self, raw: AdaptedConnection, ready: Compiled) -> None:
        self._raw = raw
        self._ready = ready

    def rows(self, statement: Executable, values: Values) -> list[Row]:
        """See `Runner`."""
        ready = self._of(statement)
        found = self._raw.run_async(lambda c: c.fetch(ready.text, *ready.parameters(values)))
        return [tuple(row) for row in found]

    def row(self, statement: Executable, values: Values) -> Row | None:
        """See `Runner`."""
        ready = self._of(statement)
        found = self._raw.run_async(lambda c: c.fetchrow(ready.text, *ready.parameters(values)))
        return None if found is None else tuple(found)

    def change(self, statement: Executable, values: Values) -> int:
        """See `Runner`."""
        ready = self._of(statement)
        status = self._raw.run_async(lambda c: c.execute(ready.text, *ready.parameters(values)))
        return _count(status)

    def each(self, statement: Executable, many: Iterable[Values]) -> None:
        """See `Runner`."""
        ready = self._of(statement)
        rows = [ready.parameters(values) for values in many]
        self._raw.run_async(lambda c: c.executemany(ready.text, rows))

    def turn(self, name: str) -> bool:
        """See `ports.Transaction.turn`. The lock is the transaction's: whoever holds it and dies lets it go."""
        number = lock_number(name)
        found: bool = self._raw.run_async(
            lambda c: c.fetchval("SELECT pg_try_advisory_xact_lock($1)", number)
        )
        return found

    def reserve(self, name: str) -> None:
        """See `Runner`."""
        number = lock_number(name)
        self._raw.run_async(lambda c: c.fetchval("SELECT pg_advisory_xact_lock($1)", number))

    def say(self, statement: str) -> None:
        """Run a statement without parameters, such as DDL."""
        self._raw.run_async(lambda c: c.execute(statement))

    def _of(self, statement: Executable) -> Ready:
        found = self._ready.get(statement)
        if found is None:
            found = self._ready[statement] = _compile(statement)
        return found


def lock_number(name: str) -> int:
    """The number of an advisory lock: 64 bits with a sign, the same on every node."""
    return int.from_bytes(hashlib.sha256(b"mien " + name.encode()).digest()[:8], "big", signed=True)


def _compile(statement: Executable) -> Ready:
    if not isinstance(statement, Insert):
        return compiled(statement, _DIALECT)
    # A column that numbers rows by itself must not be named: here NULL is no number yet, in SQLite it is.
    table: Any = statement.table
    numbered = table.autoincrement_column
    names = [column.name for column in table.c if column is not numbered]
    return compiled(statement.inline(), _DIALECT, column_keys=names)


def _count(status: str) -> int:
    """How many rows, from PostgreSQL's command tag (`UPDATE 3`, `INSERT 0 1`)."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0

"""Statements of SQLAlchemy, compiled once, run on the driver itself.

Building and checking a result object costs SQLAlchemy several times what SQLite needs to answer, and every request says five statements; so they
are compiled to text and parameters at their first use, and rows come back as plain tuples. PostgreSQL has its own `Runner` (`postgres_runner`).
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Boolean, Dialect, Executable, Select
from sqlalchemy.dialects import sqlite

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Runner(Protocol):
    """Runs statements in the transaction that is open."""

    def rows(self, statement: Executable, values: Values) -> list[Row]:
        """All rows of a query."""
        ...

    def row(self, statement: Executable, values: Values) -> Row | None:
        """The first row of a query."""
        ...

    def change(self, statement: Executable, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        ...

    def each(self, statement: Executable, many: Iterable[Values]) -> None:
        """Run a statement that changes rows once for each of `many`."""
        ...

    def turn(self, name: str) -> bool:
        """See `ports.Transaction.turn`."""
        ...

    def reserve(self, name: str) -> None:
        """Wait until no other transaction has reserved `name`, and have it until this one ends: a lock for a row that is not there yet."""
        ...


@dataclass(frozen=True, slots=True)
class Ready:
    """A compiled statement: its text, the names of its parameters in order, those that never change, and which result columns are yes or no."""

    text: str
    names: tuple[str, ...]
    constants: dict[str, Any] = field(repr=False)
    flags: tuple[int, ...]

    def parameters(self, values: Values) -> tuple[Any, ...]:
        """What is bound, in the order of the text."""
        get, constants = values.get, self.constants
        return tuple([get(name, constants.get(name)) for name in self.names])

    def row(self, row: Row) -> Row:
        """SQLite has no word for yes and no, policy has no word for 0 and 1."""
        if not self.flags:
            return row
        whole = list(row)
        for index in self.flags:
            whole[index] = bool(whole[index])
        return tuple(whole)


class SqliteRunner:
    """`Runner` over a `sqlite3` connection."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self._ready: dict[Executable, Ready] = {}

    def rows(self, statement: Executable, values: Values) -> list[Row]:
        """See `Runner`."""
        ready = self._of(statement)
        found = self._raw.execute(ready.text, ready.parameters(values)).fetchall()
        return [ready.row(row) for row in found] if ready.flags else found

    def row(self, statement: Executable, values: Values) -> Row | None:
        """See `Runner`."""
        ready = self._of(statement)
        found = self._raw.execute(ready.text, ready.parameters(values)).fetchone()
        return None if found is None else ready.row(found)

    def change(self, statement: Executable, values: Values) -> int:
        """See `Runner`."""
        ready = self._of(statement)
        return self._raw.execute(ready.text, ready.parameters(values)).rowcount

    def each(self, statement: Executable, many: Iterable[Values]) -> None:
        """See `Runner`."""
        ready = self._of(statement)
        self._raw.executemany(ready.text, [ready.parameters(values) for values in many])

    def turn(self, name: str) -> bool:
        """Always: one transaction of this database writes at a time, whoever began it."""
        del name
        return True

    def reserve(self, name: str) -> None:
        """Nothing to wait for: see `turn`."""

    def _of(self, statement: Executable) -> Ready:
        found = self._ready.get(statement)
        if found is None:
            columns = list(statement.selected_columns) if isinstance(statement, Select) else []
            flags = tuple(i for i, each in enumerate(columns) if isinstance(each.type, Boolean))
            found = self._ready[statement] = compiled(statement, sqlite.dialect(), flags)
        return found


def compiled(
    statement: Executable, dialect: Dialect, flags: tuple[int, ...] = (), **options: Any
) -> Ready:
    """A statement as `dialect` says it; `options` are those of SQLAlchemy's `compile`."""
    found: Any = statement.compile(dialect=dialect, **options)  # type: ignore[attr-defined]
    return Ready(
        text=str(found),
        names=tuple(found.positiontup or ()),
        constants={name: bind.value for name, bind in found.binds.items() if not bind.required},
        flags=flags,
    )

"""Statements of SQLAlchemy, compiled once, run on the driver itself.

Building and checking a result object costs SQLAlchemy several times what SQLite needs to answer, and every request says five statements; so they
are compiled to text and parameters at their first use, and rows come back as plain tuples. Another database gives its own `Runner`.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Boolean, Executable, Select
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


@dataclass(frozen=True, slots=True)
class _Ready:
    """A compiled statement: its text, the names of its parameters in order, those that never change, and which result columns are yes or no."""

    text: str
    names: tuple[str, ...]
    constants: dict[str, Any] = field(repr=False)
    flags: tuple[int, ...]

    def parameters(self, values: Values) -> tuple[Any, ...]:
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
        self._ready: dict[Executable, _Ready] = {}

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

    def _of(self, statement: Executable) -> _Ready:
        found = self._ready.get(statement)
        if found is None:
            found = self._ready[statement] = _compile(statement)
        return found


def _compile(statement: Executable) -> _Ready:
    compiled: Any = statement.compile(  # type: ignore[attr-defined]
        dialect=sqlite.dialect()
    )
    columns = list(statement.selected_columns) if isinstance(statement, Select) else []
    return _Ready(
        text=str(compiled),
        names=tuple(compiled.positiontup or ()),
        constants={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        flags=tuple(i for i, column in enumerate(columns) if isinstance(column.type, Boolean)),
    )

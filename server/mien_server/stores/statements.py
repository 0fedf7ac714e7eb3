"""The few forms in which statements are said, whatever the table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Select, Table, bindparam, insert, select, tuple_, update

from mien_server.ports import Lock
from mien_server.stores import schema
from mien_server.stores.runner import Row, Runner, Values


def put(runner: Runner, table: Table, values: Values) -> None:
    """Update the row with the primary key in `values`, or insert it."""
    if runner.change(UPDATES[table.name], bound(table, values)) == 0:
        runner.change(INSERTS[table.name], values)


def bound(table: Table, values: Values) -> dict[str, Any]:
    """What `UPDATES` of a table binds: a row, its key marked."""
    keys = table.primary_key.columns.keys()
    return {f"_{name}" if name in keys else name: value for name, value in values.items()}


def _match(columns: Iterable[Column[Any]]) -> list[Any]:
    return [column == bindparam(f"_{column.name}") for column in columns]


def _update(table: Table) -> Any:
    free: dict[str, Any] = {
        column.name: bindparam(column.name) for column in table.c if not column.primary_key
    }
    return update(table).where(*_match(table.primary_key.columns)).values(free)


INSERTS: Final = {table.name: insert(table) for table in schema.metadata.tables.values()}
UPDATES: Final = {table.name: _update(table) for table in schema.metadata.tables.values()}


def some(table: Table, act: Any, *where: Any) -> "Some":
    """`act` (an update or delete of `table`) on up to `limit` rows `where`; the limit and what `where` binds are given at the run.

    The rows are locked when they are found, so that two nodes never count the same one.
    """
    keys = tuple(table.primary_key.columns)
    return Some(
        select(*keys).where(*where).limit(bindparam("limit")).with_for_update(),
        act.where(*_match(keys)),
        tuple(f"_{column.name}" for column in keys),
    )


@dataclass(frozen=True, slots=True)
class Some:
    """Find some primary keys, then act on exactly those: DELETE ... LIMIT is not SQL that every database speaks."""

    find: Select[Any]
    act: Any
    names: tuple[str, ...]

    def run(self, runner: Runner, values: Values) -> int:
        """Act on some; how many that were."""
        rows = runner.rows(self.find, values)
        runner.each(self.act, [dict(zip(self.names, row, strict=True)) for row in rows])
        return len(rows)


def at_once(table: Table, act: Any, *where: Any, skip: bool = False) -> Any:
    """What `some` does, in one statement: for many rows it takes a third of the time, and the database's driver lets go of the interpreter once.

    With `skip`, rows that somebody else has locked are left for the next time instead of waited for.
    """
    keys = tuple(table.primary_key.columns)
    chosen = select(*keys).where(*where).limit(bindparam("limit"))
    # Not correlated: the rows are chosen from the whole table, not compared with the one that is looked at.
    return act.where(tuple_(*keys).in_(chosen.with_for_update(skip_locked=skip).correlate(None)))


def value(runner: Runner, statement: Select[Any], values: Values) -> Any:
    """The first column of the first row, None when there is none."""
    row = runner.row(statement, values)
    return None if row is None else row[0]


def locked_row(
    runner: Runner, statements: Mapping[Lock, Select[Any]], values: Values, lock: Lock, name: str
) -> Row | None:
    """The row, locked. For a change, one that is not there is locked too, by its `name`.

    Else two transactions could both find nothing, and `put` of the second would replace what the first has just inserted.
    """
    row = runner.row(statements[lock], values)
    if row is None and lock == "update":
        runner.reserve(name)
        row = runner.row(statements[lock], values)
    return row


def locked(statement: Select[Any]) -> dict[Lock, Select[Any]]:
    """A query with each way to lock the rows it finds."""
    return {
        "none": statement,
        "share": statement.with_for_update(read=True),
        "update": statement.with_for_update(),
    }


def of_person(table: Table) -> list[Any]:
    """The condition that a row is of the person bound as `site` and `subject`."""
    return [table.c.site == bindparam("site"), table.c.subject == bindparam("subject")]

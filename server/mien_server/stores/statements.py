"""The few forms in which statements are said, whatever the table."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Select, Table, bindparam, insert, select, update

from mien_server.stores import schema
from mien_server.stores.runner import Runner, Values


def put(runner: Runner, table: Table, values: Values) -> None:
    """Update the row with the primary key in `values`, or insert it."""
    if runner.change(UPDATES[table.name], _bound(table, values)) == 0:
        runner.change(INSERTS[table.name], values)


def _bound(table: Table, values: Values) -> dict[str, Any]:
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
    """`act` (an update or delete of `table`) on up to `limit` rows `where`; the limit and what `where` binds are given at the run."""
    keys = tuple(table.primary_key.columns)
    return Some(
        select(*keys).where(*where).limit(bindparam("limit")),
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


def value(runner: Runner, statement: Select[Any], values: Values) -> Any:
    """The first column of the first row, None when there is none."""
    row = runner.row(statement, values)
    return None if row is None else row[0]


def of_person(table: Table) -> list[Any]:
    """The condition that a row is of the person bound as `site` and `subject`."""
    return [table.c.site == bindparam("site"), table.c.subject == bindparam("subject")]

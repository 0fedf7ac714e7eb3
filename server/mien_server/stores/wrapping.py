"""Finding what an older key-encryption key wraps: in the order of an index, a chunk at a time, past what was seen.

Rotation looks every minute and must neither scan a table nor stop at a row that it cannot read.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Update, bindparam, func, select, tuple_, update

from mien_server.stores.runner import Runner, Values


def wrapped_before(
    rows: Select[Any], *order: ColumnElement[Any], where: tuple[Any, ...] = ()
) -> Select[Any]:
    """Of `rows`, those whose epoch is before `epoch`, after the one `seen`, up to `limit`; locked. `order` is the epoch and then the row's key."""
    seen = tuple_(*(bindparam(f"seen_{i}") for i in range(len(order))))
    return (
        rows.where(order[0] < bindparam("epoch"), tuple_(*order) > seen, *where)
        .order_by(*order)
        .limit(bindparam("limit"))
        .with_for_update()
    )


def after(epoch: int, limit: int, *seen: object) -> Values:
    """What the above binds. Nothing is in the order before an epoch of -1."""
    return {
        "epoch": epoch,
        "limit": limit,
        **{f"seen_{i}": value for i, value in enumerate(seen)},
    }


def rewrap(table: Table, *keys: ColumnElement[Any]) -> Update:
    """Replace wrapped key and epoch of the row with these keys, where it still has a key."""
    return (
        update(table)
        .where(
            *(column == bindparam(f"key_{i}") for i, column in enumerate(keys)),
            table.c.wrapped_key.is_not(None),
        )
        .values(wrapped_key=bindparam("wrapped"), epoch=bindparam("new_epoch"))
    )


def rewrapped(wrapped: bytes | None, epoch: int, *keys: object) -> Values:
    """What the above binds."""
    named = {f"key_{i}": value for i, value in enumerate(keys)}
    return {"wrapped": wrapped, "new_epoch": epoch, **named}


def wrapped_by(epoch: ColumnElement[Any], *where: Any) -> Select[Any]:
    """How many rows each epoch wraps."""
    return select(epoch, func.count()).where(*where).group_by(epoch)


def counts(runner: Runner, statement: Select[Any]) -> dict[int, int]:
    """The above, by epoch."""
    return {row[0]: row[1] for row in runner.rows(statement, {})}

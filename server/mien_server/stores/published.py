"""The checkpoint that the log shows."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from typing import Final

from sqlalchemy import bindparam, or_, select, update

from mien_server.ports import Lock
from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, locked, locked_row
from mien_server.values import Published

_TABLE = schema.published
_LONGEST: Final = 60
"""Seconds; who says that it asks for longer had another clock."""
_GET = locked(select(*(_TABLE.c[name] for name in Published.__slots__)))
_PUT = update(_TABLE).values({name: bindparam(name) for name in Published.__slots__})
_LEASE = (
    update(_TABLE)
    .where(or_(_TABLE.c.busy_until <= bindparam("now"), _TABLE.c.busy_until > bindparam("far")))
    .values(busy_until=bindparam("until"))
)
_RELEASE = update(_TABLE).values(busy_until=0)


class SqlPublished:
    """`ports.Publications`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, lock: Lock = "none") -> Published | None:
        row = locked_row(self._runner, _GET, {}, lock, "published")
        return None if row is None else Published(*row)

    def put(self, published: Published) -> None:
        values = {name: getattr(published, name) for name in Published.__slots__}
        if self._runner.change(_PUT, values) == 0:
            self._runner.reserve("published")
            if self._runner.change(_PUT, values) == 0:
                self._runner.change(INSERTS["published"], {"id": 1, "busy_until": 0, **values})

    def lease(self, now: int, until: int) -> bool:
        values = {"now": now, "far": now + _LONGEST, "until": until}
        return self._runner.change(_LEASE, values) == 1

    def release(self) -> None:
        self._runner.change(_RELEASE, {})

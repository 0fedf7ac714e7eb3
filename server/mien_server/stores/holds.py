"""Legal holds: `ports.Holds`, and the condition under which other nouns leave a row alone."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from typing import Any

from sqlalchemy import Exists, Select, Table, bindparam, delete, exists, or_, select

from mien_server.stores import schema
from mien_server.stores.runner import Runner, Values
from mien_server.stores.statements import of_person, put, some
from mien_server.values import Hold

_HOLD = schema.hold.c
_STANDING = (_HOLD.over_at == 0, _HOLD.ends_at > bindparam("now"))


def held(table: Table) -> Exists:
    """The condition that the person of a row of `table` is under a hold that stands at the bound `now`. No hold at all: one look into an empty index."""
    return exists(
        select(_HOLD.id).where(
            _HOLD.site == table.c.site, _HOLD.subject == table.c.subject, *_STANDING
        )
    )


def kept(table: Table) -> Any:
    """The condition that a row may still be shown at the bound `now`: its time has not passed, or it is held."""
    return or_(table.c.retain_until > bindparam("now"), held(table))


def over(table: Table) -> tuple[Any, ...]:
    """The conditions that a row must go at the bound `now`: its time has passed, and nothing holds it."""
    return (table.c.retain_until <= bindparam("now"), ~held(table))


_HOLDS = select(*(_HOLD[name] for name in Hold.__slots__))
_ONE = _HOLDS.where(_HOLD.id == bindparam("id")).with_for_update()
_ALL = _HOLDS.order_by(_HOLD.placed_at, _HOLD.id)
_OF_PERSON = _ALL.where(*of_person(schema.hold))
_DUE = (
    _HOLDS.where(_HOLD.over_at == 0, _HOLD.ends_at <= bindparam("now"))
    .order_by(_HOLD.ends_at, _HOLD.id)
    .limit(bindparam("limit"))
)
_DELETE_OVER = some(
    schema.hold, delete(schema.hold), _HOLD.over_at != 0, _HOLD.retain_until <= bindparam("now")
)
_FORGET = delete(schema.hold).where(*of_person(schema.hold))


class SqlHolds:
    """`ports.Holds`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, hold: str) -> Hold | None:
        row = self._runner.row(_ONE, {"id": hold})
        return None if row is None else Hold(*row)

    def all(self) -> tuple[Hold, ...]:
        return self._many(_ALL, {})

    def of_person(self, site: str, subject: str) -> tuple[Hold, ...]:
        return self._many(_OF_PERSON, {"site": site, "subject": subject})

    def standing(self, site: str, subject: str, now: int) -> tuple[Hold, ...]:
        return tuple(each for each in self.of_person(site, subject) if each.standing(now))

    def due(self, now: int, limit: int) -> tuple[Hold, ...]:
        return self._many(_DUE, {"now": now, "limit": limit})

    def put(self, hold: Hold) -> None:
        put(self._runner, schema.hold, {name: getattr(hold, name) for name in Hold.__slots__})

    def delete_over(self, now: int, limit: int) -> int:
        return _DELETE_OVER.run(self._runner, {"now": now, "limit": limit})

    def forget(self, site: str, subject: str) -> int:
        return self._runner.change(_FORGET, {"site": site, "subject": subject})

    def _many(self, statement: Select[Any], values: Values) -> tuple[Hold, ...]:
        return tuple(Hold(*row) for row in self._runner.rows(statement, values))

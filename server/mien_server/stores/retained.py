"""How much is kept of each data class, what of it must go, and what was deleted but is not in the log yet: `ports.Retained`."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from mien.values import STANDING
from mien_server.stores import schema
from mien_server.stores.holds import held, over
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, value
from mien_server.values import Due, Holding

DAY: Final = 86_400
_DAY: Final[ColumnElement[int]] = literal_column(str(DAY), schema.Whole)
"""Written out: PostgreSQL takes an expression for the one it groups by only when no parameter is in it."""
_NOW: Final[ColumnElement[int]] = bindparam("now")


def _holding(
    table: Table, data_class: Any, came: Any, overdue: ColumnElement[bool], *where: Any
) -> Select[Any]:
    """Class, rows, overdue, on hold, oldest of one table. Counts of what is not null are the same number type everywhere; sums are not."""
    return select(
        data_class,
        func.count(),
        func.count(case((overdue, 1))),
        func.count(case((held(table), 1))),
        func.min(came),
    ).where(*where)


def _passed(table: Table) -> ColumnElement[bool]:
    return table.c.retain_until <= _NOW


_RECORD, _EVENT, _LEAF, _PERSON = schema.record.c, schema.event.c, schema.leaf.c, schema.person.c
_ACCEPTED = schema.accepted
_STATUS = (
    _holding(schema.record, _RECORD.data_class, _RECORD.ended_at, _passed(schema.record)).group_by(
        _RECORD.data_class
    ),
    _holding(schema.event, literal("event"), _EVENT.at, _passed(schema.event)),
    _holding(
        schema.person, literal("consent"), _PERSON.consented_at, _PERSON.expires_at <= _NOW,
        or_(*(_PERSON.state == state for state in STANDING)), _PERSON.tombstoned_at == 0,
    ),
    _holding(schema.evidence, literal("consent_evidence"), schema.evidence.c.at, _passed(schema.evidence)),
    _holding(
        schema.leaf, literal("decision_record"), _LEAF.hour, _passed(schema.leaf), _LEAF.opening.is_not(None)
    ),
    _holding(_ACCEPTED, literal("envelope_replay"), _ACCEPTED.c.at, _ACCEPTED.c.at < bindparam("replays")),
)  # fmt: skip


def _due(data_class: Any, ends: Any, *where: Any) -> Select[Any]:
    day = ends // _DAY
    groups = (data_class, day) if isinstance(data_class, Column) else (day,)
    return select(data_class, day, func.count()).where(*where).group_by(*groups)


_DUE = (
    _due(_RECORD.data_class, _RECORD.retain_until, *over(schema.record)),
    _due(literal("event"), _EVENT.retain_until, *over(schema.event)),
    _due(literal("consent_evidence"), schema.evidence.c.retain_until, *over(schema.evidence)),
    _due(literal("decision_record"), _LEAF.retain_until, *over(schema.leaf), _LEAF.opening.is_not(None)
    ),
)  # fmt: skip
_REPLAYS_DUE = _due(
    literal("envelope_replay"), _ACCEPTED.c.at, _ACCEPTED.c.at < bindparam("replays")
)
"""By the day on which they were accepted: see `_DAY`."""
_MARKED = exists(
    select(schema.mark.c.site).where(
        schema.mark.c.site == _PERSON.site, schema.mark.c.subject == _PERSON.subject
    )
)
_CONSENTS = select(func.count()).where(
    _PERSON.tombstoned_at == 0,
    or_(
        _MARKED,
        and_(or_(*(_PERSON.state == state for state in STANDING)), _PERSON.expires_at <= _NOW),
    ),
)
_SWEPT = schema.swept.c
_A_TALLY = and_(_SWEPT.why == bindparam("_why"), _SWEPT.data_class == bindparam("_class"))
_ADD = update(schema.swept).where(_A_TALLY).values(rows=_SWEPT.rows + bindparam("more"))
_TALLIES = select(schema.swept).order_by(_SWEPT.why, _SWEPT.data_class).with_for_update()
_TAKE = delete(schema.swept).where(_A_TALLY)


class SqlRetained:
    """`ports.Retained`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def status(self, now: int, replays: int) -> tuple[Holding, ...]:
        values = {"now": now, "replays": replays}
        found = [row for each in _STATUS for row in self._runner.rows(each, values)]
        return tuple(Holding(*row) for row in found if row[1])

    def due(self, now: int, replays: int) -> tuple[Due, ...]:
        values = {"now": now, "replays": replays}
        found = [row for each in _DUE for row in self._runner.rows(each, values)]
        life = (now - replays) // DAY
        for name, day, rows in self._runner.rows(_REPLAYS_DUE, values):
            found.append((name, day + life, rows))
        return tuple(Due(name, day * DAY, rows) for name, day, rows in sorted(found))

    def consents(self, now: int) -> int:
        found: int = value(self._runner, _CONSENTS, {"now": now})
        return found

    def count(self, why: str, rows: Mapping[str, int]) -> None:
        # In one order, so that two transactions that count wait for each other and never in a ring.
        for data_class, more in sorted(rows.items()):
            if more and not self._runner.change(
                _ADD, {"_why": why, "_class": data_class, "more": more}
            ):
                self._runner.change(
                    INSERTS["swept"], {"why": why, "data_class": data_class, "rows": more}
                )

    def take(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for why, data_class, rows in self._runner.rows(_TALLIES, {}):
            found.setdefault(why, {})[data_class] = rows
            self._runner.change(_TAKE, {"_why": why, "_class": data_class})
        return found

"""Rankings at rest."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

import dataclasses
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, select

from mien_server.ports import Lock
from mien_server.stores import schema
from mien_server.stores.holds import held, kept, over
from mien_server.stores.runner import Row, Runner, Values
from mien_server.stores.statements import INSERTS, UPDATES, bound, locked, of_person
from mien_server.values import SealedEvent

_EVENTS = select(*(schema.event.c[name] for name in SealedEvent.__slots__))
_EVENT = _EVENTS.where(
    schema.event.c.site == bindparam("site"), schema.event.c.id == bindparam("id")
)
_EVENT_LOCKED: Final = locked(_EVENT)
_EVENTS_OF = (
    _EVENTS.where(*of_person(schema.event), kept(schema.event))
    .order_by(schema.event.c.at, schema.event.c.id)
    .limit(bindparam("limit"))
)
_EVENTS_OF_LOCKED: Final = locked(_EVENTS_OF)
_UNLEARNED = (
    _EVENTS.where(
        schema.event.c.learned.is_(False),
        schema.event.c.at < bindparam("before"),
        schema.event.c.retain_until > bindparam("now"),
        ~held(schema.event),  # learning is a use
    )
    .order_by(schema.event.c.at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_EXPIRED_EVENTS = (
    _EVENTS.where(*over(schema.event)).limit(bindparam("limit")).with_for_update(skip_locked=True)
)
_LEARNED_OF = (
    _EVENTS.where(*of_person(schema.event), schema.event.c.learned)
    .limit(bindparam("limit"))
    .with_for_update()
)
_LEARNED_AT = (
    _EVENTS.where(
        schema.event.c.site == bindparam("site"),
        schema.event.c.learned,
        schema.event.c.id > bindparam("after"),
    )
    .order_by(schema.event.c.id)
    .limit(bindparam("limit"))
)
_DELETE_EVENT = delete(schema.event).where(
    schema.event.c.site == bindparam("site"), schema.event.c.id == bindparam("id")
)
_EVENT_THERE = select(schema.event.c.at).where(schema.event.c.id == bindparam("id"))


_RESTING_ON = (
    _EVENTS.where(*of_person(schema.event), schema.event.c.basis.like(bindparam("pattern")))
    .limit(bindparam("limit"))
    .with_for_update()
)


class SqlEvents:
    """`ports.Events`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, event: SealedEvent) -> bool:
        if self._runner.row(_EVENT_THERE, {"id": event.id}) is not None:
            return False
        self._runner.change(INSERTS["event"], _event_values(event))
        return True

    def get(self, site: str, event: str, lock: Lock = "none") -> SealedEvent | None:
        row = self._runner.row(_EVENT_LOCKED[lock], {"site": site, "id": event})
        return None if row is None else _event(row)

    def replace(self, event: SealedEvent) -> None:
        # No insert when it is gone: a reward that comes late must not bring back what an erasure deleted.
        self._runner.change(UPDATES["event"], bound(schema.event, _event_values(event)))

    def of_person(
        self, site: str, subject: str, limit: int, now: int = 0, lock: Lock = "none"
    ) -> tuple[SealedEvent, ...]:
        values = {"site": site, "subject": subject, "limit": limit, "now": now}
        return self._many(_EVENTS_OF_LOCKED[lock], values)

    def learned_of(self, site: str, subject: str, limit: int) -> tuple[SealedEvent, ...]:
        return self._many(_LEARNED_OF, {"site": site, "subject": subject, "limit": limit})

    def learned_at(self, site: str, after: str, limit: int) -> tuple[SealedEvent, ...]:
        return self._many(_LEARNED_AT, {"site": site, "after": after, "limit": limit})

    def resting_on(
        self, site: str, subject: str, purposes: Collection[str], limit: int
    ) -> tuple[SealedEvent, ...]:
        found: dict[str, SealedEvent] = {}
        for purpose in sorted(purposes):
            values = {"site": site, "subject": subject, "pattern": f"%{purpose}%", "limit": limit}
            found.update((each.id, each) for each in self._many(_RESTING_ON, values))
        return tuple(found.values())[:limit]

    def unlearned(self, before: int, now: int, limit: int) -> tuple[SealedEvent, ...]:
        return self._many(_UNLEARNED, {"before": before, "now": now, "limit": limit})

    def expired(self, now: int, limit: int) -> tuple[SealedEvent, ...]:
        return self._many(_EXPIRED_EVENTS, {"now": now, "limit": limit})

    def delete(self, site: str, events: Iterable[str]) -> None:
        rows = [{"site": site, "id": event} for event in events]
        if rows:
            self._runner.each(_DELETE_EVENT, rows)

    def _many(self, statement: Select[Any], values: Values) -> tuple[SealedEvent, ...]:
        return tuple(_event(row) for row in self._runner.rows(statement, values))


def _event_values(event: SealedEvent) -> dict[str, Any]:
    values = {name: getattr(event, name) for name in SealedEvent.__slots__}
    return {**values, "basis": " ".join(event.basis)}


def _event(row: Row) -> SealedEvent:
    return dataclasses.replace(SealedEvent(*row), basis=tuple(row[-1].split()))

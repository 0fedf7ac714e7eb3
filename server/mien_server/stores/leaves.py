"""Leaves of the log: pending until sequenced, with what opens them."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections.abc import Iterable

from sqlalchemy import bindparam, case, func, select, update

from mien_server.errors import LeafUnknown
from mien_server.stores import schema
from mien_server.stores.holds import kept, over
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, of_person, some, value
from mien_server.stores.wrapping import after, counts, rewrap, rewrapped, wrapped_before, wrapped_by
from mien_server.values import SealedLeaf

_LEAVES = select(*(schema.leaf.c[name] for name in SealedLeaf.__slots__))
_PENDING = (
    _LEAVES.where(schema.leaf.c.log_index.is_(None))
    .order_by(schema.leaf.c.n)
    .limit(bindparam("limit"))
)
_PENDING_COUNT = select(func.count()).where(schema.leaf.c.log_index.is_(None))
_PLACE = (
    update(schema.leaf)
    .where(schema.leaf.c.hash == bindparam("_hash"))
    .values(log_index=bindparam("_index"))
)
_OPENABLE = (
    select(schema.leaf.c.log_index, *(schema.leaf.c[name] for name in SealedLeaf.__slots__))
    .where(
        schema.leaf.c.log_index >= bindparam("first"),
        schema.leaf.c.opening.is_not(None),
        kept(schema.leaf),
    )
    .order_by(schema.leaf.c.log_index)
    .limit(bindparam("limit"))
)
_SHOWN = {"opening": case((kept(schema.leaf), schema.leaf.c.opening)).label("opening")}
_SHOWN_LEAVES = select(
    schema.leaf.c.log_index,
    *(_SHOWN.get(name, schema.leaf.c[name]) for name in SealedLeaf.__slots__),
).limit(bindparam("limit"))
_THE_HOURS = (
    schema.leaf.c.hour >= bindparam("since"),
    schema.leaf.c.hour <= bindparam("until"),
    schema.leaf.c.log_index < bindparam("end"),
)
# The rest of an hour, and the hours after it: one comparison of pairs would say both, but SQLite begins such a search at the hour, not in it.
_OF_HOUR = _SHOWN_LEAVES.where(
    schema.leaf.c.hour == bindparam("hour"),
    schema.leaf.c.log_index > bindparam("index"),
    schema.leaf.c.log_index < bindparam("end"),
).order_by(schema.leaf.c.log_index)
_OF_HOURS = _SHOWN_LEAVES.where(*_THE_HOURS).order_by(schema.leaf.c.hour, schema.leaf.c.log_index)
_COUNT_HOURS = select(func.count()).select_from(schema.leaf).where(*_THE_HOURS)
_PLACED = select(schema.leaf.c.log_index, schema.leaf.c.hour).where(
    schema.leaf.c.hash == bindparam("hash")
)
_LEAVES_OF = _LEAVES.where(
    *of_person(schema.leaf), schema.leaf.c.opening.is_not(None), kept(schema.leaf)
).order_by(schema.leaf.c.n)
_HAS_KEY = schema.leaf.c.wrapped_key.is_not(None)
_WRAPPED_BEFORE = wrapped_before(
    _LEAVES, schema.leaf.c.epoch, schema.leaf.c.hash, where=(_HAS_KEY,)
)
_WRAPPED_BY = wrapped_by(schema.leaf.c.epoch, _HAS_KEY)
_REWRAP = rewrap(schema.leaf, schema.leaf.c.hash)
_CLOSED = {"opening": None, "wrapped_key": None, "subject": None, "tag": None}
_DROP = update(schema.leaf).values(_CLOSED)
_DROP_OF = some(schema.leaf, _DROP, *of_person(schema.leaf))
_DROP_TAGGED = some(
    schema.leaf,
    _DROP,
    schema.leaf.c.site == bindparam("site"),
    schema.leaf.c.tag == bindparam("tag"),
)
_DROP_EXPIRED = some(
    schema.leaf,
    _DROP,
    schema.leaf.c.opening.is_not(None),
    *over(schema.leaf),
)


class SqlLeaves:
    """`ports.Leaves`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, leaf: SealedLeaf) -> None:
        values = {name: getattr(leaf, name) for name in SealedLeaf.__slots__}
        self._runner.change(INSERTS["leaf"], values)

    def pending(self, limit: int) -> tuple[SealedLeaf, ...]:
        rows = self._runner.rows(_PENDING, {"limit": limit})
        return tuple(SealedLeaf(*row) for row in rows)

    def pending_count(self) -> int:
        return int((self._runner.row(_PENDING_COUNT, {}) or (0,))[0])

    def place(self, hashes: Iterable[bytes], first: int) -> None:
        rows = [{"_hash": each, "_index": index} for index, each in enumerate(hashes, first)]
        if rows:
            self._runner.each(_PLACE, rows)

    def openable(self, first: int, limit: int, now: int = 0) -> tuple[tuple[int, SealedLeaf], ...]:
        rows = self._runner.rows(_OPENABLE, {"first": first, "limit": limit, "now": now})
        return tuple((row[0], SealedLeaf(*row[1:])) for row in rows)

    def of_hours(
        self, hours: tuple[int, int], after: tuple[int, int], end: int, limit: int, now: int
    ) -> tuple[tuple[int, SealedLeaf], ...]:
        (since, until), (hour, index) = hours, after
        values = {"until": until, "end": end, "now": now}
        rows = []
        if since <= hour <= until:
            rest = {"hour": hour, "index": index, "limit": limit}
            rows = self._runner.rows(_OF_HOUR, {**values, **rest})
        if len(rows) < limit:
            later = {"since": max(since, hour + 1), "limit": limit - len(rows)}
            rows += self._runner.rows(_OF_HOURS, {**values, **later})
        return tuple((row[0], SealedLeaf(*row[1:])) for row in rows)

    def count_hours(self, hours: tuple[int, int], end: int) -> int:
        values = {"since": hours[0], "until": hours[1], "end": end}
        return int(value(self._runner, _COUNT_HOURS, values))

    def placed(self, leaf: bytes) -> tuple[int, int] | None:
        row = self._runner.row(_PLACED, {"hash": leaf})
        if row is None:
            msg = "this leaf is not in the log; check that it is the one on the receipt"
            raise LeafUnknown(msg)
        return None if row[0] is None else (row[0], row[1])

    def of_person(self, site: str, subject: str, now: int = 0) -> tuple[SealedLeaf, ...]:
        rows = self._runner.rows(_LEAVES_OF, {"site": site, "subject": subject, "now": now})
        return tuple(SealedLeaf(*row) for row in rows)

    def wrapped_before(
        self, epoch: int, last: SealedLeaf | None, limit: int
    ) -> tuple[SealedLeaf, ...]:
        seen = (-1, b"") if last is None else (last.epoch, last.hash)
        rows = self._runner.rows(_WRAPPED_BEFORE, after(epoch, limit, *seen))
        return tuple(SealedLeaf(*row) for row in rows)

    def wrapped_by(self) -> dict[int, int]:
        return counts(self._runner, _WRAPPED_BY)

    def rewrap(self, leaves: Iterable[SealedLeaf]) -> None:
        rows = [rewrapped(each.wrapped_key, each.epoch, each.hash) for each in leaves]
        if rows:
            self._runner.each(_REWRAP, rows)

    def drop_openings(self, site: str, subject: str, limit: int) -> int:
        values = {"site": site, "subject": subject, "limit": limit}
        return _DROP_OF.run(self._runner, values)

    def drop_tagged(self, site: str, tag: bytes, limit: int) -> int:
        return _DROP_TAGGED.run(self._runner, {"site": site, "tag": tag, "limit": limit})

    def drop_expired_openings(self, now: int, limit: int) -> int:
        return _DROP_EXPIRED.run(self._runner, {"now": now, "limit": limit})

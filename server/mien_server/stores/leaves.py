"""Leaves of the log: pending until sequenced, with what opens them."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections.abc import Iterable

from sqlalchemy import bindparam, func, select, update

from mien_server.errors import LeafUnknown
from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, of_person, some
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
    .where(schema.leaf.c.log_index >= bindparam("first"), schema.leaf.c.opening.is_not(None))
    .order_by(schema.leaf.c.log_index)
    .limit(bindparam("limit"))
)
_PLACED = select(schema.leaf.c.log_index, schema.leaf.c.hour).where(
    schema.leaf.c.hash == bindparam("hash")
)
_LEAVES_OF = _LEAVES.where(*of_person(schema.leaf), schema.leaf.c.opening.is_not(None)).order_by(
    schema.leaf.c.n
)
_OWN_KEYS = _LEAVES.where(
    schema.leaf.c.wrapped_key.is_not(None), schema.leaf.c.epoch < bindparam("before")
).limit(bindparam("limit"))
_REWRAP = (
    update(schema.leaf)
    .where(schema.leaf.c.hash == bindparam("_hash"))
    .values(wrapped_key=bindparam("_wrapped"), epoch=bindparam("_epoch"))
)
_CLOSED = {"opening": None, "wrapped_key": None, "subject": None}
_DROP = update(schema.leaf).values(_CLOSED)
_DROP_OF = some(schema.leaf, _DROP, *of_person(schema.leaf))
_DROP_EXPIRED = some(
    schema.leaf,
    _DROP,
    schema.leaf.c.opening.is_not(None),
    schema.leaf.c.retain_until <= bindparam("now"),
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

    def openable(self, first: int, limit: int) -> tuple[tuple[int, SealedLeaf], ...]:
        rows = self._runner.rows(_OPENABLE, {"first": first, "limit": limit})
        return tuple((row[0], SealedLeaf(*row[1:])) for row in rows)

    def placed(self, leaf: bytes) -> tuple[int, int] | None:
        row = self._runner.row(_PLACED, {"hash": leaf})
        if row is None:
            msg = "this leaf is not in the log; check that it is the one on the receipt"
            raise LeafUnknown(msg)
        return None if row[0] is None else (row[0], row[1])

    def of_person(self, site: str, subject: str) -> tuple[SealedLeaf, ...]:
        rows = self._runner.rows(_LEAVES_OF, {"site": site, "subject": subject})
        return tuple(SealedLeaf(*row) for row in rows)

    def wrapped_before(self, epoch: int, limit: int) -> tuple[SealedLeaf, ...]:
        rows = self._runner.rows(_OWN_KEYS, {"before": epoch, "limit": limit})
        return tuple(SealedLeaf(*row) for row in rows)

    def rewrap(self, leaf: bytes, wrapped_key: bytes, epoch: int) -> None:
        values = {"_hash": leaf, "_wrapped": wrapped_key, "_epoch": epoch}
        self._runner.change(_REWRAP, values)

    def drop_openings(self, site: str, subject: str, limit: int) -> int:
        values = {"site": site, "subject": subject, "limit": limit}
        return _DROP_OF.run(self._runner, values)

    def drop_expired_openings(self, now: int, limit: int) -> int:
        return _DROP_EXPIRED.run(self._runner, {"now": now, "limit": limit})

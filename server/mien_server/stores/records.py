"""Labels at rest."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select, update

from mien_server.stores import schema
from mien_server.stores.holds import kept, over
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, at_once, of_person
from mien_server.values import Record

_A_RECORD = [*of_person(schema.record), schema.record.c.id == bindparam("id")]
_RECORDS = select(*(schema.record.c[name] for name in Record.__slots__))
_RECORD = _RECORDS.where(*_A_RECORD)
_REPLACE_RECORD = (
    update(schema.record)
    .where(*of_person(schema.record), schema.record.c.id == bindparam("_id"))
    .values({name: bindparam(f"_{name}") for name in ("data_class", "retain_until", "sealed")})
)
_KEY = tuple(schema.record.primary_key.columns.keys())
_REMOVE = delete(schema.record).where(
    *(schema.record.c[name] == bindparam(f"_{name}") for name in _KEY)
)
_RECENT = (
    _RECORDS.where(
        *of_person(schema.record),
        schema.record.c.ended_at >= bindparam("since"),
        schema.record.c.retain_until > bindparam("now"),
        schema.record.c.data_class != "answer",
    )
    .order_by(schema.record.c.ended_at.desc(), schema.record.c.id)
    .limit(bindparam("limit"))
)
_ANSWERS = (
    _RECORDS.where(
        *of_person(schema.record),
        schema.record.c.data_class == "answer",
        schema.record.c.retain_until > bindparam("now"),
    )
    .order_by(schema.record.c.ended_at.desc(), schema.record.c.id)
    .limit(bindparam("limit"))
)
_LEARNERS = (
    select(schema.record.c.subject)
    .where(
        schema.record.c.site == bindparam("site"),
        schema.record.c.data_class == "answer",
        schema.record.c.subject > bindparam("after"),
    )
    .distinct()
    .order_by(schema.record.c.subject)
    .limit(bindparam("limit"))
)
_ALL_RECORDS = _RECORDS.where(*of_person(schema.record), kept(schema.record)).order_by(
    schema.record.c.ended_at, schema.record.c.id
)


class SqlRecords:
    """`ports.Records`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, records: Iterable[Record]) -> None:
        rows = [{name: getattr(each, name) for name in Record.__slots__} for each in records]
        if rows:
            self._runner.each(INSERTS["record"], rows)

    def get(self, site: str, subject: str, record: str) -> Record | None:
        values = {"site": site, "subject": subject, "id": record}
        row = self._runner.row(_RECORD, values)
        return None if row is None else Record(*row)

    def replace(self, record: Record) -> None:
        values = {
            "site": record.site, "subject": record.subject, "_id": record.id,
            "_data_class": record.data_class, "_retain_until": record.retain_until,
            "_sealed": record.sealed,
        }  # fmt: skip
        self._runner.change(_REPLACE_RECORD, values)

    def remove(self, record: Record) -> None:
        values = {f"_{name}": getattr(record, name) for name in _KEY}
        self._runner.change(_REMOVE, values)

    def recent(
        self, site: str, subject: str, since: int, now: int, limit: int
    ) -> tuple[Record, ...]:
        values = {"site": site, "subject": subject, "since": since, "now": now, "limit": limit}
        return tuple(Record(*row) for row in self._runner.rows(_RECENT, values))

    def answers(self, site: str, subject: str, now: int, limit: int) -> tuple[Record, ...]:
        values = {"site": site, "subject": subject, "now": now, "limit": limit}
        return tuple(Record(*row) for row in self._runner.rows(_ANSWERS, values))

    def learners(self, site: str, after: str, limit: int) -> tuple[str, ...]:
        values = {"site": site, "after": after, "limit": limit}
        return tuple(row[0] for row in self._runner.rows(_LEARNERS, values))

    def all(self, site: str, subject: str, now: int = 0) -> tuple[Record, ...]:
        rows = self._runner.rows(_ALL_RECORDS, {"site": site, "subject": subject, "now": now})
        return tuple(Record(*row) for row in rows)

    def delete(self, site: str, subject: str, limit: int, data_class: str | None = None) -> int:
        values = {"site": site, "subject": subject, "limit": limit}
        if data_class is None:
            return self._runner.change(_DELETE_RECORDS, values)
        return self._runner.change(_DELETE_OF_CLASS, {**values, "data_class": data_class})

    def delete_expired(self, now: int, limit: int) -> Counter[str]:
        rows = self._runner.rows(_DELETE_EXPIRED, {"now": now, "limit": limit})
        return Counter(row[0] for row in rows)


_DELETE_RECORDS = at_once(schema.record, delete(schema.record), *of_person(schema.record))
_DELETE_OF_CLASS = at_once(
    schema.record,
    delete(schema.record),
    *of_person(schema.record),
    schema.record.c.data_class == bindparam("data_class"),
)
# Locked, so that nobody else deletes what is counted here; what somebody has locked is theirs, or comes in the next round.
_DELETE_EXPIRED = at_once(
    schema.record, delete(schema.record), *over(schema.record), skip=True
).returning(schema.record.c.data_class)

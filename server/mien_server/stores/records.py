"""Labels at rest."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, delete, select, update

from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, of_person, some
from mien_server.values import Record

_A_RECORD = [*of_person(schema.record), schema.record.c.id == bindparam("id")]
_RECORDS = select(*(schema.record.c[name] for name in Record.__slots__))
_RECORD = _RECORDS.where(*_A_RECORD)
_REPLACE_RECORD = (
    update(schema.record)
    .where(*of_person(schema.record), schema.record.c.id == bindparam("_id"))
    .values({name: bindparam(f"_{name}") for name in ("data_class", "retain_until", "sealed")})
)
_RECENT = (
    _RECORDS.where(
        *of_person(schema.record),
        schema.record.c.ended_at >= bindparam("since"),
        schema.record.c.retain_until > bindparam("now"),
    )
    .order_by(schema.record.c.ended_at.desc(), schema.record.c.id)
    .limit(bindparam("limit"))
)
_ALL_RECORDS = _RECORDS.where(*of_person(schema.record)).order_by(
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

    def recent(
        self, site: str, subject: str, since: int, now: int, limit: int
    ) -> tuple[Record, ...]:
        values = {"site": site, "subject": subject, "since": since, "now": now, "limit": limit}
        return tuple(Record(*row) for row in self._runner.rows(_RECENT, values))

    def all(self, site: str, subject: str) -> tuple[Record, ...]:
        rows = self._runner.rows(_ALL_RECORDS, {"site": site, "subject": subject})
        return tuple(Record(*row) for row in rows)

    def delete(
        self, site: str, subject: str, limit: int, classes: Collection[str] | None = None
    ) -> int:
        values = {"site": site, "subject": subject, "limit": limit}
        if classes is None:
            return _DELETE_RECORDS.run(self._runner, values)
        deleted = 0
        for name in classes:
            left = {**values, "limit": limit - deleted, "data_class": name}
            deleted += _DELETE_OF_CLASS.run(self._runner, left)
        return deleted

    def delete_expired(self, now: int, limit: int) -> int:
        values = {"now": now, "limit": limit}
        return _DELETE_EXPIRED_RECORDS.run(self._runner, values)


_DELETE_RECORDS = some(schema.record, delete(schema.record), *of_person(schema.record))
_DELETE_OF_CLASS = some(
    schema.record,
    delete(schema.record),
    *of_person(schema.record),
    schema.record.c.data_class == bindparam("data_class"),
)
_DELETE_EXPIRED_RECORDS = some(
    schema.record, delete(schema.record), schema.record.c.retain_until <= bindparam("now")
)

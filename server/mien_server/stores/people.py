"""Subjects, their key sets, and the sequence numbers of their devices."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    tuple_,
)

from mien.values import STANDING
from mien_server.ports import Lock, Stream
from mien_server.stores import schema
from mien_server.stores.runner import Row, Runner, Values
from mien_server.stores.statements import INSERTS, locked, locked_row, of_person, put, some
from mien_server.stores.wrapping import after, counts, rewrap, rewrapped, wrapped_before, wrapped_by
from mien_server.values import Person, PersonKey

_PERSON = select(schema.person).where(*of_person(schema.person))
_PERSON_LOCKED: Final = locked(_PERSON)
_KEYS = (
    select(schema.person_key)
    .where(*of_person(schema.person_key))
    .order_by(schema.person_key.c.added_at, schema.person_key.c.id)
)
_ACCEPTED = [*of_person(schema.accepted), schema.accepted.c.device == bindparam("device")]


def _accepted(column: Any, *where: Any) -> ScalarSelect[Any]:
    return select(column).where(*_ACCEPTED, *where).scalar_subquery()


_KEY_COLUMNS = [column.label(f"key_{column.name}") for column in schema.person_key.c]
_STREAM = (
    select(
        schema.person,
        *_KEY_COLUMNS,
        _accepted(func.max(schema.accepted.c.seq)).label("highest"),
        _accepted(schema.accepted.c.digest, schema.accepted.c.seq == bindparam("seq")).label(
            "digest"
        ),
    )
    .join_from(
        schema.person,
        schema.person_key,
        (schema.person.c.site == schema.person_key.c.site)
        & (schema.person.c.subject == schema.person_key.c.subject),
    )
    .where(*of_person(schema.person), schema.person_key.c.id == bindparam("device"))
    .with_for_update(read=True, of=schema.person)
)
_DELETE_ACCEPTED = delete(schema.accepted).where(*of_person(schema.accepted))
_DELETE_KEYS = delete(schema.person_key).where(*of_person(schema.person_key))
_DELETE_ACCEPTED_OF = delete(schema.accepted).where(*_ACCEPTED)
_DELETE_KEY = delete(schema.person_key).where(
    *of_person(schema.person_key), schema.person_key.c.id == bindparam("device")
)
_OLD_LINKS = some(
    schema.person_key,
    delete(schema.person_key),
    schema.person_key.c.role == "link",
    schema.person_key.c.expires_at <= bindparam("now"),
)
_OLD_ACCEPTED = some(
    schema.accepted, delete(schema.accepted), schema.accepted.c.at < bindparam("before")
)
_EXPIRED = (
    select(schema.person)
    .where(
        or_(*(schema.person.c.state == state for state in STANDING)),
        schema.person.c.expires_at <= bindparam("now"),
        schema.person.c.tombstoned_at == 0,
    )
    .limit(bindparam("limit"))
    .with_for_update()
)
_STANDING_UNDER = (
    select(schema.person)
    .where(
        or_(*(schema.person.c.state == state for state in STANDING)),
        schema.person.c.site == bindparam("site"),
        schema.person.c.notice_sha256 == bindparam("notice"),
        schema.person.c.tombstoned_at == 0,
    )
    .limit(bindparam("limit"))
    .with_for_update()
)
_MARK = (schema.mark.c.site, schema.mark.c.subject)
_MARKED = (
    select(*_MARK)
    .where(tuple_(*_MARK) > tuple_(bindparam("after_site"), bindparam("after_subject")))
    .order_by(*_MARK)
    .limit(bindparam("limit"))
)
_UNMARK = delete(schema.mark).where(*of_person(schema.mark))
_HAS_KEY = schema.person.c.wrapped_key.is_not(None)
_WRAPPED_BEFORE = wrapped_before(
    select(schema.person),
    schema.person.c.epoch,
    schema.person.c.site,
    schema.person.c.subject,
    where=(_HAS_KEY,),
)
_REWRAP = rewrap(schema.person, schema.person.c.site, schema.person.c.subject)
_WRAPPED_BY = wrapped_by(schema.person.c.epoch, _HAS_KEY)
_ALIVE = schema.person.c.tombstoned_at == 0
_RAN_OUT = schema.person.c.expires_at <= bindparam("now")
_STATES = select(
    schema.person.c.state,
    func.count(case((and_(_ALIVE, ~_RAN_OUT), 1))),
    func.count(case((and_(_ALIVE, _RAN_OUT), 1))),
    func.count(case((~_ALIVE, 1))),
).group_by(schema.person.c.state)


class SqlPeople:
    """`ports.People`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, site: str, subject: str, lock: Lock) -> Person | None:
        values = {"site": site, "subject": subject}
        name = f"person {site} {subject}"
        row = locked_row(self._runner, _PERSON_LOCKED, values, lock, name)
        return None if row is None else _person(row)

    def put(self, person: Person) -> None:
        values = {name: getattr(person, name) for name in Person.__slots__}
        words = {
            "purposes": " ".join(sorted(person.purposes)),
            "jurisdictions": " ".join(person.jurisdictions),
        }
        put(self._runner, schema.person, {**values, **words})

    def keys(self, site: str, subject: str) -> tuple[PersonKey, ...]:
        rows = self._runner.rows(_KEYS, {"site": site, "subject": subject})
        return tuple(PersonKey(*row) for row in rows)

    def put_key(self, key: PersonKey) -> None:
        values = {name: getattr(key, name) for name in PersonKey.__slots__}
        put(self._runner, schema.person_key, values)

    def delete_key(self, site: str, subject: str, key: str) -> None:
        values = {"site": site, "subject": subject, "device": key}
        self._runner.change(_DELETE_ACCEPTED_OF, values)
        self._runner.change(_DELETE_KEY, values)

    def delete_links(self, now: int, limit: int) -> int:
        return _OLD_LINKS.run(self._runner, {"now": now, "limit": limit})

    def stream(self, site: str, subject: str, device: str, seq: int = 0) -> Stream | None:
        values = {"site": site, "subject": subject, "device": device, "seq": seq}
        row = self._runner.row(_STREAM, values)
        if row is None:
            return None
        key = PersonKey(*row[_PERSON_WIDTH:-2])
        return Stream(_person(row[:_PERSON_WIDTH]), key, row[-2] or 0, row[-1])

    def accept(  # noqa: PLR0917 - a row
        self, site: str, subject: str, device: str, seq: int, digest: bytes, at: int
    ) -> None:
        values = {"site": site, "subject": subject, "device": device, "seq": seq}
        self._runner.change(INSERTS["accepted"], {**values, "digest": digest, "at": at})

    def delete_accepted(self, before: int, limit: int) -> int:
        return _OLD_ACCEPTED.run(self._runner, {"before": before, "limit": limit})

    def delete_keys(self, site: str, subject: str) -> None:
        values = {"site": site, "subject": subject}
        self._runner.change(_DELETE_ACCEPTED, values)
        self._runner.change(_DELETE_KEYS, values)

    def expired(self, now: int, limit: int) -> tuple[Person, ...]:
        return self._many(_EXPIRED, {"now": now, "limit": limit})

    def standing_under(self, site: str, notice: bytes, limit: int) -> tuple[Person, ...]:
        return self._many(_STANDING_UNDER, {"site": site, "notice": notice, "limit": limit})

    def mark(self, site: str, subject: str) -> None:
        self.unmark(site, subject)
        self._runner.change(INSERTS["mark"], {"site": site, "subject": subject})

    def marked(self, limit: int, last: tuple[str, str] = ("", "")) -> tuple[tuple[str, str], ...]:
        values = {"limit": limit, "after_site": last[0], "after_subject": last[1]}
        return tuple((row[0], row[1]) for row in self._runner.rows(_MARKED, values))

    def unmark(self, site: str, subject: str) -> None:
        self._runner.change(_UNMARK, {"site": site, "subject": subject})

    def wrapped_before(self, epoch: int, last: Person | None, limit: int) -> tuple[Person, ...]:
        seen = (-1, "", "") if last is None else (last.epoch, last.site, last.subject)
        return self._many(_WRAPPED_BEFORE, after(epoch, limit, *seen))

    def rewrap(self, people: Iterable[Person]) -> None:
        rows = [rewrapped(each.wrapped_key, each.epoch, each.site, each.subject) for each in people]
        if rows:
            self._runner.each(_REWRAP, rows)

    def wrapped_by(self) -> dict[int, int]:
        return counts(self._runner, _WRAPPED_BY)

    def states(self, now: int) -> tuple[tuple[str, int, int, int], ...]:
        rows = self._runner.rows(_STATES, {"now": now})
        return tuple((row[0], row[1], row[2], row[3]) for row in rows)

    def _many(self, statement: Select[Any], values: Values) -> tuple[Person, ...]:
        return tuple(_person(row) for row in self._runner.rows(statement, values))


_PERSON_WIDTH: Final = len(schema.person.c)


def _person(row: Row) -> Person:
    # In the order of the columns, which is the order of the fields: this runs in every request.
    site, subject, state, purposes, jurisdictions, *rest = row
    return Person(
        site, subject, state, frozenset(purposes.split()), tuple(jurisdictions.split()), *rest
    )

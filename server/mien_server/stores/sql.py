"""Every statement the server says to its database, by noun: the port `Transaction` over one connection.

Synchronous on purpose: SQLite runs it on its writer thread, PostgreSQL can run the same through `AsyncConnection.run_sync`. Statements are
built once. Replacing is an update, then an insert when nothing was there: the one form that every database understands.
"""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

import dataclasses
import hashlib
import json
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import (
    ScalarSelect,
    Select,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from mien.errors import EnvelopeReplayed
from mien.values import STANDING, Offer
from mien.wire.canonical import encode
from mien_server.errors import LeafUnknown
from mien_server.ports import Lock, Stream
from mien_server.stores import schema
from mien_server.stores.evidence import SqlEvidences
from mien_server.stores.runner import Row, Runner, Values
from mien_server.stores.statements import INSERTS, of_person, put, some, value
from mien_server.values import (
    Catalogue,
    Erasure,
    Person,
    PersonKey,
    Record,
    SealedEvent,
    SealedLeaf,
    Site,
)

# ---- sites ----
_SITES = select(*(schema.site.c[name] for name in Site.__slots__))
_SITE = _SITES.where(schema.site.c.id == bindparam("id"))
_SITE_PUBLISHABLE = _SITES.where(schema.site.c.publishable_sha256 == bindparam("sha256"))
_SITE_SECRET = _SITES.where(schema.site.c.secret_sha256 == bindparam("sha256"))
_ALL_SITES = _SITES.order_by(schema.site.c.id)
_CATALOGUE_VERSION = select(schema.catalogue.c.version).where(
    schema.catalogue.c.site == bindparam("site")
)
_CATALOGUE = select(schema.catalogue.c.content).where(schema.catalogue.c.site == bindparam("site"))
_SUMS_VERSION = select(schema.sums.c.version).where(schema.sums.c.site == bindparam("site"))
_SUMS = select(schema.sums.c.content).where(schema.sums.c.site == bindparam("site"))


class SqlSites:
    """`ports.Sites`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, site: str) -> Site | None:
        return self._one(_SITE, {"id": site})

    def of_publishable(self, sha256: bytes) -> Site | None:
        return self._one(_SITE_PUBLISHABLE, {"sha256": sha256})

    def of_secret(self, sha256: bytes) -> Site | None:
        return self._one(_SITE_SECRET, {"sha256": sha256})

    def all(self) -> tuple[Site, ...]:
        return tuple(_site(row) for row in self._runner.rows(_ALL_SITES, {}))

    def put(self, site: Site) -> None:
        values = {name: getattr(site, name) for name in Site.__slots__}
        words = {name: " ".join(values[name]) for name in ("roles", "jurisdictions", "origins")}
        put(self._runner, schema.site, {**values, **words})

    def catalogue_version(self, site: str) -> str | None:
        found: str | None = value(self._runner, _CATALOGUE_VERSION, {"site": site})
        return found

    def catalogue(self, site: str) -> Catalogue | None:
        content = value(self._runner, _CATALOGUE, {"site": site})
        return None if content is None else _catalogue(content)

    def put_catalogue(self, site: str, catalogue: Catalogue) -> None:
        content = _catalogue_bytes(catalogue)
        version = hashlib.sha256(content).hexdigest()
        values = {"site": site, "version": version, "content": content}
        put(self._runner, schema.catalogue, values)

    def sums_version(self, site: str) -> bytes | None:
        found: bytes | None = value(self._runner, _SUMS_VERSION, {"site": site})
        return found

    def sums(self, site: str) -> bytes | None:
        found: bytes | None = value(self._runner, _SUMS, {"site": site})
        return found

    def put_sums(self, site: str, version: bytes, sums: bytes) -> None:
        values = {"site": site, "version": version, "content": sums}
        put(self._runner, schema.sums, values)

    def _one(self, statement: Select[Any], values: Values) -> Site | None:
        row = self._runner.row(statement, values)
        return None if row is None else _site(row)


def _site(row: Row) -> Site:
    values = dict(zip(Site.__slots__, row, strict=True))
    words = {name: tuple(values[name].split()) for name in ("roles", "jurisdictions", "origins")}
    return Site(**{**values, **words})


def _catalogue_bytes(catalogue: Catalogue) -> bytes:
    # Affinities are fractions, which `canonical` refuses; they are kept as texts that read back exactly.
    affinities = {
        expression: {tag: repr(weight) for tag, weight in tags.items()}
        for expression, tags in catalogue.affinities.items()
    }
    offers = [dataclasses.asdict(offer) for offer in catalogue.offers]
    return encode({"offers": offers, "affinities": affinities})


def _catalogue(content: bytes) -> Catalogue:
    value = json.loads(content)
    offers = tuple(Offer(**{**offer, "tags": tuple(offer["tags"])}) for offer in value["offers"])
    affinities = {
        expression: {tag: float(weight) for tag, weight in tags.items()}
        for expression, tags in value["affinities"].items()
    }
    return Catalogue(offers, affinities)


# ---- people ----
_PERSON = select(schema.person).where(*of_person(schema.person))
_PERSON_LOCKED: Final[dict[Lock, Select[Any]]] = {
    "none": _PERSON,
    "share": _PERSON.with_for_update(read=True),
    "update": _PERSON.with_for_update(),
}
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
)
_MARKED = select(schema.mark.c.site, schema.mark.c.subject).limit(bindparam("limit"))
_UNMARK = delete(schema.mark).where(*of_person(schema.mark))
_WRAPPED_BEFORE = (
    select(schema.person)
    .where(
        schema.person.c.epoch < bindparam("epoch"),
        schema.person.c.wrapped_key.is_not(None),
        schema.person.c.tombstoned_at == 0,
    )
    .limit(bindparam("limit"))
)


class SqlPeople:
    """`ports.People`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, site: str, subject: str, lock: Lock) -> Person | None:
        values = {"site": site, "subject": subject}
        row = self._runner.row(_PERSON_LOCKED[lock], values)
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

    def marked(self, limit: int) -> tuple[tuple[str, str], ...]:
        return tuple((row[0], row[1]) for row in self._runner.rows(_MARKED, {"limit": limit}))

    def unmark(self, site: str, subject: str) -> None:
        self._runner.change(_UNMARK, {"site": site, "subject": subject})

    def wrapped_before(self, epoch: int, limit: int) -> tuple[Person, ...]:
        return self._many(_WRAPPED_BEFORE, {"epoch": epoch, "limit": limit})

    def _many(self, statement: Select[Any], values: Values) -> tuple[Person, ...]:
        return tuple(_person(row) for row in self._runner.rows(statement, values))


_PERSON_WIDTH: Final = len(schema.person.c)


def _person(row: Row) -> Person:
    # In the order of the columns, which is the order of the fields: this runs in every request.
    site, subject, state, purposes, jurisdictions, *rest = row
    return Person(
        site, subject, state, frozenset(purposes.split()), tuple(jurisdictions.split()), *rest
    )


# ---- records ----
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


# ---- events ----
_EVENTS = select(*(schema.event.c[name] for name in SealedEvent.__slots__))
_EVENT = _EVENTS.where(
    schema.event.c.site == bindparam("site"), schema.event.c.id == bindparam("id")
)
_EVENTS_OF = (
    _EVENTS.where(*of_person(schema.event))
    .order_by(schema.event.c.at, schema.event.c.id)
    .limit(bindparam("limit"))
)
_UNLEARNED = (
    _EVENTS.where(schema.event.c.learned.is_(False), schema.event.c.at < bindparam("before"))
    .order_by(schema.event.c.at)
    .limit(bindparam("limit"))
)
_EXPIRED_EVENTS = _EVENTS.where(schema.event.c.retain_until <= bindparam("now")).limit(
    bindparam("limit")
)
_DELETE_EVENT = delete(schema.event).where(
    schema.event.c.site == bindparam("site"), schema.event.c.id == bindparam("id")
)
_EVENT_THERE = select(schema.event.c.at).where(schema.event.c.id == bindparam("id"))


_RESTING_ON = _EVENTS.where(
    *of_person(schema.event), schema.event.c.basis.like(bindparam("pattern"))
).limit(bindparam("limit"))


class SqlEvents:
    """`ports.Events`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, event: SealedEvent) -> bool:
        if self._runner.row(_EVENT_THERE, {"id": event.id}) is not None:
            return False
        self._runner.change(INSERTS["event"], _event_values(event))
        return True

    def get(self, site: str, event: str) -> SealedEvent | None:
        row = self._runner.row(_EVENT, {"site": site, "id": event})
        return None if row is None else _event(row)

    def replace(self, event: SealedEvent) -> None:
        put(self._runner, schema.event, _event_values(event))

    def of_person(self, site: str, subject: str, limit: int) -> tuple[SealedEvent, ...]:
        return self._many(_EVENTS_OF, {"site": site, "subject": subject, "limit": limit})

    def resting_on(
        self, site: str, subject: str, purposes: Collection[str], limit: int
    ) -> tuple[SealedEvent, ...]:
        found: dict[str, SealedEvent] = {}
        for purpose in sorted(purposes):
            values = {"site": site, "subject": subject, "pattern": f"%{purpose}%", "limit": limit}
            found.update((each.id, each) for each in self._many(_RESTING_ON, values))
        return tuple(found.values())[:limit]

    def unlearned(self, before: int, limit: int) -> tuple[SealedEvent, ...]:
        return self._many(_UNLEARNED, {"before": before, "limit": limit})

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


# ---- leaves ----
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


# ---- nonces ----
_NONCE = select(schema.nonce.c.until).where(
    schema.nonce.c.site == bindparam("site"), schema.nonce.c.nonce == bindparam("nonce")
)
_DELETE_NONCES = some(schema.nonce, delete(schema.nonce), schema.nonce.c.until < bindparam("now"))


class SqlNonces:
    """`ports.Nonces`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def spend(self, site: str, nonce: bytes, until: int) -> None:
        values = {"site": site, "nonce": nonce, "until": until}
        if self._runner.row(_NONCE, {"site": site, "nonce": nonce}) is not None:
            msg = "this statement was used before; sign a new one with a fresh nonce"
            raise EnvelopeReplayed(msg)
        self._runner.change(INSERTS["nonce"], values)

    def delete_expired(self, now: int, limit: int) -> int:
        return _DELETE_NONCES.run(self._runner, {"now": now, "limit": limit})


# ---- erasures ----
_ERASURES = select(*(schema.erasure.c[name] for name in Erasure.__slots__))
_ERASURE = _ERASURES.where(schema.erasure.c.id == bindparam("id"))
_ERASURE_OF = _ERASURES.where(*of_person(schema.erasure))
_OPEN_ERASURES = (
    _ERASURES.where(schema.erasure.c.completed_at.is_(None))
    .order_by(schema.erasure.c.accepted_at, schema.erasure.c.id)
    .limit(bindparam("limit"))
)


class SqlErasures:
    """`ports.Erasures`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, erasure: str) -> Erasure | None:
        return self._one(_ERASURE, {"id": erasure})

    def of_person(self, site: str, subject: str) -> Erasure | None:
        return self._one(_ERASURE_OF, {"site": site, "subject": subject})

    def put(self, erasure: Erasure) -> None:
        values = {name: getattr(erasure, name) for name in Erasure.__slots__}
        put(self._runner, schema.erasure, values)

    def open(self, limit: int) -> tuple[Erasure, ...]:
        rows = self._runner.rows(_OPEN_ERASURES, {"limit": limit})
        return tuple(Erasure(*row) for row in rows)

    def _one(self, statement: Select[Any], values: Values) -> Erasure | None:
        row = self._runner.row(statement, values)
        return None if row is None else Erasure(*row)


# ---- the log's tree ----
_TILE = select(schema.tile.c.hashes).where(
    schema.tile.c.level == bindparam("level"), schema.tile.c.number == bindparam("number")
)
_ENTRY_TILE = select(schema.entry_tile.c.entries).where(
    schema.entry_tile.c.number == bindparam("number")
)
_SIZE = select(schema.tree.c.size)
_LENGTH = 2


class SqlTiles:
    """`ports.Tiles`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def tile(self, level: int, number: int) -> bytes:
        found = value(self._runner, _TILE, {"level": level, "number": number})
        return b"" if found is None else bytes(found)

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        values = {"level": level, "number": number, "hashes": hashes}
        put(self._runner, schema.tile, values)

    def entry_tile(self, number: int) -> tuple[bytes, ...]:
        found = value(self._runner, _ENTRY_TILE, {"number": number})
        return () if found is None else _split(found)

    def put_entry_tile(self, number: int, entries: tuple[bytes, ...]) -> None:
        joined = b"".join(len(each).to_bytes(_LENGTH, "big") + each for each in entries)
        put(self._runner, schema.entry_tile, {"number": number, "entries": joined})

    def size(self) -> int:
        return int((self._runner.row(_SIZE, {}) or (0,))[0])

    def set_size(self, size: int) -> None:
        put(self._runner, schema.tree, {"id": 1, "size": size})


def _split(joined: bytes) -> tuple[bytes, ...]:
    entries: list[bytes] = []
    at = 0
    while at < len(joined):
        end = at + _LENGTH + int.from_bytes(joined[at : at + _LENGTH], "big")
        entries.append(joined[at + _LENGTH : end])
        at = end
    return tuple(entries)


class SqlTransaction:
    """`ports.Transaction` over one connection. Holds no state of its own, so one serves all transactions of its connection."""

    def __init__(self, runner: Runner) -> None:
        self.sites = SqlSites(runner)
        self.people = SqlPeople(runner)
        self.records = SqlRecords(runner)
        self.events = SqlEvents(runner)
        self.leaves = SqlLeaves(runner)
        self.nonces = SqlNonces(runner)
        self.erasures = SqlErasures(runner)
        self.evidence = SqlEvidences(runner)
        self.tiles = SqlTiles(runner)

"""Rounds of the shared head: what was agreed, the updates that wait, the heads that were released, and the ledger."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, or_, select

from mien.wire.canonical import encode
from mien_server.ports import Lock
from mien_server.stores import schema
from mien_server.stores.runner import Row, Runner
from mien_server.stores.statements import INSERTS, locked, locked_row, of_person, put
from mien_server.values import Contribution, Participation, Round, SharedHead, Terms

_ROUND, _UPDATE = schema.round_.c, schema.contribution.c
_PART, _HEAD, _PERSON = schema.participation.c, schema.head.c, schema.person.c
_ALL = select(*(_ROUND[name] for name in Round.__slots__))
_ONE = locked(_ALL.where(_ROUND.id == bindparam("id")))
_STANDING = locked(_ALL.where(_ROUND.ended_at == 0))
_LATEST = _ALL.order_by(_ROUND.opened_at.desc(), _ROUND.id.desc()).limit(bindparam("limit"))
_COUNTS = (
    select(_UPDATE.site, func.count())
    .where(_UPDATE.round == bindparam("round"))
    .group_by(_UPDATE.site)
)
_THERE = select(_UPDATE.at).where(_UPDATE.round == bindparam("round"), *of_person(schema.contribution))  # fmt: skip
_AFTER = or_(
    _UPDATE.site > bindparam("after_site"),
    and_(_UPDATE.site == bindparam("after_site"), _UPDATE.subject > bindparam("after_subject")),
)
_UPDATES = (
    select(*(_UPDATE[name] for name in Contribution.__slots__))
    .where(_UPDATE.round == bindparam("round"), _AFTER)
    .order_by(_UPDATE.site, _UPDATE.subject)
    .limit(bindparam("limit"))
)
_DROP = delete(schema.contribution).where(_UPDATE.round == bindparam("round"))
_DROP_OF = delete(schema.contribution).where(*of_person(schema.contribution))
_HEADS = select(*(_HEAD[name] for name in SharedHead.__slots__)).order_by(_HEAD.version.desc())
_NEWEST = _HEADS.limit(1)
_VERSION = _HEADS.where(_HEAD.version == bindparam("version"))
_PARTS = select(*(_PART[name] for name in Participation.__slots__))
_SPENT = _PARTS.where(*of_person(schema.participation)).order_by(_PART.at, _PART.round)
_LEDGER = (
    _PARTS.join(schema.person, and_(_PERSON.site == _PART.site, _PERSON.subject == _PART.subject))
    .where(
        _PERSON.tombstoned_at == 0,
        _PART.site == bindparam("site"),
        or_(
            _PART.subject > bindparam("after_subject"),
            and_(
                _PART.subject == bindparam("after_subject"), _PART.round > bindparam("after_round")
            ),
        ),
    )
    .order_by(_PART.subject, _PART.round)
    .limit(bindparam("limit"))
)
_FORGET = delete(schema.participation).where(*of_person(schema.participation))


class SqlRounds:
    """`ports.Rounds`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, name: str, lock: Lock = "none") -> Round | None:
        row = self._runner.row(_ONE[lock], {"id": name})
        return None if row is None else _round(row)

    def standing(self, lock: Lock = "none") -> Round | None:
        row = locked_row(self._runner, _STANDING, {}, lock, "round")
        return None if row is None else _round(row)

    def latest(self, limit: int) -> tuple[Round, ...]:
        return tuple(_round(row) for row in self._runner.rows(_LATEST, {"limit": limit}))

    def put(self, found: Round) -> None:
        values: dict[str, Any] = {name: getattr(found, name) for name in Round.__slots__}
        values["terms"] = encode({**asdict(found.terms), "sites": list(found.terms.sites)}).decode()
        values["dropped"] = encode(dict(found.dropped)).decode()
        put(self._runner, schema.round_, values)

    def add_update(self, update: Contribution) -> bool:
        values = {name: getattr(update, name) for name in Contribution.__slots__}
        if self.has_update(update.round, update.site, update.subject):
            return False
        self._runner.change(INSERTS["contribution"], values)
        return True

    def has_update(self, name: str, site: str, subject: str) -> bool:
        values = {"round": name, "site": site, "subject": subject}
        return self._runner.row(_THERE, values) is not None

    def counts(self, name: str) -> dict[str, int]:
        return {row[0]: row[1] for row in self._runner.rows(_COUNTS, {"round": name})}

    def updates(self, name: str, after: tuple[str, str], limit: int) -> tuple[Contribution, ...]:
        values = {
            "round": name,
            "after_site": after[0],
            "after_subject": after[1],
            "limit": limit,
        }
        return tuple(Contribution(*row) for row in self._runner.rows(_UPDATES, values))

    def drop_updates(self, name: str) -> int:
        return self._runner.change(_DROP, {"round": name})

    def drop_of(self, site: str, subject: str) -> int:
        return self._runner.change(_DROP_OF, {"site": site, "subject": subject})

    def head(self, version: int | None = None) -> SharedHead | None:
        found = _NEWEST if version is None else _VERSION
        row = self._runner.row(found, {"version": version})
        return None if row is None else SharedHead(*row)

    def put_head(self, head: SharedHead) -> None:
        self._runner.change(
            INSERTS["head"], {name: getattr(head, name) for name in SharedHead.__slots__}
        )

    def heads(self) -> tuple[SharedHead, ...]:
        return tuple(SharedHead(*row) for row in self._runner.rows(_HEADS, {}))

    def spent(self, site: str, subject: str) -> tuple[Participation, ...]:
        rows = self._runner.rows(_SPENT, {"site": site, "subject": subject})
        return tuple(Participation(*row) for row in rows)

    def charge(self, many: Iterable[Participation]) -> None:
        rows = [{name: getattr(each, name) for name in Participation.__slots__} for each in many]
        if rows:
            self._runner.each(INSERTS["participation"], rows)

    def ledger(self, site: str, after: tuple[str, str], limit: int) -> tuple[Participation, ...]:
        values = {"site": site, "after_subject": after[0], "after_round": after[1], "limit": limit}
        return tuple(Participation(*row) for row in self._runner.rows(_LEDGER, values))

    def forget(self, site: str, subject: str) -> int:
        return self._runner.change(_FORGET, {"site": site, "subject": subject})


def _round(row: Row) -> Round:
    found = dict(zip(Round.__slots__, row, strict=True))
    terms = json.loads(found["terms"])
    found["terms"] = Terms(**{**terms, "sites": tuple(terms["sites"])})
    found["dropped"] = tuple(sorted(json.loads(found["dropped"]).items()))
    return Round(**found)

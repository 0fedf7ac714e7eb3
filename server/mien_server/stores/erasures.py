"""Erasures on their way and their certificates; nonces of statements."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from typing import Any, Final

from sqlalchemy import Select, bindparam, delete, select, tuple_

from mien.errors import EnvelopeReplayed
from mien_server.ports import Lock
from mien_server.stores import schema
from mien_server.stores.holds import held
from mien_server.stores.runner import Runner, Values
from mien_server.stores.statements import INSERTS, locked, of_person, put, some
from mien_server.values import Erasure

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


_ERASURES = select(*(schema.erasure.c[name] for name in Erasure.__slots__))
_ERASURE_LOCKED: Final = locked(_ERASURES.where(schema.erasure.c.id == bindparam("id")))
_ERASURE_OF = _ERASURES.where(*of_person(schema.erasure))
_AGE: Final = (schema.erasure.c.accepted_at, schema.erasure.c.id)
_ALL_ERASURES = (
    _ERASURES.where(schema.erasure.c.id > bindparam("after"))
    .order_by(schema.erasure.c.id)
    .limit(bindparam("limit"))
)
_OPEN_ERASURES = (
    _ERASURES.where(
        schema.erasure.c.completed_at.is_(None),
        ~held(schema.erasure),
        tuple_(*_AGE) > tuple_(bindparam("at"), bindparam("after")),
    )
    .order_by(*_AGE)
    .limit(bindparam("limit"))
)


class SqlErasures:
    """`ports.Erasures`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def get(self, erasure: str, lock: Lock = "none") -> Erasure | None:
        return self._one(_ERASURE_LOCKED[lock], {"id": erasure})

    def of_person(self, site: str, subject: str) -> Erasure | None:
        return self._one(_ERASURE_OF, {"site": site, "subject": subject})

    def put(self, erasure: Erasure) -> None:
        values = {name: getattr(erasure, name) for name in Erasure.__slots__}
        put(self._runner, schema.erasure, values)

    def all(self, last: str, limit: int) -> tuple[Erasure, ...]:
        rows = self._runner.rows(_ALL_ERASURES, {"after": last, "limit": limit})
        return tuple(Erasure(*row) for row in rows)

    def open(self, limit: int, last: Erasure | None = None) -> tuple[Erasure, ...]:
        seen = (-1, "") if last is None else (last.accepted_at, last.id)
        values = {"limit": limit, "now": 0, "at": seen[0], "after": seen[1]}
        rows = self._runner.rows(_OPEN_ERASURES, values)
        return tuple(Erasure(*row) for row in rows)

    def _one(self, statement: Select[Any], values: Values) -> Erasure | None:
        row = self._runner.row(statement, values)
        return None if row is None else Erasure(*row)

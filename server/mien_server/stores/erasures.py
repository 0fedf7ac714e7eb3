"""Erasures on their way and their certificates; nonces of statements."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from typing import Any

from sqlalchemy import Select, bindparam, delete, select

from mien.errors import EnvelopeReplayed
from mien_server.stores import schema
from mien_server.stores.runner import Runner, Values
from mien_server.stores.statements import INSERTS, of_person, put, some
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

"""Statements about proofs of consent: `ports.Evidences`."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from sqlalchemy import bindparam, delete, select, update

from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, of_person, some, value
from mien_server.values import Evidence

_EVIDENCE = select(*(schema.evidence.c[name] for name in Evidence.__slots__))
_OF_PERSON = _EVIDENCE.where(*of_person(schema.evidence)).order_by(
    schema.evidence.c.at, schema.evidence.c.id
)
_DELETE_EXPIRED = some(
    schema.evidence, delete(schema.evidence), schema.evidence.c.retain_until <= bindparam("now")
)
_WRAPPED_BEFORE = _EVIDENCE.where(schema.evidence.c.epoch < bindparam("before")).limit(
    bindparam("limit")
)
_REWRAP = (
    update(schema.evidence)
    .where(schema.evidence.c.id == bindparam("_id"))
    .values(wrapped_key=bindparam("_wrapped"), epoch=bindparam("_epoch"))
)
_SHOWN = select(schema.shown.c.content).where(schema.shown.c.sha256 == bindparam("sha256"))


class SqlEvidences:
    """`ports.Evidences`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, evidence: Evidence) -> None:
        values = {name: getattr(evidence, name) for name in Evidence.__slots__}
        self._runner.change(INSERTS["evidence"], values)

    def of_person(self, site: str, subject: str) -> tuple[Evidence, ...]:
        rows = self._runner.rows(_OF_PERSON, {"site": site, "subject": subject})
        return tuple(Evidence(*row) for row in rows)

    def delete_expired(self, now: int, limit: int) -> int:
        return _DELETE_EXPIRED.run(self._runner, {"now": now, "limit": limit})

    def wrapped_before(self, epoch: int, limit: int) -> tuple[Evidence, ...]:
        rows = self._runner.rows(_WRAPPED_BEFORE, {"before": epoch, "limit": limit})
        return tuple(Evidence(*row) for row in rows)

    def rewrap(self, evidence: str, wrapped_key: bytes, epoch: int) -> None:
        values = {"_id": evidence, "_wrapped": wrapped_key, "_epoch": epoch}
        self._runner.change(_REWRAP, values)

    def keep_notice(self, sha256: bytes, content: bytes) -> None:
        if self.notice(sha256) is None:
            self._runner.change(INSERTS["shown"], {"sha256": sha256, "content": content})

    def notice(self, sha256: bytes) -> bytes | None:
        found: bytes | None = value(self._runner, _SHOWN, {"sha256": sha256})
        return found

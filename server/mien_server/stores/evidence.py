"""Statements about proofs of consent: `ports.Evidences`."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from mien_server.stores import schema
from mien_server.stores.holds import kept, over
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, of_person, some, value
from mien_server.stores.wrapping import after, counts, rewrap, rewrapped, wrapped_before, wrapped_by
from mien_server.values import Evidence

_EVIDENCE = select(*(schema.evidence.c[name] for name in Evidence.__slots__))
_OF_PERSON = _EVIDENCE.where(*of_person(schema.evidence), kept(schema.evidence)).order_by(
    schema.evidence.c.at, schema.evidence.c.id
)
_DELETE_EXPIRED = some(schema.evidence, delete(schema.evidence), *over(schema.evidence))
_WRAPPED_BEFORE = wrapped_before(_EVIDENCE, schema.evidence.c.epoch, schema.evidence.c.id)
_WRAPPED_BY = wrapped_by(schema.evidence.c.epoch)
_REWRAP = rewrap(schema.evidence, schema.evidence.c.id)
_SHOWN = select(schema.shown.c.content).where(schema.shown.c.sha256 == bindparam("sha256"))


class SqlEvidences:
    """`ports.Evidences`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, evidence: Evidence) -> None:
        values = {name: getattr(evidence, name) for name in Evidence.__slots__}
        self._runner.change(INSERTS["evidence"], values)

    def of_person(self, site: str, subject: str, now: int = 0) -> tuple[Evidence, ...]:
        rows = self._runner.rows(_OF_PERSON, {"site": site, "subject": subject, "now": now})
        return tuple(Evidence(*row) for row in rows)

    def delete_expired(self, now: int, limit: int) -> int:
        return _DELETE_EXPIRED.run(self._runner, {"now": now, "limit": limit})

    def wrapped_before(self, epoch: int, last: Evidence | None, limit: int) -> tuple[Evidence, ...]:
        seen = (-1, "") if last is None else (last.epoch, last.id)
        rows = self._runner.rows(_WRAPPED_BEFORE, after(epoch, limit, *seen))
        return tuple(Evidence(*row) for row in rows)

    def wrapped_by(self) -> dict[int, int]:
        return counts(self._runner, _WRAPPED_BY)

    def rewrap(self, evidence: Iterable[Evidence]) -> None:
        rows = [rewrapped(each.wrapped_key, each.epoch, each.id) for each in evidence]
        if rows:
            self._runner.each(_REWRAP, rows)

    def keep_notice(self, sha256: bytes, content: bytes) -> None:
        if self.notice(sha256) is None:
            self._runner.change(INSERTS["shown"], {"sha256": sha256, "content": content})

    def notice(self, sha256: bytes) -> bytes | None:
        found: bytes | None = value(self._runner, _SHOWN, {"sha256": sha256})
        return found

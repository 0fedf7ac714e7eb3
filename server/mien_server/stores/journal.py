"""The ids of the journal's entries that this database has heard of: `ports.Noted`."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from typing import Final

from sqlalchemy import and_, bindparam, delete, or_, select

from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, some

_ENDED: Final = ("withdrawn", "revoked", "invalidated")
"""States that somebody brought about; what expired does so in a backup too."""
_THERE = select(schema.noted.c.at).where(schema.noted.c.id == bindparam("id"))
_SINCE = select(schema.noted.c.id).where(schema.noted.c.at >= bindparam("since"))
_ANY = select(schema.noted.c.id).limit(1)
_DELETE_BEFORE = some(schema.noted, delete(schema.noted), schema.noted.c.at < bindparam("before"))

_TAKEN = select(schema.person.c.site, schema.person.c.subject, schema.person.c.tombstoned_at).where(
    or_(
        schema.person.c.tombstoned_at >= bindparam("since"),
        and_(
            schema.person.c.tombstoned_at == 0,
            or_(*(schema.person.c.state == state for state in _ENDED)),
        ),
    )
)


class SqlNoted:
    """`ports.Noted`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def add(self, entry: bytes, at: int) -> None:
        if not self.there(entry):
            self._runner.change(INSERTS["noted"], {"id": entry, "at": at})

    def there(self, entry: bytes) -> bool:
        return self._runner.row(_THERE, {"id": entry}) is not None

    def since(self, at: int) -> frozenset[bytes]:
        return frozenset(bytes(row[0]) for row in self._runner.rows(_SINCE, {"since": at}))

    def any(self) -> bool:
        return self._runner.row(_ANY, {}) is not None

    def delete_before(self, at: int, limit: int) -> int:
        return _DELETE_BEFORE.run(self._runner, {"before": at, "limit": limit})

    def taken(self, since: int) -> tuple[tuple[str, str, int], ...]:
        rows = self._runner.rows(_TAKEN, {"since": since})
        return tuple((row[0], row[1], row[2]) for row in rows)

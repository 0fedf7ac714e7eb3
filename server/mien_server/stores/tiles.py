"""The log's tree, as tiles."""

# ruff: noqa: D102 - each method is documented where it is declared, in `ports`

from sqlalchemy import bindparam, select, update

from mien_server.errors import StoreBusy
from mien_server.stores import schema
from mien_server.stores.runner import Runner
from mien_server.stores.statements import INSERTS, put, value

_TILE = select(schema.tile.c.hashes).where(
    schema.tile.c.level == bindparam("level"), schema.tile.c.number == bindparam("number")
)
_ENTRY_TILE = select(schema.entry_tile.c.entries).where(
    schema.entry_tile.c.number == bindparam("number")
)
_SIZE = select(schema.tree.c.size)
_GROW = (
    update(schema.tree)
    .where(schema.tree.c.size == bindparam("before"))
    .values(size=bindparam("after"))
)
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

    def grow(self, before: int, size: int) -> None:
        changed = self._runner.change(_GROW, {"before": before, "after": size})
        if changed == 0 and before == 0 and self._runner.row(_SIZE, {}) is None:
            changed = self._runner.change(INSERTS["tree"], {"id": 1, "size": size})
        if changed == 0:
            msg = "another sequencer added to the log meanwhile; nothing was written, try again"
            raise StoreBusy(msg)


def _split(joined: bytes) -> tuple[bytes, ...]:
    entries: list[bytes] = []
    at = 0
    while at < len(joined):
        end = at + _LENGTH + int.from_bytes(joined[at : at + _LENGTH], "big")
        entries.append(joined[at + _LENGTH : end])
        at = end
    return tuple(entries)

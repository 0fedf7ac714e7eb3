"""A log as a folder of files: what is written when it is exported, and how it is read again.

    checkpoint                       signed note
    log.vkey                         the log's verification key, for convenience: trust comes from elsewhere
    tile/<L>/<N>[.p/<W>]             hashes
    tile/entries/<N>[.p/<W>]         entries
    opened.jsonl                     decisions that can still be opened: index, nonce, record; officers only, it names subjects

Nothing here touches a disk: files come and go as names and bytes.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from mien.wire.canonical import b64, decode, encode
from mien_server.audit.bodies import (
    entries_path,
    entry_tile_bytes,
    split_entries,
    tile_bytes,
    tile_path,
    tiles_of,
)
from mien_server.audit.tree import TILE_HEIGHT, TILE_WIDTH

if TYPE_CHECKING:
    from mien_server.ports import Tiles

CHECKPOINT: Final = "checkpoint"
KEY: Final = "log.vkey"
OPENED: Final = "opened.jsonl"

Read = Callable[[str], bytes | None]


def files(tiles: "Tiles", note: str, vkey: str) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the public part of an export. `note` must be the checkpoint of the present size."""
    yield CHECKPOINT, note.encode()
    yield KEY, f"{vkey}\n".encode()
    for level, number, width in tiles_of(tiles.size()):
        yield tile_path(level, number, width), tile_bytes(tiles, level, number, width)
        if level == 0:
            yield entries_path(number, width), entry_tile_bytes(tiles, number, width)


def opened_line(index: int, nonce: bytes, record: bytes) -> bytes:
    """One line of `opened.jsonl`: canonical JSON, record as an object."""
    return encode({"index": index, "nonce": b64(nonce), "record": decode(record)}) + b"\n"


class Folder:
    """An exported folder as tiles to read: `Grown`, over `size` entries."""

    def __init__(self, read: Read, size: int) -> None:
        self._read = read
        self._size = size

    def size(self) -> int:
        """How many entries the checkpoint speaks of."""
        return self._size

    def tile(self, level: int, number: int) -> bytes:
        """The hashes of a tile; empty when its file is missing."""
        return self._read(tile_path(level, number, self._width(level, number))) or b""

    def entry_tile(self, number: int) -> tuple[bytes, ...]:
        """The entries of a bundle; none when its file is missing. Raises `LogTampered` when it is cut off."""
        return split_entries(self._read(entries_path(number, self._width(0, number))) or b"")

    def _width(self, level: int, number: int) -> int:
        return min(TILE_WIDTH, (self._size >> TILE_HEIGHT * level) - number * TILE_WIDTH)

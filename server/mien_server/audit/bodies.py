"""The static files of the log as any server may serve them (c2sp.org/tlog-tiles): tile bodies, entry bundles, their paths.

`.p/W` names a tile of W < 256 hashes; since tiles only grow to the right, it is a beginning of the tile kept.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from mien.errors import LogTampered
from mien.wire.proof import HASH_BYTES
from mien_server.audit.tree import TILE_HEIGHT, TILE_WIDTH
from mien_server.errors import NotFound

if TYPE_CHECKING:
    from mien_server.ports import Tiles

MAX_LEVEL = 63
_LENGTH_BYTES = 2
_NAME: Final = re.compile(
    r"tile/(?P<kind>entries|[0-9]{1,2})/(?P<number>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/[0-9]{1,3})?",
    re.ASCII,
)


def tile_bytes(tiles: "Tiles", level: int, number: int, width: int) -> bytes:
    """The first `width` (1..256) hashes of a tile. Raises `NotFound` when the log is not so far."""
    _check(level, number, width)
    body = tiles.tile(level, number)[: width * HASH_BYTES]
    if len(body) < width * HASH_BYTES:
        raise NotFound(_missing(tile_path(level, number, width)))
    return body


def entry_tile_bytes(tiles: "Tiles", number: int, width: int) -> bytes:
    """The first `width` (1..256) entries of a bundle, each behind its length in two bytes. Raises `NotFound` when the log is not so far."""
    _check(0, number, width)
    entries = tiles.entry_tile(number)[:width]
    if len(entries) < width:
        raise NotFound(_missing(entries_path(number, width)))
    return b"".join(len(each).to_bytes(_LENGTH_BYTES, "big") + each for each in entries)


def split_entries(body: bytes) -> tuple[bytes, ...]:
    """The entries in a bundle. Raises `LogTampered` when a length points past the end."""
    entries = []
    at = 0
    while at < len(body):
        end = at + _LENGTH_BYTES + int.from_bytes(body[at : at + _LENGTH_BYTES], "big")
        entries.append(body[at + _LENGTH_BYTES : end])
        if end > len(body):
            msg = f"the bundle is cut off in its entry {len(entries) - 1}; export the log again"
            raise LogTampered(msg)
        at = end
    return tuple(entries)


def tile_path(level: int, number: int, width: int) -> str:
    """Path of a tile below the log's prefix: `tile/0/x001/234`, `tile/1/000.p/17`."""
    return f"tile/{level}/{_number_path(number, width)}"


def entries_path(number: int, width: int) -> str:
    """Path of an entry bundle below the log's prefix: `tile/entries/x001/234.p/17`."""
    return f"tile/entries/{_number_path(number, width)}"


def tiles_of(size: int, lowest: int = 0) -> Iterator[tuple[int, int, int]]:
    """Every tile of a log of `size` entries from level `lowest` on, as level, number and width; lowest level first."""
    level, width = lowest, size >> TILE_HEIGHT * lowest
    while width:
        full, rest = divmod(width, TILE_WIDTH)
        for number in range(full):
            yield level, number, TILE_WIDTH
        if rest:
            yield level, full, rest
        level, width = level + 1, width >> TILE_HEIGHT


def is_part(name: str, size: int) -> bool:
    """Whether a log of `size` entries has a tile or bundle of this name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return False
    kind, number = match["kind"], int(match["number"].replace("x", "").replace("/", ""))
    level = 0 if kind == "entries" else int(kind)
    width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH)
    if width <= 0:
        return False
    known = entries_path(number, width) if kind == "entries" else tile_path(level, number, width)
    return name == known


def _number_path(number: int, width: int) -> str:
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def _check(level: int, number: int, width: int) -> None:
    if not (0 <= level <= MAX_LEVEL and number >= 0 and 1 <= width <= TILE_WIDTH):
        msg = f"no such tile; levels go from 0 to {MAX_LEVEL}, widths from 1 to {TILE_WIDTH}"
        raise NotFound(msg)


def _missing(path: str) -> str:
    return f"the log has no `{path}` yet; read the checkpoint and ask for what its size implies"

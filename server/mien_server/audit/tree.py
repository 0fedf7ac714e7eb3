"""The Merkle tree of RFC 6962 section 2.1 over tiles of 256 hashes (c2sp.org/tlog-tiles): append, root, proofs.

Tile `number` of `level` L holds the hashes of 256 consecutive subtrees of height 8 L, so everything between the levels is computed again from at most
256 hashes. An entry, once written, never changes; a tile only grows to the right. Nothing here knows where tiles are kept: that is the port `Tiles`.

Hashing is proportional to the height of the tree, never to its size: one append touches one tile a level.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Protocol

from mien.errors import LogTampered, ProofInvalid
from mien.wire.proof import EMPTY_ROOT, HASH_BYTES, leaf_hash, node_hash

if TYPE_CHECKING:
    from mien_server.ports import Tiles

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
MAX_ENTRY_BYTES: Final = 0xFFFF
FOLDS: Final = 1024
"""Subtrees within a tile whose hash is remembered, at most 4 kB each: nearly every proof needs the same few hundred near the root."""


class Grown(Protocol):
    """What proofs need of the port `Tiles`: an exported folder has it as well."""

    def tile(self, level: int, number: int) -> bytes:
        """The hashes present in a tile."""
        ...

    def size(self) -> int:
        """How many entries the tree has."""
        ...


def append(tiles: "Tiles", entries: Sequence[bytes]) -> int:
    """Write `entries` behind the last one and return the new size. All within the caller's transaction.

    Raises `ProofInvalid` when an entry is longer than 65,535 bytes: its length travels in two; `StoreBusy` when another sequencer was faster.
    """
    if any(len(each) > MAX_ENTRY_BYTES for each in entries):
        msg = f"a log entry has at most {MAX_ENTRY_BYTES} bytes; commit to a hash instead"
        raise ProofInvalid(msg)
    size = tiles.size()
    for number, start, chunk in _chunks(size, entries):
        kept = tiles.entry_tile(number)[:start]
        tiles.put_entry_tile(number, (*kept, *chunk))
    level, first, hashes = 0, size, [leaf_hash(each) for each in entries]
    while hashes:
        first, hashes = _append_hashes(tiles, level, first, hashes)
        level += 1
    # INVARIANT: one sequencer. Whoever read a size that is no longer the tree's is refused here, and nothing of it stays.
    tiles.grow(size, size + len(entries))
    return size + len(entries)


def _append_hashes(
    tiles: "Tiles", level: int, first: int, hashes: Sequence[bytes]
) -> tuple[int, list[bytes]]:
    """Write hashes from position `first` of a level; return position and hashes of what that fills one level up."""
    full = []
    for number, start, chunk in _chunks(first, hashes):
        kept = tiles.tile(level, number)[: start * HASH_BYTES]
        tile = kept + b"".join(chunk)
        tiles.put_tile(level, number, tile)
        if len(tile) == TILE_WIDTH * HASH_BYTES:
            full.append(fold_tile(tile))
    return first // TILE_WIDTH, full


def _chunks(first: int, items: Sequence[bytes]) -> Iterator[tuple[int, int, Sequence[bytes]]]:
    """Items from position `first` cut at tile borders: number of the tile, where in it the piece begins, the piece."""
    done = 0
    while done < len(items):
        number, start = divmod(first + done, TILE_WIDTH)
        piece = items[done : done + TILE_WIDTH - start]
        yield number, start, piece
        done += len(piece)


def root(tiles: Grown, size: int) -> bytes:
    """Root of the first `size` entries. Raises `ProofInvalid` when there are not so many."""
    return Reader(tiles).range_hash(0, _within(size, tiles.size()))


def inclusion(tiles: Grown, index: int, size: int) -> list[bytes]:
    """Path from entry `index` to the root of the first `size` entries, sibling first (RFC 6962 section 2.1.1). Raises `ProofInvalid`."""
    _within(size, tiles.size())
    if not 0 <= index < size:
        msg = f"no entry `{index}` in a log of {size}; ask for a smaller index"
        raise ProofInvalid(msg)
    reader = Reader(tiles)
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split_point(end - start)
        if index < middle:
            path.append(reader.range_hash(middle, end))
            end = middle
        else:
            path.append(reader.range_hash(start, middle))
            start = middle
    return path[::-1]


def consistency(tiles: Grown, old: int, new: int) -> list[bytes]:
    """Proof that the first `new` entries begin with the first `old` (RFC 6962 section 2.1.2). Raises `ProofInvalid`."""
    _within(new, tiles.size())
    _within(old, new)
    if old in {0, new}:
        return []
    reader = Reader(tiles)
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split_point(end - start)
        if old <= middle:
            path.append(reader.range_hash(middle, end))
            end = middle
        else:
            path.append(reader.range_hash(start, middle))
            start, whole = middle, False
    if not whole:  # RFC 6962 2.1.2: the old root itself is left out, whoever verifies has it
        path.append(reader.range_hash(start, end))
    return path[::-1]


class Held:
    """Tiles of one moment, each read once for all that is made of them together: `Grown`."""

    def __init__(self, tiles: Grown) -> None:
        self._tiles = tiles
        self._size: int | None = None
        self._read: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, number: int) -> bytes:
        """See `Grown`."""
        if (level, number) not in self._read:
            self._read[level, number] = self._tiles.tile(level, number)
        return self._read[level, number]

    def size(self) -> int:
        """See `Grown`."""
        if self._size is None:
            self._size = self._tiles.size()
        return self._size


class Reader:
    """Reads hashes of ranges out of tiles, each tile once. One per proof: tiles that grow meanwhile are not noticed."""

    def __init__(self, tiles: Grown) -> None:
        self._tiles = tiles
        self._read: dict[tuple[int, int], bytes] = {}

    def range_hash(self, start: int, end: int) -> bytes:
        """Merkle tree hash of entries `start` to `end` (exclusive), where `start` is aligned as RFC 6962 divides trees."""
        if start == end:
            return EMPTY_ROOT
        found: bytes | None = None
        for height, position in reversed(list(_perfect(start, end))):
            subtree = self._subtree(height, position)
            found = subtree if found is None else node_hash(subtree, found)
        assert found is not None  # noqa: S101 - a range that is not empty has a subtree
        return found

    def _subtree(self, height: int, position: int) -> bytes:
        """Hash of the perfect subtree of 2**`height` entries, the `position`-th of its kind."""
        level, within = divmod(height, TILE_HEIGHT)
        number, first = divmod(position << within, TILE_WIDTH)
        span = HASH_BYTES << within
        hashes = self._tile(level, number)[first * HASH_BYTES : first * HASH_BYTES + span]
        if len(hashes) != span:
            msg = f"tile {level}/{number} lacks hashes that the log's size demands; restore it from a copy"
            raise LogTampered(msg)
        return _known_fold(hashes)

    def _tile(self, level: int, number: int) -> bytes:
        if (level, number) not in self._read:
            self._read[level, number] = self._tiles.tile(level, number)
        return self._read[level, number]


def _perfect(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees a range consists of, left to right, as height and position: largest first, by the bits of its length."""
    for height in reversed(range((end - start).bit_length())):
        if (end - start) >> height & 1:
            yield height, start >> height
            start += 1 << height


@lru_cache(FOLDS)
def _known_fold(row: bytes) -> bytes:
    """As `fold_tile`. By what is in the row, not where it lies: whatever becomes of a database, this stays right."""
    return fold_tile(row)


def fold_tile(row: bytes) -> bytes:
    """Root over a power of two of hashes as they lie in a tile."""
    sha256, pair = hashlib.sha256, 2 * HASH_BYTES
    while len(row) > HASH_BYTES:
        # RFC 6962 section 2.1, `node_hash`: half of all hashing is here, so without a call and a copy for each
        row = b"".join(
            [sha256(b"\x01" + row[i : i + pair]).digest() for i in range(0, len(row), pair)]
        )
    return row


def split(tile: bytes) -> list[bytes]:
    """The hashes in a tile."""
    return [tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]


def _split_point(count: int) -> int:
    """The largest power of two smaller than `count` (RFC 6962 section 2.1)."""
    return 1 << (count - 1).bit_length() - 1


def _within(size: int, limit: int) -> int:
    if not 0 <= size <= limit:
        msg = f"the log has {limit} entries, not `{size}`; ask for a smaller size"
        raise ProofInvalid(msg)
    return size

"""One part of a log, checked from its files: a tile of level 1, and the tiles and entries below it.

A part knows nothing of the others: what `inspect_part` gives of each, `inspection` adds up.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mien.errors import AuditError, LogTampered, MienError
from mien.wire.proof import HASH_BYTES, HOUR, read_entry
from mien_server.audit.bodies import entries_path, split_entries, tile_path
from mien_server.audit.folder import Read
from mien_server.audit.openings import read_line
from mien_server.audit.tree import TILE_HEIGHT, TILE_WIDTH, fold_tile, split

PART: Final = TILE_WIDTH * TILE_WIDTH
"""Entries under one tile of level 1."""
MAX_FINDINGS: Final = 20
"""After so many the rest is not looked for: the log cannot be relied on anyway."""
MISSING: Final = "is missing; entries were dropped or the export is not whole"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: `where` is `entry 17`, `checkpoint`, the path of a file or the leaf of a promise."""

    where: str
    says: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of every part of a log of `size` entries.

    To hash its `entries`, or to take their hashes as they are; to keep the tiles at which the trees of the sizes `known` end; to find the hashes `wanted`.
    """

    size: int
    entries: bool = True
    known: frozenset[int] = frozenset()
    wanted: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Seen:
    """What a part was found to hold: its tile of level 1 as it is stated (`row`), and the tiles of level 0 that were asked for (`edges`).

    `odd` are lines of `opened.jsonl` that cannot be read, counted from the part's first; `lines` is how many it has.
    """

    part: int
    row: bytes = b""
    edges: dict[int, bytes] = field(default_factory=dict)
    places: dict[bytes, int] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    odd: list[tuple[int, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def full(self) -> bool:
        """Whether there is more wrong than anybody needs to know."""
        return len(self.findings) + len(self.odd) >= MAX_FINDINGS

    def find(self, where: str, says: str) -> None:
        """Note what is wrong."""
        self.findings.append(Finding(where, says))


# ---- one part ----
def inspect_part(read: Read, asked: Asked, part: int, opened: Iterable[bytes] = ()) -> Seen:
    """Check the part number `part`. `opened` are the lines of `opened.jsonl` on its entries."""
    seen = Seen(part)
    seen.row = _row(read, asked.size, seen)
    row = split(seen.row)
    told = _Opened(iter(opened), seen)
    first, bundles = part * TILE_WIDTH, -(-asked.size // TILE_WIDTH)
    edges = {size >> TILE_HEIGHT for size in asked.known}
    for number in range(first, min(first + TILE_WIDTH, bundles)):
        if seen.full:
            break
        stated = read_tile(read, asked.size, 0, number, seen)
        if number in edges:
            seen.edges[number] = stated
        entries = _entries(read, asked.size, number, stated, seen) if asked.entries else []
        told.compare(number * TILE_WIDTH, entries)
        _places(stated, number, asked.wanted, seen)
        if number - first < len(row) and over(stated) not in {None, row[number - first]}:
            seen.findings.append(astray(0, number))
    told.finish()
    return seen


def _row(read: Read, size: int, seen: Seen) -> bytes:
    there = (size >> TILE_HEIGHT) > seen.part * TILE_WIDTH
    return read_tile(read, size, 1, seen.part, seen) if there else b""


def read_tile(read: Read, size: int, level: int, number: int, seen: Seen) -> bytes:
    """The hashes of a tile; empty, and noted, when it is missing or has another number of them."""
    width = min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - number * TILE_WIDTH)
    path = tile_path(level, number, width)
    data = read(path)
    if data is None:
        seen.find(path, MISSING)
        return b""
    if len(data) != width * HASH_BYTES:
        seen.find(path, f"has not {width} hashes; it was cut or extended")
        return b""
    return data


def _entries(read: Read, size: int, number: int, stated: bytes, seen: Seen) -> list[bytes]:
    """The entries of a bundle, each compared with its hash; those that are not what was hashed are empty."""
    first = number * TILE_WIDTH
    width = min(TILE_WIDTH, size - first)
    path = entries_path(number, width)
    data = read(path)
    if data is None:
        seen.find(path, MISSING)
        return []
    try:
        entries = list(split_entries(data))
    except LogTampered as error:
        seen.find(f"entries from {first}", str(error))
        return []
    if len(entries) != width:
        says = f"are {len(entries)}, not {width}; some were dropped or added"
        seen.find(f"entries from {first}", says)
    sha256 = hashlib.sha256
    # RFC 6962 section 2.1, `leaf_hash`, without a call for each of a million entries
    hashes = [sha256(b"\0" + entry).digest() for entry in entries]
    if stated and b"".join(hashes) != stated:
        _altered(entries, hashes, split(stated), first, seen)
    return entries


def _altered(
    entries: list[bytes], hashes: list[bytes], stated: list[bytes], first: int, seen: Seen
) -> None:
    """Name the entries that are not what was hashed, and empty them."""
    for position, (actual, expected) in enumerate(zip(hashes, stated, strict=False)):
        if actual == expected:
            continue
        entries[position] = b""
        elsewhere = stated.index(actual) + first if actual in stated else None
        moved = "" if elsewhere is None else f" (it is what stood at {elsewhere})"
        says = f"is not the one that was hashed into the log{moved}; it or its tile was altered"
        seen.find(f"entry {first + position}", says)


def _places(stated: bytes, number: int, wanted: frozenset[bytes], seen: Seen) -> None:
    if not wanted:
        return
    hashes = split(stated)
    for found in wanted.intersection(hashes):
        seen.places.setdefault(found, number * TILE_WIDTH + hashes.index(found))


def over(tile: bytes) -> bytes | None:
    """The hash that a full tile leads to; None for any other."""
    return fold_tile(tile) if len(tile) == TILE_WIDTH * HASH_BYTES else None


def astray(level: int, number: int) -> Finding:
    """That a full tile does not lead to the hash that stands for it one level up."""
    span = TILE_WIDTH ** (level + 1)
    says = f"does not lead to the hash above it; among entries {number * span} to {(number + 1) * span - 1} something was altered"
    return Finding(tile_path(level, number, TILE_WIDTH), says)


class _Opened:
    """The lines on opened decisions, beside the entries as they are gone through."""

    def __init__(self, rest: Iterator[bytes], seen: Seen) -> None:
        self._rest = rest
        self._seen = seen
        self._last = -1
        self._line: tuple[int, bytes, dict[str, Any]] | None = None
        self._next()

    def compare(self, first: int, entries: Sequence[bytes]) -> None:
        """Every decision that is said to stand among `entries`, of which the first has the index `first`."""
        proper = self._proper(first, entries)
        while self._line is not None and self._line[0] < first + TILE_WIDTH:
            index, leaf, record = self._line
            at = index - first
            entry = proper[at] if 0 <= at < len(proper) else None
            self._check(index, record, holds=entry == (leaf, record["at"] - record["at"] % HOUR))
            self._next()

    def finish(self) -> None:
        """What is left belongs to no entry of this part."""
        while self._line is not None and not self._seen.full:
            self._check(self._line[0], self._line[2], holds=False)
            self._next()

    def _proper(self, first: int, entries: Sequence[bytes]) -> list[tuple[bytes, int] | None]:
        """Leaf and hour of each entry; None where it is not what was hashed, or no entry of this log."""
        found: list[tuple[bytes, int] | None] = []
        for entry in entries:
            try:
                found.append(read_entry(entry) if entry else None)
            except AuditError as error:
                self._seen.find(f"entry {first + len(found)}", str(error))
                found.append(None)
        return found

    def _check(self, index: int, record: Mapping[str, Any], *, holds: bool) -> None:
        if index <= self._last:
            self._seen.find(f"entry {index}", "is opened twice or out of order; export again")
        self._last = max(self._last, index)
        if not holds:
            says = (
                "does not commit to the opened record; the record was altered or belongs elsewhere"
            )
            self._seen.find(f"entry {index}", says)
            return
        self._seen.outcomes[f"{record['action']} {'allowed' if record['allow'] else 'denied'}"] += 1

    def _next(self) -> None:
        self._line = None
        while self._line is None and not self._seen.full:
            line = next(self._rest, None)
            if line is None:
                return
            self._seen.lines += 1
            try:
                self._line = read_line(line)
            except MienError as error:
                self._seen.odd.append((self._seen.lines, str(error)))

"""A log checked from its files, without its server: every hash, the signature, the history, every opened decision.

    inspection = Inspection(parse_checkpoint(note, origin, key), known)
    for part in inspection.parts():
        inspection.add(inspect_part(read, inspection.asked, part))
    report = inspection.report(read)

A part is one tile of level 1 and what is below it: up to 65,536 entries. Parts know nothing of each other, so several are looked at side by side, and a
log of any size is checked in bounded memory. Each file is read once: what was hashed is what is reported, even where the files change meanwhile.

`inspect` does all of it at once for a log in memory or on a disk.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

from mien.errors import AuditError, CheckpointInvalid, LogTampered, MienError
from mien.wire.keys import VerifyKey
from mien.wire.proof import HASH_BYTES, HOUR, Checkpoint, parse_checkpoint, read_entry
from mien_server.audit.bodies import entries_path, is_part, split_entries, tile_path, tiles_of
from mien_server.audit.folder import CHECKPOINT, KEY, OPENED, Read
from mien_server.audit.openings import cuts, lines, read_line
from mien_server.audit.tree import TILE_HEIGHT, TILE_WIDTH, fold_tile, root, split

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
class Report:
    """What a check found. All is well when `findings` is empty.

    `entries` says whether the entries were there to be hashed, or their hashes only. `outcomes` counts the opened decisions by action and outcome.
    `places` are the indices of the entries that were looked for, by their hash.
    """

    checkpoint: Checkpoint | None
    entries: bool = True
    opened: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[bytes, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


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
        stated = _tile(read, asked.size, 0, number, seen)
        if number in edges:
            seen.edges[number] = stated
        entries = _entries(read, asked.size, number, stated, seen) if asked.entries else []
        told.compare(number * TILE_WIDTH, entries)
        _places(stated, number, asked.wanted, seen)
        if number - first < len(row) and _over(stated) not in {None, row[number - first]}:
            seen.findings.append(_astray(0, number))
    told.finish()
    return seen


def _row(read: Read, size: int, seen: Seen) -> bytes:
    there = (size >> TILE_HEIGHT) > seen.part * TILE_WIDTH
    return _tile(read, size, 1, seen.part, seen) if there else b""


def _tile(read: Read, size: int, level: int, number: int, seen: Seen) -> bytes:
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


def _over(tile: bytes) -> bytes | None:
    """The hash that a full tile leads to; None for any other."""
    return fold_tile(tile) if len(tile) == TILE_WIDTH * HASH_BYTES else None


def _astray(level: int, number: int) -> Finding:
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


# ---- the whole ----
class Inspection:
    """What the parts of a log add up to. `known` are checkpoints that are believed: the log must begin as each of them says."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        known: Sequence[Checkpoint] = (),
        *,
        entries: bool = True,
        wanted: Iterable[bytes] = (),
    ) -> None:
        self._checkpoint = checkpoint
        self._known = tuple(known)
        sizes = {each.size for each in (*known, checkpoint) if each.size <= checkpoint.size}
        self.asked = Asked(checkpoint.size, entries, frozenset(sizes), frozenset(wanted))
        self._tops: list[bytes | None] = []
        self._tree = _Stated(checkpoint.size)
        self._outcomes: Counter[str] = Counter()
        self._places: dict[bytes, int] = {}
        self._lines = 0
        self._findings: list[Finding] = []

    @property
    def full(self) -> bool:
        """Whether there is more wrong than anybody needs to know."""
        return len(self._findings) >= MAX_FINDINGS

    def parts(self) -> range:
        """The numbers of the parts; an empty log has one."""
        return range(max(1, -(-self.asked.size // PART)))

    def add(self, seen: Seen) -> None:
        """Take the next part in, in the order of the log."""
        self._tops.append(_over(seen.row))
        self._tree.edges |= seen.edges
        if seen.part in {size // PART for size in self.asked.known}:
            self._tree.rows[seen.part] = seen.row
        self._outcomes += seen.outcomes
        self._places |= {each: at for each, at in seen.places.items() if each not in self._places}
        for finding in seen.findings:
            self.find(finding)
        for line, says in seen.odd:
            self.find(Finding(f"{OPENED} line {self._lines + line}", says))
        self._lines += seen.lines

    def find(self, finding: Finding) -> None:
        """Note what is wrong, unless it is enough."""
        if not self.full:
            self._findings.append(finding)

    def report(self, read: Read) -> Report:
        """What holds all parts together, and what was found in all."""
        if not self.full:
            self._upper(read)
        if not self.full:
            self._roots()
        return Report(
            self._checkpoint, self.asked.entries, self._outcomes.total(), dict(self._outcomes), self._places,
            tuple(self._findings),
        )  # fmt: skip

    def _upper(self, read: Read) -> None:
        """The tiles of level 2 and higher: one in 65,536 entries."""
        upper = Seen(0)
        for level, number, _width in tiles_of(self.asked.size, 2):
            tile = _tile(read, self.asked.size, level, number, upper)
            self._tree.upper[level, number] = tile
            for position, above in enumerate(split(tile), number * TILE_WIDTH):
                if self._below(level, position) not in {None, above}:
                    upper.findings.append(_astray(level - 1, position))
        for finding in upper.findings:
            self.find(finding)

    def _below(self, level: int, position: int) -> bytes | None:
        """The hash that the full tile `position` below `level` leads to; None when that tile is not there whole."""
        parts = 2  # is the level above the tiles that the parts are
        return (
            self._tops[position] if level == parts else _over(self._tree.tile(level - 1, position))
        )

    def _roots(self) -> None:
        try:
            self._signed()
            for before in self._known:
                self._begins_as(before)
        except AuditError as error:
            self.find(Finding("tile", str(error)))

    def _signed(self) -> None:
        size = self._checkpoint.size
        if root(self._tree, size) != self._checkpoint.root:
            says = f"signs another tree than these {size} entries; one of them, or the checkpoint, is from another history"
            self.find(Finding(CHECKPOINT, says))

    def _begins_as(self, before: Checkpoint) -> None:
        if before.size > self._checkpoint.size:
            says = f"and all after it are gone: the older checkpoint had {before.size} entries"
            self.find(Finding(f"entry {self._checkpoint.size}", says))
        elif root(self._tree, before.size) != before.root:
            says = f"or one before it was rewritten: the first {before.size} entries are not those of the older checkpoint"
            self.find(Finding(f"entry {max(before.size - 1, 0)}", says))


class _Stated:
    """The tiles that roots are made of, as they were read: `Grown`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.edges: dict[int, bytes] = {}
        self.rows: dict[int, bytes] = {}
        self.upper: dict[tuple[int, int], bytes] = {}

    def size(self) -> int:
        return self._size

    def tile(self, level: int, number: int) -> bytes:
        if level == 0:
            return self.edges.get(number, b"")
        return self.rows.get(number, b"") if level == 1 else self.upper.get((level, number), b"")


def strangers(names: Iterable[str], size: int) -> Iterator[Finding]:
    """The files that are no part of a log of `size` entries."""
    says = f"is no part of a log of {size} entries; the checkpoint is too old or the file was added"
    for name in names:
        if name not in {CHECKPOINT, KEY, OPENED} and not is_part(name, size):
            yield Finding(name, says)


def begun(
    note: bytes | None, origin: str, key: VerifyKey, known: Sequence[str] = (), **asked: Any
) -> Inspection:
    """The inspection of the log that `note` is the checkpoint of. Raises `CheckpointInvalid` for a note, or a known one, that `key` did not sign."""
    checkpoint = parse_checkpoint((note or b"").decode(errors="replace"), origin, key)
    return Inspection(checkpoint, [parse_checkpoint(each, origin, key) for each in known], **asked)


def verify(
    read: Read, names: Iterable[str], origin: str, key: VerifyKey, older: str | None = None
) -> Report:
    """As `inspect`, but raises `LogTampered`, naming the entry, at the first thing that is wrong."""
    report = inspect(read, names, origin, key, older)
    for finding in report.findings:
        msg = f"{finding.where}: {finding.says}"
        raise LogTampered(msg)
    return report


def inspect(
    read: Read, names: Iterable[str], origin: str, key: VerifyKey, older: str | None = None
) -> Report:
    """Check an exported log against the key an officer holds, and against an older checkpoint they kept.

    `read` gives a file's bytes or None, `names` are all files there. Checked: the signature; that every entry hashes into its tile, every tile into
    the next and the last into the signed root; that nothing is missing or added; that the log still begins as the older checkpoint said; that every
    opened record is the one that was logged.
    """
    try:
        inspection = begun(read(CHECKPOINT), origin, key, () if older is None else (older,))
    except CheckpointInvalid as error:
        return Report(None, findings=(Finding(CHECKPOINT, str(error)),))
    for finding in strangers(names, inspection.asked.size):
        inspection.find(finding)
    opened = BytesIO(read(OPENED) or b"")
    borders = pairwise(cuts(opened, (part * PART for part in inspection.parts())))
    for part, (start, end) in zip(inspection.parts(), borders, strict=False):
        inspection.add(inspect_part(read, inspection.asked, part, lines(opened, start, end)))
        if inspection.full:
            break
    return inspection.report(read)

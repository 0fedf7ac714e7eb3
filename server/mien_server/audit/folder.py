"""A log as a folder of files: what is written when it is exported, and what an officer checks without any server.

    checkpoint                       signed note
    log.vkey                         the log's verification key, for convenience: trust comes from elsewhere
    tile/<L>/<N>[.p/<W>]             hashes
    tile/entries/<N>[.p/<W>]         entries
    opened.jsonl                     decisions that can still be opened: index, nonce, record; officers only, it names subjects

Nothing here touches a disk: files come and go as names and bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mien.errors import AuditError, CheckpointInvalid, LogTampered, MienError, RequestInvalid
from mien.wire.canonical import b64, decode, encode, unb64
from mien.wire.keys import VerifyKey
from mien.wire.proof import (
    HASH_BYTES,
    HOUR,
    Checkpoint,
    leaf_hash,
    leaf_of,
    parse_checkpoint,
    read_entry,
)
from mien_server.audit.bodies import (
    entries_path,
    entry_tile_bytes,
    split_entries,
    tile_bytes,
    tile_path,
    tiles_of,
)
from mien_server.audit.tree import TILE_HEIGHT, TILE_WIDTH, fold, root, split

if TYPE_CHECKING:
    from mien_server.ports import Tiles

CHECKPOINT: Final = "checkpoint"
KEY: Final = "log.vkey"
OPENED: Final = "opened.jsonl"
MAX_FINDINGS: Final = 20
"""After so many the rest is not looked for: the log cannot be relied on anyway."""

Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: `where` is `entry 17`, `checkpoint` or the path of a file."""

    where: str
    says: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `outcomes` counts the opened decisions by action and outcome. All is well when `findings` is empty."""

    checkpoint: Checkpoint | None
    opened: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


# ---- export ----
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


# ---- verification ----
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
        checkpoint = parse_checkpoint(
            (read(CHECKPOINT) or b"").decode(errors="replace"), origin, key
        )
        before = None if older is None else parse_checkpoint(older, origin, key)
    except CheckpointInvalid as error:
        return Report(None, findings=(Finding(CHECKPOINT, str(error)),))
    found = _Findings()
    folder = Folder(read, checkpoint.size)
    found.extend(_extra(names, checkpoint.size))
    leaves: dict[int, tuple[bytes, int]] = {}
    for number in range(-(-checkpoint.size // TILE_WIDTH)):
        found.extend(_entries(folder, number, leaves))
    found.extend(_tiles(folder))
    if not found.full:
        found.extend(_roots(folder, checkpoint, before))
    outcomes: dict[str, int] = {}
    found.extend(_opened(read(OPENED) or b"", leaves, outcomes))
    return Report(checkpoint, sum(outcomes.values()), outcomes, tuple(found.list))


class _Findings:
    def __init__(self) -> None:
        self.list: list[Finding] = []

    @property
    def full(self) -> bool:
        return len(self.list) >= MAX_FINDINGS

    def extend(self, more: Iterable[Finding]) -> None:
        for finding in more:
            if self.full:
                return
            self.list.append(finding)


def _extra(names: Iterable[str], size: int) -> Iterator[Finding]:
    expected = {CHECKPOINT, KEY, OPENED}
    for level, number, width in tiles_of(size):
        expected.add(tile_path(level, number, width))
        if level == 0:
            expected.add(entries_path(number, width))
    present = set(names)
    for name in sorted(present - expected):
        yield Finding(
            name,
            f"is no part of a log of {size} entries; the checkpoint is too old or the file was added",
        )
    for name in sorted(expected - present - {KEY, OPENED}):
        yield Finding(name, "is missing; entries were dropped or the export is not whole")


def _entries(
    folder: Folder, number: int, leaves: dict[int, tuple[bytes, int]]
) -> Iterator[Finding]:
    """Compare one bundle with its tile, entry by entry; note the leaves."""
    first = number * TILE_WIDTH
    hashes = split(folder.tile(0, number))
    try:
        entries = folder.entry_tile(number)
    except LogTampered as error:
        yield Finding(f"entries from {first}", str(error))
        return
    if len(entries) != min(TILE_WIDTH, folder.size() - first):
        yield Finding(
            f"entries from {first}",
            f"are {len(entries)}, not {min(TILE_WIDTH, folder.size() - first)}; some were dropped or added",
        )
    for index, (entry, expected) in enumerate(zip(entries, hashes, strict=False), first):
        actual = leaf_hash(entry)
        if actual != expected:
            moved = (
                f" (it is what stood at {first + hashes.index(actual)})" if actual in hashes else ""
            )
            yield Finding(
                f"entry {index}",
                f"is not the one that was hashed into the log{moved}; it or its tile was altered",
            )
            continue
        try:
            leaves[index] = read_entry(entry)
        except AuditError as error:
            yield Finding(f"entry {index}", str(error))


def _tiles(folder: Folder) -> Iterator[Finding]:
    """Every hash above the lowest level must follow from the full tile under it."""
    for level, number, width in tiles_of(folder.size()):
        hashes = split(folder.tile(level, number))
        if len(hashes) != width or len(hashes[-1]) != HASH_BYTES:
            yield Finding(
                tile_path(level, number, width), f"has not {width} hashes; it was cut or extended"
            )
            continue
        for position, expected in enumerate(hashes if level else (), number * TILE_WIDTH):
            below = split(folder.tile(level - 1, position))
            if len(below) == TILE_WIDTH and fold(below) != expected:
                span = TILE_WIDTH**level
                yield Finding(
                    tile_path(level - 1, position, TILE_WIDTH),
                    f"does not lead to the hash above it; among entries {position * span} to {(position + 1) * span - 1} something was altered",
                )


def _roots(folder: Folder, checkpoint: Checkpoint, before: Checkpoint | None) -> Iterator[Finding]:
    try:
        if root(folder, checkpoint.size) != checkpoint.root:
            yield Finding(
                CHECKPOINT,
                f"signs another tree than these {checkpoint.size} entries; one of them, or the checkpoint, is from another history",
            )
        if before is None:
            return
        if before.size > checkpoint.size:
            yield Finding(
                f"entry {checkpoint.size}",
                f"and all after it are gone: the older checkpoint had {before.size} entries",
            )
        elif root(folder, before.size) != before.root:
            yield Finding(
                f"entry {max(before.size - 1, 0)}",
                f"or one before it was rewritten: the first {before.size} entries are not those of the older checkpoint",
            )
    except AuditError as error:
        yield Finding("tile", str(error))


def _opened(
    data: bytes, leaves: Mapping[int, tuple[bytes, int]], outcomes: dict[str, int]
) -> Iterator[Finding]:
    last = -1
    for number, line in enumerate(data.splitlines(keepends=True), 1):
        try:
            index, opened, record = _read_line(line)
        except MienError as error:
            yield Finding(f"{OPENED} line {number}", str(error))
            continue
        if index <= last:
            yield Finding(f"entry {index}", "is opened twice or out of order; export again")
        last = max(last, index)
        if leaves.get(index) != (opened, record["at"] - record["at"] % HOUR):
            yield Finding(
                f"entry {index}",
                "does not commit to the opened record; the record was altered or belongs elsewhere",
            )
            continue
        word = f"{record['action']} {'allowed' if record['allow'] else 'denied'}"
        outcomes[word] = outcomes.get(word, 0) + 1


def _read_line(line: bytes) -> tuple[int, bytes, dict[str, Any]]:
    """Index, the leaf that nonce and record lead to, and the record."""
    value = decode(line.removesuffix(b"\n"))
    shape = isinstance(value, dict) and set(value) == {"index", "nonce", "record"}
    if not shape or line != encode(value) + b"\n":
        msg = "is no opened decision in its one spelling; export again"
        raise RequestInvalid(msg)
    index, record = value["index"], value["record"]
    typed = type(index) is int and isinstance(value["nonce"], str) and isinstance(record, dict)
    if not typed or type(record.get("at")) is not int or not {"action", "allow"} <= set(record):
        msg = "is no opened decision; export again"
        raise RequestInvalid(msg)
    return index, leaf_of(unb64(value["nonce"]), encode(record)), record

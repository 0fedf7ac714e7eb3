"""A log checked from its files, without its server: every hash, the signature, the history, every opened decision.

    inspection = Inspection(parse_checkpoint(note, origin, key), known)
    for part in inspection.parts():
        inspection.add(inspect_part(read, inspection.asked, part))
    report = inspection.report(read)

A part is one tile of level 1 and what is below it: up to 65,536 entries. Parts know nothing of each other, so several are looked at side by side, and a
log of any size is checked in bounded memory. Each file is read once: what was hashed is what is reported, even where the files change meanwhile.

`inspect` does all of it at once for a log in memory or on a disk.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from typing import Any

from mien.errors import AuditError, CheckpointInvalid, LogTampered
from mien.wire.keys import VerifyKey
from mien.wire.proof import Checkpoint, parse_checkpoint
from mien_server.audit.bodies import is_part, tiles_of
from mien_server.audit.folder import CHECKPOINT, KEY, OPENED, Read
from mien_server.audit.openings import cuts, lines
from mien_server.audit.parts import (
    MAX_FINDINGS,
    PART,
    Asked,
    Finding,
    Seen,
    astray,
    inspect_part,
    over,
    read_tile,
)
from mien_server.audit.tree import TILE_WIDTH, root, split


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. All is well when `findings` is empty.

    `entries` says whether the entries were there to be hashed, or their hashes only. `outcomes` counts the opened decisions by action and outcome.
    `places` are the indices of the entries that were looked for, by their hash; `note` is the checkpoint as it was signed, by witnesses too.
    """

    checkpoint: Checkpoint | None
    entries: bool = True
    opened: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    places: Mapping[bytes, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    note: str = ""


class Inspection:
    """What the parts of a log add up to. `known` are checkpoints that are believed: the log must begin as each of them says."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        known: Sequence[Checkpoint] = (),
        *,
        entries: bool = True,
        wanted: Iterable[bytes] = (),
        note: str = "",
    ) -> None:
        self._checkpoint = checkpoint
        self._note = note
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
        self._tops.append(over(seen.row))
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
            tuple(self._findings), self._note,
        )  # fmt: skip

    def _upper(self, read: Read) -> None:
        """The tiles of level 2 and higher: one in 65,536 entries."""
        upper = Seen(0)
        for level, number, _width in tiles_of(self.asked.size, 2):
            tile = read_tile(read, self.asked.size, level, number, upper)
            self._tree.upper[level, number] = tile
            for position, above in enumerate(split(tile), number * TILE_WIDTH):
                if self._below(level, position) not in {None, above}:
                    upper.findings.append(astray(level - 1, position))
        for finding in upper.findings:
            self.find(finding)

    def _below(self, level: int, position: int) -> bytes | None:
        """The hash that the full tile `position` below `level` leads to; None when that tile is not there whole."""
        parts = 2  # is the level above the tiles that the parts are
        return (
            self._tops[position] if level == parts else over(self._tree.tile(level - 1, position))
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
    text = (note or b"").decode(errors="replace")
    checkpoint = parse_checkpoint(text, origin, key)
    before = [parse_checkpoint(each, origin, key) for each in known]
    return Inspection(checkpoint, before, note=text, **asked)


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

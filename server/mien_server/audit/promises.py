"""Promises of the log, held against it: what a receipt or certificate said would be there, and until when.

    promised = read_promise(text, key, "receipt.json")
    inspection = Inspection(checkpoint, wanted=hashes_of([promised]))
    ...
    for fate in fates([promised], report, sightings, now): ...

An entry commits to the hour of its decision, so a promise leads to the hash of its entry, and the log's public hashes are enough to look for it.

When a leaf came into the log, only somebody else can say: a witness that saw the tree at a time (`Sighting`). Without one, a promise is held against
the log as it lies there now.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mien.errors import RequestInvalid, SignatureInvalid
from mien.wire.canonical import b64, unb64
from mien.wire.keys import VerifyKey
from mien.wire.messages import Certificate, Receipt, parse
from mien.wire.proof import HOUR, Checkpoint, entry_of, leaf_hash, parse_checkpoint
from mien.wire.signatures import Kind, verify
from mien.wire.witness import Witness, cosignatures
from mien_server.audit.inspection import Report
from mien_server.audit.parts import Finding

_KINDS: Final[tuple[tuple[Kind, type[Receipt | Certificate]], ...]] = (
    (Kind.RECEIPT, Receipt),
    (Kind.CERTIFICATE, Certificate),
)


@dataclass(frozen=True, slots=True)
class Promised:
    """A signed promise: `leaf` will be in the log `origin` by `publish_by` (unix seconds). `source` is where it was kept."""

    source: str
    origin: str
    leaf: bytes
    publish_by: int

    def hashes(self) -> tuple[bytes, bytes]:
        """The hashes that its entry can have: a decision is promised within the hour it is made in, or in the next."""
        at = self.publish_by
        return leaf_hash(entry_of(self.leaf, at)), leaf_hash(entry_of(self.leaf, max(at - HOUR, 0)))


@dataclass(frozen=True, slots=True)
class Sighting:
    """A witness saw the log as `checkpoint` says, at `at` (unix seconds). Made by `sightings`, which checks the signature."""

    checkpoint: Checkpoint
    at: int
    witness: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a promise: the index of its entry (None: it is not there), the first time a witness saw a tree that covers it, and what is wrong."""

    promised: Promised
    index: int | None
    seen_at: int | None = None
    broken: str = ""

    def finding(self) -> Finding | None:
        """What is wrong, with the leaf it is about; None when nothing is."""
        name = f"leaf {b64(self.promised.leaf)}"
        return Finding(name, f"{self.broken} ({self.promised.source})") if self.broken else None


def read_promise(text: str, key: VerifyKey, source: str) -> Promised:
    """The promise in a receipt or certificate as it was signed. Raises `SignatureInvalid` when the server's `key` did not sign it, `RequestInvalid`."""
    for kind, message in _KINDS:
        try:
            said = parse(message, verify(text, kind, key))
        except SignatureInvalid:
            continue
        promise = said.promise
        return Promised(source, promise.origin, unb64(promise.leaf), promise.publish_by)
    msg = "is no receipt or certificate that the server's key signed; check --trust, and keep it as evidence"
    raise SignatureInvalid(msg)


def sightings(
    notes: Iterable[str], origin: str, key: VerifyKey, witnesses: Sequence[Witness]
) -> tuple[Sighting, ...]:
    """What `witnesses` signed of the log `origin`, whose `key` must have signed each of the `notes`, too.

    Raises `CheckpointInvalid`: a line under a witness's key that does not verify refuses its note.
    """
    found: list[Sighting] = []
    for note in notes:
        seen = parse_checkpoint(note, origin, key)
        signed = cosignatures(note, seen, witnesses)
        found += [Sighting(seen, each.at, each.witness.name) for each in signed]
    return tuple(found)


def hashes_of(promises: Iterable[Promised]) -> frozenset[bytes]:
    """The hashes to look for in the log."""
    return frozenset(found for promised in promises for found in promised.hashes())


def fates(
    promises: Iterable[Promised], report: Report, sightings: Sequence[Sighting], now: int
) -> Iterator[Fate]:
    """What became of each promise at `now` (unix seconds). `sightings` must be of this log, and the report have compared it with their checkpoints.

    Raises `RequestInvalid` when there is no log to hold them against.
    """
    if report.checkpoint is None:
        msg = "no promise can be checked without a checkpoint; export the log again"
        raise RequestInvalid(msg)
    for promised in promises:
        index = _place(promised, report.places)
        broken = _broken(promised, index, report.checkpoint, sightings, now)
        yield Fate(promised, index, _first_seen(index, sightings), broken)


def _place(promised: Promised, places: Mapping[bytes, int]) -> int | None:
    return next((places[each] for each in promised.hashes() if each in places), None)


def _first_seen(index: int | None, sightings: Sequence[Sighting]) -> int | None:
    if index is None:
        return None
    return min((each.at for each in sightings if each.checkpoint.size > index), default=None)


def _broken(
    promised: Promised,
    index: int | None,
    checkpoint: Checkpoint,
    sightings: Sequence[Sighting],
    now: int,
) -> str:
    """How a promise was broken; empty when it was kept, or is not due."""
    by = f"promised by {_time(promised.publish_by)}"
    if promised.origin != checkpoint.origin:
        return f"{by} for another log, `{promised.origin[:80]}`; ask for that one"
    late = _late(promised, index, sightings)
    if late is not None:
        return f"{by}, and at {_time(late.at)} {late.witness} saw the {late.checkpoint.size} entries without it"
    if index is None and now > promised.publish_by:
        return f"{by}, is not among the {checkpoint.size} entries; read the log as it is now, and keep the promise as evidence"
    return ""


def _late(promised: Promised, index: int | None, sightings: Sequence[Sighting]) -> Sighting | None:
    """The first sighting after the promised time of a tree that does not cover the entry."""
    without = [
        each
        for each in sightings
        if each.at > promised.publish_by and (index is None or each.checkpoint.size <= index)
    ]
    return min(without, key=lambda each: each.at, default=None)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

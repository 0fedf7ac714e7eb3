"""Leaves of the log, opened for an officer: what `looking` shows, `audit export` writes and `policy replay` asks again.

Reading and opening are apart: a transaction only reads rows, and what it read is opened after it has ended, so that a running server never waits for
cryptography. A subject's key is looked for anew with every batch: from the moment of an erasure on there is none.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mien_server import record
from mien_server.pipeline.sifting import read_record
from mien_server.ports import Keys, Transaction
from mien_server.values import Person, SealedLeaf

BATCH: Final = 1000
"""Leaves read in one transaction."""
VAULTS: Final = 4096
"""Unwrapped keys kept in memory."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A leaf in the tree whose opening is still there, and the person whose key opens it (None for a leaf of nobody)."""

    index: int
    leaf: SealedLeaf
    person: Person | None


def kept(transaction: Transaction, first: int, now: int, limit: int = BATCH) -> tuple[Kept, ...]:
    """Up to `limit` leaves from index `first` on that may still be opened at `now`. Reads, opens nothing."""
    whose = _Whose(transaction)
    found = transaction.leaves.openable(first, limit, now)
    return tuple(Kept(index, leaf, whose(leaf)) for index, leaf in found)


@dataclass(frozen=True, slots=True)
class Seen:
    """A leaf of the hours asked for. `kept` is None where it is not to be opened: nobody can, or it does not concern what was asked."""

    index: int
    leaf: SealedLeaf
    kept: Kept | None


@dataclass(frozen=True, slots=True)
class Span:
    """Published hours from the first to the last (unix seconds), in a tree of the size `end`."""

    first: int
    last: int
    end: int


def seen(
    transaction: Transaction,
    span: Span,
    after: tuple[int, int],
    now: int,
    concerns: Callable[[SealedLeaf], bool],
) -> tuple[Seen, ...]:
    """Up to `BATCH` leaves of `span` after the hour and index `after`, by hour and index. Reads, opens nothing."""
    whose = _Whose(transaction)
    hours = (span.first, span.last)
    return tuple(
        Seen(index, leaf, Kept(index, leaf, whose(leaf)) if _open(leaf, concerns) else None)
        for index, leaf in transaction.leaves.of_hours(hours, after, span.end, BATCH, now)
    )


def _open(leaf: SealedLeaf, concerns: Callable[[SealedLeaf], bool]) -> bool:
    return leaf.opening is not None and concerns(leaf)


def openings(
    transaction: Transaction, keys: Keys, now: int
) -> Iterator[tuple[int, record.Opening]]:
    """Index and opening of every leaf that can be opened at `now`, in one transaction; none of the erased. Raises `KeysMissing`, `KeepUnreadable`."""
    opener = Opener(keys)
    first = 0
    while batch := kept(transaction, first, now):
        for each in batch:
            opening = opener.open(each)
            if opening is not None and not _is_gone(transaction, each.leaf, opening):
                yield each.index, opening
        first = batch[-1].index + 1


def subject_of(leaf: SealedLeaf, doc: Mapping[str, Any]) -> str | None:
    """Whom a leaf is about, as the leaf says it, or for a refused consent the record alone; None for a leaf of nobody."""
    said = doc.get("subject") if leaf.subject is None else leaf.subject
    return said if isinstance(said, str) else None


def _is_gone(transaction: Transaction, leaf: SealedLeaf, opening: record.Opening) -> bool:
    """Whether a refused consent is that of somebody who consented later, and was erased: its key is no person's, so it is not gone with theirs."""
    if leaf.wrapped_key is None:
        return False
    subject = subject_of(leaf, read_record(opening.record))
    person = None if subject is None else transaction.people.get(leaf.site, subject, "none")
    return person is not None and bool(person.tombstoned_at)


@dataclass(frozen=True, slots=True)
class _Whose:
    """Finds the person whose key opens a leaf, each once in a transaction."""

    transaction: Transaction
    known: dict[tuple[str, str], Person | None] = field(default_factory=dict)

    def __call__(self, leaf: SealedLeaf) -> Person | None:
        if leaf.wrapped_key is not None or leaf.subject is None:
            return None
        key = (leaf.site, leaf.subject)
        if key not in self.known:
            self.known[key] = self.transaction.people.get(*key, "none")
        return self.known[key]


class Opener:
    """Opens leaves. Unwrapped keys are kept by the wrapped key just read, so that an erased key is found nowhere."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._vaults: dict[bytes, record.Vault] = {}

    def open(self, each: Kept) -> record.Opening | None:
        """What opens this leaf; None when its person was erased. Raises `KeysMissing`, `KeepUnreadable`."""
        leaf = each.leaf
        if leaf.wrapped_key is not None:
            return record.open_leaf(self._own(leaf, leaf.wrapped_key), leaf)
        if leaf.subject is None:
            return record.open_leaf(None, leaf)
        person = each.person
        if person is None or person.wrapped_key is None or person.tombstoned_at:
            return None
        return record.open_leaf(self._of(person, person.wrapped_key), leaf)

    def _own(self, leaf: SealedLeaf, wrapped: bytes) -> record.Vault:
        """What opens a leaf with a key of its own."""
        kek = self._keys.kek(leaf.epoch)
        key = record.unwrap(kek, wrapped, leaf.epoch, leaf.site, leaf.hash.hex())
        return record.Vault.of(leaf.site, "", key)

    def _of(self, person: Person, wrapped: bytes) -> record.Vault:
        found = self._vaults.get(wrapped)
        if found is None or (found.site, found.subject) != (person.site, person.subject):
            kek = self._keys.kek(person.epoch)
            key = record.unwrap(kek, wrapped, person.epoch, person.site, person.subject)
            if len(self._vaults) >= VAULTS:
                self._vaults.clear()
            found = self._vaults[wrapped] = record.Vault.of(person.site, person.subject, key)
        return found

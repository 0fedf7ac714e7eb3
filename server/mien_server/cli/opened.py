"""Leaves of the log, opened for an officer: what `audit export` writes and `policy replay` asks again.

Reading and opening are apart: a transaction only reads rows, and what it read is opened after it has ended, so that a running server never waits for
cryptography. A subject's key is looked for anew with every batch: from the moment of an erasure on there is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mien_server import record
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
    people: dict[tuple[str, str], Person | None] = {}

    def whose(leaf: SealedLeaf) -> Person | None:
        if leaf.wrapped_key is not None or leaf.subject is None:
            return None
        key = (leaf.site, leaf.subject)
        if key not in people:
            people[key] = transaction.people.get(*key, "none")
        return people[key]

    found = transaction.leaves.openable(first, limit, now)
    return tuple(Kept(index, leaf, whose(leaf)) for index, leaf in found)


def openings(
    transaction: Transaction, keys: Keys, now: int
) -> Iterator[tuple[int, record.Opening]]:
    """Index and opening of every leaf that can be opened at `now`, in one transaction. Raises `KeysMissing`, `KeepUnreadable`."""
    opener = Opener(keys)
    first = 0
    while batch := kept(transaction, first, now):
        for each in batch:
            opening = opener.open(each)
            if opening is not None:
                yield each.index, opening
        first = batch[-1].index + 1


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

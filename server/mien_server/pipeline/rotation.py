"""Rotation of keys: today's are made, the living are wrapped anew when an epoch began, and old key-encryption keys are destroyed."""

from collections.abc import Callable
from dataclasses import replace

from mien_server import record
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.tidying import CHUNK
from mien_server.ports import Transaction
from mien_server.values import Person, SealedLeaf


class Rotation:
    """Rounds of rotating. Each may be interrupted anywhere and is taken up by the next."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def rotate(self) -> None:
        """Make today's keys; when an epoch began, wrap the living anew and destroy the old key-encryption keys, and with them old backups."""
        keys = self._parts.keys
        keys.rotate(self._parts.clock.now())
        epoch = keys.epoch()
        await self._all(lambda t: self._rewrap_people(t, epoch))
        await self._all(lambda t: self._rewrap_leaves(t, epoch))
        await self._all(lambda t: self._rewrap_evidence(t, epoch))
        if not await self._parts.store.transact(lambda t: t.erasures.open(1)):
            # An erasure on its way still reads the events it takes out of the sums.
            keys.drop_epochs_before(epoch)

    def _rewrap_people(self, transaction: Transaction, epoch: int) -> int:
        found = transaction.people.wrapped_before(epoch, CHUNK)
        for person in found:
            transaction.people.put(self._rewrapped(person, epoch))
        return len(found)

    def _rewrapped(self, person: Person, epoch: int) -> Person:
        who = person.site, person.subject
        self._parts.forget_vault(person)
        wrapped = self._rewrap(person.wrapped_key or b"", person.epoch, epoch, *who)
        return replace(person, wrapped_key=wrapped, epoch=epoch)

    def _rewrap_leaves(self, transaction: Transaction, epoch: int) -> int:
        found = transaction.leaves.wrapped_before(epoch, CHUNK)
        for leaf in found:
            transaction.leaves.rewrap(leaf.hash, self._rewrapped_leaf(leaf, epoch), epoch)
        return len(found)

    def _rewrapped_leaf(self, leaf: SealedLeaf, epoch: int) -> bytes:
        return self._rewrap(leaf.wrapped_key or b"", leaf.epoch, epoch, leaf.site, leaf.hash.hex())

    def _rewrap_evidence(self, transaction: Transaction, epoch: int) -> int:
        found = transaction.evidence.wrapped_before(epoch, CHUNK)
        for each in found:
            wrapped = self._rewrap(each.wrapped_key, each.epoch, epoch, each.site, each.id)
            transaction.evidence.rewrap(each.id, wrapped, epoch)
        return len(found)

    def _rewrap(self, wrapped: bytes, old: int, new: int, site: str, name: str) -> bytes:
        keys = self._parts.keys
        key = record.unwrap(keys.kek(old), wrapped, old, site, name)
        return record.wrap(keys.kek(new), key, new, site, name, self._parts.entropy)

    async def _all(self, some: Callable[[Transaction], int]) -> None:
        while await self._parts.store.transact(some):
            pass

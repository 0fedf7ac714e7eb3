"""What the server does without being asked, and the log as it is read: sequencing, retention, rotation of keys."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mien.wire import lifecycle
from mien.wire.canonical import b64
from mien.wire.lifecycle import Happening
from mien.wire.messages import ProofAnswer
from mien_server import audit, record
from mien_server.errors import LeafUnknown
from mien_server.keys import SEAL_LIFE
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.tidying import CHUNK, Tidying
from mien_server.ports import Transaction
from mien_server.values import Person, SealedLeaf

BATCH: Final = 1024
"""Leaves sequenced in one transaction."""


class Upkeep:
    """Rounds of work. Each may be interrupted anywhere and is taken up by the next."""

    def __init__(self, parts: Parts, tidying: Tidying, learning: Learning) -> None:
        self._parts = parts
        self._tidying = tidying
        self._learning = learning

    # ---- the log ----
    async def sequence(self) -> None:
        """Give every pending leaf its place in the tree."""
        while await self._parts.store.transact(self._sequence_some):
            pass

    def _sequence_some(self, transaction: Transaction) -> bool:
        pending = transaction.leaves.pending(BATCH)
        if pending:
            first = transaction.tiles.size()
            audit.append(transaction.tiles, [audit.entry(leaf.hash, leaf.hour) for leaf in pending])
            transaction.leaves.place([leaf.hash for leaf in pending], first)
        return len(pending) == BATCH

    async def checkpoint(self) -> str:
        """The signed checkpoint of the tree as it is."""
        parts = self._parts
        return await parts.store.transact(
            lambda t: audit.checkpoint(t.tiles, parts.origin, parts.keys.log)
        )

    async def tile(self, level: int, number: int, width: int) -> bytes:
        """A tile's body. Raises `NotFound`."""
        return await self._parts.store.transact(
            lambda t: audit.tile_bytes(t.tiles, level, number, width)
        )

    async def entries(self, number: int, width: int) -> bytes:
        """An entry bundle's body. Raises `NotFound`."""
        return await self._parts.store.transact(
            lambda t: audit.entry_tile_bytes(t.tiles, number, width)
        )

    async def proof(self, leaf: bytes) -> ProofAnswer:
        """The proof that a leaf is in the log. Raises `LeafUnknown` when it is not, or not yet."""

        def work(transaction: Transaction) -> ProofAnswer:
            found = transaction.leaves.placed(leaf)
            if found is None:
                msg = "this leaf has no place in the log yet; ask again in a few seconds"
                raise LeafUnknown(msg)
            index, hour = found
            text = audit.tlog_proof(
                transaction.tiles, index, self._parts.origin, self._parts.keys.log
            )
            return ProofAnswer(proof=text, entry=b64(audit.entry(leaf, hour)))

        return await self._parts.store.transact(work)

    # ---- retention ----
    async def sweep(self) -> None:
        """Delete what retention has ended, what consents that ran out covered, and what a crash left."""
        now = self._parts.clock.now()
        await self._all(self._expire_consents)
        await self._tidying.everybody()
        await self._all(lambda t: t.records.delete_expired(now, CHUNK))
        await self._all(lambda t: self._expire_events(t, now))
        await self._all(lambda t: t.leaves.drop_expired_openings(now, CHUNK))
        await self._all(lambda t: t.evidence.delete_expired(now, CHUNK))
        await self._all(lambda t: t.people.delete_accepted(now - SEAL_LIFE, CHUNK))
        await self._all(lambda t: t.nonces.delete_expired(now, CHUNK))
        await self._all(lambda t: t.people.delete_links(now, CHUNK))

    async def _all(self, some: Callable[[Transaction], int]) -> None:
        while await self._parts.store.transact(some):
            pass

    def _expire_consents(self, transaction: Transaction) -> int:
        found = transaction.people.expired(self._parts.clock.now(), CHUNK)
        for person in found:
            state = lifecycle.after(person.state, Happening.EXPIRE)
            transaction.people.put(replace(person, state=state))
            transaction.people.mark(person.site, person.subject)
        return len(found)

    def _expire_events(self, transaction: Transaction, now: int) -> int:
        found = transaction.events.expired(now, CHUNK)
        self._learning.remove(transaction, found)
        return len(found)

    # ---- keys ----
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

"""The log: every pending leaf gets its place in the tree; the tree as it is read."""

from typing import Final

from mien.wire.canonical import b64
from mien.wire.messages import ProofAnswer
from mien_server import audit
from mien_server.errors import LeafUnknown
from mien_server.pipeline.cosigning import Cosigning
from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction

BATCH: Final = 1024
"""Leaves sequenced in one transaction."""


class Sequencing:
    """Grows the tree, and answers what is asked of it."""

    def __init__(self, parts: Parts, cosigning: Cosigning) -> None:
        self._parts = parts
        self._cosigning = cosigning

    async def sequence(self) -> bool:
        """Give every pending leaf its place in the tree; another node that is at it takes them along, or its next round does. Whether the tree grew."""
        grew = placed = await self._parts.store.transact(self._sequence_some)
        while placed == BATCH:
            placed = await self._parts.store.transact(self._sequence_some)
        return grew > 0

    def _sequence_some(self, transaction: Transaction) -> int:
        if not transaction.turn("sequence"):
            return 0
        pending = transaction.leaves.pending(BATCH)
        if pending:
            first = transaction.tiles.size()
            audit.append(transaction.tiles, [audit.entry(leaf.hash, leaf.hour) for leaf in pending])
            transaction.leaves.place([leaf.hash for leaf in pending], first)
        return len(pending)

    async def checkpoint(self) -> str:
        """The signed checkpoint that the log shows; without witnesses, that of the tree as it is."""
        return await self._parts.store.transact(self._cosigning.shown)

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
            text = self._cosigning.proof(transaction, index)
            return ProofAnswer(proof=text, entry=b64(audit.entry(leaf, hour)))

        return await self._parts.store.transact(work)

    async def proof_at(self, index: int) -> str:
        """The proof of the entry at `index`, whatever it is. Raises `ProofInvalid` when there is none."""
        return await self._parts.store.transact(lambda t: self._cosigning.proof(t, index))

"""Retention: what has ended is deleted, in small transactions, taken up by the next round wherever it was interrupted."""

from collections.abc import Callable
from dataclasses import replace

from mien.wire import lifecycle
from mien.wire.lifecycle import Happening
from mien_server.keys import SEAL_LIFE
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.tidying import CHUNK, Tidying
from mien_server.ports import Transaction


class Retaining:
    """Rounds of deleting."""

    def __init__(self, parts: Parts, tidying: Tidying, learning: Learning) -> None:
        self._parts = parts
        self._tidying = tidying
        self._learning = learning

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

"""Retention: what has ended is deleted, in small transactions, taken up by the next round wherever it was interrupted.

Each chunk is counted in the transaction that deletes it, and the round ends with one entry of the log that says what went: rows by data class and why,
and nothing of whom. A round that dies leaves its count in the database; the next one logs it. What a legal hold holds stays; its end is noticed here,
and what had to wait goes in the same round. Among several nodes one sweeps at a time.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mien.wire import lifecycle
from mien.wire.canonical import encode
from mien.wire.lifecycle import Happening
from mien_server import record
from mien_server.keys import SEAL_LIFE
from mien_server.pipeline.holds import Holds
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.telling import note_withdrawn
from mien_server.pipeline.tidying import CHUNK, SWEEP, Tidying
from mien_server.ports import Transaction
from mien_server.values import Due, Holding

RETENTION: Final = "retention"
"""Why rows are deleted here, as the log puts it: their time has passed."""
EVERY_SITE: Final = ""
"""What stands for the site in an entry about all of them."""
Swept = Mapping[str, Mapping[str, int]]
"""Rows deleted, by why (retention, consent) and data class."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the next sweep would do: rows by class and day, and how many people's consents have ended or shrunk and are still to be tidied up after."""

    due: tuple[Due, ...]
    consents: int
    holds: int


class Retaining:
    """Rounds of deleting."""

    def __init__(self, parts: Parts, tidying: Tidying, learning: Learning, holds: Holds) -> None:
        self._parts = parts
        self._tidying = tidying
        self._learning = learning
        self._holds = holds

    async def sweep(self, progress: Callable[[int], None] = lambda _rows: None) -> Swept:
        """Delete what retention has ended, what consents that ran out covered, and what a crash left; what was deleted and is now in the log.

        `progress` is told the rows of each chunk. A step that fails keeps no other waiting: its error is raised when all were tried and what they
        deleted is logged.
        """
        now = self._parts.clock.now()
        failures: list[Exception] = []
        for step in self._round(now, progress):
            try:
                await step
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one noun must not keep the others past their time; it is raised after them
                failures.append(error)
        swept = await self._parts.store.transact(lambda t: self._publish(t, now))
        if failures:
            raise failures[0]
        return swept

    def _round(self, now: int, progress: Callable[[int], None]) -> Iterator[Awaitable[object]]:
        """The steps of a round, each begun when the one before has ended."""
        yield self._parts.store.transact(lambda t: t.partitions.ahead(now))
        yield self._all(self._holds.end_due)
        yield self._all(self._expire_consents)
        yield self._tidying.everybody()
        for chunk in self._chunks(now):
            yield self._all(chunk, progress)

    def _chunks(self, now: int) -> Iterator[Callable[[Transaction], int]]:
        """What one chunk deletes, noun by noun; how many rows that were."""
        yield lambda t: _count(t, t.partitions.drop_past(now))
        yield lambda t: _count(t, t.records.delete_expired(now, CHUNK))
        yield lambda t: _count(t, {"event": self._expire_events(t, now)})
        yield lambda t: _count(t, {"decision_record": t.leaves.drop_expired_openings(now, CHUNK)})
        yield lambda t: _count(t, {"consent_evidence": t.evidence.delete_expired(now, CHUNK)})
        yield lambda t: _count(
            t, {"envelope_replay": t.people.delete_accepted(now - SEAL_LIFE, CHUNK)}
        )
        # No class of data: a spent nonce, the key of a link that was never used, a hold that is long over.
        yield lambda t: t.nonces.delete_expired(now, CHUNK)
        yield lambda t: t.people.delete_links(now, CHUNK)
        yield lambda t: t.holds.delete_over(now, CHUNK)

    async def _all(
        self,
        some: Callable[[Transaction], int],
        progress: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        """Do `some` until nothing is left, or another node has the turn: then it does the rest."""
        while done := await self._parts.store.transact(lambda t: some(t) if t.turn(SWEEP) else 0):
            progress(done)

    def _expire_consents(self, transaction: Transaction) -> int:
        now = self._parts.clock.now()
        found = transaction.people.expired(now, CHUNK)
        for person in found:
            state = lifecycle.after(person.state, Happening.EXPIRE)
            transaction.people.put(replace(person, state=state))
            transaction.people.mark(person.site, person.subject)
            note_withdrawn(self._parts, transaction, person, person.purposes, now)
        return len(found)

    def _expire_events(self, transaction: Transaction, now: int) -> int:
        found = transaction.events.expired(now, CHUNK)
        self._learning.remove(transaction, found)
        return len(found)

    def _publish(self, transaction: Transaction, now: int) -> Swept:
        """Log what was deleted since the last entry, if anything was."""
        deleted = transaction.retained.take()
        if deleted:
            content = encode({
                "v": 1, "action": "swept", "allow": True, "at": now, "deleted": deleted,
                "bundle_sha256": self._parts.bundle,
            })  # fmt: skip
            leaf = record.plain_leaf(EVERY_SITE, content, now, self._parts.entropy)
            self._parts.add_leaf(transaction, leaf, now)
        return deleted

    # ---- for the operator ----
    async def status(self) -> tuple[Holding, ...]:
        """How much is kept, by data class."""
        now = self._parts.clock.now()
        return await self._parts.store.transact(lambda t: t.retained.status(now, now - SEAL_LIFE))

    async def plan(self) -> Plan:
        """What a sweep would delete now. Changes nothing."""
        now = self._parts.clock.now()

        def work(transaction: Transaction) -> Plan:
            return Plan(
                transaction.retained.due(now, now - SEAL_LIFE),
                transaction.retained.consents(now),
                len(transaction.holds.due(now, CHUNK)),
            )

        return await self._parts.store.transact(work)


def _count(transaction: Transaction, rows: Mapping[str, int]) -> int:
    """Count what this transaction deleted, in it; how many rows that were."""
    transaction.retained.count(RETENTION, rows)
    return Counter(rows).total()

"""Deleting what a consent no longer covers, in small transactions, so that nobody waits for it and it goes on where it stopped.

What a withdrawal takes back is not used from the moment it commits (the row is read in every using transaction); its deletion follows at once.
"""

from typing import Final

from mien.wire import lifecycle
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction
from mien_server.values import Person

CHUNK: Final = 500
"""Rows deleted in one transaction."""
FACE_PURPOSES: Final = frozenset({"personalize_offers", "adapt_service", "adapt_lessons"})
"""Purposes that need labels: without any of them labels are deleted."""
EVENT_PURPOSES: Final = frozenset({"personalize_offers", "declare_mood"})
"""Purposes under which a ranking knows who asks."""
_NEEDS: Final = (
    (FACE_PURPOSES, ("label", "correction")), (frozenset({"declare_mood"}), ("mood",)),
)  # fmt: skip
"""Which classes of records go when no purpose of a set stands any more."""


class Tidying:
    """Deletes labels and events whose purpose is gone."""

    def __init__(self, parts: Parts, learning: Learning) -> None:
        self._parts = parts
        self._learning = learning

    async def person(self, site: str, subject: str) -> None:
        """Delete all that this person's consent no longer covers."""
        while await self._parts.store.transact(lambda t: self._some(t, site, subject)):
            pass

    async def everybody(self) -> None:
        """The same for everybody marked: after a crash, and when consents ran out."""
        for site, subject in await self._parts.store.transact(lambda t: t.people.marked(CHUNK)):
            await self.person(site, subject)

    def before(self, transaction: Transaction, person: Person) -> None:
        """Delete what the consent of `person` does not cover, in the transaction that gives another: what was withdrawn never comes back."""
        while self._uncovered(transaction, person):
            pass

    def _some(self, transaction: Transaction, site: str, subject: str) -> bool:
        """Delete one chunk; whether there may be more."""
        person = transaction.people.get(site, subject, "update")
        if person is None or person.tombstoned_at:  # an erasure takes it from here
            transaction.people.unmark(site, subject)
            return False
        done = self._uncovered(transaction, person)
        if not done:
            transaction.people.unmark(site, subject)
        return bool(done)

    def _uncovered(self, transaction: Transaction, person: Person) -> int:
        """Delete one chunk of what no standing purpose covers; how many rows that were."""
        purposes = person.purposes if lifecycle.stands(person.state) else frozenset[str]()
        done = 0
        if gone := EVENT_PURPOSES - purposes:
            done += self._events(transaction, person, gone)
        for needed, classes in _NEEDS:
            if not purposes & needed:
                done += transaction.records.delete(person.site, person.subject, CHUNK, classes)
        return done

    def _events(self, transaction: Transaction, person: Person, gone: frozenset[str]) -> int:
        """Delete a chunk of the events that rest on a purpose which does not stand."""
        events = transaction.events.resting_on(person.site, person.subject, gone, CHUNK)
        self._learning.remove(transaction, events)
        return len(events)

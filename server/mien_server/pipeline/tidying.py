"""Deleting what a consent no longer covers, in small transactions, so that nobody waits for it and it goes on where it stopped.

What a withdrawal takes back is not used from the moment it commits (the row is read in every using transaction); its deletion follows at once. Under a
legal hold nothing is deleted but an update that waits in a round; then what rankings learned of the person is taken out of the sums, and deleting waits until the hold is over.
"""

from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Final

from mien.wire import lifecycle
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import CONTRIBUTE, Parts
from mien_server.ports import Transaction
from mien_server.values import Person

CHUNK: Final = 500
"""Rows deleted in one transaction."""
SWEEP: Final = "sweep"
"""Whose turn it is among nodes to delete what retention has ended."""
CONSENT: Final = "consent"
"""Why rows are deleted here, as the log puts it."""
FACE_PURPOSES: Final = frozenset({"personalize_offers", "adapt_service", "adapt_lessons"})
"""Purposes that need labels: without any of them labels are deleted."""
EVENT_PURPOSES: Final = frozenset({"personalize_offers", "declare_mood"})
"""Purposes under which a ranking knows who asks."""
_NEEDS: Final = (
    (FACE_PURPOSES, ("label", "correction")), (frozenset({"declare_mood"}), ("mood",)),
    (frozenset({"adapt_lessons", "declare_mood"}), ("answer",)),
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

    async def at_once(self, site: str, subject: str) -> None:
        """The same right after an act that is committed and has marked them. What fails here does not change the act's answer.

        The mark stays, and the next sweep tries again and tells.
        """
        with suppress(Exception):
            await self.person(site, subject)

    async def everybody(self) -> None:
        """The same for everybody marked: after a crash, and when consents ran out.

        Somebody with whom that fails keeps nobody else waiting, and their mark: the error is raised when all were tried.
        """
        failures: list[Exception] = []
        last = ("", "")
        while found := await self._parts.store.transact(partial(_marked, last=last)):
            for site, subject in found:
                try:
                    await self.person(site, subject)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not stop the others; it is raised after them
                    failures.append(error)
            last = found[-1]
        if failures:
            raise failures[0]

    def before(self, transaction: Transaction, person: Person) -> None:
        """Delete what the consent of `person` does not cover, in the transaction that gives another: what was withdrawn never comes back."""
        while self._uncovered(transaction, person):
            pass

    def _some(self, transaction: Transaction, site: str, subject: str) -> bool:
        """Delete one chunk; whether there may be more. The mark of somebody whose data is held comes back when the hold is over."""
        person = transaction.people.get(site, subject, "update")
        done = 0
        if person is not None and self._held(person):
            done = self._set_aside(transaction, person)
        elif person is not None and not person.tombstoned_at:  # else an erasure takes it from here
            done = self._uncovered(transaction, person)
        if not done:
            transaction.people.unmark(site, subject)
        return bool(done)

    def _held(self, person: Person) -> bool:
        return self._parts.clock.now() < person.held_until

    def _set_aside(self, transaction: Transaction, person: Person) -> int:
        """Take a chunk of what a held person's events taught out of the sums; how many events that were."""
        now = self._parts.clock.now()
        if transaction.records.answers(person.site, person.subject, now, 1):
            transaction.lessons.gone(person.site, now)
        events = transaction.events.learned_of(person.site, person.subject, CHUNK)
        self._learning.set_aside(transaction, events)
        return len(events) + self._updates(transaction, person)

    def _uncovered(self, transaction: Transaction, person: Person) -> int:
        """Delete one chunk of what no standing purpose covers; how many rows that were. While it is held only updates go."""
        updates = self._updates(transaction, person)
        if self._held(person):
            return updates
        purposes = _standing(person)
        done: Counter[str] = Counter()
        if gone := EVENT_PURPOSES - purposes:
            done["event"] = self._events(transaction, person, gone)
        for needed, classes in _NEEDS:
            if not purposes & needed:
                for name in classes:
                    done[name] = transaction.records.delete(
                        person.site, person.subject, CHUNK, name
                    )
        if done["answer"]:
            transaction.lessons.gone(person.site, self._parts.clock.now())
        transaction.retained.count(CONSENT, done)
        return done.total() + updates

    def _updates(self, transaction: Transaction, person: Person) -> int:
        """Delete updates that no standing purpose covers, held or not: nobody can read them, and a later yes must not find them in a round."""
        if CONTRIBUTE in _standing(person):
            return 0
        dropped = transaction.rounds.drop_of(person.site, person.subject)
        transaction.retained.count(CONSENT, {"update": dropped})
        return dropped

    def _events(self, transaction: Transaction, person: Person, gone: frozenset[str]) -> int:
        """Delete a chunk of the events that rest on a purpose which does not stand."""
        events = transaction.events.resting_on(person.site, person.subject, gone, CHUNK)
        self._learning.remove(transaction, events)
        return len(events)


def _standing(person: Person) -> frozenset[str]:
    """The purposes under which something of the person may be kept now."""
    return person.purposes if lifecycle.stands(person.state) else frozenset()


def _marked(transaction: Transaction, last: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return transaction.people.marked(CHUNK, last)

"""What answers taught is made anew from the answers that remain: a person who took theirs back is in it no more.

    begin -> people in the order of their ids, some at a time, each asked about -> finish -> (somebody left meanwhile: begin again)

Nothing is ever subtracted. Sums on their way lie in the database with the last person they contain, so that a process that dies goes on where it stopped, and
another node may. Among several nodes one rebuilds at a time. What is used meanwhile is what was made before.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mien.errors import KeepUnreadable, KeysMissing
from mien_server import record
from mien_server.personalize.lessons import Tally
from mien_server.pipeline.lessons import RECENT, Lessons
from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction
from mien_server.values import GivenAnswer, LessonSums, Person, Site

TURN: Final = "rebuild lessons"
PEOPLE: Final = 20
"""People taken in in one transaction: until it ends none of them can withdraw."""
EVERY: Final = 43_200
"""Seconds after which sums are made anew though nobody left: answers came, and others ended with their retention."""


class Rebuilding:
    """Makes the sums of every site."""

    def __init__(self, parts: Parts, lessons: Lessons) -> None:
        self._parts = parts
        self._lessons = lessons

    async def rebuild(self, every: int = EVERY) -> None:
        """Make anew what is due: sums from which somebody is gone, and those older than `every` seconds.

        A site with which that fails keeps no other waiting: its error is raised when all were tried.
        """
        failures: list[Exception] = []
        for site in await self._parts.store.transact(lambda t: t.lessons.sites()):
            try:
                await self._site(site, every)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not stop the others; it is raised after them
                failures.append(error)
        if failures:
            raise failures[0]

    async def _site(self, site: str, every: int) -> None:
        if await self._parts.store.transact(self._mine(lambda t: self._begin(t, site, every))):
            while await self._parts.store.transact(self._mine(lambda t: self._some(t, site))):
                pass

    @staticmethod
    def _mine(work: Callable[[Transaction], bool]) -> Callable[[Transaction], bool]:
        """`work`, done when it is this node's turn; else another is at it."""
        return lambda transaction: transaction.turn(TURN) and work(transaction)

    def _begin(self, transaction: Transaction, site: str, every: int) -> bool:
        """Whether there is something to do; a new making is begun where none is on its way."""
        now = self._parts.clock.now()
        sums = transaction.lessons.sums(site)
        if sums is not None and sums.begun:
            return True
        if not self._due(transaction, site, sums, now, every):
            return False
        before = sums or LessonSums(site)
        fresh = replace(before, begun=now, last="", partial=Tally().to_bytes())
        transaction.lessons.put_sums(fresh)
        return True

    def _due(
        self, transaction: Transaction, site: str, sums: LessonSums | None, now: int, every: int
    ) -> bool:
        if sums is None:
            return bool(transaction.records.learners(site, "", 1))
        # Within the second in which somebody left it could not be told whether they are in it: a second later it can.
        return sums.since <= transaction.lessons.gone_at(site) < now or now - sums.since >= every

    def _some(self, transaction: Transaction, name: str) -> bool:
        """Take some people in; whether there are more."""
        sums, site = transaction.lessons.sums(name), transaction.sites.get(name)
        if sums is None or not sums.begun or site is None:
            return False
        bank = self._lessons.bank(transaction, name)
        subjects = transaction.records.learners(name, sums.last, PEOPLE)
        tally = Tally.from_bytes(sums.partial)
        for subject in subjects:
            person = transaction.people.get(name, subject, "share")
            if person is not None:
                tally.person(bank, self._answers(transaction, site, person))
        if len(subjects) == PEOPLE:
            transaction.lessons.put_sums(replace(sums, last=subjects[-1], partial=tally.to_bytes()))
            return True
        content = tally.finish(bank).to_bytes()
        done = LessonSums(name, since=sums.begun, content=content)
        transaction.lessons.put_sums(done)
        return False

    def _answers(
        self, transaction: Transaction, site: Site, person: Person
    ) -> tuple[GivenAnswer, ...]:
        """What policy lets be used of a person's answers, oldest first. Those that do not open count for nothing: their key is gone."""
        now = self._parts.clock.now()
        if person.tombstoned_at:
            return ()
        kept = transaction.records.answers(site.id, person.subject, now, RECENT)
        decision, purpose = self._lessons.ask(site, person, "use", now, kept)
        try:
            self._parts.note(transaction, site, person, "use", decision, purpose)
            vault = self._parts.vault(person)
            usable = reversed(kept) if decision.allow else ()
            return tuple(record.open_answer(vault, each) for each in usable)
        except (KeysMissing, KeepUnreadable):
            return ()

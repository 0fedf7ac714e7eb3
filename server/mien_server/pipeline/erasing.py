"""Be forgotten (GDPR 17).

In this order, each step its own transaction, so that a process that dies goes on where it stopped:

tombstone, pending updates gone (acknowledged) -> events out of the sums -> data key and key set destroyed -> rows deleted -> files scrubbed -> certificate

Where the site has lessons, the certificate waits until what answers taught was made anew without the person (`rebuilding`).
"""

import base64
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

from mien.wire.canonical import encode
from mien.wire.messages import ErasureAnswer, ErasureStatement, Promise
from mien.wire.signatures import Kind
from mien_server import record
from mien_server.errors import ErasureUnknown, PersonErased
from mien_server.pipeline import certificates
from mien_server.pipeline.budgets import spent_doc
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts, Said, where
from mien_server.pipeline.taking import erased, note, take_back
from mien_server.pipeline.telling import note_erased
from mien_server.ports import Transaction
from mien_server.values import Erasure, Person, Site, Taken

ROUND: Final = 16
"""Erasures that share one scrub of the files."""
CHUNK: Final = 40
"""Rows that go in one transaction. Whoever withdraws or erases on SQLite waits behind one of these: measured, 22 ms at the worst with 40, 31 with 100, 87 with 500."""


class Erasing:
    """Takes statements, gives certificates."""

    def __init__(self, parts: Parts, learning: Learning) -> None:
        self._parts = parts
        self._learning = learning

    async def erase(self, site: Site, text: str, *, gpc: bool) -> ErasureAnswer:
        """Forget the person who signs (GDPR 17): effective when this returns. The same statement again gives the latest certificate."""
        name = record.erasure_id(text)

        def work(transaction: Transaction) -> Erasure:
            there = transaction.erasures.get(name)
            if there is not None:
                return there
            try:
                said = self._parts.statement(
                    transaction, site, text, Kind.ERASURE, ErasureStatement, "update", gpc=gpc
                )
            except PersonErased:
                # The same statement came twice at once, and this one waited for the other: their row was locked.
                if (first := transaction.erasures.get(name)) is not None:
                    return first
                raise
            note(self._parts, transaction, erased(said.person, _bytes_of(name), said.now))
            return self._tombstone(transaction, site, said, name)

        erasure = await take_back(self._parts, work)
        return ErasureAnswer(erasure=erasure.id, certificate=erasure.certificate)

    def _tombstone(
        self, transaction: Transaction, site: Site, said: Said[ErasureStatement], name: str
    ) -> Erasure:
        decision = self._parts.right(said.now, where(site, said.person), "17")
        promise = self._parts.log_anyhow(transaction, site, said.person, "erase", decision)
        return self._begun(transaction, said.person, name, said.now, promise)

    def again(self, transaction: Transaction, site: Site, person: Person, entry: Taken) -> None:
        """Erase again whom a restored database brought back, by the journal's word; under the name that their certificate has.

        The log says so without a word of whom: the key that it would be sealed with may be gone already.
        """
        now = self._parts.clock.now()
        decision = self._parts.right(now, where(site, person), "17")
        content = record.decision_record("erase", decision, site.id, "", None, {})
        leaf = record.plain_leaf(site.id, content, now, self._parts.entropy)
        promise = self._parts.add_leaf(transaction, leaf, now)
        self._begun(transaction, person, record.id_from("era", entry.id), now, promise)

    def _begun(
        self, transaction: Transaction, person: Person, name: str, now: int, promise: Promise
    ) -> Erasure:
        """Write tombstone, erasure and the first certificate; whatever is held, this is all that the person waits for.

        An update that waits in a round goes at once, held or not: the round's key dies within days, and then nobody could open it anyway.
        """
        transaction.people.put(replace(person, tombstoned_at=now))
        transaction.rounds.drop_of(person.site, person.subject)
        spent = spent_doc(transaction.rounds.spent(person.site, person.subject))
        note_erased(self._parts, transaction, person, name, now)
        erasure = Erasure(name, person.site, person.subject, now, None, "")
        erasure = certificates.accepted(self._parts, erasure, promise, person.held_until, spent)
        transaction.erasures.put(erasure)
        return erasure

    async def erasure(self, name: str) -> ErasureAnswer:
        """Where an erasure stands. Raises `ErasureUnknown`."""
        found = await self._parts.store.transact(lambda t: t.erasures.get(name))
        if found is None:
            msg = "no such erasure; use the id on the certificate"
            raise ErasureUnknown(msg)
        return ErasureAnswer(erasure=found.id, certificate=found.certificate)

    async def complete_erasures(self) -> None:
        """Bring every accepted erasure to its end. Each step is done again harmlessly when the process died in it.

        One that fails keeps no other waiting: its error is raised when all were tried.
        """
        failures: list[Exception] = []
        last: Erasure | None = None
        while found := await self._parts.store.transact(partial(_oldest, last=last)):
            ready = await self._each(found, self._delete, failures)
            ready = [each for each in ready if await self._untaught(each)]
            if ready:
                # One scrub for all of them: what was overwritten in the database must not lie in its log either.
                await self._parts.store.scrub()
            await self._each(ready, self._finish, failures)
            last = found[-1]
        if failures:
            raise failures[0]

    async def _each(
        self,
        erasures: Iterable[Erasure],
        act: Callable[[str], Awaitable[None]],
        failures: list[Exception],
    ) -> list[Erasure]:
        """Do `act` to each; those that it succeeded on. What went wrong is added to `failures`."""
        done = []
        for erasure in erasures:
            try:
                await act(erasure.id)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one must not stop the others; it is raised after them
                failures.append(error)
            else:
                done.append(erasure)
        return done

    async def _delete(self, name: str) -> None:
        for step in (self._subtract, self._destroy_key, self._delete_rows):
            while await self._parts.store.transact(partial(step, name=name)):
                pass

    async def _untaught(self, erasure: Erasure) -> bool:
        """Whether what lessons learned holds nothing of the person any more; else a later round finishes."""

        def work(transaction: Transaction) -> bool:
            sums = transaction.lessons.sums(erasure.site)
            return sums is None or sums.free_of(erasure.accepted_at)

        return await self._parts.store.transact(work)

    async def _finish(self, name: str) -> None:
        await self._parts.store.transact(partial(self._certify, name=name))

    def _subtract(self, transaction: Transaction, name: str) -> bool:
        """Take a chunk of the person's events out of the sums, with the key that can still read them; whether there may be more."""
        erasure = self._open(transaction, name)
        if erasure.key_destroyed:
            return False
        events = transaction.events.of_person(erasure.site, erasure.subject, CHUNK, lock="update")
        self._learning.remove(transaction, events)
        done = erasure.events_subtracted + len(events)
        transaction.erasures.put(replace(erasure, events_subtracted=done))
        return bool(events)

    def _destroy_key(self, transaction: Transaction, name: str) -> bool:
        """Delete the wrapped data key, the key set and all that was claimed. From here on nothing of the person can be opened by anybody."""
        erasure = self._open(transaction, name)
        person = transaction.people.get(erasure.site, erasure.subject, "update")
        if person is not None:
            self._parts.forget_vault(person)
            transaction.people.put(_tombstone_of(person))
            transaction.people.delete_keys(erasure.site, erasure.subject)
        if not erasure.key_destroyed:
            transaction.lessons.gone(erasure.site, self._parts.clock.now())
        transaction.erasures.put(replace(erasure, key_destroyed=True))
        return False

    def _delete_rows(self, transaction: Transaction, name: str) -> bool:
        """Delete a chunk of rows that nobody can open any more; whether there may be more."""
        erasure = self._open(transaction, name)
        who = erasure.site, erasure.subject
        deleted = transaction.records.delete(*who, limit=CHUNK)
        openings = transaction.leaves.drop_openings(*who, limit=CHUNK)
        tag = record.refusal_tag(*who)  # what they said no to before, or between two consents
        openings += transaction.leaves.drop_tagged(erasure.site, tag, limit=CHUNK)
        transaction.people.unmark(*who)
        transaction.holds.forget(*who)
        transaction.rounds.forget(*who)
        done = erasure.records_deleted + deleted
        transaction.erasures.put(replace(erasure, records_deleted=done))
        return bool(deleted or openings)

    def _certify(self, transaction: Transaction, name: str) -> None:
        """Put the completion into the log, without a word of whom, and sign the certificate."""
        erasure = transaction.erasures.get(name, "update")
        if erasure is None or erasure.completed_at is not None:
            return
        now = self._parts.clock.now()
        content = encode(
            {
                "v": 1,
                "action": "erased",
                "allow": True,
                "erasure": name,
                "site": erasure.site,
                "at": now,
            }
        )
        leaf = record.plain_leaf(erasure.site, content, now, self._parts.entropy)
        promise = self._parts.add_leaf(transaction, leaf, now)
        done = replace(erasure, completed_at=now, subject="")
        transaction.erasures.put(certificates.completed(self._parts, done, promise))

    def _open(self, transaction: Transaction, name: str) -> Erasure:
        erasure = transaction.erasures.get(name, "update")
        if erasure is None:
            msg = "this erasure is not in the database any more; restore it"
            raise ErasureUnknown(msg)
        return erasure


def _oldest(transaction: Transaction, last: Erasure | None) -> tuple[Erasure, ...]:
    return transaction.erasures.open(ROUND, last)


def _bytes_of(name: str) -> bytes:
    """The 16 bytes of an erasure's id (RFC 4648 base32 in small letters, without padding)."""
    return base64.b32decode(name.rpartition("_")[2].upper() + "=" * 6)


def nobody(site: str, subject: str) -> Person:
    """Somebody of whom nothing is known: the row that keeps their random id from ever being used."""
    return Person(
        site=site, subject=subject, state="withdrawn", purposes=frozenset(), jurisdictions=(),
        sector="", role="", age_band="undeclared", gpc_at=0, revoked_at=0, guardian=False,
        guardian_verified=False, written_release=False, notice_sha256=b"", consented_at=0,
        expires_at=0, wrapped_key=None,
    )  # fmt: skip


def _tombstone_of(person: Person) -> Person:
    """What stays of a person: that this random id existed and was erased, so that it can never be used again."""
    return replace(
        nobody(person.site, person.subject),
        tombstoned_at=person.tombstoned_at,
        held_until=person.held_until,
    )

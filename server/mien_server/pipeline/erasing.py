"""Be forgotten (GDPR 17).

In this order, each step its own transaction, so that a process that dies goes on where it stopped:

tombstone (acknowledged) -> events out of the sums -> data key and key set destroyed -> rows deleted -> files scrubbed -> certificate
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from mien.wire.canonical import encode
from mien.wire.messages import Certificate, ErasureAnswer, ErasureStatement, Promise, dump
from mien.wire.signatures import Kind, sign
from mien_server import record
from mien_server.errors import ErasureUnknown
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts, Said, where
from mien_server.pipeline.tidying import CHUNK
from mien_server.ports import Transaction
from mien_server.values import Erasure, Person, Site

COMPLETE_WITHIN: Final = 86_400
"""Seconds until an erasure must be complete."""
ROUND: Final = 16
"""Erasures completed in one round."""


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
            said = self._parts.statement(
                transaction, site, text, Kind.ERASURE, ErasureStatement, "update", gpc=gpc
            )
            return self._tombstone(transaction, site, said, name)

        erasure = await self._parts.store.transact(work)
        return ErasureAnswer(erasure=erasure.id, certificate=erasure.certificate)

    def _tombstone(
        self, transaction: Transaction, site: Site, said: Said[ErasureStatement], name: str
    ) -> Erasure:
        decision = self._parts.right(said.now, where(site, said.person), "17")
        promise = self._parts.log(transaction, site, said.person, "erase", decision)
        transaction.people.put(replace(said.person, tombstoned_at=said.now))
        erasure = Erasure(name, site.id, said.person.subject, said.now, None, "")
        erasure = self._certified(erasure, promise)
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
        """Bring every accepted erasure to its end. Each step is done again harmlessly when the process died in it."""
        store = self._parts.store
        erasures = await store.transact(lambda t: t.erasures.open(ROUND))
        for erasure in erasures:
            for step in (self._subtract, self._destroy_key, self._delete_rows):
                await self._repeat(step, erasure.id)
        if erasures:
            # One scrub for the round: what was overwritten in the database must not lie in its log either.
            await store.scrub()
        for erasure in erasures:
            await store.transact(partial(self._certify, name=erasure.id))

    async def _repeat(self, step: Callable[[Transaction, str], bool], name: str) -> None:
        while await self._parts.store.transact(lambda t: step(t, name)):
            pass

    def _subtract(self, transaction: Transaction, name: str) -> bool:
        """Take a chunk of the person's events out of the sums, with the key that can still read them; whether there may be more."""
        erasure = self._open(transaction, name)
        if erasure.key_destroyed:
            return False
        events = transaction.events.of_person(erasure.site, erasure.subject, CHUNK)
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
        transaction.erasures.put(replace(erasure, key_destroyed=True))
        return False

    def _delete_rows(self, transaction: Transaction, name: str) -> bool:
        """Delete a chunk of rows that nobody can open any more; whether there may be more."""
        erasure = self._open(transaction, name)
        who = erasure.site, erasure.subject
        deleted = transaction.records.delete(*who, limit=CHUNK)
        openings = transaction.leaves.drop_openings(*who, limit=CHUNK)
        transaction.people.unmark(*who)
        done = erasure.records_deleted + deleted
        transaction.erasures.put(replace(erasure, records_deleted=done))
        return bool(deleted or openings)

    def _certify(self, transaction: Transaction, name: str) -> None:
        """Put the completion into the log, without a word of whom, and sign the certificate."""
        erasure = transaction.erasures.get(name)
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
        transaction.erasures.put(self._certified(done, promise))

    def _open(self, transaction: Transaction, name: str) -> Erasure:
        erasure = transaction.erasures.get(name)
        if erasure is None:
            msg = "this erasure is not in the database any more; restore it"
            raise ErasureUnknown(msg)
        return erasure

    def _certified(self, erasure: Erasure, promise: Promise) -> Erasure:
        keys = self._parts.keys
        certificate = Certificate.model_validate({
            "erasure": erasure.id, "site": erasure.site,
            "stage": "accepted" if erasure.completed_at is None else "completed",
            "accepted_at": erasure.accepted_at, "completed_at": erasure.completed_at,
            "complete_by": erasure.accepted_at + COMPLETE_WITHIN,
            "key_destroyed": erasure.key_destroyed, "records_deleted": erasure.records_deleted,
            "events_subtracted": erasure.events_subtracted,
            "backups_unreadable_by": keys.epoch_ends(keys.epoch()), "promise": promise,
        })  # fmt: skip
        signed = sign(Kind.CERTIFICATE, dump(certificate), keys.signing)
        return replace(erasure, certificate=signed)


def _tombstone_of(person: Person) -> Person:
    """What stays of a person: that this random id existed and was erased, so that it can never be used again."""
    return Person(
        site=person.site, subject=person.subject, state="withdrawn", purposes=frozenset(),
        jurisdictions=(), sector="", role="", age_band="undeclared", gpc_at=0, revoked_at=0, guardian=False,
        guardian_verified=False, written_release=False, notice_sha256=b"", consented_at=0, expires_at=0, wrapped_key=None,
        tombstoned_at=person.tombstoned_at,
    )  # fmt: skip

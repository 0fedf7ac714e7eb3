"""A person's rights: see and take along, correct, be forgotten.

Erasure, in this order, each step its own transaction, so that a process that dies goes on where it stopped:

    tombstone (acknowledged) -> events out of the sums -> data key and key set destroyed -> rows deleted -> files scrubbed -> certificate
"""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from mien.errors import EnvelopeInvalid
from mien.values import Label
from mien.wire.canonical import b64, encode
from mien.wire.keys import SealKey
from mien.wire.messages import (
    MAX_EXPORT_CHARS,
    Accepted,
    Certificate,
    CorrectionStatement,
    ErasureAnswer,
    ErasureStatement,
    ExportAnswer,
    ExportRequest,
    Promise,
    dump,
)
from mien.wire.seal import Use, pad, seal
from mien.wire.signatures import Kind, sign
from mien_server import record, unseal
from mien_server.errors import ErasureUnknown, ExportTooLarge, RecordUnknown
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.parts import Parts, Said, where
from mien_server.pipeline.tidying import CHUNK
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import (
    Erasure,
    Event,
    Person,
    PersonKey,
    Record,
    SealedEvent,
    SealedLeaf,
    Site,
)

EXPORT_BLOCK: Final = 4096
EXPORT_MOST: Final = MAX_EXPORT_CHARS // 4 * 3 - 64 * 1024
"""Bytes that fit into an answer, packed: base64 makes four characters of three."""
COMPLETE_WITHIN: Final = 86_400
"""Seconds until an erasure must be complete."""
MILLION: Final = 1_000_000
ROUND: Final = 16
"""Erasures completed in one round."""


class Rights:
    """Takes statements, gives exports, corrections and certificates."""

    def __init__(self, parts: Parts, learning: Learning) -> None:
        self._parts = parts
        self._learning = learning

    # ---- see and take along ----
    async def export(self, site: Site, text: str, *, gpc: bool) -> ExportAnswer:
        """Everything held about the person, sealed to the key in the statement (GDPR 15 and 20)."""

        def work(transaction: Transaction) -> tuple[Said[ExportRequest], _Held]:
            said = self._parts.statement(
                transaction, site, text, Kind.EXPORT_REQUEST, ExportRequest, "share", gpc=gpc
            )
            held = self._held(transaction, said.person)
            decision = self._parts.right(said.now, where(site, said.person), "15", "20")
            self._parts.log(transaction, site, said.person, "export", decision)
            return said, held

        said, held = await self._parts.store.transact(work)
        # Opening a month of labels takes seconds: on a thread, so that neither the database nor anybody else waits.
        return ExportAnswer(sealed=await asyncio.to_thread(_exported, said, held))

    def _held(self, transaction: Transaction, person: Person) -> "_Held":
        who = person.site, person.subject
        return _Held(
            self._parts.vault(person),
            transaction.people.keys(*who),
            transaction.records.all(*who),
            transaction.events.of_person(*who, limit=2**31),
            transaction.leaves.of_person(*who),
            tuple(
                record.open_evidence(each, self._parts.keys.kek(each.epoch))
                for each in transaction.evidence.of_person(*who)
            ),
        )

    # ---- correct ----
    async def correct(self, site: Site, text: str, *, gpc: bool) -> Accepted:
        """Replace what a stored label says (GDPR 16). Raises `RecordUnknown`, and what a statement can be refused for."""

        def work(transaction: Transaction) -> Accepted:
            parts = self._parts
            said = parts.statement(
                transaction, site, text, Kind.CORRECTION, CorrectionStatement, "update", gpc=gpc
            )
            statement, person = said.statement, said.person
            kept = transaction.records.get(site.id, person.subject, statement.record)
            if kept is None:
                msg = "no such label is kept; export to see which are"
                raise RecordUnknown(msg)
            label = unseal.open_correction(statement, parts.keys.open_key(statement.kid, said.now))
            if label.ended_at != kept.ended_at:
                msg = "a correction keeps the label's time; correct what it says"
                raise EnvelopeInvalid(msg)
            data_class = _corrected(kept, label)
            life = parts.known_life(data_class, where(site, person))
            until = min(kept.retain_until, kept.ended_at + life)
            transaction.records.replace(
                record.seal_label(
                    parts.vault(person), label, data_class, until, parts.entropy, kept.id
                )
            )
            decision = parts.right(said.now, where(site, person), "16")
            parts.log(transaction, site, person, "correct", decision)
            return Accepted()

        return await self._parts.store.transact(work)

    # ---- be forgotten ----
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


@dataclass(frozen=True, slots=True)
class _Held:
    """Everything held of a person as it lies in the store, and what opens it."""

    vault: Vault
    keys: tuple[PersonKey, ...]
    labels: tuple[Record, ...]
    events: tuple[SealedEvent, ...]
    leaves: tuple[SealedLeaf, ...]
    evidence: tuple[dict[str, Any], ...]


def _exported(said: Said[ExportRequest], held: _Held) -> str:
    person = said.person
    content = {
        "v": 1,
        "site": person.site,
        "subject": person.subject,
        "at": said.now,
        "consent": _consent(person),
        "evidence": list(held.evidence),
        "keys": [{"id": key.id, "role": key.role, "added_at": key.added_at} for key in held.keys],
        "labels": [_label(held.vault, each) for each in held.labels],
        "events": [_event(record.open_event(each, held.vault)) for each in held.events],
        "decisions": [
            {"nonce": b64(opening.nonce), "record": opening.record.decode()}
            for opening in (record.open_leaf(held.vault, leaf) for leaf in held.leaves)
        ],
    }
    context = (person.site.encode(), person.subject.encode())
    key = SealKey.from_text(said.statement.seal)
    packed = zlib.compress(encode(content))
    if len(packed) > EXPORT_MOST:
        msg = "more is kept than one answer can hold; let the site's officer export it, or erase"
        raise ExportTooLarge(msg)
    return b64(seal(pad(packed, EXPORT_BLOCK), key, Use.EXPORT, *context))


def _corrected(kept: Record, label: Label) -> str:
    """The data class of a correction. What a person said of their mood stays under the purpose that they said it for. Raises `EnvelopeInvalid`."""
    if label.source != "declared":
        msg = "a correction is the person's own word; its source is `declared`"
        raise EnvelopeInvalid(msg)
    return "mood" if kept.data_class == "mood" else "correction"


def _tombstone_of(person: Person) -> Person:
    """What stays of a person: that this random id existed and was erased, so that it can never be used again."""
    return Person(
        site=person.site, subject=person.subject, state="withdrawn", purposes=frozenset(),
        jurisdictions=(), sector="", role="", age_band="undeclared", gpc_at=0, revoked_at=0, guardian=False,
        guardian_verified=False, written_release=False, notice_sha256=b"", consented_at=0, expires_at=0, wrapped_key=None,
        tombstoned_at=person.tombstoned_at,
    )  # fmt: skip


def _consent(person: Person) -> dict[str, Any]:
    return {
        "state": person.state, "purposes": sorted(person.purposes),
        "jurisdictions": list(person.jurisdictions), "sector": person.sector, "role": person.role,
        "age_band": person.age_band, "gpc_at": person.gpc_at, "revoked_at": person.revoked_at, "guardian": person.guardian, "guardian_verified": person.guardian_verified,
        "written_release": person.written_release, "notice_sha256": b64(person.notice_sha256),
        "consented_at": person.consented_at, "expires_at": person.expires_at,
    }  # fmt: skip


def _label(vault: Vault, kept: Record) -> dict[str, Any]:
    label = record.open_label(vault, kept)
    return {
        "record": kept.id, "class": kept.data_class, "retain_until": kept.retain_until,
        "ended_at": label.ended_at, "window": label.window, "expression": label.expression,
        "second": label.second, "state": label.state, "polarity": label.polarity,
        "valence": label.valence, "arousal": label.arousal, "confidence": label.confidence,
        "source": label.source, "model": label.model,
    }  # fmt: skip


def _event(event: Event) -> dict[str, Any]:
    """Fractions as millionths: what travels holds integers only. Features are left out where they are zero."""
    rewards = dict(event.rewards)
    return {
        "event": event.id, "at": event.at, "retain_until": event.retain_until,
        "used_emotion": event.used_emotion, "basis": list(event.basis),
        "places": [
            {
                "offer": offer, "chance_millionths": round(chance * MILLION),
                "reward_percent": None if place not in rewards else round(rewards[place] * 100),
                "features_millionths": {
                    str(index): round(value * MILLION) for index, value in enumerate(row) if value
                },
            }
            for place, (offer, chance, row) in enumerate(
                zip(event.offers, event.propensities, event.features, strict=True), 1
            )
        ],
    }  # fmt: skip

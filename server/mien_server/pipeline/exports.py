"""See and take along: everything that is held about a person, sealed to a key of theirs (GDPR 15 and 20)."""

import asyncio
import zlib
from dataclasses import dataclass
from typing import Any, Final

from mien.wire.canonical import b64, encode
from mien.wire.keys import SealKey
from mien.wire.messages import MAX_EXPORT_CHARS, ExportAnswer, ExportRequest
from mien.wire.seal import Use, pad, seal
from mien.wire.signatures import Kind
from mien_server import record
from mien_server.errors import ExportTooLarge
from mien_server.pipeline.parts import Parts, Said, where
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import Event, Person, PersonKey, Record, SealedEvent, SealedLeaf, Site

EXPORT_BLOCK: Final = 4096
EXPORT_MOST: Final = MAX_EXPORT_CHARS // 4 * 3 - 64 * 1024
"""Bytes that fit into an answer, packed: base64 makes four characters of three."""
MILLION: Final = 1_000_000


class Exports:
    """Takes statements, gives exports."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

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

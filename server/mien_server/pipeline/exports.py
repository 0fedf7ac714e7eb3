"""See and take along: everything that is held about a person, sealed to a key of theirs (GDPR 15 and 20).

What is damaged, or whose key is not here, is no reason to keep the rest from the person: it is listed as `unreadable`, by what and which it is.
"""

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, TypeVar

from mien.errors import KeepUnreadable, KeysMissing, ServerBusy
from mien.values import Label
from mien.wire.canonical import b64, encode, spell
from mien.wire.keys import SealKey, SigningKey
from mien.wire.messages import MAX_EXPORT_CHARS, ExportAnswer, ExportRequest, ExportSeal, dump
from mien.wire.seal import Use, pad, seal
from mien.wire.signatures import Kind, sign
from mien_server import record
from mien_server.errors import ExportTooLarge
from mien_server.pipeline.budgets import participation_doc
from mien_server.pipeline.holds import hold_doc
from mien_server.pipeline.parts import Parts, Said, where
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import (
    Event,
    Evidence,
    Hold,
    Notification,
    Participation,
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
AT_ONCE: Final = 2
"""Exports made at the same time; more wait."""
MILLION: Final = 1_000_000
ALL: Final = 2**31 - 1
"""Rows: as many as there are."""
R = TypeVar("R")
T = TypeVar("T")


class Exports:
    """Takes statements, gives exports."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._few = asyncio.Semaphore(AT_ONCE)
        self._begun: set[tuple[str, str]] = set()

    async def export(self, site: Site, text: str, *, gpc: bool) -> ExportAnswer:
        """Everything held about the person, sealed to the key in the statement (GDPR 15 and 20).

        Raises `ServerBusy` while an earlier export of theirs is being made: one takes seconds of a processor, and a thread cannot be stopped.
        """

        def work(transaction: Transaction) -> tuple[Said[ExportRequest], _Held]:
            said = self._parts.statement(
                transaction, site, text, Kind.EXPORT_REQUEST, ExportRequest, "share", gpc=gpc
            )
            if (site.id, said.person.subject) in self._begun:
                msg = "an export of this person is being made already; try again when it has come"
                raise ServerBusy(msg, retry_after=5.0)
            held = self._held(transaction, said.person, said.now)
            decision = self._parts.right(said.now, where(site, said.person), "15", "20")
            self._parts.log(transaction, site, said.person, "export", decision)
            return said, held

        said, held = await self._parts.store.transact(work)
        # Whoever goes away, or waits for too long, stops nothing: it ends as it would have, and only then may the same person ask again.
        return await asyncio.shield(asyncio.create_task(self._made(said, held)))

    async def _made(self, said: Said[ExportRequest], held: "_Held") -> ExportAnswer:
        """Opening a month of labels takes seconds: on a thread, so that neither the database nor anybody else waits."""
        who = said.person.site, said.person.subject
        self._begun.add(who)
        try:
            async with self._few:
                return await asyncio.to_thread(_exported, said, held, self._parts.keys.signing)
        finally:
            self._begun.discard(who)

    def _held(self, transaction: Transaction, person: Person, now: int) -> "_Held":
        who = person.site, person.subject
        unreadable = _Unreadable()
        kept = transaction.evidence.of_person(*who, now)
        return _Held(
            self._parts.vault(person),
            transaction.people.keys(*who),
            *_apart(transaction.records.all(*who, now)),
            transaction.events.of_person(*who, ALL, now),
            transaction.leaves.of_person(*who, now),
            tuple(
                unreadable.sift(
                    "evidence", kept, lambda each: (each.id, each.retain_until), self._proof
                )
            ),
            transaction.notifications.of_person(*who),
            transaction.holds.of_person(*who),
            transaction.rounds.spent(*who),
            unreadable,
        )

    def _proof(self, kept: Evidence) -> dict[str, Any]:
        """A proof of consent; the key that opens it is the server's, so it is opened while the row is sure to be under it."""
        file = record.open_evidence(kept, self._parts.keys.kek(kept.epoch))
        return {
            "evidence": kept.id,
            "at": kept.at,
            "retain_until": kept.retain_until,
            "file": file,
        }


class _Unreadable:
    """What could not be opened."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def sift(
        self,
        what: str,
        rows: Iterable[R],
        about: Callable[[R], tuple[str, int]],
        opened: Callable[[R], T],
    ) -> Iterator[T]:
        """Every row opened; one that cannot be is noted as `what`, with its name and its end (`about`), and left out."""
        for row in rows:
            try:
                found = opened(row)
            except (KeysMissing, KeepUnreadable):
                name, until = about(row)
                self.rows.append({"what": what, "id": name, "retain_until": until})
            else:
                yield found

    def listed(self) -> Iterator[dict[str, Any]]:
        """What was noted until this is asked for."""
        yield from self.rows


@dataclass(frozen=True, slots=True)
class _Held:
    """Everything held of a person as it lies in the store, and what opens it."""

    vault: Vault
    keys: tuple[PersonKey, ...]
    labels: tuple[Record, ...]
    answers: tuple[Record, ...]
    events: tuple[SealedEvent, ...]
    leaves: tuple[SealedLeaf, ...]
    evidence: tuple[dict[str, Any], ...]
    untold: tuple[Notification, ...]
    holds: tuple[Hold, ...]
    spent: tuple[Participation, ...]
    unreadable: _Unreadable


def _exported(said: Said[ExportRequest], held: _Held, signing: SigningKey) -> ExportAnswer:
    """Opened, packed and hashed label by label: what is held in memory is what is sent, not what it unpacks to."""
    person = said.person
    sha256, packer, packed = hashlib.sha256(), zlib.compressobj(), bytearray()
    for piece in _spelled(_content(said, held)):
        sha256.update(piece)
        packed += packer.compress(piece)
        _check_fits(packed)
    packed += packer.flush()
    _check_fits(packed)
    context = (person.site.encode(), person.subject.encode())
    key = SealKey.from_text(said.statement.seal)
    sealed = b64(seal(pad(bytes(packed), EXPORT_BLOCK), key, Use.EXPORT, *context))
    stated = ExportSeal(
        site=person.site, subject=person.subject, at=said.now, sha256=b64(sha256.digest())
    )
    return ExportAnswer(sealed=sealed, signature=sign(Kind.EXPORT, dump(stated), signing))


def _check_fits(packed: bytearray) -> None:
    if len(packed) > EXPORT_MOST:
        msg = "more is kept than one answer can hold; ask the site's controller for it, or erase"
        raise ExportTooLarge(msg)


def _content(said: Said[ExportRequest], held: _Held) -> dict[str, Any]:
    """What is exported, by name. What there is much of is an iterator, opened as it is written."""
    person = said.person
    return {
        "v": 2,
        "site": person.site,
        "subject": person.subject,
        "at": said.now,
        "answers": held.unreadable.sift(
            "answer", held.answers, lambda each: (each.id, each.retain_until), lambda each: _answer(held.vault, each)
        ),
        "consent": _consent(person),
        "evidence": list(held.evidence),
        "keys": [{"id": key.id, "role": key.role, "added_at": key.added_at} for key in held.keys],
        "labels": _labels(held),
        "events": held.unreadable.sift(
            "event", held.events, lambda each: (each.id, each.retain_until), lambda each: _event(record.open_event(each, held.vault))
        ),
        "decisions": held.unreadable.sift(
            "decision", held.leaves, lambda each: (b64(each.hash), each.retain_until), lambda each: _decision(held.vault, each)
        ),
        "holds": held.unreadable.sift(
            "hold", held.holds, lambda each: (each.id, each.ends_at), lambda each: hold_doc(held.vault, each)
        ),
        "participations": [participation_doc(each) for each in held.spent],
        "untold": [_untold(each) for each in held.untold],
        # Names are written in their order, and this comes after all that is opened: by then it is complete.
        "unreadable": held.unreadable.listed(),
    }  # fmt: skip


def _spelled(content: Mapping[str, Any]) -> Iterator[bytes]:
    """The canonical bytes (RFC 8785) of `content`, piece by piece: names in order, iterators as lists, of values or of what is spelled already."""
    before = b"{"
    for name in sorted(content):
        yield before + encode(name) + b":"
        value = content[name]
        if isinstance(value, Iterator):
            yield from _listed(value)
        else:
            yield encode(value)
        before = b","
    yield b"}"


def _listed(values: Iterator[Any]) -> Iterator[bytes]:
    before = b"["
    for value in values:
        yield before + (value if isinstance(value, bytes) else encode(value))
        before = b","
    yield b"[]" if before == b"[" else b"]"


def _consent(person: Person) -> dict[str, Any]:
    return {
        "state": person.state, "purposes": sorted(person.purposes),
        "jurisdictions": list(person.jurisdictions), "sector": person.sector, "role": person.role,
        "age_band": person.age_band, "gpc_at": person.gpc_at, "revoked_at": person.revoked_at, "guardian": person.guardian, "guardian_verified": person.guardian_verified,
        "written_release": person.written_release, "notice_sha256": b64(person.notice_sha256),
        "consented_at": person.consented_at, "expires_at": person.expires_at,
    }  # fmt: skip


def _apart(records: Iterable[Record]) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Labels, and answers to lessons."""
    every = tuple(records)
    answers = tuple(each for each in every if each.data_class == record.ANSWER)
    return tuple(each for each in every if each.data_class != record.ANSWER), answers


def _answer(vault: Vault, kept: Record) -> dict[str, Any]:
    given = record.open_answer(vault, kept)
    return {
        "answer": kept.id, "item": given.item, "correct": given.correct, "at": given.at, "retain_until": kept.retain_until,
    }  # fmt: skip


def _labels(held: _Held) -> Iterator[bytes]:
    """Every label by itself, spelled, oldest first, however they lie together in records."""
    found = held.unreadable.sift(
        "label", held.labels, lambda each: (each.id, each.retain_until), lambda each: (each, tuple(record.open_labels(held.vault, each)))
    )  # fmt: skip
    opened = [
        (label.ended_at, name, label, kept) for kept, labels in found for name, label in labels
    ]
    opened.sort(key=itemgetter(0, 1))
    # Words of closed vocabularies, whole numbers and ids of ours: nothing that `encode` would have to look at, and there are very many.
    return (spell(_label(name, label, kept)) for _ended_at, name, label, kept in opened)


def _label(name: str, label: Label, kept: Record) -> dict[str, Any]:
    return {
        "record": name, "class": kept.data_class, "retain_until": kept.retain_until,
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
        "felt_millionths": [round(value * MILLION) for value in event.felt],
        "otherwise_percent": round(event.otherwise * 100), "own_order": event.own,
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


def _decision(vault: Vault, leaf: SealedLeaf) -> dict[str, Any]:
    opening = record.open_leaf(vault, leaf)
    return {
        "nonce": b64(opening.nonce),
        "record": opening.record.decode(),
        "retain_until": leaf.retain_until,
    }


def _untold(notice: Notification) -> dict[str, Any]:
    """What the site's webhook is still to hear."""
    return {
        "id": notice.id, "kind": notice.kind, "at": notice.at, "purposes": list(notice.purposes),
        "attempts": notice.attempts,
    }  # fmt: skip

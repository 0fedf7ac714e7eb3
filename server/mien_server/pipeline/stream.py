"""Labels arrive: one envelope, one transaction.

find the device -> authenticate and open -> seen before? -> ask policy -> seal the labels under the subject's key -> log
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mien.errors import ClockSkewed, MienError
from mien.values import Label
from mien.wire.keys import OpenKey
from mien.wire.messages import CLOCK_SKEW, Accepted, Envelope
from mien.wire.slots import Sheet
from mien_server import record, unseal
from mien_server.pipeline.answers import MOOD
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import Parts, alive, refused, together, unknown, where
from mien_server.pipeline.tidying import FACE_PURPOSES
from mien_server.ports import Stream, Transaction
from mien_server.record import Vault
from mien_server.values import Decision, Person, Record, Site

FIRST_PURPOSE: Final = "personalize_offers"


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An envelope and what judging it needs from outside the transaction."""

    site: Site
    envelope: Envelope
    open_key: OpenKey
    now: int
    gpc: bool


class Arrivals:
    """Takes envelopes, gives records."""

    def __init__(self, parts: Parts, notices: Notices) -> None:
        self._parts = parts
        self._notices = notices

    async def labels(self, site: Site, envelope: Envelope, *, gpc: bool = False) -> Accepted:
        """Record the labels in an envelope; the same one sent again is answered as a duplicate and changes nothing.

        `gpc` is whether the browser sent its privacy signal.

        Raises `EnvelopeInvalid`, `EnvelopeReplayed`, `SealKeyUnknown`, `SealKeyExpired`, `ClockSkewed`, `ConsentMissing`, `PolicyDenied`, `PersonUnknown`,
        `PersonErased`.
        """
        check_site(site, envelope.site)
        now = self._parts.clock.now()
        open_key = self._parts.keys.open_key(envelope.kid, now)
        arrival = _Arrival(site, envelope, open_key, now, gpc)
        found = await self._parts.store.transact(lambda t: self._arrive(t, arrival))
        if isinstance(found, MienError):
            raise found
        return found

    def _arrive(self, transaction: Transaction, arrival: _Arrival) -> Accepted | MienError:
        envelope = arrival.envelope
        stream = transaction.people.stream(
            arrival.site.id, envelope.subject, envelope.device, envelope.seq
        )
        if stream is None:
            raise unknown()
        vault = self._parts.vault(alive(stream.person))
        sheet = unseal.open_envelope(envelope, stream_key(vault, stream), arrival.open_key)
        if unseal.seen_before(envelope, stream.highest, stream.digest):
            return Accepted(duplicate=True)
        _check_times(sheet, arrival.now)
        person = self._parts.heard(transaction, stream.person, arrival.now, gpc=arrival.gpc)
        decision, purpose = self._ask(arrival, person, sheet)
        self._parts.note(transaction, arrival.site, person, "record", decision, purpose)
        if not decision.allow:
            # Returned, not raised: the decision stays in the log, and only it.
            return refused(person, arrival.now, decision, "these labels may not be kept")
        transaction.people.accept(
            arrival.site.id, envelope.subject, envelope.device, envelope.seq,
            unseal.digest_of(envelope), arrival.now,
        )  # fmt: skip
        transaction.records.add(self._runs(vault, sheet, where(arrival.site, person)))
        return Accepted()

    def _runs(self, vault: Vault, sheet: Sheet, places: frozenset[str]) -> Iterator[Record]:
        """The labels, those of each data class by themselves."""
        classes: dict[str, list[int]] = {}
        for place, what, _ended_at in sheet.seen:
            classes.setdefault(class_of(what), []).append(place)
        for data_class, kept in classes.items():
            life = self._parts.retention(data_class, places)
            yield from record.seal_runs(
                vault, sheet.only(kept), data_class, life, self._parts.entropy
            )

    def _ask(self, arrival: _Arrival, person: Person, sheet: Sheet) -> tuple[Decision, str]:
        """Whether consented purposes cover all the labels, and which. An envelope is kept whole or not at all."""
        oldest: dict[str, int] = {}
        for _place, what, ended_at in sheet.seen:
            oldest[what.source] = min(ended_at, oldest.get(what.source, ended_at))
        ends = sorted(oldest.items()) or [("face", arrival.now)]
        asked = [self._ask_source(arrival, person, *each) for each in ends]
        denied = next((each for each in asked if not each[0].allow), None)
        if denied is not None:
            return denied
        decision = together((each[0] for each in asked), allow=True)
        return decision, ",".join(sorted({each[1] for each in asked}))

    def _ask_source(
        self, arrival: _Arrival, person: Person, source: str, oldest: int
    ) -> tuple[Decision, str]:
        """Whether some consented purpose covers the labels of one source; without any the last denial. A declared mood has a purpose of its own."""
        covering = {MOOD} if source == "declared" else FACE_PURPOSES
        first, *others = sorted(person.purposes & covering) or [_first(source)]
        asked = self._ask_purpose(arrival, person, first, source, oldest), first
        for purpose in others:
            if asked[0].allow:
                break
            asked = self._ask_purpose(arrival, person, purpose, source, oldest), purpose
        return asked

    def _ask_purpose(
        self, arrival: _Arrival, person: Person, purpose: str, source: str, oldest: int
    ) -> Decision:
        data_class = "mood" if source == "declared" else "label"
        life = self._parts.retention(data_class, where(arrival.site, person))
        return self._parts.ask(
            arrival.site, person, "record", arrival.now, purpose=purpose, source=source,
            data_class=data_class, notice_current=self._notices.is_current(arrival.site, person),
            retain_until=oldest + life,
        )  # fmt: skip


def class_of(label: Label) -> str:
    """The data class of a label at rest: what a person said of themselves is kept apart, because it has a purpose of its own."""
    return "mood" if label.source == "declared" else "label"


def _first(source: str) -> str:
    """The purpose that is asked about when the person agreed to none: policy says why not."""
    return MOOD if source == "declared" else FIRST_PURPOSE


def stream_key(vault: Vault, stream: Stream) -> bytes:
    """The stream key of the device in `stream`. Raises `PersonUnknown` for a key that is no device."""
    if stream.key.sealed_stream is None:
        raise unknown()
    return vault.open(stream.key.sealed_stream, "stream key", stream.key.id.encode())


def check_site(site: Site, named: str) -> None:
    """Return when the message is for the site whose key came with it; raise `PersonUnknown` otherwise."""
    if named != site.id:
        raise unknown()


def _check_times(sheet: Sheet, now: int) -> None:
    if any(ended_at > now + CLOCK_SKEW for _place, _what, ended_at in sheet.seen):
        msg = "a label ends in the future; set the device's clock"
        raise ClockSkewed(msg)

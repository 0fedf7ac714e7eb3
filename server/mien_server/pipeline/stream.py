"""Labels arrive: one envelope, one transaction.

find the device -> seen before? -> authenticate and open -> ask policy -> seal each label under the subject's key -> log
"""

from dataclasses import dataclass
from typing import Any, Final

from mien.errors import ClockSkewed, MienError, PolicyDenied
from mien.values import Label
from mien.wire.keys import OpenKey
from mien.wire.messages import CLOCK_SKEW, Accepted, Envelope
from mien_server import record, unseal
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import Parts, alive, unknown, where
from mien_server.pipeline.tidying import LABEL_PURPOSES
from mien_server.ports import Stream, Transaction
from mien_server.record import Vault
from mien_server.values import Decision, Site

DATA_CLASS: Final = "label"
FIRST_PURPOSE: Final = "personalize_offers"
"""The purpose that is asked about when the person agreed to none."""


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An envelope and what judging it needs from outside the transaction."""

    site: Site
    envelope: Envelope
    digest: bytes
    open_key: OpenKey
    now: int


class Arrivals:
    """Takes envelopes, gives records."""

    def __init__(self, parts: Parts, notices: Notices) -> None:
        self._parts = parts
        self._notices = notices

    async def labels(self, site: Site, envelope: Envelope) -> Accepted:
        """Record the labels in an envelope; the same one sent again is answered as a duplicate and changes nothing.

        Raises `EnvelopeInvalid`, `EnvelopeReplayed`, `SealKeyUnknown`, `SealKeyExpired`, `ClockSkewed`, `PolicyDenied`, `PersonUnknown`,
        `PersonErased`.
        """
        check_site(site, envelope.site)
        now = self._parts.clock.now()
        open_key = self._parts.keys.open_key(envelope.kid, now)
        arrival = _Arrival(site, envelope, unseal.digest_of(envelope), open_key, now)
        found = await self._parts.store.transact(lambda t: self._arrive(t, arrival))
        if isinstance(found, MienError):
            raise found
        return found

    def _arrive(self, transaction: Transaction, arrival: _Arrival) -> Accepted | MienError:
        envelope = arrival.envelope
        stream = transaction.people.stream(
            arrival.site.id, envelope.subject, envelope.device, envelope.seq
        )
        if stream is None or stream.key.sealed_stream is None:
            raise unknown()
        vault = self._parts.vault(alive(stream.person))
        labels = unseal.open_envelope(envelope, stream_key(vault, stream), arrival.open_key)
        if unseal.seen_before(envelope.seq, arrival.digest, stream.highest, stream.digest):
            return Accepted(duplicate=True)
        _check_times(labels, arrival.now)
        decision, purpose = self._ask(arrival, stream, labels)
        self._parts.log(transaction, arrival.site, stream.person, "record", decision, purpose)
        if not decision.allow:
            # Returned, not raised: the decision stays in the log, and only it.
            msg = "these labels may not be kept; ask for consent again, or stop"
            return PolicyDenied(msg, laws=decision.laws)
        transaction.people.accept(
            arrival.site.id, envelope.subject, envelope.device, envelope.seq, arrival.digest,
            arrival.now,
        )  # fmt: skip
        life = self._parts.retention(DATA_CLASS, where(arrival.site, stream.person))
        transaction.records.add([
            record.seal_label(vault, label, DATA_CLASS, label.ended_at + life, self._parts.entropy)
            for label in labels
        ])  # fmt: skip
        return Accepted()

    def _ask(
        self, arrival: _Arrival, stream: Stream, labels: tuple[Label, ...]
    ) -> tuple[Decision, str]:
        """Whether some consented purpose covers all the labels, and which. An envelope is kept whole or not at all."""
        site, person, now = arrival.site, stream.person, arrival.now
        oldest = min((label.ended_at for label in labels), default=now)
        asked: dict[str, Any] = {
            "notice_current": person.notice_sha256 in self._notices.current(site),
            "retain_until": oldest + self._parts.retention(DATA_CLASS, where(site, person)),
        }
        sources = sorted({label.source for label in labels}) or ["face"]
        denied = None
        for purpose in sorted(person.purposes & LABEL_PURPOSES):
            decisions = [
                self._parts.ask(
                    site, person, "record", now, purpose=purpose, source=source, **asked
                )
                for source in sources
            ]
            denied = next((each for each in decisions if not each.allow), None)
            if denied is None:
                return decisions[-1], purpose
        if denied is None:  # no purpose at all: policy says why not
            denied = self._parts.ask(site, person, "record", now, purpose=FIRST_PURPOSE, **asked)
        return denied, FIRST_PURPOSE


def stream_key(vault: Vault, stream: Stream) -> bytes:
    """The stream key of the device in `stream`. Raises `PersonUnknown` for a key that is no device."""
    if stream.key.sealed_stream is None:
        raise unknown()
    return vault.open(stream.key.sealed_stream, "stream key", stream.key.id.encode())


def check_site(site: Site, named: str) -> None:
    """Return when the message is for the site whose key came with it; raise `PersonUnknown` otherwise."""
    if named != site.id:
        raise unknown()


def _check_times(labels: tuple[Label, ...], now: int) -> None:
    if any(label.ended_at > now + CLOCK_SKEW for label in labels):
        msg = "a label ends in the future; set the device's clock"
        raise ClockSkewed(msg)

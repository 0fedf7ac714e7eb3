"""Seal: labels become envelopes. Always 64 slots, always the same size, at a steady beat whether anything was seen or not. Pure: no I/O.

Takes labels, a sequence number and the server's key of the day; gives a `mien.wire.messages.Envelope`. Invariant: from outside, an envelope
full of labels and one full of dummies differ in nothing but random-looking bytes. Deliberately absent: any plaintext kept for sealing again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mien.errors import SealKeyExpired
from mien.values import SLOTS, Label
from mien.wire import seal as wire
from mien.wire import slots
from mien.wire.canonical import b64
from mien.wire.keys import SealKey
from mien.wire.messages import Envelope, Service, envelope_context

__all__ = ["BEAT", "Batch", "Sender", "envelope", "live_key"]
BEAT: Final = 10.0
"""Seconds from one envelope to the next."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who an envelope is from."""

    site: str
    subject: str
    device: str
    stream_key: bytes = field(repr=False)


@dataclass(slots=True)
class Batch:
    """The labels of one beat. `beat` is in seconds; times are seconds of the session."""

    beat: float = BEAT
    _labels: list[Label] = field(default_factory=list, repr=False)
    _since: float | None = None

    def add(self, label: Label) -> None:
        """One more label, unless the envelope is full: at one a second that takes longer than a beat."""
        if len(self._labels) < SLOTS:
            self._labels.append(label)

    def due(self, at: float) -> bool:
        """Whether the beat is over at `at`. The first call begins it."""
        if self._since is None:
            self._since = at
        return at - self._since >= self.beat

    def take(self, at: float) -> tuple[Label, ...]:
        """The labels, perhaps none, and begin the next beat."""
        labels = tuple(self._labels)
        self._labels.clear()
        self._since = at
        return labels

    def drop(self) -> None:
        """Forget the labels (withdrawal)."""
        self._labels.clear()


def live_key(service: Service, now: int) -> tuple[str, SealKey]:
    """The newest key of the service that labels may be sealed to now, and its id. Raises `SealKeyExpired`."""
    live = [doc for doc in service.seal_keys if doc.not_before <= now < doc.not_after]
    if not live:
        msg = "every sealing key this device knows has died; connect to the server to fetch today's"
        raise SealKeyExpired(msg)
    newest = max(live, key=lambda doc: doc.not_before)
    return newest.kid, SealKey.from_text(newest.public)


def envelope(
    labels: Sequence[Label], number: int, now: int, sender: Sender, server: tuple[str, SealKey]
) -> Envelope:
    """`labels` sealed under sequence number `number`, which must never have been used before. Raises `LabelInvalid`."""
    kid, key = server
    context = envelope_context(sender.site, sender.subject, sender.device, number, kid)
    base = min((label.ended_at for label in labels), default=now)
    ct = wire.seal(slots.pack(labels, base), key, wire.Use.ENVELOPE, *context)
    mac = wire.mac(sender.stream_key, wire.Use.ENVELOPE, *context, ct)
    return Envelope(
        site=sender.site,
        subject=sender.subject,
        device=sender.device,
        seq=number,
        kid=kid,
        ct=b64(ct),
        mac=b64(mac),
    )

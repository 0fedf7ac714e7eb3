"""Labels on their way out."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from mien import capture, consent, label, seal, send
from mien.client.consents import Consents
from mien.client.desk import GONE, NOT_NOW
from mien.client.found import Flushed
from mien.client.session import Session, Sink
from mien.errors import (
    ConsentMissing,
    RequestRefused,
    SealKeyExpired,
    SendError,
    SettingsError,
)
from mien.values import Label
from mien.wire import messages
from mien.wire.messages import Capability, dump, parse

_DEAD_KEY: Final = frozenset({"seal-key-expired", "seal-key-unknown"})
_UNWANTED: Final = frozenset(
    {"envelope-replayed", "envelope-invalid", "request-invalid", *_DEAD_KEY}
)
_SURE: Final = 15
_FAULT: Final = 500


class Stream(Consents):
    """From camera to server: consent -> capture -> infer -> label -> seal -> send, with `keep` beside them."""

    def session(
        self,
        source: capture.Source,
        *,
        purposes: Sequence[str] | None = None,
        rules: label.Rules | None = None,
        paced: bool = True,
        beat: float = seal.BEAT,
    ) -> "Session":
        """Read expression from a camera number, a video file, or frames handed in, for these purposes or all that stand.

        Only `label.LABEL_PURPOSES` are for reading faces: a camera opens for no other. A file plays at its own speed unless `paced` is false. Raises a `ConsentError` here, before camera and models are touched, and again at
        the first picture after consent ends.
        """
        reading = frozenset(label.LABEL_PURPOSES)
        wanted = reading if purposes is None else reading.intersection(purposes)
        eyes = self._eyes
        if eyes is None:
            msg = "this client was made without `eyes`, so it reads no faces; make one with them"
            raise SettingsError(msg)
        self._ready()
        courier = send.Courier(self._carry)

        def permit() -> Capability:
            return self._permit("infer", wanted)

        def beat_over(labels: tuple[Label, ...]) -> None:
            if "send" in permit().may:  # else policy allows reading here, and nothing more
                self._seal(labels, wanted)
            courier.nudge()

        permit()
        sink = Sink(beat_over, courier, beat)
        return Session(
            source,
            permit=permit,
            wanted=wanted,
            clock=self._clock,
            eyes=eyes,
            rules=rules or label.Rules(),
            paced=paced,
            sink=sink,
            own=self._own,
        )

    def declare(self, mood: str, second: str | None = None) -> Label:
        """The person says how they feel: a label without any camera or model, for the purpose `declare_mood` alone.

        It works where reading faces is forbidden. Sent with the next `flush`, which is tried at once. Raises a `ConsentError`, or `LabelInvalid`
        for a word outside `EXPRESSIONS`.
        """
        wanted = frozenset({label.MOOD_PURPOSE})
        person = self._refresh()
        if person is not None and person.purposes and label.MOOD_PURPOSE not in person.purposes:
            msg = "telling a mood has a purpose of its own; ask for consent to `declare_mood`"
            raise ConsentMissing(msg)
        self._ready()
        self._permit("send", wanted)
        said = Label(
            expression=mood,
            second=second,
            ended_at=int(self._clock.now()),
            confidence=_SURE,
            source="declared",
        )
        self._seal((said,), wanted)
        with suppress(SendError):  # it waits on disk
            self.flush(send.ONCE)
        return said

    # ---- the queue ----
    def flush(self, patience: send.Patience = send.PATIENT) -> Flushed:
        """Send what waits: first a withdrawal or erasure, then envelopes, oldest first.

        Raises a `SendError` and keeps everything when the server cannot be reached, asks to wait or fails; a `ConsentError` when the server
        says that consent ended elsewhere, and then nothing waits any more.
        """
        with self._wire:
            self._settle(patience)
            sent = sum(self._send_one(number, patience) for number in self._keep.queue())
            return Flushed(sent, len(self._keep.queue()), self._keep.losses())

    def _send_one(self, number: int, patience: send.Patience) -> bool:
        value = self._keep.envelope(number)
        if value is None or self._withdrawn():
            return False
        try:
            self._ask(parse(messages.Envelope, value), messages.Accepted, patience)
        except RequestRefused as error:
            self._unsent(number, error)
            return False
        self._keep.sent(number)
        return True

    def _unsent(self, number: int, error: RequestRefused) -> None:
        if error.problem in GONE | NOT_NOW:
            self._ended(error)
        if error.problem not in _UNWANTED or error.status >= _FAULT:
            raise error
        # It can never arrive. It is not sealed again: nothing here could open it.
        self._keep.lose(number, error.problem)
        if error.problem in _DEAD_KEY:
            self._service(fresh=True)

    def _carry(self) -> None:
        """What the courier does at each beat."""
        with self._wire:
            if 0 < self._remaining() < consent.RENEW_BEFORE:
                self._renew(send.ONCE)
            self.flush(send.ONCE)

    def _seal(self, labels: tuple[Label, ...], wanted: frozenset[str]) -> None:
        """Trim, seal and queue. A session's beat without labels is an envelope like any other."""
        capability = self._permit("send", wanted)
        person = self._refresh()
        if person is None:
            return
        allowed = wanted & set(capability.purposes)
        trimmed = [small for one in labels if (small := label.trim(one, allowed)) is not None]
        if self._local_privacy is not None:
            epsilon = self._local_privacy
            trimmed = [label.randomized(each, epsilon, self._entropy) for each in trimmed]
        try:
            server = self._seal_key()
        except (SealKeyExpired, SendError):
            self._keep.count_loss("no-seal-key", len(trimmed))
            return
        number = self._keep.next_number()
        sender = seal.Sender(self.site, person.subject, person.device, person.stream_key)
        envelope = seal.envelope(trimmed, number, int(self._clock.now()), sender, server)
        self._keep.put(number, dump(envelope))
        if self._withdrawn():  # it was taken back while we sealed
            self._keep.purge()

"""One reading session: the order of the rooms for each picture."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, cast

from mien import capture, consent, label, seal, send
from mien.client.given import Clock, Entropy, Eyes, EyesMaker, SystemClock, Watch, embedded_eyes
from mien.errors import (
    AffirmationNeeded,
    CapabilityInvalid,
    ConsentError,
    ConsentMissing,
)
from mien.values import Face, Frame, Label, Scores
from mien.wire.messages import Capability

_CLOSING_SECONDS: Final = 15.0
LOCAL_NOTICE: Final = (
    "Your expression is about to be read from this source, on this device only. Pictures are forgotten at once; nothing is stored and nothing is "
    "sent. What it says is a guess and can be wrong. It stops when you press Ctrl+C."
)
"""What a person is told before `local_session` reads."""


@dataclass(slots=True)
class Sink:
    """Where a session's labels go at each beat; a local session has none."""

    over: Callable[[tuple[Label, ...]], None]
    courier: send.Courier
    beat: float


class Session:
    """Reads one source until it ends or consent does. Use it in a `with` block and iterate over it; see `Client.session`.

    Each picture gives a `Reading`: a label, at most one a second, or the reason why there is none. After `affirm again` nothing is read until
    `affirm` is called; when nobody does within `PATIENCE` seconds, `AffirmationNeeded` ends the session.
    """

    PATIENCE: Final = 60.0

    def __init__(
        self,
        source: capture.Source,
        *,
        permit: Callable[[], Capability],
        wanted: frozenset[str],
        clock: Clock,
        eyes: EyesMaker,
        rules: label.Rules,
        paced: bool,
        sink: Sink | None,
    ) -> None:
        self._source = source
        self._permit = permit
        self._wanted = wanted
        self._clock = clock
        self._make_eyes = eyes
        self._rules = rules
        self._paced = paced
        self._sink = sink
        self._batch = seal.Batch(sink.beat if sink else seal.BEAT)
        self._readings: Iterator[label.Reading] | None = None
        self._reader: label.Reader | None = None
        self._watch: Watch | None = None
        self._affirmed = threading.Event()
        self._waiting_since: float | None = None
        self._at = 0.0

    def __enter__(self) -> Self:
        if self._sink:
            self._sink.courier.start()
        self._readings = self._read()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[label.Reading]:
        if self._readings is None:
            msg = "use the session in a `with` block: `with client.session(0) as session`"
            raise RuntimeError(msg)
        return self._readings

    @property
    def trouble(self) -> Exception | None:
        """What went wrong with sending lately, None when all is well. Nothing is lost by it: see `Client.standing`."""
        return self._sink.courier.trouble if self._sink else None

    def affirm(self) -> None:
        """Whoever sits there now has been asked, and said yes."""
        self._affirmed.set()

    def close(self) -> None:
        """Shut the camera, seal what was read and hand it to the courier."""
        readings, self._readings = self._readings, None
        if readings is None:
            return
        cast("Any", readings).close()
        if self._sink is None:
            return
        try:
            self._permit()
            self._beat()
        except ConsentError:
            self._batch.drop()
        finally:
            self._sink.courier.close(_CLOSING_SECONDS)

    def _read(self) -> Iterator[label.Reading]:
        eyes, model = self._open_eyes()
        self._reader = label.Reader(self._rules, model)
        start = self._clock.now()
        if not self._paced:  # read faster than it played: its end is now, not in the future
            start -= capture.seconds_of(self._source)
        frames = capture.frames(self._source, self._permit, self._clock, paced=self._paced)
        try:
            with closing(frames):
                for frame in frames:
                    yield self._reading(frame, start + frame.at, eyes, self._reader)
        except ConsentError:
            self._batch.drop()  # what was read and not yet sealed goes with the consent
            raise

    def _open_eyes(self) -> tuple[Eyes, int]:
        """The eyes that the capability was given for, and no others: it is asked before the models are even looked for."""
        allowed = self._permit().model
        eyes, model = self._make_eyes()
        if model != allowed:
            msg = f"the models that were loaded are {model} and the capability is for {allowed}; make the client anew with the models as they are now"
            raise CapabilityInvalid(msg)
        return eyes, model

    def _reading(
        self, frame: Frame, unix: float, eyes: Eyes, reader: label.Reader
    ) -> label.Reading:
        self._at = frame.at
        if self._affirmed.is_set():
            self._affirmed.clear()
            reader.affirm()
        reading = self._seen(frame, unix, eyes, reader)
        self._patience(reading, frame.at)
        if reading.label is not None:
            self._batch.add(reading.label)
        if self._sink and self._batch.due(frame.at):
            self._beat()
        return reading

    def _seen(self, frame: Frame, unix: float, eyes: Eyes, reader: label.Reader) -> label.Reading:
        fault = capture.fault(frame.pixels)
        blind = reader.waiting or fault is not None
        faces = () if blind else eyes.faces(frame.pixels)
        box = faces[0].box if len(faces) == 1 else None
        sight = label.Sight(frame.at, unix, len(faces), box, fault)
        refusal = reader.look(sight)
        if refusal is not None:
            if self._watch:
                self._watch.forget()
            return refusal
        scores = eyes.scores(frame.pixels, faces[0])
        purposes = tuple(self._wanted & set(self._permit().purposes))
        if label.needs_polarity(purposes):
            self._watch = self._watch or eyes.watch()
            self._watched(frame, faces[0], scores, reader)
        else:
            self._watch = None
        return reader.read(sight, scores, purposes)

    def _watched(self, frame: Frame, face: Face, scores: Scores, reader: label.Reader) -> None:
        """What was brief goes into the next label, as one of three words."""
        if self._watch is None:
            return
        closure = scores.actions.get("AU43", 0.0)
        movement = self._watch.see(frame.at, frame.pixels, face, closure)
        if movement is not None:
            reader.note(movement.polarity)

    def _patience(self, reading: label.Reading, at: float) -> None:
        if reading.why != "affirm again":
            self._waiting_since = None
            return
        self._waiting_since = at if self._waiting_since is None else self._waiting_since
        if at - self._waiting_since >= self.PATIENCE:
            msg = "the person left and nobody affirmed; ask again and start a new session"
            raise AffirmationNeeded(msg)

    def _beat(self) -> None:
        if self._sink:
            self._sink.over(self._batch.take(self._at))


def local_session(
    source: capture.Source,
    *,
    ask: Callable[[str], bool],
    clock: Clock | None = None,
    entropy: Entropy = secrets.token_bytes,
    eyes: EyesMaker = embedded_eyes,
    rules: label.Rules | None = None,
    paced: bool = True,
) -> Session:
    """Look at one's own expression: nothing is sent and nothing is kept. `ask` shows the words it is given and says whether the person agreed.

    Raises `ConsentMissing` for a no.
    """
    if not ask(LOCAL_NOTICE):
        msg = "the person said no, so nothing is read; ask again another time"
        raise ConsentMissing(msg)
    clock = clock or SystemClock()
    yes = consent.LocalYes.said(entropy, eyes.model)

    def permit() -> Capability:
        return yes.require(int(clock.now()), clock.monotonic())

    wanted = frozenset(label.LABEL_PURPOSES)
    return Session(
        source,
        permit=permit,
        wanted=wanted,
        clock=clock,
        eyes=eyes,
        rules=rules or label.Rules(),
        paced=paced,
        sink=None,
    )

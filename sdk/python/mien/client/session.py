"""One reading session: the order of the rooms for each picture."""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, cast

import numpy as np

from mien import capture, consent, label, seal, send
from mien.client.given import Clock, Entropy, Eyes, EyesMaker, SystemClock, Watch, embedded_eyes
from mien.client.own import Own
from mien.errors import (
    AffirmationNeeded,
    CapabilityInvalid,
    ConsentError,
    ConsentMissing,
    RequestInvalid,
)
from mien.values import Face, Frame, Label, Scores
from mien.wire.messages import Capability

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    `affirm` is called; when nobody does within `PATIENCE` seconds, `AffirmationNeeded` ends the session. A person may say of the last label whether it
    was right (`agree`, `correct`): that teaches their own device, and is not sent.
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
        own: Own | None = None,
    ) -> None:
        self._own = own
        self._moment = Moment()
        self._last: Label | None = None
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

    def agree(self) -> bool:
        """The last label was right, says the person; their device learns that. False when it was spoken of already.

        Raises `ConsentMissing` when consent ended, `RequestInvalid` before the first label.
        """
        return self._answer(None)

    def correct(self, expression: str) -> bool:
        """The last label should have been `expression`, says the person; their device learns that. The label itself stays as it was read: see `Client.correct`.

        False when it was spoken of already. Raises `ConsentMissing` when consent ended, `LabelInvalid` for another word, `RequestInvalid` before the first label.
        """
        return self._answer(expression)

    def _answer(self, said: str | None) -> bool:
        last = self._last
        if last is None or self._own is None:
            msg = "no label of this session can be learned from; wait for one, in a session of a client"
            raise RequestInvalid(msg)
        self._permit()
        return self._own.answer(last.ended_at, said or last.expression)

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
        eyes, model = allowed_eyes(self._make_eyes, self._permit().model)
        if self._own is not None:
            self._own.begin(model, head_of(eyes))
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
            self._labelled(reading.label)
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
            self._moment = Moment()
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
        scores, own = self._as_own(scores)
        reading = reader.read(sight, scores, purposes)
        return replace(reading, own=True) if own else reading

    def _as_own(self, scores: Scores) -> tuple[Scores, bool]:
        """The scores as the person's own head has them, where that one reads."""
        if self._own is None:
            return scores, False
        self._moment.add(scores.embedding)
        return self._own.read(scores)

    def _labelled(self, label: Label) -> None:
        """Hold what a label was read from in memory, should the person say something of it."""
        middle, self._moment, self._last = self._moment.middle(), Moment(), label
        if self._own is not None and middle is not None:
            self._own.remember(label.ended_at, middle)

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


class Moment:
    """The embeddings since the last label, as their sum."""

    def __init__(self) -> None:
        self._sum: NDArray[np.float32] | None = None
        self._count = 0

    def add(self, embedding: tuple[float, ...]) -> None:
        """One picture; nothing where the network gives no embedding."""
        if not embedding:
            return
        seen = np.array(embedding, np.float32)
        self._sum = seen if self._sum is None else self._sum + seen
        self._count += 1

    def middle(self) -> "NDArray[np.float32] | None":
        """The mean embedding (96,), None without pictures."""
        return None if self._sum is None else self._sum / np.float32(self._count)


def allowed_eyes(make: EyesMaker, allowed: int) -> tuple[Eyes, int]:
    """The eyes and the id of their model, when it is the one that the capability is for. Raises `CapabilityInvalid`."""
    eyes, model = make()
    if model != allowed:
        msg = f"the models that were loaded are {model} and the capability is for {allowed}; make the client anew with the models as they are now"
        raise CapabilityInvalid(msg)
    return eyes, model


def head_of(eyes: Eyes) -> "NDArray[np.float32] | None":
    """The last layer (776,) behind the eyes' expressions, None for eyes that have none, such as a site's own classifier."""
    found: NDArray[np.float32] | None = getattr(eyes, "head", None)
    return found


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

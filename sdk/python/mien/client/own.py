"""What was learned of the person, between disk and session: read when somebody changed it, written only while consent stands."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mien import adapt, keep
from mien.client.shared import kept_head
from mien.consent import Person
from mien.errors import ConsentMissing, KeepUnreadable, RequestInvalid, SettingsError
from mien.label import LABEL_PURPOSES
from mien.values import Scores
from mien.wire.keys import VerifyKey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

MOMENTS: Final = 512
"""Moments of labels that an answer may still come for, in memory: eight and a half minutes at one label a second."""


def may_learn(person: Person) -> bool:
    """Whether something may be learned of the person and kept: a purpose of reading faces stands."""
    return not person.erasing and not set(LABEL_PURPOSES).isdisjoint(person.purposes)


class Own:
    """One for each client. `learns` says of the kept JSON value of a person whether anything may be learned of them. Any thread may use it."""

    def __init__(self, kept: keep.Keep, learns: Callable[[Any], bool], trust: VerifyKey) -> None:
        self._keep = kept
        self._learns = learns
        self._trust = trust
        self._moved = False
        self._lock = threading.RLock()
        self._base: tuple[int, adapt.Head] | None = None
        self._known: adapt.Personal | None = None
        self._stamp: tuple[int, int] | None = None
        self._moments: OrderedDict[int, Floats] = OrderedDict()

    # ---- reading ----
    def begin(self, model: int, head: "Floats | None") -> None:
        """A session begins with the network `model`, whose last layer is `head`; None: it has none that could be a person's own.

        Where this device keeps a released head of that network, it takes the place of `head`. Raises `HeadInvalid` for one that is damaged.
        """
        shared = None if head is None else kept_head(self._keep, self._trust)
        with self._lock:
            self._base = None if head is None else (model, adapt.Head(head))
            self._moved = shared is not None and shared.model == model
            if shared is not None and self._moved:
                self._base = model, adapt.Head.parse(shared.content)
            self._known = self._stamp = None

    def read(self, scores: Scores) -> tuple[Scores, bool]:
        """The scores as the person's own head has them, and whether it was that one that read."""
        with self._lock:
            known = self._fresh()
            if known is None or not scores.embedding:
                return scores, False
            own = known.reads is not known.base
            if not own and not self._moved:
                return scores, False
            shares = known.reads.probabilities(np.array(scores.embedding, np.float32)).astype(float)
            return replace(scores, expressions=tuple((shares / shares.sum()).tolist())), own

    def _fresh(self) -> adapt.Personal | None:
        """What is known as on disk now: another thread or process may have changed or forgotten it."""
        if self._base is None:
            return None
        stamp = self._keep.personal_stamp()
        if self._known is None or stamp != self._stamp:
            self._known = _parsed(self._keep.personal(), *self._base)
            self._stamp = stamp
        return self._known

    # ---- learning ----
    def remember(self, ended_at: int, embedding: "Floats") -> None:
        """Hold the moment of a label in memory, should the person say something of it."""
        with self._lock:
            self._moments[ended_at] = embedding
            while len(self._moments) > MOMENTS:
                self._moments.popitem(last=False)

    def answer(self, ended_at: int, said: str) -> bool:
        """Learn that the moment of the label that ended then showed `said`. False when that moment is not in memory (any more).

        Raises `LabelInvalid`, and `ConsentMissing` when nothing may be learned; then nothing is left of what was.
        """
        with self._lock:
            embedding = self._moments.get(ended_at)
            if embedding is None:
                return False
            self._learn(lambda known: known.answered(embedding, said))
            self._moments.pop(ended_at, None)  # one moment, one answer
            return True

    def calibrate(self, embeddings: "Floats") -> None:
        """Learn the face at rest from embeddings (n, 96). Raises `RequestInvalid` for too few, and `ConsentMissing`."""
        self._learn(lambda known: known.calibrated(embeddings))

    def _learn(self, change: Callable[[adapt.Personal], adapt.Personal]) -> None:
        with self._lock:
            base = self._base
            if base is None:
                msg = "these models give no layer of one's own; use the embedded classifier"
                raise SettingsError(msg)
            learned = self._keep.change_personal(
                lambda value: change(_parsed(value, *base)).document(), self._learns
            )
        if not learned:
            self.drop()
            msg = "the person has not said yes to reading, or took it back; nothing is learned"
            raise ConsentMissing(msg)

    def drop(self) -> None:
        """Forget what is in memory."""
        with self._lock:
            self._moments.clear()
            self._known = self._stamp = None


def _parsed(value: Any | None, model: int, base: adapt.Head) -> adapt.Personal:
    try:
        return (
            adapt.Personal(model, base)
            if value is None
            else adapt.Personal.read(value, model, base)
        )
    except RequestInvalid as error:
        raise unreadable() from error


def unreadable() -> KeepUnreadable:
    """What was kept is no such thing."""
    return KeepUnreadable(
        "what was learned of the person is damaged; forget it with `mien me unlearn`, and begin again"
    )

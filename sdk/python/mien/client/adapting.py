"""What a person may do about what their own device learns of their face."""

from contextlib import closing
from typing import Any, Final

import numpy as np

from mien import adapt, capture
from mien.client.given import Eyes
from mien.client.own import unreadable
from mien.client.session import allowed_eyes, head_of
from mien.client.stream import Stream
from mien.errors import RequestInvalid, SettingsError
from mien.label import LABEL_PURPOSES
from mien.values import Frame
from mien.wire.messages import Capability

REST_SECONDS: Final = 4.0
_BLINK: Final = 0.5
"""Closure (AU43) over which a picture shows a blink, not rest."""
_READING: Final = frozenset(LABEL_PURPOSES)


class Adapting(Stream):
    """Calibrate, see, forget. Nothing of it is sent."""

    def calibrate(
        self, source: capture.Source, seconds: float = REST_SECONDS, *, paced: bool = True
    ) -> adapt.Learned:
        """Learn the person's face at rest: they look at the camera for so many seconds, calmly, without talking.

        Pictures with no face, several faces, a blink or a fault are left out; `adapt.PICTURES` others are needed. Raises a `ConsentError` before camera and
        models are touched, `SettingsError` where the models have no layer of one's own, `RequestInvalid` when too little was seen.
        """
        self._ready()

        def permit() -> Capability:
            return self._permit("infer", _READING)

        permit()
        eyes = self._seeing(permit)
        frames = capture.frames(source, permit, self._clock, paced=paced)
        seen: list[tuple[float, ...]] = []
        with closing(frames):
            for frame in frames:
                if frame.at > seconds:
                    break
                seen += _at_rest(eyes, frame)
        self._own.calibrate(np.array(seen, np.float32).reshape(-1, adapt.EMBEDDING))
        return self.personal()

    def _seeing(self, permit: Any) -> Eyes:
        """The eyes that the capability is for, with a head that a person's own can take the place of."""
        if self._eyes is None:
            msg = "this client was made without `eyes`, so it reads no faces; make one with them"
            raise SettingsError(msg)
        eyes, model = allowed_eyes(self._eyes, permit().model)
        self._own.begin(model, head_of(eyes))
        return eyes

    def personal(self) -> adapt.Learned:
        """What this device learned of the person's face: whether their rest is known, how much they said, how both heads did. Asks nobody, loads no model."""
        value = self._keep.personal()
        try:
            return adapt.learned_of(value)
        except RequestInvalid as error:
            raise unreadable() from error

    def forget_personal(self) -> bool:
        """Forget what was learned of the person's face, on disk and in running sessions. Needs no consent. Says whether there was anything."""
        self._own.drop()
        return self._keep.forget_personal()


def _at_rest(eyes: Eyes, frame: Frame) -> list[tuple[float, ...]]:
    """The embedding of a picture that shows one face, well; else nothing."""
    if capture.fault(frame.pixels) is not None:
        return []
    faces = eyes.faces(frame.pixels)
    if len(faces) != 1:
        return []
    scores = eyes.scores(frame.pixels, faces[0])
    blink = scores.actions.get("AU43", 0.0) > _BLINK
    return [] if blink or not scores.embedding else [scores.embedding]

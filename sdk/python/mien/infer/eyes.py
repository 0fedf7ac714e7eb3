"""Frame to faces, face to scores. Pure: pixels in, numbers out; nothing is kept."""

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.errors import FrameRejected
from mien.infer import detection, geometry
from mien.infer.micro import Watch
from mien.values import Face, Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mien.infer.models import Models

    Bytes = NDArray[np.uint8]
    Box = tuple[float, float, float, float]

SMALLEST: Final = 16
LARGEST: Final = 8192
"""Sides of a picture in pixels outside of which it is refused."""
_CANDIDATE: Final = 0.15
"""Detector score from which the landmark network is asked as well."""
_DETECTOR_WEIGHT: Final = 0.25
"""Exponent of the detector's score: it sees the face small, so the landmark network's word on the full crop counts more."""


def check(pixels: object) -> "Bytes":
    """The picture itself, if it is (H, W, 3) uint8 of a sane size; raises `FrameRejected`."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        message = "a frame must be a numpy array of 8-bit pixels; convert it to uint8 BGR"
        raise FrameRejected(message)
    if pixels.ndim != 3 or pixels.shape[2] != 3:  # noqa: PLR2004
        message = "a frame must have the shape (height, width, 3); convert it to BGR"
        raise FrameRejected(message)
    if not SMALLEST <= min(pixels.shape[:2]) <= max(pixels.shape[:2]) <= LARGEST:
        message = f"a frame must have sides of {SMALLEST} to {LARGEST} pixels; resize it"
        raise FrameRejected(message)
    return np.ascontiguousarray(pixels)


class Eyes:
    """Finds faces and reads expressions with the embedded models. Holds no picture, so several threads may share one."""

    def __init__(self, models: "Models") -> None:
        self._models = models

    @property
    def head(self) -> "NDArray[np.float32] | None":
        """(776,): the last layer that makes `Scores.expressions` of `Scores.embedding`; None where the models keep it under another name."""
        return self._models.head

    def faces(self, pixels: "Bytes") -> tuple[Face, ...]:
        """All faces, strongest first, with refined landmarks. Coordinates count from the image's top left corner.

        Raises `FrameRejected` unless `pixels` is (H, W, 3) uint8 BGR with sides of 16 to 8192.
        """
        picture = check(pixels)
        levels = geometry.Levels(picture)
        found = self._search(levels, detection.LONG)
        for long in detection.AGAIN:
            found = found or self._search(levels, long)
        found.sort(key=lambda face: -face.score)
        corners = np.array([_corners(f.box) for f in found], np.float32).reshape(-1, 4)
        return tuple(found[k] for k in detection.apart(corners))

    def _search(self, levels: geometry.Levels, long: int) -> list[Face]:
        """Faces seen when the picture's longer side is `long` pixels."""
        found = []
        small, scale = detection.letterbox(levels, long)
        boxes, scores = detection.decode(self._models.detector.run(small)[0][0], _CANDIDATE)
        for box, score in zip(boxes / scale, scores, strict=True):
            face = self._face(levels, _sized(box))
            joint = face.score * float(score) ** _DETECTOR_WEIGHT
            if joint >= self._models.face_threshold:
                corners = (box + geometry.usual_box(np.array(face.landmarks, np.float32))) / 2
                found.append(Face(_sized(corners), face.landmarks, min(joint, 1.0)))
        return found

    def face_in(self, pixels: "Bytes", box: "Box") -> Face:
        """The face in `box` (x, y, width, height in pixels), wherever the box came from; `score` is how face-like it is.

        Raises `FrameRejected` as `faces` does.
        """
        return self._face(geometry.Levels(check(pixels)), box)

    def _face(self, levels: geometry.Levels, box: "Box") -> Face:
        """Two looks of the landmark network: at the box, then closer, levelled by the first answer."""
        landmarks, first = self._look(levels, geometry.framed(box))
        landmarks, second = self._look(levels, geometry.focused(landmarks))
        points = tuple((float(x), float(y)) for x, y in landmarks)
        return Face(box, points, float(np.sqrt(first * second)))

    def scores(self, pixels: "Bytes", face: Face) -> Scores:
        """What the expression network says of `face`: calibrated probabilities, affect, action strengths, head pose, gaze.

        Raises `FrameRejected` as `faces` does.
        """
        transform = geometry.aligned(np.array(face.landmarks, np.float32))
        crop = geometry.crop(check(pixels), transform)
        logits, affect, actions, pose, gaze, embedding = (
            out[0] for out in self._models.expression.run(crop[None])
        )
        valence, arousal = _within(affect, -1)
        pitch, yaw = pose.tolist()
        x, y = _within(gaze, -1)
        strengths = zip(self._models.actions, _within(actions, 0), strict=True)
        return Scores(
            expressions=_softmax(logits.tolist(), self._models.temperature),
            valence=valence,
            arousal=arousal,
            actions=MappingProxyType(dict(strengths)),
            pose=(pitch, yaw, geometry.roll(transform)),
            gaze=(x, y),
            embedding=tuple(embedding.tolist()),
        )

    def watch(self) -> Watch:
        """A watcher of brief movements of one face, with these models."""
        return Watch(self._models)

    def _look(
        self, levels: geometry.Levels, transform: "NDArray[np.float32]"
    ) -> "tuple[NDArray[np.float32], float]":
        """Landmarks (5, 2) in the picture and how face-like the crop is, 0..1."""
        points, presence = self._models.landmarks.run(levels.grey(transform)[None])
        back = geometry.inverse(transform)
        return geometry.apply(back, points[0] * geometry.CROP), float(presence[0])


def _softmax(logits: list[float], temperature: float) -> tuple[float, ...]:
    """Probabilities; in plain numbers, as few as they are."""
    most = max(logits)
    odds = [math.exp((one - most) / temperature) for one in logits]
    total = sum(odds)
    return tuple(one / total for one in odds)


def _within(values: "NDArray[np.float32]", low: float) -> list[float]:
    """Numbers within `low`..1."""
    return [min(max(value, low), 1.0) for value in values.tolist()]


def _sized(corners: "NDArray[np.float32]") -> "Box":
    """x0 y0 x1 y1 -> x, y, width, height."""
    x0, y0, x1, y1 = (float(v) for v in corners)
    return x0, y0, x1 - x0, y1 - y0


def _corners(box: "Box") -> tuple[float, float, float, float]:
    """x, y, width, height -> x0 y0 x1 y1."""
    x, y, width, height = box
    return x, y, x + width, y + height

"""Frame to faces, face to scores. Pure: pixels in, numbers out; nothing is kept."""

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from mien.errors import FrameRejected
from mien.infer import detection, geometry
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
    """Finds faces and reads expressions with the embedded models. Not thread-safe; holds no picture."""

    def __init__(self, models: "Models") -> None:
        self._models = models

    def faces(self, pixels: "Bytes") -> tuple[Face, ...]:
        """All faces, strongest first, with refined landmarks. Coordinates count from the image's top left corner.

        Raises `FrameRejected` unless `pixels` is (H, W, 3) uint8 BGR with sides of 16 to 8192.
        """
        picture = check(pixels)
        grey = _grey(picture)
        height, width = picture.shape[:2]
        found = self._search(picture, grey, [(0, 0, width, height)])
        if not found:  # nothing at first sight: look again, closer
            found = self._search(picture, grey, _windows(width, height), most=2)
        found.sort(key=lambda face: -face.score)
        corners = np.array([_corners(f.box) for f in found], np.float32).reshape(-1, 4)
        return tuple(found[k] for k in detection.apart(corners))

    def _search(
        self,
        picture: "Bytes",
        grey: "Bytes",
        windows: list[tuple[int, int, int, int]],
        most: int = detection.MOST,
    ) -> list[Face]:
        """Faces seen through windows (x, y, width, height) of the picture; one face may be seen through several.

        `most` is the number of candidates looked at in each window.
        """
        found = []
        for x, y, width, height in windows:
            square, scale = detection.letterbox(picture[y : y + height, x : x + width])
            boxes, scores = detection.decode(self._models.detector.run(square)[0][0], _CANDIDATE)
            places = boxes[:most] / scale + (x, y, x, y)
            for box, score in zip(places, scores[:most], strict=True):
                face = self._face(grey, _sized(box))
                joint = face.score * float(score) ** _DETECTOR_WEIGHT
                if joint >= self._models.face_threshold:
                    corners = (box + geometry.usual_box(np.array(face.landmarks, np.float32))) / 2
                    found.append(Face(_sized(corners), face.landmarks, min(joint, 1.0)))
        return found

    def face_in(self, pixels: "Bytes", box: "Box") -> Face:
        """The face in `box` (x, y, width, height in pixels), wherever the box came from; `score` is how face-like it is.

        Raises `FrameRejected` as `faces` does.
        """
        return self._face(_grey(check(pixels)), box)

    def _face(self, grey: "Bytes", box: "Box") -> Face:
        """Two looks of the landmark network: at the box, then closer, levelled by the first answer."""
        landmarks, first = self._look(grey, geometry.framed(box))
        landmarks, second = self._look(grey, geometry.focused(landmarks))
        points = tuple((float(x), float(y)) for x, y in landmarks)
        return Face(box, points, float(np.sqrt(first * second)))

    def scores(self, pixels: "Bytes", face: Face) -> Scores:
        """What the expression network says of `face`: calibrated probabilities, valence, arousal, action strengths.

        Raises `FrameRejected` as `faces` does.
        """
        grey = _grey(check(pixels))
        transform = geometry.aligned(np.array(face.landmarks, np.float32))
        crop = geometry.warp(grey, transform)
        logits, affect, actions = self._models.expression.run(crop[None])
        warm = logits[0].astype(np.float64) / self._models.temperature
        odds = np.exp(warm - warm.max())
        valence, arousal = (float(v) for v in np.clip(affect[0], -1, 1))
        strengths = (float(v) for v in np.clip(actions[0], 0, 1))
        return Scores(
            expressions=tuple(float(p) for p in odds / odds.sum()),
            valence=valence,
            arousal=arousal,
            actions=MappingProxyType(dict(zip(self._models.actions, strengths, strict=True))),
        )

    def _look(
        self, grey: "Bytes", transform: "NDArray[np.float32]"
    ) -> "tuple[NDArray[np.float32], float]":
        """Landmarks (5, 2) in the picture and how face-like the crop is, 0..1."""
        crop = geometry.warp(grey, transform)
        points, presence = self._models.landmarks.run(crop[None])
        back = geometry.inverse(transform)
        return geometry.apply(back, points[0] * geometry.CROP), float(presence[0])


def _grey(pixels: "Bytes") -> "Bytes":
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)


def _sized(corners: "NDArray[np.float32]") -> "Box":
    """x0 y0 x1 y1 -> x, y, width, height."""
    x0, y0, x1, y1 = (float(v) for v in corners)
    return x0, y0, x1 - x0, y1 - y0


def _corners(box: "Box") -> tuple[float, float, float, float]:
    """x, y, width, height -> x0 y0 x1 y1."""
    x, y, width, height = box
    return x, y, x + width, y + height


def _windows(width: int, height: int) -> list[tuple[int, int, int, int]]:
    """The four corners and the middle of a picture, each .6 of its sides."""
    w, h = round(width * 0.6), round(height * 0.6)
    across, down = (0, width - w), (0, height - h)
    corners = [(x, y, w, h) for y in down for x in across]
    return [*corners, ((width - w) // 2, (height - h) // 2, w, h)]

"""Where the pixels of a face go: boxes to crops, landmarks to the aligned crop. Shared with the training, so both see the same.

Coordinates count from the image's top left corner (the centre of the first pixel is .5, .5). OpenCV counts from the first pixel's
centre; `warp` is the only place where the two meet. A transform is an affine (2, 3) that takes image to crop coordinates.
"""

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

CROP: Final = 64
"""Side of the crops both small networks see."""
TEMPLATE: Final = np.array(
    [[0.31, 0.385], [0.69, 0.385], [0.5, 0.595], [0.365, 0.745], [0.635, 0.745]], np.float32
)
"""Where the five landmarks go in the aligned crop, as fractions of its side: symmetric, after rendered people seen from the front."""
FOCUS: Final = ((TEMPLATE - np.array([0.5, 0.571])) * 0.7 + 0.5).astype(np.float32)
"""Where they go when the landmark network looks for the second time."""
BOX_MIDDLE: Final = np.array([0.5, 0.55], np.float32)
BOX_SIZE: Final = np.array([0.813, 1.072], np.float32)
"""The face's box (chin to hairline) in fractions of the aligned crop: medians over rendered people."""
LOOSE: Final = 1.35
"""Side of the landmark network's crop in heights of the face's box."""


def similarity(source: "Floats", target: "Floats") -> "Floats":
    """Least-squares rotation, scale and shift (2, 3) that takes points (k, 2) to points (k, 2) (Umeyama 1991, without reflection).

    In plain numbers: for five points that is several times faster than arrays, and it is done three times a frame.
    """
    these, those = source.tolist(), target.tolist()
    count = len(these)
    (sx, sy), (tx, ty) = (
        (sum(p[0] for p in points) / count, sum(p[1] for p in points) / count)
        for points in (these, those)
    )
    size, along, across = 1e-6, 0.0, 0.0
    for (x, y), (u, v) in zip(these, those, strict=True):
        ax, ay, bx, by = x - sx, y - sy, u - tx, v - ty
        size += ax * ax + ay * ay
        along += ax * bx + ay * by
        across += ax * by - ay * bx
    cos, sin = along / size, across / size
    if abs(cos) + abs(sin) < 1e-4:  # noqa: PLR2004 - points that fell together: keep the transform invertible
        cos, sin = 1e-3, 0.0
    shift = (tx - cos * sx + sin * sy, ty - sin * sx - cos * sy)
    return np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]], np.float32)


def aligned(landmarks: "Floats", side: int = CROP) -> "Floats":
    """The transform that brings five landmarks (5, 2) to the template of an aligned crop of `side` pixels."""
    return similarity(landmarks, TEMPLATE * np.float32(side))


def focused(landmarks: "Floats") -> "Floats":
    """The transform of the landmark network's second, closer look."""
    return similarity(landmarks, FOCUS * CROP)


def roll(transform: "Floats") -> float:
    """The head's roll in radians, counter-clockwise, that an aligning transform takes out."""
    return float(np.arctan2(transform[1, 0], transform[0, 0]))


def usual_box(landmarks: "Floats") -> "Floats":
    """The box x0 y0 x1 y1 (chin to hairline) that goes with five landmarks, by the median of rendered people."""
    transform = aligned(landmarks)
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    middle = apply(inverse(transform), BOX_MIDDLE[None] * CROP)[0]
    half = BOX_SIZE * CROP / scale / 2
    return np.concatenate([middle - half, middle + half]).astype(np.float32)


def framed(box: tuple[float, float, float, float]) -> "Floats":
    """The transform that brings a loose square around `box` (x, y, width, height) to the crop."""
    x, y, width, height = box
    scale = CROP / (LOOSE * max(width, height, 1.0))
    shift = CROP / 2 - scale * np.array([x + width / 2, y + height / 2])
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)


def apply(transform: "Floats", points: "Floats") -> "Floats":
    """Points (k, 2) under a transform."""
    return np.asarray(points @ transform[:, :2].T + transform[:, 2], np.float32)


def inverse(transform: "Floats") -> "Floats":
    """The transform back."""
    (a, b, x), (c, d, y) = transform.astype(np.float64).tolist()
    size = a * d - b * c
    back = ((d / size, -b / size), (-c / size, a / size))
    rows = [[p, q, -(p * x + q * y)] for p, q in back]
    return np.array(rows, np.float32)


class Levels:
    """A picture and its halves, each made when first asked for: crops of a large face do not alias, and one halving serves all who look.

    `picture` is (h, w) or (h, w, channels) uint8.
    """

    def __init__(self, picture: "Bytes") -> None:
        self._levels = [picture]
        self._grey: dict[int, Bytes] = {}

    def at(self, level: int) -> "tuple[Bytes, int]":
        """The picture halved `level` times, or as often as its smaller side allows, and how often that was."""
        while len(self._levels) <= level and min(self._levels[-1].shape[:2]) >= 4:  # noqa: PLR2004
            self._levels.append(halved(self._levels[-1]))
        level = min(level, len(self._levels) - 1)
        return self._levels[level], level

    def warp(self, transform: "Floats", side: int = CROP) -> "Bytes":
        """The crop (side, side) or (side, side, channels) under `transform`; edges are repeated outside the picture."""
        return self._warped(*self.at(_level(transform)), transform, side)

    def grey(self, transform: "Floats", side: int = CROP) -> "Bytes":
        """The grey crop (side, side) of a BGR picture; each level is made grey once."""
        picture, level = self.at(_level(transform))
        if level not in self._grey:
            self._grey[level] = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return self._warped(self._grey[level], level, transform, side)

    @staticmethod
    def _warped(picture: "Bytes", level: int, transform: "Floats", side: int) -> "Bytes":
        affine = transform.astype(np.float64)
        affine[:, :2] *= 2**level
        # corner coordinates -> OpenCV's pixel centres
        affine[:, 2] += affine[:, :2].sum(1) * 0.5 - 0.5
        crop = cv2.warpAffine(
            picture,
            affine,
            (side, side),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(crop, np.uint8)


def _level(transform: "Floats") -> int:
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    return max(0, int(np.floor(-np.log2(max(scale, 1e-6)) + _SLACK)))


_SLACK: Final = 0.35
"""A scale down to .64 is left to bilinear interpolation; below, a half is taken."""


def halved(picture: "Bytes") -> "Bytes":
    """Half the sides (h, w) or (h, w, channels), by area: several times faster than any other ratio."""
    height, width = (side // 2 for side in picture.shape[:2])
    even = picture[: 2 * height, : 2 * width]
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def warp(image: "Bytes", transform: "Floats") -> "Bytes":
    """One crop of a picture; see `Levels.warp`."""
    return Levels(image).warp(transform)


def crop(pixels: "Bytes", transform: "Floats", side: int = CROP) -> "Bytes":
    """The grey crop (side, side) of a BGR picture under `transform`; only the part of the picture that it shows is looked at."""
    height, width = pixels.shape[:2]
    square = np.array([[0, 0], [side, 0], [0, side], [side, side]], np.float32)
    seen = apply(inverse(transform), square)
    margin = 4 / max(float(np.hypot(transform[0, 0], transform[1, 0])), 1e-6)
    x0, y0 = np.clip(seen.min(0) - margin, 0, [width - 2, height - 2]).astype(int)
    x1, y1 = np.clip(seen.max(0) + margin, [x0 + 2, y0 + 2], [width, height]).astype(int)
    moved = transform.copy()
    moved[:, 2] += moved[:, :2] @ np.array([x0, y0], np.float32)
    return Levels(pixels[y0:y1, x0:x1]).grey(moved, side)

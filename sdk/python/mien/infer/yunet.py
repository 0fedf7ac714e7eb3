"""YuNet's answer: twelve tensors to boxes, landmarks and scores (Wu, Peng, Yu: YuNet, a tiny millisecond-level face detector, 2023).

For the cell in row r and column c at stride s: score = sqrt(cls * obj); centre = ((c + b0) s, (r + b1) s); width, height = exp(b2) s, exp(b3) s;
landmark k = ((c + k0) s, (r + k1) s), in our order: right eye, left eye, nose tip, right and left mouth corner.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from mien.infer import detection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STRIDES: Final = (8, 16, 32)
_PARTS: Final = (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))
_CANDIDATES: Final = 500
"""Cells looked at in one picture, strongest first; many fire for one face."""


def outputs(height: int | None, width: int | None) -> Mapping[str, tuple[int | None, ...]]:
    """Name and shape of each tensor for an input of that size, None: any."""
    return {
        f"{part}_{stride}": (1, _cells(height, width, stride), numbers)
        for part, numbers in _PARTS
        for stride in STRIDES
    }


def _cells(height: int | None, width: int | None, stride: int) -> int | None:
    if height is None or width is None:
        return None
    return (height // stride) * (width // stride)


def decode(
    answer: "Mapping[str, Floats]", width: int, threshold: float
) -> "tuple[Floats, Floats, Floats]":
    """Boxes (k, 4) x0 y0 x1 y1, landmarks (k, 5, 2) and scores (k,) in pixels of an input of that width, strongest first.

    Of boxes that overlap the strongest stays; what is not a finite number is no face.
    """
    parts = [_stride(answer, stride, width, threshold) for stride in STRIDES]
    rows = np.concatenate(parts)
    rows = rows[np.isfinite(rows).all(1)]
    rows = rows[np.argsort(-rows[:, 0], kind="stable")[:_CANDIDATES]]
    kept = rows[detection.apart(rows[:, 1:5])[: detection.MOST]]
    return kept[:, 1:5], kept[:, 5:].reshape(-1, 5, 2), kept[:, 0]


def _stride(answer: "Mapping[str, Floats]", stride: int, width: int, threshold: float) -> "Floats":
    """Rows (k, 15) of one stride: score, four of the box, ten of the landmarks; only those that reach the threshold."""
    cls, obj, box, points = (answer[f"{part}_{stride}"][0] for part, _ in _PARTS)
    score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
    at = np.nonzero(score >= threshold)[0]
    cell = np.stack(np.divmod(at, width // stride)[::-1], 1).astype(np.float32)
    middle = (cell + box[at, :2]) * stride
    half = np.exp(np.clip(box[at, 2:], -10, 10)) * (stride / 2)
    marks = (cell[:, None] + points[at].reshape(-1, 5, 2)) * stride
    found = [score[at, None], middle - half, middle + half, marks.reshape(-1, 10)]
    return np.concatenate(found, 1).astype(np.float32)

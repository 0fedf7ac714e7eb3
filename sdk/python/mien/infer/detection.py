"""The detector's picture and its answer: letterbox in, boxes out. Shared with the training, so both see the same."""

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from mien.infer import geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

LONG: Final = 192
"""Longer side of the detector's picture in pixels at first sight."""
AGAIN: Final = (128, 288)
"""And when no face was found: from farther for a face that fills the picture, then closer for a small one."""
STRIDE: Final = 8
"""Pixels of the detector's picture per cell of the grid."""
BLOCK: Final = 32
"""Sides of the detector's picture are multiples of this."""
ANCHOR: Final = 48.0
"""Sizes are logarithms over this many pixels."""
OVERLAP: Final = 0.35
"""Of two boxes that overlap more than this (intersection over union) the weaker is dropped."""
MOST: Final = 6
"""Faces looked at in one picture, strongest first."""
_EMPTY: Final = 114
_AROUND: Final = np.ones((3, 3), np.uint8)


def letterbox(levels: geometry.Levels, long: int = LONG) -> "tuple[Bytes, float]":
    """The picture (1, h, w, 3), its longer side `long`, padded to blocks at the right and below, and the scale used."""
    height, width = levels.at(0)[0].shape[:2]
    scale = long / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small, _ = levels.at(max(0, int(np.log2(max(1 / scale, 1)))))
    if small.shape[1::-1] != size:
        small = np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    padded = tuple(-(-side // BLOCK) * BLOCK for side in (size[1], size[0]))
    out = np.full((1, *padded, 3), _EMPTY, np.uint8)
    out[0, : size[1], : size[0]] = small
    return out, scale


def overlap(box: "Floats", boxes: "Floats") -> "Floats":
    """Intersection over union of one box with boxes (k, 4), all x0 y0 x1 y1."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    area = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.asarray(shared / (area - shared + 1e-9), np.float32)


def decode(grid: "Floats", threshold: float) -> "tuple[Floats, Floats]":
    """Boxes (k, 4) x0 y0 x1 y1 in detector pixels and scores (k,) of a grid (15, rows, columns), strongest first.

    Channels: face logit; centre offset x, y in cells; log width, log height over `ANCHOR`; ten of landmarks (a training aid).
    """
    logit = grid[0]
    rows, columns = np.nonzero(logit >= math.log(threshold / (1 - threshold)))
    if not len(rows):
        return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    peak = np.asarray(cv2.dilate(logit, _AROUND))
    top = logit[rows, columns] >= peak[rows, columns]
    rows, columns = rows[top], columns[top]
    order = np.argsort(-logit[rows, columns], kind="stable")[: 4 * MOST]
    rows, columns = rows[order], columns[order]
    logits, dx, dy, wide, tall = grid[:5, rows, columns]
    score = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    x, y = (columns + 0.5 + dx) * STRIDE, (rows + 0.5 + dy) * STRIDE
    width, height = np.exp(np.clip((wide, tall), -4, 3)) * (ANCHOR / 2)
    boxes = np.stack([x - width, y - height, x + width, y + height], 1).astype(np.float32)
    kept = apart(boxes)[:MOST]
    return boxes[kept], score[kept].astype(np.float32)


def apart(boxes: "Floats") -> list[int]:
    """Indices of boxes (k, 4) that do not overlap an earlier kept one; strongest first in, strongest first out."""
    if len(boxes) < 2:  # noqa: PLR2004 - nothing to overlap
        return list(range(len(boxes)))
    kept: list[int] = []
    for k in range(len(boxes)):
        if not (overlap(boxes[k], boxes[kept]) > OVERLAP).any():
            kept.append(k)
    return kept

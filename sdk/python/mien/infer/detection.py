"""The detector's picture and its answer: letterbox in, boxes out. Shared with the training, so both see the same."""

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from mien.infer.manifest import DETECTOR_SIDE, GRID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

SIDE: Final = DETECTOR_SIDE
CELLS: Final = GRID[2]
STRIDE: Final = SIDE // CELLS
ANCHOR: Final = 48.0
"""Sizes are logarithms over this many pixels."""
OVERLAP: Final = 0.35
"""Of two boxes that overlap more than this (intersection over union) the weaker is dropped."""
MOST: Final = 6
"""Faces looked at in one picture, strongest first."""


def letterbox(pixels: "Bytes") -> "tuple[Bytes, float]":
    """The picture (1, side, side, 3) that fits `pixels` into a square from the top left, and the scale used."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.full((1, SIDE, SIDE, 3), 114, np.uint8)
    square[0, : size[1], : size[0]] = cv2.resize(pixels, size, interpolation=method)
    return square, scale


def overlap(box: "Floats", boxes: "Floats") -> "Floats":
    """Intersection over union of one box with boxes (k, 4), all x0 y0 x1 y1."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    shared = np.clip(high - low, 0, None).prod(1)
    area = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.asarray(shared / (area - shared + 1e-9), np.float32)


def decode(grid: "Floats", threshold: float) -> "tuple[Floats, Floats]":
    """Boxes (k, 4) x0 y0 x1 y1 in detector pixels and scores (k,) of a grid (15, cells, cells), strongest first.

    Channels: face logit; centre offset x, y in cells; log width, log height over `ANCHOR`; ten of landmarks (a training aid).
    """
    score = 1 / (1 + np.exp(-np.clip(grid[0], -30, 30)))
    peak = np.asarray(cv2.dilate(score, np.ones((3, 3), np.uint8)))
    rows, columns = np.nonzero((score >= threshold) & (score >= peak))
    order = np.argsort(-score[rows, columns], kind="stable")[: 4 * MOST]
    rows, columns = rows[order], columns[order]
    x = (columns + 0.5 + grid[1, rows, columns]) * STRIDE
    y = (rows + 0.5 + grid[2, rows, columns]) * STRIDE
    width, height = (np.exp(np.clip(grid[k, rows, columns], -4, 3)) * ANCHOR / 2 for k in (3, 4))
    boxes = np.stack([x - width, y - height, x + width, y + height], 1).astype(np.float32)
    kept = apart(boxes)[:MOST]
    return boxes[kept], score[rows, columns][kept].astype(np.float32)


def apart(boxes: "Floats") -> list[int]:
    """Indices of boxes (k, 4) that do not overlap an earlier kept one; strongest first in, strongest first out."""
    kept: list[int] = []
    for k in range(len(boxes)):
        if not (overlap(boxes[k], boxes[kept]) > OVERLAP).any():
            kept.append(k)
    return kept

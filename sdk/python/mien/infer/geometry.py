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
    """Least-squares rotation, scale and shift (2, 3) that takes points (k, 2) to points (k, 2) (Umeyama 1991, without reflection)."""
    middle_s, middle_t = source.mean(0), target.mean(0)
    a, b = source - middle_s, target - middle_t
    size = float((a**2).sum()) + 1e-6
    cos = float((a * b).sum()) / size
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / size
    if abs(cos) + abs(sin) < 1e-4:  # noqa: PLR2004 - points that fell together: keep the transform invertible
        cos, sin = 1e-3, 0.0
    turn = np.array([[cos, -sin], [sin, cos]], np.float32)
    return np.hstack([turn, (middle_t - turn @ middle_s)[:, None]]).astype(np.float32)


def aligned(landmarks: "Floats") -> "Floats":
    """The transform that brings five landmarks (5, 2) to the template of the aligned crop."""
    return similarity(landmarks, TEMPLATE * CROP)


def focused(landmarks: "Floats") -> "Floats":
    """The transform of the landmark network's second, closer look."""
    return similarity(landmarks, FOCUS * CROP)


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
    turn = np.linalg.inv(transform[:, :2].astype(np.float64))
    return np.hstack([turn, -(turn @ transform[:, 2])[:, None]]).astype(np.float32)


def _shrunk(image: "Bytes", transform: "Floats", scale: float) -> tuple["Bytes", "Floats"]:
    """Cut out what the crop will see and shrink it by area, so that a large face does not alias."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [CROP, 0], [0, CROP], [CROP, CROP]], np.float32)
    seen = apply(inverse(transform), corners)
    x0, y0 = np.clip(np.floor(seen.min(0)) - 2, 0, [width - 1, height - 1]).astype(int)
    x1, y1 = np.clip(np.ceil(seen.max(0)) + 2, [x0 + 1, y0 + 1], [width, height]).astype(int)
    small = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    part = cv2.resize(image[y0:y1, x0:x1], small, interpolation=cv2.INTER_AREA)
    back = np.array([[(x1 - x0) / small[0], 0, x0], [0, (y1 - y0) / small[1], y0]])
    turn = transform[:, :2] @ back[:, :2]
    shift = transform[:, :2] @ back[:, 2] + transform[:, 2]
    return np.asarray(part, np.uint8), np.hstack([turn, shift[:, None]]).astype(np.float32)


def warp(image: "Bytes", transform: "Floats") -> "Bytes":
    """The crop (64, 64) or (64, 64, channels) of `image` under `transform`; edges are repeated outside the image."""
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if scale < 0.6:  # noqa: PLR2004
        image, transform = _shrunk(image, transform, scale)
    centred = transform.astype(np.float64)
    centred[:, 2] += (
        centred[:, :2].sum(1) * 0.5 - 0.5
    )  # corner coordinates -> OpenCV's pixel centres
    crop = cv2.warpAffine(
        image, centred, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)

"""How long a model takes for a picture of 640 x 480, for `mien models bench`."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mien.values import Face

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pictures = list[NDArray[np.uint8]]

SAMPLE: Final = Path("samples/person/person.mp4")
SIZE: Final = (640, 480)
WARM: Final = 3
"""Pictures looked at before the clock runs."""
_FACE: Final = Face(
    (240.0, 120.0, 160.0, 210.0),
    ((280.0, 205.0), (360.0, 205.0), (320.0, 250.0), (290.0, 285.0), (350.0, 285.0)),
    1.0,
)
"""Where a classifier looks when no detector says: the time does not depend on what is there."""


def pictures(number: int) -> "tuple[Pictures, str]":
    """That many pictures at most, and what they are: the sample of a rendered person when it is there, else drawn ones."""
    if SAMPLE.is_file():
        return _sample(number), SAMPLE.name
    return [_drawn(at) for at in range(number)], "drawn"


def measure(model: Any, seen: "Pictures") -> list[tuple[str, float]]:
    """Role and median milliseconds, for each role that the model has."""
    found = []
    if hasattr(model, "faces"):
        found.append(("detector", _median(model.faces, seen)))
    if hasattr(model, "scores"):
        found.append(("classifier", _median(lambda pixels: model.scores(pixels, _FACE), seen)))
    return found


def _median(look: "Callable[[NDArray[np.uint8]], object]", seen: "Pictures") -> float:
    for pixels in seen[:WARM]:
        look(pixels)
    times = []
    for pixels in seen:
        began = time.perf_counter()
        look(pixels)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def _sample(number: int) -> "Pictures":
    from mien.capture import frames
    from mien.client import SystemClock

    source = frames(SAMPLE, lambda: None, SystemClock(), paced=False)
    found = [frame.pixels for frame, _ in zip(source, range(number), strict=False)]
    source.close()
    return found


def _drawn(at: int) -> "NDArray[np.uint8]":
    """A smooth picture with some detail, another one for each number."""
    import cv2
    import numpy as np

    small = np.random.default_rng(at).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)

"""The gate before a release: rendered people who were never trained on, and the rule that a head must not read them worse than the one before it.

The file holds, for each picture, the frozen network's embedding and the expression that was drawn, and beside them the network's own last layer, the head of
version 0. `sdk/model/holdout.py` makes it. What is looked at has its noise already, so looking tells nothing more of anybody (post-processing).
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import RequestInvalid
from mien.wire.messages import HEAD_COLUMNS as CLASSES
from mien.wire.messages import HEAD_EMBEDDING as EMBEDDING
from mien.wire.messages import HEAD_LARGEST as LARGEST
from mien.wire.messages import HEAD_NUMBERS as NUMBERS

FILE: Final = Path(__file__).with_name("holdout.npz")
_TINY: Final = 1e-12

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Holdout:
    """`embeddings` (n, 96) float32 of the network `model`, `words` (n,) 0..7, and `base`, (776,) float32: that network's last layer.

    Raises `RequestInvalid` for other shapes and for numbers that are not finite.
    """

    model: int
    base: Floats = field(repr=False)
    embeddings: Floats = field(repr=False)
    words: NDArray[np.int64] = field(repr=False)

    def __post_init__(self) -> None:
        shapes = self.base.shape, self.embeddings.shape, self.words.shape
        n = len(self.words)
        if shapes != ((NUMBERS,), (n, EMBEDDING), (n,)) or not n:
            msg = "the holdout has another shape; make it again from `sdk/model`"
            raise RequestInvalid(msg)
        numbers = np.isfinite(self.base).all() and np.isfinite(self.embeddings).all()
        if not numbers or self.words.min() < 0 or self.words.max() >= CLASSES:
            msg = "the holdout holds what is no embedding or no expression; make it again from `sdk/model`"
            raise RequestInvalid(msg)

    def loss(self, head: NDArray[Any]) -> float:
        """Mean -log probability (nats) that a head (776,) gives to what was drawn."""
        table = head.reshape(EMBEDDING + 1, CLASSES).astype(np.float64)
        logits = self.embeddings @ table[:EMBEDDING] + table[EMBEDDING]
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        chances = odds[np.arange(len(self.words)), self.words] / odds.sum(axis=1)
        return float(-np.log(np.maximum(chances, _TINY)).mean())


def usable(head: NDArray[Any]) -> bool:
    """Whether a device would take this head: its numbers are finite and within `HEAD_LARGEST`."""
    return bool(np.isfinite(head).all() and np.abs(head).max() <= LARGEST)


def judged(
    holdout: Holdout, before: NDArray[Any], after: NDArray[Any]
) -> tuple[bool, tuple[float, float]]:
    """Whether the head `after` may take the place of `before`: it reads the holdout no worse. Both losses, 0.0 for a head that no device would take."""
    if not usable(after):
        return False, (holdout.loss(before), 0.0)
    losses = holdout.loss(before), holdout.loss(after)
    return losses[1] <= losses[0], losses


def read(file: Path) -> Holdout:
    """The holdout in a file. Raises `RequestInvalid`."""
    try:
        with np.load(file, allow_pickle=False) as found:
            return Holdout(
                int(found["model"]), found["base"].astype(np.float32),
                found["embeddings"].astype(np.float32), found["words"].astype(np.int64),
            )  # fmt: skip
    except (OSError, KeyError, ValueError) as error:
        msg = f"`{file.name}` cannot be read as a holdout; install mien again"
        raise RequestInvalid(msg) from error


@cache
def shipped() -> Holdout:
    """The one that ships."""
    return read(FILE)

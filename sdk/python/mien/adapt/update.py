"""One person's update of the shared head: learned on this device from their own examples, and never longer than the round's bound.

Gradient descent on all examples at once; each example's gradient is cut to a length of its own first, so that one wrong word cannot carry the whole update. The
arithmetic is that of Opacus' `GradSampleModule` and `DPOptimizer` without noise (the noise is added where the updates meet), held to its numbers by
`tests/vectors/adapt_update.json`. What comes out is a difference of two heads, cut to the bound: that, sealed, is all a device contributes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.adapt.head import CLASSES, EMBEDDING, Head
from mien.errors import RequestInvalid

MAX_EXAMPLES: Final = 4096
MAX_STEPS: Final = 1000
_TINY: Final = 1e-6
"""What Opacus adds to a length before it divides by it."""
_INSIDE: Final = 1.0 - 2.0**-20
"""An update ends this much inside the bound: rounding its numbers to 32 bits must not carry it out again."""

Exact = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Training:
    """How a device trains: `steps` of `rate`, each example's gradient no longer than `example_clip`. Every device of a round trains alike. The defaults are those of `make bench NAME=shared`."""

    steps: int = 5
    rate: float = 0.2
    example_clip: float = 3.0

    def __post_init__(self) -> None:
        numbers = (self.rate, self.example_clip)
        if not 1 <= self.steps <= MAX_STEPS or not all(math.isfinite(n) and n > 0 for n in numbers):
            msg = f"training takes 1 to {MAX_STEPS} steps, a rate and a bound above 0"
            raise RequestInvalid(msg)


def train(
    head: Head,
    embeddings: NDArray[Any],
    words: NDArray[Any],
    *,
    clip: float,
    training: Training | None = None,
    engine: "Engine | None" = None,
) -> NDArray[np.float32]:
    """The update of `head` from (n, 96) embeddings and the n expressions (0..7) that the person said they show: (776,) float32, length <= `clip`.

    n is 1 to 4096. `engine` is who calculates (`by_opacus.trained`), numpy by itself. Raises `RequestInvalid` for other shapes, numbers that are not finite, words beyond the vocabulary or a bound that is none.
    """
    inputs, said = _checked(embeddings, words)
    if not (math.isfinite(clip) and clip > 0.0):
        raise RequestInvalid("the bound of an update is a number above 0")
    start = head.flat.astype(np.float64).reshape(EMBEDDING + 1, CLASSES)
    after = (engine or trained)(start, inputs, said, training or Training())
    return clipped((after - start).ravel(), clip)


Engine = Callable[[Exact, Exact, Exact, Training], Exact]
"""What trains a table (97, 8) on inputs (n, 97) and one-hot words (n, 8): `trained`, or `by_opacus.trained`."""


def trained(table: Exact, inputs: Exact, said: Exact, training: Training) -> Exact:
    """`table` (97, 8) after training on `inputs` (n, 97; the last column ones) and `said` (n, 8; one-hot)."""
    lengths = np.linalg.norm(inputs, axis=1)
    for _ in range(training.steps):
        logits = inputs @ table
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        off = odds / odds.sum(axis=1, keepdims=True) - said
        # An example's gradient is the outer product of its input and `off`, so its length is the product of theirs.
        norms = lengths * np.linalg.norm(off, axis=1)
        shares = np.minimum(1.0, training.example_clip / (norms + _TINY))
        table = table - training.rate / len(inputs) * (inputs.T @ (off * shares[:, None]))
    return table


def clipped(delta: Exact, clip: float) -> NDArray[np.float32]:
    """`delta` as 32-bit numbers, made as much shorter as the bound needs."""
    inside = clip * _INSIDE
    length = float(np.linalg.norm(delta))
    return (delta * (inside / length) if length > inside else delta).astype(np.float32)


def _checked(embeddings: NDArray[Any], words: NDArray[Any]) -> tuple[Exact, Exact]:
    seen, said = np.asarray(embeddings, np.float64), np.asarray(words)
    if seen.ndim != 2 or seen.shape[1] != EMBEDDING or said.shape != (len(seen),):  # noqa: PLR2004
        raise RequestInvalid(f"training takes (n, {EMBEDDING}) embeddings and n words")
    if not 1 <= len(seen) <= MAX_EXAMPLES or not np.isfinite(seen).all():
        raise RequestInvalid(f"training takes 1 to {MAX_EXAMPLES} examples of finite numbers")
    if not np.issubdtype(said.dtype, np.integer) or said.min() < 0 or said.max() >= CLASSES:
        raise RequestInvalid(f"a word of training is a number of 0 to {CLASSES - 1}")
    return np.hstack([seen, np.ones((len(seen), 1))]), np.eye(CLASSES)[said]

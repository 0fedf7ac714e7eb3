"""Clipped updates of many people to one noised mean: all that ever leaves a round.

Updates are laid on a grid of S / 2^24 by rounding each number towards zero, which never lengthens a vector: the bound on one person's part stays S, exactly, and is
checked in whole numbers. The sum and the noise are whole numbers too (`noise`), so the release is that of the mathematics and not of a processor's
rounding. The sum is divided by a batch size fixed before the round, never by how many came: that number is not noised.

The discrete Gaussian on this grid has the curve of `accounting`: laid beside a continuous one of the same width, rounded to the grid, 776 numbers differ by less
than 1e-12 in total variation at noise >= 1 (each by under 0.05 / sigma^2 with sigma >= 2^24 steps). That grows as 1 / z^2: a hundredfold, to under 1e-10, at the
least noise, .1. How much of it enters delta is said in docs/explanation/privacy-budget.md.
"""

import math
from fractions import Fraction
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien.wire.messages import HEAD_NUMBERS
from mien_server.adapt.accounting import LEAST_NOISE
from mien_server.adapt.noise import Draws
from mien_server.ports import Entropy

Reason = Literal["shape", "number", "norm"]
"""Why an update is refused: another shape or type, a number that is none, longer than the bound."""
Whole = NDArray[np.int64]
NUMBERS: Final = HEAD_NUMBERS
STEPS: Final = 1 << 24
"""Steps of the grid within the bound S: what float32 resolves."""
MAX_UPDATES: Final = 10_000
"""Updates of one round: they are held in memory while it closes, 3 kB each, and their sum of steps is far within what float64 counts exactly."""


class UpdateRefused(ValueError):
    """An update that does not fit; `reason` names why. The message holds nothing of the update."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason


class Adding:
    """The sum of a round, one update at a time; never more of them in memory than one."""

    def __init__(self, clip: float, numbers: int = NUMBERS) -> None:
        """Of updates with `numbers` numbers and a Euclidean norm of at most `clip` (> 0)."""
        if not (math.isfinite(clip) and clip > 0.0):
            raise ValueError("the bound of an update is a number above 0")
        self.clip, self.numbers = clip, numbers
        self.count = 0
        self._sum: Whole = np.zeros(numbers, np.int64)

    def add(self, update: ArrayLike) -> None:
        """Count one person's update in. Raises `UpdateRefused`, and then nothing of it was."""
        steps = on_grid(update, self.clip, self.numbers)
        if self.count >= MAX_UPDATES:
            raise ValueError(f"a round has at most {MAX_UPDATES} updates")
        self._take(steps)
        self.count += 1

    def total(self) -> Whole:
        """The sum so far in steps of the grid: not noised, so it leaves no round."""
        return self._sum.copy()

    def _take(self, steps: Whole) -> None:
        self._sum += steps

    def release(self, noise: float, expected: int, entropy: Entropy) -> NDArray[np.float64]:
        """The noised sum, divided by the `expected` (fixed) batch size: the mean update, (numbers,) float64.

        `noise` is the multiplier z: the deviation of the noise on the sum is z times the clip. Each call draws anew, so each is a release of its own.
        """
        return released(self.total(), self.clip, noise, expected, entropy)


def released(
    total: Whole, clip: float, noise: float, expected: int, entropy: Entropy
) -> NDArray[np.float64]:
    """`total` (steps of the grid) with noise, divided by `expected`. Raises `ValueError` for a noise or a batch size that is none."""
    if not math.isfinite(noise) or noise < LEAST_NOISE:
        raise ValueError(f"a noise multiplier is a number from {LEAST_NOISE}")
    if expected < 1:
        raise ValueError("the expected batch size is at least 1")
    drawn = Draws(entropy).gaussians((Fraction(noise) * STEPS) ** 2, len(total))
    noised = np.array([int(each) + more for each, more in zip(total, drawn, strict=True)], float)
    return noised * (clip / STEPS / expected)


def on_grid(update: ArrayLike, clip: float, numbers: int = NUMBERS) -> Whole:
    """The update in steps of `clip` / 2^24, rounded towards zero. Raises `UpdateRefused` for another shape, a number that is none, or more length than `clip`."""
    array = np.asarray(update)
    if array.shape != (numbers,) or array.dtype not in {np.dtype(np.float32), np.dtype(np.float64)}:
        raise UpdateRefused("shape", f"an update is {numbers} floating-point numbers")
    exact = array.astype(np.float64)
    if not np.isfinite(exact).all():
        raise UpdateRefused("number", "an update has finite numbers only")
    with np.errstate(over="ignore"):
        scaled = np.trunc(exact * (STEPS / clip))
    if not (np.abs(scaled) <= STEPS).all():
        raise UpdateRefused("norm", "an update is no longer than the round's bound")
    steps: Whole = scaled.astype(np.int64)
    if int(steps @ steps) > STEPS * STEPS:  # at most 776 * 2^48: exact
        raise UpdateRefused("norm", "an update is no longer than the round's bound")
    return steps

"""From noisy pictures to a steady expression: the mean over a window, an exponential mean over windows, and hysteresis between words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from mien.values import EXPRESSIONS, Scores


@dataclass(frozen=True, slots=True)
class Smooth:
    """The smoothed view at the end of a window: `shares` in the order of `EXPRESSIONS` (sum 1), the word that stands, valence and arousal -1..1."""

    shares: tuple[float, ...]
    expression: int
    valence: float
    arousal: float


@dataclass(slots=True)
class Smoother:
    """`memory` is the time constant in seconds (after so long a change counts for 63%), `margin` how much a new word must lead to be taken."""

    memory: float
    margin: float
    _window: list[tuple[float, ...]] = field(default_factory=list, repr=False)
    _mean: tuple[float, ...] | None = field(default=None, repr=False)
    _word: int | None = None

    def add(self, scores: Scores) -> None:
        """One picture of the window."""
        self._window.append((*_proper(scores.expressions), scores.valence, scores.arousal))

    @property
    def pictures(self) -> int:
        """Pictures in the window so far."""
        return len(self._window)

    def drop_window(self) -> None:
        """Forget the window, keep what was before."""
        self._window.clear()

    def reset(self) -> None:
        """Forget everything."""
        self.drop_window()
        self._mean = self._word = None

    def close(self, seconds: float) -> Smooth:
        """The smoothed view at the end of a window of so many seconds, and begin the next. Needs a picture."""
        number = len(self._window)
        fresh = tuple(sum(column) / number for column in zip(*self._window, strict=True))
        self.drop_window()
        if self._mean is not None:
            gain = 1.0 - math.exp(-seconds / self.memory)
            fresh = tuple(
                old + gain * (new - old) for old, new in zip(self._mean, fresh, strict=True)
            )
        self._mean = fresh
        shares = fresh[: len(EXPRESSIONS)]
        best = max(range(len(shares)), key=lambda i: shares[i])
        if self._word is None or shares[best] >= shares[self._word] + self.margin:
            self._word = best
        return Smooth(shares, self._word, fresh[-2], fresh[-1])


def _proper(shares: Sequence[float]) -> tuple[float, ...]:
    """Shares as a distribution: what is no number counts as nothing, and nothing at all as equal shares."""
    clean = [share if math.isfinite(share) and share > 0 else 0.0 for share in shares]
    clean = (clean + [0.0] * len(EXPRESSIONS))[: len(EXPRESSIONS)]
    total = sum(clean)
    if total <= 0 or not math.isfinite(total):
        return tuple(1 / len(EXPRESSIONS) for _ in EXPRESSIONS)
    return tuple(share / total for share in clean)

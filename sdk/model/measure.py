"""Figures of accuracy, shared by calibration, evaluation and the model card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

BINS = 10


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Rows of probabilities."""
    warm = logits / temperature
    odds = np.exp(warm - warm.max(1, keepdims=True))
    return np.asarray(odds / odds.sum(1, keepdims=True), np.float64)


def best_temperature(logits: Floats, labels: Ints) -> float:
    """The temperature with the least negative log-likelihood (Guo et al. 2017), by a fine grid over .3 to 3."""
    rows = np.arange(len(labels))
    grid = np.exp(np.linspace(np.log(0.3), np.log(3), 231))
    costs = [-np.log(softmax(logits, t)[rows, labels] + 1e-12).mean() for t in grid]
    return float(grid[int(np.argmin(costs))])


def calibration_error(probabilities: Floats, labels: Ints) -> float:
    """Expected calibration error over ten equal bins of the strongest probability (Naeini et al. 2015)."""
    top, hit = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((top * BINS).astype(int), BINS - 1)
    gaps = [
        (place == b).mean() * abs(float(top[place == b].mean()) - float(hit[place == b].mean()))
        for b in np.unique(place)
    ]
    return float(sum(gaps))


def confusion(labels: Ints, guesses: Ints, count: int) -> Ints:
    """(count, count): rows truth, columns guess."""
    out = np.zeros((count, count), np.int64)
    np.add.at(out, (labels, guesses), 1)
    return out


def accuracy(table: Ints) -> float:
    """Share on the diagonal."""
    return float(table.trace() / max(1, table.sum()))


def recalls(table: Ints) -> Floats:
    """Per class; NaN where the class is absent."""
    total = table.sum(1)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, table.diagonal() / np.maximum(total, 1), np.nan)


def macro_f1(table: Ints, present: Sequence[int]) -> float:
    """Mean F1 over the classes present in the truth."""
    scores = []
    for k in present:
        total = table[k].sum() + table[:, k].sum()
        scores.append(2 * table[k, k] / total if total else 0.0)
    return float(np.mean(scores)) if scores else float("nan")


def reliability(probabilities: Floats, labels: Ints) -> list[tuple[float, float, int]]:
    """Per bin of the strongest probability: mean probability, share that was right, count; empty bins are left out."""
    top, hit = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((top * BINS).astype(int), BINS - 1)
    return [
        (
            round(float(top[place == b].mean()), 4),
            round(float(hit[place == b].mean()), 4),
            int((place == b).sum()),
        )
        for b in np.unique(place)
    ]


def correlation(truth: Floats, guess: Floats) -> float:
    """Pearson's, 0 where the truth does not vary."""
    if truth.std() < 1e-6 or guess.std() < 1e-6:
        return 0.0
    return round(float(np.corrcoef(truth, guess)[0, 1]), 3)


def uf1(table: Ints) -> float:
    """Unweighted mean of the F1 of each class (See et al. 2019)."""
    return round(macro_f1(table, range(len(table))), 4)


def uar(table: Ints) -> float:
    """Unweighted mean of the recalls of the classes that are there."""
    return round(float(np.nanmean(recalls(table))), 4)


def gap(groups: Mapping[str, Floats], draws: int = 2000) -> dict[str, Any]:
    """Accuracy per group (from hits per person), and the gap between best and worst; 95 % intervals by bootstrap over people."""
    rng = np.random.default_rng(0)
    means = {k: float(v.mean()) for k, v in groups.items()}
    again = {
        k: np.array([v[rng.integers(0, len(v), len(v))].mean() for _ in range(draws)])
        for k, v in groups.items()
    }
    best, worst = max(means, key=means.__getitem__), min(means, key=means.__getitem__)
    spread = again[best] - again[worst]

    def interval(values: Floats) -> list[float]:
        return [round(float(q), 4) for q in np.quantile(values, (0.025, 0.975))]

    return {
        "groups": {
            k: {"n": len(v), "accuracy": round(means[k], 4), "interval": interval(again[k])}
            for k, v in groups.items()
        },
        "gap": round(means[best] - means[worst], 4),
        "gap_interval": interval(spread),
    }

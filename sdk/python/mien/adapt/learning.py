"""A head from answers: the base head, moved as little as the answers ask for.

Multinomial logistic regression with the base head as its prior mean: of all changes D of the head the one that minimizes

    sum over answers of weight * -log p(said | base + shift + D) + (RIDGE + EARLY / n) / 2 * |D|^2

over embeddings that count from a centre. There are far fewer answers than numbers of a head, so it is solved in the dual: D is a sum of the
answers' embeddings, and what is searched for is one row of 8 for each answer (Jaakkola and Haussler 1999, 'Probabilistic kernel regression models').
Nesterov's accelerated gradient, a fixed number of steps: the same answers give the same head, whatever was learned before.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.adapt.head import CLASSES, EMBEDDING, Head, softmax

RIDGE: Final = 1.0
"""Precision of the prior: how much is asked for before the head moves."""
EARLY: Final = 20.0
"""More of it while answers are few: one answer moves the head little."""
STEPS: Final = 40

Numbers = NDArray[np.float64]


def learned(
    base: Head,
    shift: NDArray[Any],
    *,
    embeddings: NDArray[Any],
    said: NDArray[np.int64],
    weights: NDArray[Any],
    centre: NDArray[Any],
) -> Head:
    """The head after answers: `embeddings` (n, 96), `said` (n,) expressions by number, `weights` (n,) of each, from 0 on.

    `shift` (8,) is added to the logits first; `centre` (96,) is where embeddings are counted from. With n = 0: the base head and the shift.
    """
    table = np.array(base.table, np.float64)
    table[EMBEDDING] += shift
    if len(said):
        away = np.asarray(embeddings, np.float64) - centre
        rows = np.hstack([away, np.ones((len(said), 1))])
        prior = np.asarray(embeddings, np.float64) @ table[:EMBEDDING] + table[EMBEDDING]
        ridge = RIDGE + EARLY / len(said)
        moves = rows.T @ _rows(rows @ rows.T / ridge, prior, said, weights) / ridge
        table[:EMBEDDING] += moves[:EMBEDDING]
        table[EMBEDDING] += moves[EMBEDDING] - np.asarray(centre, np.float64) @ moves[:EMBEDDING]
    return Head(np.asarray(table.reshape(-1), np.float32))


def _rows(
    kernel: Numbers, prior: Numbers, said: NDArray[np.int64], weights: NDArray[Any]
) -> Numbers:
    """(n, 8): how much each answer pulls at each expression."""
    truth = np.eye(CLASSES)[said]
    weight = np.asarray(weights, np.float64)[:, None]
    # The curvature of a softmax is at most 1/2: a step that no answer can overshoot.
    step = 1.0 / (1.0 + 0.5 * float(weight.max()) * float(np.abs(kernel).sum(1).max()))
    rows = ahead = np.zeros_like(prior)
    pace = 1.0
    for _ in range(STEPS):
        error = truth - softmax(prior + kernel @ ahead)
        fresh = ahead + step * (weight * error - ahead)
        faster = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead = fresh + (pace - 1) / faster * (fresh - rows)
        rows, pace = fresh, faster
    return np.asarray(rows, np.float64)

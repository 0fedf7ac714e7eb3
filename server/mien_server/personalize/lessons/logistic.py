"""What a learner got right and wrong lately, as numbers, and the logistic regression that weighs them.

Performance factors analysis (Pavlik, Cen and Koedinger 2009) counts what was right and wrong in a skill; Galyardt and Goldin 2014 (recent performance
factors) let what is long ago fade. Both are here, and the learner's answers over all skills beside them:

    0  log(1 + right answers in this skill)
    1  log(1 + wrong answers in this skill)
    2  share of right answers in this skill, each counting DECAY times as much as the next, minus a half
    3  the same over all skills
    4  share of right answers over all skills, none fading, minus a half

Shares begin at a half with the weight of one answer, so that a beginner is in the middle and nothing is divided by zero.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from mien_server.personalize.lessons.elo import LIMIT

Vector = npt.NDArray[np.float64]
FEATURES: Final = 5
DECAY: Final = 0.8
"""How much of an answer's weight the next one leaves: after three more it counts about half."""
RIDGE: Final = 1.0
"""Weight of the prior on every coefficient: as much as one answer whose outcome was an even chance would have told four times."""
PRIOR: Final = (0.3, -0.3, 1.0, 1.0, 1.0)
"""The weights before anybody has answered: right answers speak for the next, wrong ones against it. Round numbers, deliberately small."""
_STEPS: Final = 30
_NEAR: Final = 1e-6


@dataclass(slots=True)
class _Share:
    """A share of right answers that fades: both sums begin with half an answer right and half wrong."""

    right: float = 0.5
    all: float = 1.0

    def learn(self, decay: float, *, correct: bool) -> None:
        self.right = self.right * decay + correct
        self.all = self.all * decay + 1.0

    @property
    def centred(self) -> float:
        """-1/2 .. 1/2."""
        return self.right / self.all - 0.5


@dataclass(slots=True)
class _Skill:
    right: int = 0
    wrong: int = 0
    recent: _Share = field(default_factory=_Share)


class Past:
    """One learner's answers so far, as the features of the next one."""

    def __init__(self, decay: float = DECAY) -> None:
        self._decay = decay
        self._skills: dict[int | str, _Skill] = {}
        self._recent = _Share()
        self._ever = _Share()

    def features(self, skill: int | str) -> tuple[float, ...]:
        """The five numbers before an answer in `skill`."""
        known = self._skills.get(skill)
        own = (
            (0.0, 0.0, 0.0)
            if known is None
            else (math.log1p(known.right), math.log1p(known.wrong), known.recent.centred)
        )
        return (*own, self._recent.centred, self._ever.centred)

    def learn(self, skill: int | str, *, correct: bool) -> None:
        """Take one more answer in."""
        known = self._skills.setdefault(skill, _Skill())
        known.right += correct
        known.wrong += not correct
        known.recent.learn(self._decay, correct=correct)
        self._recent.learn(self._decay, correct=correct)
        self._ever.learn(1.0, correct=correct)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A logistic regression with an intercept for each skill. `weights` (5,), `intercepts` (skills,), `other` for skills never seen."""

    weights: Vector
    intercepts: Vector
    other: float

    def log_odds(self, rows: Vector, skills: npt.NDArray[np.int64]) -> Vector:
        """Log-odds (n,) of right answers with features `rows` (n, 5) in `skills` (n,)."""
        known = skills < len(self.intercepts)
        own = np.where(known, self.intercepts[np.where(known, skills, 0)], self.other)
        held: Vector = np.clip(rows @ self.weights + own, -LIMIT, LIMIT)
        return held


def fit(
    rows: Vector,
    skills: npt.NDArray[np.int64],
    correct: Vector,
    progress: Callable[[], None] = lambda: None,
) -> Fitted:
    """Fit by Newton's method with a ridge on every coefficient: the maximum of a concave function, so the same wherever it begins.

    `rows` (n, 5), `skills` (n,) from 0, `correct` (n,) of 0 and 1. The Hessian is diagonal in the intercepts, so that they are eliminated and what is left
    to solve is 6 x 6, however many skills there are. An intercept is drawn towards that of all skills together, which skills that nobody answered get.
    """
    count = int(skills.max()) + 1
    wide = np.column_stack((rows, np.ones(len(rows))))
    weights, intercepts = np.zeros(wide.shape[1]), np.zeros(count)
    for _ in range(_STEPS):
        odds = np.clip(wide @ weights + intercepts[skills], -LIMIT, LIMIT)
        expected = 1.0 / (1.0 + np.exp(-odds))
        step, shift = _newton(wide, skills, correct - expected, expected, weights, intercepts)
        weights, intercepts = weights + step, intercepts + shift
        progress()
        if max(np.abs(step).max(), np.abs(shift).max()) < _NEAR:
            break
    middle = float(weights[-1])
    return Fitted(weights[:-1], intercepts + middle, middle)


def _newton(  # noqa: PLR0917 - the parts of one step
    rows: Vector, skills: npt.NDArray[np.int64], residual: Vector, expected: Vector, weights: Vector, intercepts: Vector
) -> tuple[Vector, Vector]:  # fmt: skip
    """One step of Newton's method, the intercepts eliminated (Schur complement)."""
    count = len(intercepts)
    curve = expected * (1.0 - expected)
    weighed = rows * curve[:, None]
    diagonal = np.bincount(skills, curve, count) + RIDGE
    across = np.stack([np.bincount(skills, column, count) for column in weighed.T], axis=1)
    inner = rows.T @ weighed + RIDGE * np.eye(rows.shape[1])
    slope = rows.T @ residual - RIDGE * weights
    slopes = np.bincount(skills, residual, count) - RIDGE * intercepts
    scaled = across / diagonal[:, None]
    step: Vector = np.asarray(
        np.linalg.solve(inner - across.T @ scaled, slope - scaled.T @ slopes), dtype=np.float64
    )
    return step, (slopes - across @ step) / diagonal


@dataclass(slots=True)
class Sums:
    """What one Newton step from `PRIOR` needs, added up over answers in any order: slope (5,) and curvature (5, 5) of the log-likelihood."""

    slope: Vector = field(default_factory=lambda: np.zeros(FEATURES))
    curve: Vector = field(default_factory=lambda: np.zeros((FEATURES, FEATURES)))

    def learn(self, rows: Vector, difficulties: Vector, correct: Vector) -> None:
        """Answers: features (n, 5), difficulty of each item in log-odds (n,), 0 or 1 (n,)."""
        odds = np.clip(rows @ np.asarray(PRIOR) - difficulties, -LIMIT, LIMIT)
        expected = 1.0 / (1.0 + np.exp(-odds))
        self.slope += rows.T @ (correct - expected)
        self.curve += rows.T @ (rows * (expected * (1.0 - expected))[:, None])

    def weights(self) -> tuple[float, ...]:
        """The weights after one damped step from the prior; each within 3 of it. Without answers the prior itself."""
        step = np.linalg.solve(self.curve + RIDGE * np.eye(FEATURES), self.slope)
        return tuple(float(w) for w in np.asarray(PRIOR) + np.clip(step, -3.0, 3.0))

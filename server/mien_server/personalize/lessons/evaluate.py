"""How well three models predict answers of learners they were not fitted on: the area under the ROC curve.

The protocol. Learners are split, never their answers. Whoever comes with a split (files that end in `_train`, `_valid` and `_test`) is taken at their word;
else a seeded fifth of the learners is the test. Every answer of a test learner is predicted from that learner's earlier answers alone and counted; the area is
over all of them together.

- skill mean   the share of right answers in the skill among the training learners
- Elo          one ability a learner, one difficulty a skill, both moving with every answer, those of the test learners too (that is how it runs); how fast the
               ability moves is chosen from `STEPS` by the training learners alone
- logistic     an intercept a skill and the five features of `logistic`, fitted to the training learners; how fast the past fades is chosen from `DECAYS` the
               same way

The choice: a seeded fifth of the training learners is held out, the best of the grid there is used on all of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from mien.errors import RequestInvalid
from mien_server.personalize.lessons.elo import Ratings, Step
from mien_server.personalize.lessons.logistic import FEATURES, Past, Vector, fit
from mien_server.personalize.lessons.logs import Learner

SEED: Final = 1
HELD_OUT: Final = 0.2
"""The part of the learners that is not fitted on."""
FEWEST: Final = 5
"""Learners without whom nothing can be split."""
STEPS: Final = tuple(
    Step(first, slowing) for first in (0.2, 0.4, 0.6, 1.0, 1.8) for slowing in (0.0, 0.02, 0.05)
)
DECAYS: Final = (0.6, 0.7, 0.8, 0.9)
STAGES: Final = len(STEPS) + len(DECAYS) + 3
"""How often `progress` is told."""
T = TypeVar("T")
Progress = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Played:
    """Learners whose skills are numbers: skills and outcomes of each."""

    skills: tuple[tuple[int, ...], ...]
    correct: tuple[tuple[bool, ...], ...]

    def outcomes(self) -> Vector:
        """Every outcome in order, 0 or 1, (n,)."""
        return np.array([right for each in self.correct for right in each], dtype=np.float64)

    def some(self, places: Sequence[int]) -> "Played":
        """These learners only."""
        return Played(
            tuple(self.skills[at] for at in places), tuple(self.correct[at] for at in places)
        )

    def __len__(self) -> int:
        """Learners."""
        return len(self.skills)


@dataclass(frozen=True, slots=True)
class Measured:
    """Areas under the ROC curve, and what they were measured on."""

    skill_mean: float
    elo: float
    logistic: float
    train_learners: int
    test_learners: int
    test_answers: int
    skills: int
    step: Step
    decay: float


def split(learners: Sequence[Learner], seed: int = SEED) -> tuple[list[Learner], list[Learner]]:
    """Training and test learners. Raises `RequestInvalid` for fewer than five."""
    first, second = _halves(len(learners), seed)
    return [learners[at] for at in first], [learners[at] for at in second]


def measure(
    train: Sequence[Learner], test: Sequence[Learner], *, seed: int = SEED, progress: Progress = lambda: None
) -> Measured:  # fmt: skip
    """All three areas. Raises `RequestInvalid` for too few learners, or where the test's answers are all right or all wrong."""
    numbers: dict[str, int] = {}
    fitted, tested = _numbered(train, numbers), _numbered(test, numbers)
    first, second = _halves(len(fitted), seed)
    inner, held = fitted.some(first), fitted.some(second)
    outcomes = tested.outcomes()
    means = auc(_skill_mean(fitted, tested), outcomes)
    progress()
    step = _best(STEPS, lambda each: auc(_elo(inner, held, each), held.outcomes()), progress)
    elo = auc(_elo(fitted, tested, step), outcomes)
    progress()
    decay = _best(DECAYS, lambda each: auc(_logistic(inner, held, each), held.outcomes()), progress)
    logistic = auc(_logistic(fitted, tested, decay), outcomes)
    progress()
    return Measured(
        means, elo, logistic, len(fitted), len(tested), len(outcomes), len(numbers), step, decay
    )


def auc(scores: Vector, outcomes: Vector) -> float:
    """Area under the ROC curve: how often a right answer was rated above a wrong one, ties counting half (Mann and Whitney 1947).

    `scores` and `outcomes` (0 or 1) are (n,). Raises `RequestInvalid` where there is only one kind of outcome.
    """
    right = outcomes.astype(bool)
    many, few = int(right.sum()), int((~right).sum())
    if not many or not few:
        msg = "the answers to predict are all right or all wrong; there is nothing to tell apart, so give more learners"
        raise RequestInvalid(msg)
    _values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    return float((ranks[right].sum() - many * (many + 1) / 2) / (many * few))


def _best(choices: Sequence[T], worth: Callable[[T], float], progress: Progress) -> T:
    """The choice worth most; of equals the first."""
    found: list[float] = []
    for each in choices:
        found.append(worth(each))
        progress()
    return choices[int(np.argmax(found))]


def _halves(count: int, seed: int) -> tuple[list[int], list[int]]:
    if count < FEWEST:
        msg = f"only {count} learners to fit on; at least {FEWEST} are needed, so give more"
        raise RequestInvalid(msg)
    order = np.random.default_rng(seed).permutation(count)
    held = max(1, round(count * HELD_OUT))
    return sorted(int(at) for at in order[held:]), sorted(int(at) for at in order[:held])


def _numbered(learners: Sequence[Learner], numbers: dict[str, int]) -> Played:
    skills = tuple(
        tuple(numbers.setdefault(skill, len(numbers)) for skill in each.skills) for each in learners
    )
    return Played(skills, tuple(each.correct for each in learners))


def _skill_mean(train: Played, test: Played) -> Vector:
    skills = np.array([skill for each in train.skills for skill in each], dtype=np.int64)
    asked = np.array([skill for each in test.skills for skill in each], dtype=np.int64)
    count = int(max(skills.max(), asked.max())) + 1
    outcomes = train.outcomes()
    seen = np.bincount(skills, minlength=count)
    right = np.bincount(skills, outcomes, count)
    means = np.where(seen > 0, right / np.maximum(seen, 1), outcomes.mean())
    return np.asarray(means[asked])


def _elo(train: Played, test: Played, step: Step) -> Vector:
    ratings = Ratings(step)
    for skills, correct in zip(train.skills, train.correct, strict=True):
        ratings.play(skills, correct)
    expected = [
        odds
        for skills, correct in zip(test.skills, test.correct, strict=True)
        for odds in ratings.play(skills, correct)
    ]
    return np.array(expected)


def _logistic(train: Played, test: Played, decay: float) -> Vector:
    rows, skills = _rows(train, decay)
    fitted = fit(rows, skills, train.outcomes())
    return fitted.log_odds(*_rows(test, decay))


def _rows(played: Played, decay: float) -> tuple[Vector, npt.NDArray[np.int64]]:
    rows: list[tuple[float, ...]] = []
    for skills, correct in zip(played.skills, played.correct, strict=True):
        past = Past(decay)
        for skill, right in zip(skills, correct, strict=True):
            rows.append(past.features(skill))
            past.learn(skill, correct=right)
    flat = np.array([skill for each in played.skills for skill in each], dtype=np.int64)
    return np.array(rows, dtype=np.float64).reshape(-1, FEATURES), flat

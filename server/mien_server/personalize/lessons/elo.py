"""Elo: a learner's ability and the difficulty of what they answer, moved by every answer a little less than by the one before.

An answer is a match between learner and item (Elo 1978; for learning: Pelánek 2016, "Applications of the Elo rating system in adaptive educational
systems"). The chance of a right answer is the logistic of ability minus difficulty; both move by K(n) times what was unexpected, where
K(n) = a / (1 + b n) falls with the number n of answers that the rating rests on: the uncertainty function of that paper. All ratings are in log-odds.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

LIMIT: Final = 12.0
"""Log-odds beyond which nothing is told apart any more: ratings and predictions are kept within, so that no input overflows."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far one answer moves a rating: `first` for the first one, less with each, by `slowing` (0: always the same)."""

    first: float
    slowing: float

    def after(self, answers: int) -> float:
        """K(n), positive."""
        return self.first / (1.0 + self.slowing * answers)


DIFFICULTY: Final = Step(1.0, 0.05)
"""Of a difficulty: the values of Pelánek 2016, section 3."""
ABILITY: Final = Step(1.0, 0.05)
"""Of an ability in the product; `evaluate` chooses its own on held-out learners."""
SKILL_SHARE: Final = 0.5
"""How much of a step also moves what is known of the learner in this one skill."""


def chance(log_odds: float) -> float:
    """The logistic function, 0..1; safe for every finite number."""
    held = max(-LIMIT, min(LIMIT, log_odds))
    return 1.0 / (1.0 + math.exp(-held))


def log_odds(probability: float) -> float:
    """The inverse of `chance`, for a probability strictly between 0 and 1."""
    return math.log(probability / (1.0 - probability))


@dataclass(slots=True)
class Ability:
    """One learner: ability over all skills, and how much more or less in each. Log-odds; a beginner is at 0."""

    overall: float = 0.0
    answers: int = 0
    skills: dict[str, float] = field(default_factory=dict)

    def at(self, skill: str) -> float:
        """Ability in a skill."""
        return self.overall + self.skills.get(skill, 0.0)

    def learn(self, skill: str, difficulty: float, *, correct: bool) -> None:
        """Move by one answer to an item of `skill` with this difficulty."""
        surprise = correct - chance(self.at(skill) - difficulty)
        step = ABILITY.after(self.answers) * surprise
        self.overall = _held(self.overall + step)
        self.skills[skill] = _held(self.skills.get(skill, 0.0) + SKILL_SHARE * step)
        self.answers += 1


def ability_of(answers: Iterable[tuple[str, float, bool]]) -> Ability:
    """The ability after answers in order: skill, difficulty of the item, whether it was right."""
    ability = Ability()
    for skill, difficulty, correct in answers:
        ability.learn(skill, difficulty, correct=correct)
    return ability


class Ratings:
    """Elo over whole logs, both sides unknown: the difficulty of each skill (or item), and one ability a learner. The way of the paper."""

    def __init__(self, ability: Step) -> None:
        self._ability = ability
        self._difficulty: dict[int, float] = {}
        self._seen: dict[int, int] = {}

    @property
    def difficulties(self) -> dict[int, float]:
        """Difficulty by skill, log-odds."""
        return dict(self._difficulty)

    def play(self, skills: Iterable[int], correct: Iterable[bool]) -> list[float]:
        """Every answer of one new learner in order: the log-odds that were expected before each. Both sides have moved afterwards."""
        ability, expected = 0.0, []
        for answers, (skill, right) in enumerate(zip(skills, correct, strict=True)):
            difficulty = self._difficulty.get(skill, 0.0)
            odds = ability - difficulty
            expected.append(odds)
            surprise = right - 1.0 / (1.0 + math.exp(-odds))
            seen = self._seen.get(skill, 0)
            ability = _held(ability + self._ability.after(answers) * surprise)
            self._difficulty[skill] = _held(difficulty - DIFFICULTY.after(seen) * surprise)
            self._seen[skill] = seen + 1
        return expected


def _held(rating: float) -> float:
    return max(-LIMIT / 2, min(LIMIT / 2, rating))

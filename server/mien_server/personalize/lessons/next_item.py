"""The next item: the one whose chance of success is nearest to what is aimed at, spaced, in the site's own order where nothing tells two apart.

Aim: .75 (a little easier than the .5 at which an answer tells most, because people stay). The chance is the mean, in log-odds, of the two models: Elo, and
the logistic regression over recent answers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mien.errors import RequestInvalid
from mien_server.personalize.lessons import elo, logistic, spacing, words
from mien_server.personalize.lessons.feeling import Feeling, Pace
from mien_server.personalize.lessons.learned import Learned
from mien_server.values import GivenAnswer, LessonBank, LessonItem

TARGET: Final = 0.75
"""Chance of success that is aimed at."""
WAITS: Final = 3.0
"""Log-odds by which an item that is wholly remembered seems further away."""
RETURNS: Final = 1.0
"""Log-odds by which one that was wrong seems nearer."""


@dataclass(frozen=True, slots=True)
class Next:
    """The item, the chance that this learner gets it right, what was aimed at, the pace (steady, slower, pause), and why.

    All but the item is about the person: sealed to their device, never logged.
    """

    item: LessonItem
    chance: float = field(repr=False)
    target: float = field(repr=False)
    pace: Pace = field(repr=False)
    why: str = field(repr=False)


def next_item(  # noqa: PLR0917 - one argument for each thing the choice rests on
    bank: LessonBank,
    learned: Learned,
    answers: Sequence[GivenAnswer],
    feeling: Feeling,
    skills: Collection[str],
    now: int,
) -> Next:
    """Choose from `bank`, among `skills` where any are named. `answers` are the learner's own, oldest first. Deterministic.

    Every item stays within reach of everybody: what waits is only further away. Raises `RequestInvalid` where no item is of these skills.
    """
    items = [item for item in bank.items.values() if not skills or item.skill in skills]
    if not items:
        msg = "no lesson here is of these skills; see the site's bank of items"
        raise RequestInvalid(msg)
    known = [each for each in answers if each.item in bank.items]
    odds = _Odds(bank, learned, known)
    traces = spacing.traces((each.item, each.at, each.correct) for each in known)
    target = elo.log_odds(TARGET) + feeling.shift
    far = [abs(odds.of(item) - target) + _spaced(traces.get(item.id), now) for item in items]
    at = int(np.argmin(far))
    item = items[at]
    trace = traces.get(item.id)
    said = words.Said(
        skill=item.skill,
        before=sum(bank.items[each.item].skill == item.skill for each in known),
        again=trace is not None and trace.streak == 0,
        chance=elo.chance(odds.of(item)),
        feeling=feeling,
    )
    return Next(item, said.chance, elo.chance(target), feeling.pace, words.whole(said))


class _Odds:
    """The log-odds of a right answer to an item."""

    def __init__(self, bank: LessonBank, learned: Learned, known: Sequence[GivenAnswer]) -> None:
        self._bank, self._learned = bank, learned
        self._past = logistic.Past()
        rows = []
        for each in known:
            skill = bank.items[each.item].skill
            rows.append((skill, learned.difficulty(bank, each.item), each.correct))
            self._past.learn(skill, correct=each.correct)
        self._ability = elo.ability_of(rows)
        self._skills: dict[str, float] = {}

    def of(self, item: LessonItem) -> float:
        """The mean of both models."""
        found = self._skills.get(item.skill)
        if found is None:
            recent = float(np.dot(self._past.features(item.skill), self._learned.weights))
            found = self._skills[item.skill] = (self._ability.at(item.skill) + recent) / 2
        return found - self._learned.difficulty(self._bank, item.id)


def _spaced(trace: spacing.Trace | None, now: int) -> float:
    if trace is None:
        return 0.0
    if trace.streak == 0:
        return -RETURNS if trace.returns else WAITS
    return WAITS * trace.memory(now)

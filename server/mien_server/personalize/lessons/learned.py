"""What all learners' answers say of items, skills and weights, as sums over people: made anew from the answers, never changed in place.

    tally = Tally()
    for each person: tally.person(bank, their answers)
    learned = tally.finish(bank)

Adding people in any order, in any number of pieces, gives the same sums up to rounding. A person is forgotten by adding up the others. `finish` drops every
item and skill that fewer than `MINIMUM` people answered, and everything where fewer took part: what would be about a few is never kept.

An item's difficulty is one Newton step (Fisher scoring) away from what the site declared, with a ridge: where items are chosen for the learner, plain shares of
right answers would say of every item that three of four get it right.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np

from mien.errors import KeepUnreadable
from mien_server.personalize.lessons import elo, logistic
from mien_server.values import GivenAnswer, LessonBank

MINIMUM: Final = 10
"""People below which nothing is said, kept or used."""
DOUBT: Final = 4.0
"""How many answers' worth the site's own difficulty of an item is."""
MOVES: Final = 4.0
"""Log-odds that a difficulty may lie from the declared one."""
VERSION: Final = 1


@dataclass(slots=True)
class _Item:
    people: int = 0
    residual: float = 0.0
    information: float = 0.0


@dataclass(slots=True)
class _Skill:
    """`share` is the sum over people of each one's own share of right answers: nobody counts more than once."""

    people: int = 0
    answers: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class SkillView:
    """A skill as a teacher sees it: people and answers rounded down to fives, success in whole percent to fives, difficulty in log-odds."""

    skill: str
    people: int
    answers: int
    success: int
    difficulty: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What is used: difficulties of items, weights of the logistic model, skills. `people` took part; all empty for fewer than `MINIMUM`."""

    people: int = 0
    moved: Mapping[str, float] = field(default_factory=dict)
    weights: tuple[float, ...] = logistic.PRIOR
    skills: tuple[SkillView, ...] = ()

    def difficulty(self, bank: LessonBank, item: str) -> float:
        """Difficulty of an item of `bank`, log-odds."""
        return bank.items[item].difficulty + self.moved.get(item, 0.0)

    def to_bytes(self) -> bytes:
        """As it is kept. Fractions as texts that read back exactly."""
        skills = [
            [each.skill, each.people, each.answers, each.success, repr(each.difficulty)]
            for each in self.skills
        ]
        moved = {name: repr(value) for name, value in sorted(self.moved.items())}
        weights = [repr(each) for each in self.weights]
        return json.dumps({"v": VERSION, "people": self.people, "moved": moved, "weights": weights, "skills": skills}).encode()  # fmt: skip

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote. Raises `KeepUnreadable`."""
        value = _read(data)
        return cls(
            value["people"],
            {name: float(text) for name, text in value["moved"].items()},
            tuple(float(text) for text in value["weights"]),
            tuple(
                SkillView(name, people, answers, success, float(difficulty))
                for name, people, answers, success, difficulty in value["skills"]
            ),
        )


class Tally:
    """Sums on their way."""

    def __init__(self) -> None:
        self._people = 0
        self._items: dict[str, _Item] = {}
        self._skills: dict[str, _Skill] = {}
        self._fit = logistic.Sums()

    def person(self, bank: LessonBank, answers: Iterable[GivenAnswer]) -> None:
        """Add one person's answers, oldest first. Answers to items that the bank no longer has are left out."""
        ability, past = elo.Ability(), logistic.Past()
        known = [each for each in answers if each.item in bank.items]
        rows: list[tuple[float, ...]] = []
        skills: dict[str, list[bool]] = {}
        for each in known:
            item = bank.items[each.item]
            expected = elo.chance(ability.at(item.skill) - item.difficulty)
            kept = self._items.setdefault(each.item, _Item())
            kept.residual += expected - each.correct
            kept.information += expected * (1.0 - expected)
            rows.append(past.features(item.skill))
            ability.learn(item.skill, item.difficulty, correct=each.correct)
            past.learn(item.skill, correct=each.correct)
            skills.setdefault(item.skill, []).append(each.correct)
        if known:
            hard = np.array([bank.items[each.item].difficulty for each in known])
            right = np.array([each.correct for each in known], dtype=np.float64)
            self._fit.learn(np.array(rows), hard, right)
            self._count({each.item for each in known}, skills)

    def _count(self, items: Iterable[str], skills: Mapping[str, list[bool]]) -> None:
        for item in items:
            self._items[item].people += 1
        for skill, right in skills.items():
            kept = self._skills.setdefault(skill, _Skill())
            kept.people += 1
            kept.answers += len(right)
            kept.share += sum(right) / len(right)
        self._people += 1

    def finish(self, bank: LessonBank) -> Learned:
        """What may be kept and used of it."""
        if self._people < MINIMUM:
            return Learned()
        moved = {
            name: max(-MOVES, min(MOVES, each.residual / (each.information + DOUBT / 4)))
            for name, each in sorted(self._items.items())
            if each.people >= MINIMUM
        }
        skills = tuple(
            _view(name, each, bank, moved)
            for name, each in sorted(self._skills.items())
            if each.people >= MINIMUM
        )
        return Learned(self._people, moved, self._fit.weights(), skills)

    def to_bytes(self) -> bytes:
        """As it is kept between two pieces."""
        return json.dumps({
            "v": VERSION, "people": self._people,
            "items": {name: [each.people, repr(each.residual), repr(each.information)] for name, each in self._items.items()},
            "skills": {name: [each.people, each.answers, repr(each.share)] for name, each in self._skills.items()},
            "slope": [repr(float(each)) for each in self._fit.slope],
            "curve": [[repr(float(each)) for each in row] for row in self._fit.curve],
        }).encode()  # fmt: skip

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """What `to_bytes` wrote. Raises `KeepUnreadable`."""
        value = _read(data)
        found = cls()
        found._people = value["people"]
        found._items = {
            name: _Item(row[0], float(row[1]), float(row[2]))
            for name, row in value["items"].items()
        }
        found._skills = {
            name: _Skill(row[0], row[1], float(row[2])) for name, row in value["skills"].items()
        }
        found._fit.slope = np.array([float(each) for each in value["slope"]])
        found._fit.curve = np.array([[float(each) for each in row] for row in value["curve"]])
        return found


def _view(name: str, each: _Skill, bank: LessonBank, moved: Mapping[str, float]) -> SkillView:
    of_skill = [
        item.difficulty + moved.get(key, 0.0)
        for key, item in bank.items.items()
        if item.skill == name
    ]
    success = 5 * round(20 * each.share / each.people)
    difficulty = round(sum(of_skill) / len(of_skill), 1) if of_skill else 0.0
    return SkillView(name, each.people // 5 * 5, each.answers // 5 * 5, success, difficulty)


def _read(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    if value.get("v") != VERSION:
        msg = f"stored sums of lessons are not of version {VERSION}; use the server that wrote them"
        raise KeepUnreadable(msg)
    return value

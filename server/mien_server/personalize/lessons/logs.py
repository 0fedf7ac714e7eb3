"""Files of answers, read: rows of learner, skill and correct, or the three lines a learner of the DKVMN distribution. Text in, sequences out.

Rows: separated by commas, semicolons or tabs, in the order in which they were answered; rows of different learners may be mixed. The first row names the
columns (any case, spaces for underscores), others are ignored:

    learner   learner, learner_id, user, user_id, student, student_id, anon_student_id
    skill     skill, skill_id, skill_name, kc, concept, tag, problem_set, sequence_id
    correct   correct, correctness, outcome, is_correct (0 or 1, true or false)

Without such a row the columns are these three in this order. Rows without a skill belong to none; they are left out and counted.

Three lines: how many answers, their skills, whether each was right (0 or 1), the latter two separated by commas.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mien.errors import RequestInvalid

NAMES: Final = {
    "learner": ("learner", "learner_id", "user", "user_id", "student", "student_id", "anon_student_id"),
    "skill": ("skill", "skill_id", "skill_name", "kc", "concept", "tag", "problem_set", "sequence_id"),
    "correct": ("correct", "correctness", "outcome", "is_correct"),
}  # fmt: skip
"""What a column may be called, the likeliest first."""
_RIGHT: Final = {
    "1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False,
}  # fmt: skip
_NO_SKILL: Final = frozenset({"", "na", "nan", "null", "none"})
_COLUMNS: Final = 3


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner's answers in order: the skill of each, and whether it was right."""

    skills: tuple[str, ...]
    correct: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """One file: learners, and how many rows had no skill."""

    learners: tuple[Learner, ...]
    without_skill: int = 0


def read(text: str, name: str) -> Log:
    """A file's text as a log. `name` is said in errors. Raises `RequestInvalid` that names the line and what it should be."""
    lines = text.removeprefix("\ufeff").splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise RequestInvalid(f"`{name}` is empty; give rows of learner, skill and correct")
    if lines[0].strip().rstrip(",").isdigit():
        return _by_threes(lines, name)
    return _by_rows(lines, name)


def _by_threes(lines: Sequence[str], name: str) -> Log:
    if len(lines) % 3:
        raise RequestInvalid(
            f"`{name}` ends within a learner; each has three lines: count, skills, correctness"
        )
    found = []
    for at in range(0, len(lines), 3):
        count = lines[at].strip().rstrip(",")
        skills, correct = (_cells(line) for line in lines[at + 1 : at + 3])
        if not count.isdigit() or not int(count) == len(skills) == len(correct):
            raise RequestInvalid(
                f"`{name}`, line {at + 1}: the count is not that of the two lines below; check the file"
            )
        found.append(Learner(tuple(skills), tuple(_right(each, name, at + 3) for each in correct)))
    return Log(tuple(each for each in found if each.skills))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split(",") if cell.strip()]


def _by_rows(lines: Sequence[str], name: str) -> Log:
    separator = max(",;\t", key=lines[0].count)
    rows = csv.reader(lines, delimiter=separator)
    places, first = _places(next(rows), name)
    found: dict[str, tuple[list[str], list[bool]]] = {}
    without = 0
    for number, row in enumerate(_from(first, rows), 1 if first else 2):
        if not row:
            continue
        if len(row) <= max(places):
            raise RequestInvalid(f"`{name}`, line {number}: a column is missing; check the file")
        learner, skill, correct = (row[place].strip() for place in places)
        if skill.lower() in _NO_SKILL:
            without += 1
            continue
        skills, right = found.setdefault(learner, ([], []))
        skills.append(skill)
        right.append(_right(correct, name, number))
    learners = tuple(Learner(tuple(s), tuple(r)) for s, r in found.values())
    return Log(learners, without)


def _from(first: list[str] | None, rows: Iterable[list[str]]) -> Iterable[list[str]]:
    if first is not None:
        yield first
    yield from rows


def _places(header: list[str], name: str) -> tuple[tuple[int, ...], list[str] | None]:
    """Where the three columns are, and the first row where it is one of answers."""
    words = [cell.strip().lower().replace(" ", "_").strip('"') for cell in header]
    found = [
        next((words.index(word) for word in NAMES[column] if word in words), None)
        for column in NAMES
    ]
    places = tuple(place for place in found if place is not None)
    if len(places) == _COLUMNS:
        return places, None
    if len(header) == _COLUMNS and not places and words[2] in _RIGHT:
        return (0, 1, 2), header
    lacking = ", ".join(column for column, place in zip(NAMES, found, strict=True) if place is None)
    raise RequestInvalid(
        f"`{name}` has no column for {lacking}; name the columns learner, skill, correct"
    )


def _right(word: str, name: str, line: int) -> bool:
    found = _RIGHT.get(word.lower())
    if found is None:
        raise RequestInvalid(f"`{name}`, line {line}: correct is 0 or 1; leave partial answers out")
    return found

"""Why this lesson, in words for the learner."""

from dataclasses import dataclass
from typing import Final

from mien_server.personalize.lessons.feeling import Feeling

_FELT: Final = {
    "confused": "confused",
    "frustrated": "frustrated",
    "stressed": "stressed",
    "fatigued": "tired",
    "bored": "bored",
    "low": "not at your best",
}
_THEN: Final = {
    "bored": "so this one is a little harder",
    "fatigued": "so this one is a little easier, and a pause may do you good",
}
_EASIER: Final = "so this one is a little easier"


@dataclass(frozen=True, slots=True)
class Said:
    """What the words speak of: the skill, answers in it before, whether the item returns after a wrong answer, the chance of success, the feeling."""

    skill: str
    before: int
    again: bool
    chance: float
    feeling: Feeling


def whole(said: Said) -> str:
    """One to three sentences."""
    parts = [
        _past(said),
        f"You should get it right about {round(said.chance * 20) * 5} times of 100.",
    ]
    felt = said.feeling.strongest
    if felt is not None:
        how = "You said that you are" if said.feeling.told else "You look"
        parts.append(f"{how} {_FELT[felt]}, {_THEN.get(felt, _EASIER)}.")
    return " ".join(parts)


def _past(said: Said) -> str:
    if said.again:
        return f"You got this one wrong before: it returns, from {said.skill}."
    if said.before == 0:
        return f"Something new, from {said.skill}."
    answers = "answer" if said.before == 1 else "answers"
    return f"Chosen by your {said.before} {answers} in {said.skill} so far."

"""One `Sight` per picture in, one `Reading` out."""

import math
from dataclasses import dataclass, field
from typing import Final

from mien.label.presence import Box, Presence
from mien.label.smooth import Smooth, Smoother
from mien.label.trim import trim
from mien.values import EXPRESSIONS, MAX_WINDOW, Label, Scores

WHY: Final = (
    "label", "gathering", "unsure", "no face", "two faces", "dark", "blank", "elsewhere", "affirm again", "no purpose",
)  # fmt: skip
"""What a reading says: a label, or why there is none."""
_SCALE: Final = 15
_LEVELS: Final = 16
_ROUNDING: Final = 1e-6
"""Seconds: 3.1 to 4.1 is a second, whatever floats say."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How labels are made. Times in seconds; shares 0..1.

    `window` (1..64) is the time a label summarizes, so also the least time between two. Under `threshold` nothing is said. The runner-up is
    named as second when it has `second` of the shares and is within `mixed` of the first. See `Presence` for `absence` and `elsewhere`.
    """

    window: int = 1
    memory: float = 0.8
    margin: float = 0.08
    threshold: float = 0.4
    second: float = 0.25
    mixed: float = 0.25
    pictures: int = 2
    absence: float = 3.0
    elsewhere: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.window <= MAX_WINDOW:
            msg = f"a window has 1 to {MAX_WINDOW} seconds"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one picture showed: `fault` of the picture, number of faces and, when there is exactly one, its box and scores.

    `at` is seconds of the session, `unix` the time in unix seconds.
    """

    at: float
    unix: float
    faces: int = 0
    box: Box | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the caller learns of one picture: a label, or a word of `WHY` for why there is none. `at` is seconds of the session."""

    at: float
    why: str
    label: Label | None = None


@dataclass(slots=True)
class Reader:
    """Keeps the window, the memory and the presence of one session. `look` first; if it says that the face may be read, `read`."""

    rules: Rules
    model: int
    presence: Presence = field(init=False)
    smoother: Smoother = field(init=False)
    _since: float | None = None
    _labelled: int = 0

    def __post_init__(self) -> None:
        self.presence = Presence(self.rules.absence, self.rules.elsewhere)
        self.smoother = Smoother(self.rules.memory, self.rules.margin)

    @property
    def waiting(self) -> bool:
        """Whether somebody must affirm before anything is read."""
        return self.presence.lost

    def affirm(self) -> None:
        """Somebody said yes again. What was seen before is forgotten."""
        self.presence.affirm()
        self._forget()

    def look(self, sight: Sight) -> Reading | None:
        """Why this picture may not be read, or None when its one face may be."""
        box = sight.box if sight.faces == 1 and sight.fault is None else None
        present = self.presence.see(sight.at, box)
        if self.presence.lost:
            self._forget()
            return Reading(sight.at, "affirm again")
        if sight.faces > 1:  # nothing of a window that a second person shared
            self._forget()
            return Reading(sight.at, "two faces")
        if present:
            return None
        self._drop_window()
        return Reading(sight.at, sight.fault or ("no face" if sight.faces == 0 else "elsewhere"))

    def read(self, sight: Sight, scores: Scores, purposes: tuple[str, ...]) -> Reading:
        """What the scores of the one face add up to."""
        if self._since is None:
            self._since = sight.at
        self.smoother.add(scores)
        seconds = sight.at - self._since + _ROUNDING
        # `_labelled`: whole unix seconds are what leaves, and no two labels may share one
        if (
            seconds < self.rules.window
            or math.floor(sight.unix) < self._labelled + self.rules.window
        ):
            return Reading(sight.at, "gathering")
        enough = self.smoother.pictures >= self.rules.pictures
        self._since = sight.at
        if not enough:
            self.smoother.drop_window()
            return Reading(sight.at, "unsure")
        return self._say(sight, self.smoother.close(seconds), purposes)

    def _say(self, sight: Sight, smooth: Smooth, purposes: tuple[str, ...]) -> Reading:
        share = smooth.shares[smooth.expression]
        if share < self.rules.threshold:
            return Reading(sight.at, "unsure")
        label = trim(self._label(sight, smooth), purposes)
        if label is None:
            return Reading(sight.at, "no purpose")
        self._labelled = label.ended_at
        return Reading(sight.at, "label", label)

    def _label(self, sight: Sight, smooth: Smooth) -> Label:
        return Label(
            expression=EXPRESSIONS[smooth.expression],
            second=self._second(smooth),
            ended_at=math.floor(sight.unix),
            confidence=min(_LEVELS - 1, int(smooth.shares[smooth.expression] * _LEVELS)),
            window=self.rules.window,
            valence=_coarse(smooth.valence),
            arousal=_coarse(smooth.arousal),
            source="face",
            model=self.model,
        )

    def _second(self, smooth: Smooth) -> str | None:
        first = smooth.expression
        rest = (i for i in range(len(EXPRESSIONS)) if i != first)
        runner = max(rest, key=lambda i: smooth.shares[i])
        share = smooth.shares[runner]
        close = smooth.shares[first] - share <= self.rules.mixed
        return EXPRESSIONS[runner] if close and share >= self.rules.second else None

    def _drop_window(self) -> None:
        self.smoother.drop_window()
        self._since = None

    def _forget(self) -> None:
        self.smoother.reset()
        self._since = None


def _coarse(value: float) -> int:
    """-1..1 as -15..15; what is no number is 0."""
    if not math.isfinite(value):
        return 0
    return max(-_SCALE, min(_SCALE, round(value * _SCALE)))

"""One `Sight` per picture in, one `Reading` out."""

import math
from dataclasses import dataclass, field
from typing import Final

from mien.label.presence import Box, Presence
from mien.label.states import States
from mien.label.steady import Steady, View
from mien.label.trim import LABEL_PURPOSES, needs_affect, needs_state, trim
from mien.label.why import why
from mien.label.window import Window
from mien.values import EXPRESSIONS, MAX_WINDOW, POLARITIES, Label, Scores

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
    named as second when it has `second` of the shares and is within `mixed` of the first. `pictures` is how many a window needs, those of blinks
    not counted. See `Steady` for `memory`, `margin` and `confirm`, `Presence` for `absence` and `elsewhere`.
    """

    window: int = 1
    memory: float = 0.06
    margin: float = 0.1
    confirm: float = 0.21
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
class Moment:
    """How things stand at one picture, at most 300 ms behind the face. For the person's own screen: it is put into no envelope.

    `expression` is None when unsure; `share` (0..1) is that of the word that stands, sure or not. `second` is None unless mixed. `valence` and
    `arousal` are -1..1, None when no purpose needs them. `because` says which facial actions are behind the word (see `why`).
    """

    expression: str | None
    share: float
    second: str | None = None
    valence: float | None = None
    arousal: float | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the caller learns of one picture: a label, or a word of `WHY` for why there is none. `at` is seconds of the session.

    `now` is the live view, None when no face may be read or no purpose needs a label. `because` says which facial actions are behind the label. `own`: the
    person's own head read this picture, not the one that ships.
    """

    at: float
    why: str
    label: Label | None = None
    now: Moment | None = None
    because: str = ""
    own: bool = False


@dataclass(slots=True)
class Reader:
    """Keeps what one session needs to remember. `look` first; if it says that the face may be read, `read`."""

    rules: Rules
    model: int
    presence: Presence = field(init=False)
    steady: Steady = field(init=False)
    window: Window = field(init=False, default_factory=Window)
    states: States = field(init=False, default_factory=States)
    _labelled: int = 0
    _noted: str = "none"

    def __post_init__(self) -> None:
        self.presence = Presence(self.rules.absence, self.rules.elsewhere)
        self.steady = Steady(self.rules.memory, self.rules.margin, self.rules.confirm)

    @property
    def waiting(self) -> bool:
        """Whether somebody must affirm before anything is read."""
        return self.presence.lost

    def affirm(self) -> None:
        """Somebody said yes again. What was seen before is forgotten."""
        self.presence.affirm()
        self._forget()

    def note(self, polarity: str) -> None:
        """A brief movement of that polarity was spotted: the next label carries it, once. Of several before a label the last counts."""
        if polarity not in POLARITIES:
            msg = f"a polarity is one of {', '.join(POLARITIES)}"
            raise ValueError(msg)
        self._noted = polarity

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
        self.window.drop()
        return Reading(sight.at, sight.fault or ("no face" if sight.faces == 0 else "elsewhere"))

    def read(self, sight: Sight, scores: Scores, purposes: tuple[str, ...]) -> Reading:
        """What the scores of the one face add up to."""
        if needs_state(purposes):
            self.states.add(sight.at, scores)
        else:
            self.states.reset()
        seconds = self.window.see(sight.at, self.steady.add(sight.at, scores)) + _ROUNDING
        now = self._now(purposes)
        # `_labelled`: whole unix seconds are what leaves, and no two labels may share one
        if (
            seconds < self.rules.window
            or math.floor(sight.unix) < self._labelled + self.rules.window
        ):
            return Reading(sight.at, "gathering", now=now)
        if self.window.pictures < self.rules.pictures:
            self.window.begin(sight.at)
            return Reading(sight.at, "unsure", now=now)
        return self._say(sight, self.window.close(sight.at), purposes, now)

    def _say(
        self, sight: Sight, view: View, purposes: tuple[str, ...], now: Moment | None
    ) -> Reading:
        if view.shares[view.word] < self.rules.threshold:
            return Reading(sight.at, "unsure", now=now)
        label = trim(self._label(sight, view), purposes)
        if label is None:
            return Reading(sight.at, "no purpose")
        self._labelled, self._noted = label.ended_at, "none"
        return Reading(sight.at, "label", label, now, why(label.expression, view.actions))

    def _label(self, sight: Sight, view: View) -> Label:
        return Label(
            expression=EXPRESSIONS[view.word],
            second=self._second(view),
            ended_at=math.floor(sight.unix),
            confidence=min(_LEVELS - 1, int(view.shares[view.word] * _LEVELS + _ROUNDING)),
            window=self.rules.window,
            state=self.states.state,
            polarity=self._noted,
            valence=round(view.valence * _SCALE),
            arousal=round(view.arousal * _SCALE),
            source="face",
            model=self.model,
        )

    def _now(self, purposes: tuple[str, ...]) -> Moment | None:
        """The live view; in a blink, as it was before."""
        view = self.steady.view
        if view is None or not frozenset(purposes) & frozenset(LABEL_PURPOSES):
            return None
        word, share = EXPRESSIONS[view.word], view.shares[view.word]
        sure, affect = share >= self.rules.threshold, needs_affect(purposes)
        return Moment(
            expression=word if sure else None,
            share=share,
            second=self._second(view) if sure else None,
            valence=view.valence if affect else None,
            arousal=view.arousal if affect else None,
            because=why(word, view.actions) if sure else "",
        )

    def _second(self, view: View) -> str | None:
        rest = (i for i in range(len(EXPRESSIONS)) if i != view.word)
        runner = max(rest, key=lambda i: view.shares[i])
        share = view.shares[runner]
        close = view.shares[view.word] - share <= self.rules.mixed
        return EXPRESSIONS[runner] if close and share >= self.rules.second else None

    def _forget(self) -> None:
        self.steady.reset()
        self.window.drop()
        self.states.reset()
        self._noted = "none"

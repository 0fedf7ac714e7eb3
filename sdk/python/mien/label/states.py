"""States from the last minute: lids, blinks, actions above the person's own rest, gaze, and how head and face move. No state is validated on people."""

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mien.label.definitions import DEFINITIONS, Definition, Measures
from mien.label.steady import CLOSED, GAP, bounded
from mien.values import Scores

WINDOW: Final = 60.0
"""Seconds that are looked back on: PERCLOS is defined over a minute."""
BIN: Final = 0.1
HOLD: Final = 4.0
"""Seconds for which a state must hold before it is said, and must not hold before it is no longer said (ours): as long as the shortest span."""
_EVERY: Final = 1.0
"""Seconds between two looks at the minute: as often as labels are made."""
_SHUT: Final = 0.8
"""Closure from which PERCLOS counts eyes as closed (P80: Wierwille et al., 1994)."""
_LONGEST_BLINK: Final = 0.5
"""Seconds: longer is no blink (Stern, Walrath and Goldstein, 1984: 100 ms closing, at most 300 closed, 100 opening)."""
_BLINK_RATE: Final = 12.0
"""Pictures a second under which blinks are missed, so not counted."""
_PAUSE: Final = 0.5
"""Seconds at most that one picture stands for."""
_SEEN: Final = 0.8
"""Share of a span that must have been seen."""
_ACTIONS: Final = ("AU1", "AU2", "AU4", "AU5", "AU7", "AU12", "AU14", "AU24")
_EYES: Final = 0.5
"""Radians by which eyes turn at a gaze of 1 (an assumption of ours)."""
_ACROSS: Final = 0.35
_UP_DOWN: Final = 0.3
"""Radians off the camera within which a look counts as towards the screen (ours; the camera is taken to sit at the screen's edge)."""


@dataclass(slots=True)
class Bin:
    """A tenth of a second. Sums over its pictures; `seconds` is the time they stand for, `open` the part with open eyes."""

    index: int
    pictures: int = 0
    seconds: float = 0.0
    shut: float = 0.0
    open: float = 0.0
    lids: float = 0.0
    on_screen: float = 0.0
    looks: int = 0
    actions: list[float] = field(default_factory=lambda: [0.0] * len(_ACTIONS))
    pose: list[float] = field(default_factory=lambda: [0.0] * 3)

    def add(self, scores: Scores, seconds: float) -> None:
        """One picture that stands for so many seconds."""
        closure = bounded(scores.actions.get("AU43", 0.0), 0.0)
        self.pictures += 1
        self.seconds += seconds
        self.shut += seconds * (closure >= _SHUT)
        if closure > CLOSED:  # closed lids drag brows and cheeks along: nothing else is read
            return
        self.looks += 1
        self.open += seconds
        self.lids += seconds * closure
        pose = [_angle(angle) for angle in scores.pose]
        self.on_screen += seconds * _towards(pose, scores.gaze)
        self.pose = [total + angle for total, angle in zip(self.pose, pose, strict=True)]
        for number, name in enumerate(_ACTIONS):
            self.actions[number] += bounded(scores.actions.get(name, 0.0), 0.0)


@dataclass(slots=True)
class States:
    """Keeps at most a minute, in tenths of a second and blinks: as much memory at any number of pictures a second. `state` is a word of `STATES`."""

    state: str = "none"
    _bins: deque[Bin] = field(default_factory=deque, repr=False)
    _blinks: deque[tuple[float, float]] = field(
        default_factory=lambda: deque(maxlen=int(WINDOW / BIN)), repr=False
    )
    _at: float | None = None
    _closed_at: float | None = None
    _due: float = 0.0
    _candidate: str = "none"
    _since: float = 0.0
    _held_at: float = 0.0

    def reset(self) -> None:
        """Forget everything."""
        self.state = self._candidate = "none"
        self._bins.clear()
        self._blinks.clear()
        self._at = self._closed_at = None
        self._due = self._since = self._held_at = 0.0

    def add(self, at: float, scores: Scores) -> str:
        """One picture at `at` seconds; gives the state. Scores without actions say nothing of a state."""
        if not scores.actions or not math.isfinite(at / BIN):
            return self.state
        if self._at is not None and at < self._at:
            self.reset()
        pause = 0.0 if self._at is None else at - self._at
        if pause > GAP:  # time that nobody saw confirms nothing
            self._since = self._held_at = at
        self._at = at
        self._lids(at, pause, bounded(scores.actions.get("AU43", 0.0), 0.0))
        self._bin(at).add(scores, min(pause, _PAUSE))
        if at >= self._due:
            self._due = at + _EVERY
            self._settle(at, self._found(at))
        return self.state

    def measure(self, at: float, span: float, rest: Sequence[float] | None = None) -> Measures:
        """What the last `span` seconds showed, beside the resting levels of the whole minute."""
        rest = rest or self._rest()
        bins = [one for one in self._bins if one.index * BIN > at - span - BIN / 2]
        seconds, opened = sum(one.seconds for one in bins), sum(one.open for one in bins)
        if seconds <= 0:
            return Measures(0.0)
        blinks = [length for when, length in self._blinks if when > at - span]
        measured = sum(one.pictures for one in bins) / seconds >= _BLINK_RATE
        levels = [_levels(bins, number) for number in range(len(_ACTIONS))]
        return Measures(
            seconds,
            perclos=sum(one.shut for one in bins) / seconds,
            blinks=60 * len(blinks) / seconds if measured else None,
            blink_seconds=_mean(blinks) if measured and blinks else None,
            raised={
                name: _mean(level) - low
                for name, level, low in zip(_ACTIONS, levels, rest, strict=True)
            },
            lids=sum(one.lids for one in bins) / opened if opened else 0.0,
            on_screen=sum(one.on_screen for one in bins) / opened if opened else None,
            head=_wander(bins),
            face=max(_deviation(level) for level in levels),
        )

    def _lids(self, at: float, pause: float, closure: float) -> None:
        if pause > _PAUSE:
            self._closed_at = None
        if closure > CLOSED:
            self._closed_at = at if self._closed_at is None else self._closed_at
        elif self._closed_at is not None:
            if at - self._closed_at <= _LONGEST_BLINK:
                self._blinks.append((at, at - self._closed_at))
            self._closed_at = None

    def _bin(self, at: float) -> Bin:
        index = int(at / BIN)
        if not self._bins or self._bins[-1].index != index:
            self._bins.append(Bin(index))
        while self._bins[0].index <= index - int(WINDOW / BIN):
            self._bins.popleft()
        return self._bins[-1]

    def _rest(self) -> list[float]:
        """The person's resting level of each action: the lower quartile of the minute, so that a low brow is not read as a mood."""
        levels = [sorted(_levels(self._bins, number)) for number in range(len(_ACTIONS))]
        return [level[len(level) // 4] if level else 0.0 for level in levels]

    def _found(self, at: float) -> str:
        """The first state whose definition holds now."""
        known = sum(one.seconds for one in self._bins)
        ready = [one for one in DEFINITIONS if known >= one.least]
        rest = self._rest() if ready else []
        seen = {span: self.measure(at, span, rest) for span in {one.span for one in ready}}
        return next((one.word for one in ready if _holds(one, seen[one.span])), "none")

    def _settle(self, at: float, found: str) -> None:
        if found == self.state:
            self._held_at = at
        if found != self._candidate:
            self._candidate, self._since = found, at
        if found != self.state and at - self._since >= HOLD:
            self.state, self._held_at = found, at
        elif at - self._held_at >= HOLD:
            self.state = "none"


def _holds(one: Definition, seen: Measures) -> bool:
    return seen.seconds >= min(_SEEN * one.span, one.least) and one.holds(seen)


def _towards(pose: Sequence[float], gaze: Sequence[float]) -> bool:
    """Whether head and eyes together point towards the screen. Yaw and gaze count to the person's left, pitch down, gaze up."""
    across = pose[1] + _EYES * bounded(gaze[0], -1.0)
    down = pose[0] - _EYES * bounded(gaze[1], -1.0)
    return abs(across) <= _ACROSS and abs(down) <= _UP_DOWN


def _angle(angle: float) -> float:
    return max(-math.pi, min(math.pi, angle)) if math.isfinite(angle) else 0.0


def _levels(bins: Iterable[Bin], number: int) -> list[float]:
    return [one.actions[number] / one.looks for one in bins if one.looks]


def _wander(bins: Iterable[Bin]) -> float:
    poses = [[angle / one.looks for angle in one.pose] for one in bins if one.looks]
    return math.hypot(*(_deviation(angles) for angles in zip(*poses, strict=True)))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _deviation(values: Sequence[float]) -> float:
    mean = _mean(values)
    return math.sqrt(_mean([(value - mean) ** 2 for value in values]))

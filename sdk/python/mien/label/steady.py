"""From noisy pictures to a steady view of now: a short exponential mean, a blink filter, and a new word only when it has led for a while.

All of it goes by time, not by pictures: 5 to 60 pictures a second, evenly or not. From 10 pictures a second on, a clear change of expression is
told within 300 ms of the change; while the person speaks it takes up to a second. What a label says comes from here too (see `Window`).
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mien.label.why import NAMES
from mien.values import EXPRESSIONS, Scores

GAP: Final = 1.0
"""Seconds without a picture after which what was before no longer counts."""
CLOSED: Final = 0.5
"""Closure (AU43) over which eyes count as closed."""
BLINK: Final = 0.4
"""Seconds: closed for less is a blink. Blinks last 100 to 400 ms; ours is the upper end."""
_SPEECH_CONFIRM: Final = 0.6
"""Seconds that a new word must lead while the person speaks: more than half a swing at 2 Hz, for speech with long open vowels too."""
_SPEECH_MEMORY: Final = 0.4
"""Time constant in seconds of the shares that are told while the person speaks: over more than one syllable."""
_SWING: Final = 0.15
_SWINGS: Final = 3
_SWINGS_SECONDS: Final = 1.2
_LIDS: Final = 2.0
"""Change of closure a second from which the lids are moving: a blink shuts and opens them at 4 to 15."""
_LIDS_NOISE: Final = 0.04
"""Change of closure between two pictures that may be noise."""
_MOUTH: Final = ("AU18", "AU22", "AU25", "AU26")


@dataclass(frozen=True, slots=True)
class View:
    """How things stand: `shares` in the order of `EXPRESSIONS` (sum 1), the index of the word that stands, valence and arousal -1..1.

    `actions` are strengths 0..1 by name of the action unit; empty where the network gives none.
    """

    shares: tuple[float, ...]
    word: int
    valence: float
    arousal: float
    actions: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Mouth:
    """Whether the mouth swings as in speech: three swings of at least .15, to and fro, within 1.2 s. Syllables come at 2 to 7 a second.

    Syllables that are faster than half the pictures a second cannot be told from a mouth that stays open: 7 Hz needs 15 pictures a second.
    `before` is the word that stood when the first of these swings came: what a long first syllable flipped can be taken back.
    """

    before: int = 0
    _low: float = 1.0
    _high: float = 0.0
    _opening: bool | None = None
    _swings: deque[tuple[float, int]] = field(
        default_factory=lambda: deque(maxlen=_SWINGS), repr=False
    )

    def see(self, at: float, actions: Mapping[str, float], word: int) -> bool:
        """One picture, and the word that stands; True while the person speaks."""
        wide = max((actions.get(name, 0.0) for name in _MOUTH), default=0.0)
        self._low, self._high = min(self._low, wide), max(self._high, wide)
        if self._opening is not True and wide - self._low >= _SWING:
            self._opening, self._high = True, wide
            self._swings.append((at, word))
        elif self._opening is not False and self._high - wide >= _SWING:
            self._opening, self._low = False, wide
            self._swings.append((at, word))
        since, self.before = self._swings[0] if self._swings else (at, word)
        return len(self._swings) == _SWINGS and at - since <= _SWINGS_SECONDS


@dataclass(slots=True)
class Steady:
    """`memory` is the time constant in seconds (after so long a change counts for 63%). A new word stands once it has led by `margin` for `confirm` s.

    `confirm` is longer than half a swing of speech at 3 Hz (167 ms), so that not even the first syllable flips the word.
    """

    memory: float
    margin: float
    confirm: float
    view: View | None = None
    _quick: tuple[float, ...] = field(default=(), repr=False)
    _at: float | None = None
    _closed_at: float | None = None
    _closure: float = 0.0
    _rival: int | None = None
    _led: float = 0.0
    _mouth: Mouth = field(default_factory=Mouth, repr=False)
    _speaks: bool = False

    def reset(self) -> None:
        """Forget everything."""
        self.view = self._at = self._closed_at = self._rival = None
        self._quick, self._led, self._mouth, self._speaks = (), 0.0, Mouth(), False
        self._closure = 0.0

    def add(self, at: float, scores: Scores) -> View | None:
        """One picture at `at` seconds: the view it gives, or None when it shows a blink and so does not count."""
        seconds = self._seconds(at)
        fresh, old = proper(scores), self.view
        moving = self._lids_move(seconds, fresh.actions)
        if self._blinks(at, fresh.actions):
            return None
        word = fresh.word if old is None else old.word
        if not moving:
            word = self._after_speech(at, fresh, word)
        if old is None:
            self.view, self._quick = fresh, fresh.shares
            return fresh
        before = self._quick
        self._quick = _mean(before, fresh.shares, _gain(seconds, self.memory))
        confirm = _SPEECH_CONFIRM if self._speaks else self.confirm
        word = self._stands(word, before, seconds, confirm)
        told = _gain(seconds, _SPEECH_MEMORY if self._speaks else self.memory)
        self.view = _blend(old, fresh, told, word)
        return self.view

    def _after_speech(self, at: float, fresh: View, word: int) -> int:
        """The word that stood before the person began to speak, at the picture that shows that they do; else `word`."""
        spoke, self._speaks = self._speaks, self._mouth.see(at, fresh.actions, word)
        return self._mouth.before if self._speaks and not spoke else word

    def _seconds(self, at: float) -> float:
        """Time since the last picture; after a gap, or when time runs backwards, everything is forgotten."""
        seconds = 0.0 if self._at is None else at - self._at
        if not 0 <= seconds <= GAP:
            self.reset()
            seconds = 0.0
        self._at = at
        return seconds

    def _lids_move(self, seconds: float, actions: Mapping[str, float]) -> bool:
        """Whether the lids moved since the last picture: they drag what is measured of the mouth along, which is no speech."""
        before, self._closure = self._closure, actions.get("AU43", 0.0)
        return abs(self._closure - before) > max(_LIDS_NOISE, _LIDS * seconds)

    def _blinks(self, at: float, actions: Mapping[str, float]) -> bool:
        if actions.get("AU43", 0.0) <= CLOSED:
            self._closed_at = None
            return False
        if self._closed_at is None:
            self._closed_at = at
        return at - self._closed_at < BLINK

    def _stands(self, word: int, before: Sequence[float], seconds: float, confirm: float) -> int:
        """The word that stands after a picture. Only time between pictures that count is counted, so a blink confirms nothing."""
        best = max(range(len(self._quick)), key=lambda i: self._quick[i])
        if self._quick[best] < self._quick[word] + self.margin:
            self._rival = None
            return word
        if self._rival == best:
            self._led += seconds
        else:
            self._led = self._led_since(best, word, before, seconds)
        self._rival = best
        if self._led < confirm:
            return word
        self._rival = None
        return best

    def _led_since(self, best: int, word: int, before: Sequence[float], seconds: float) -> float:
        """For how long of the last `seconds` the mean, which moved from `before`, has had the lead: pictures that come seldom find it out late."""
        behind = self.margin - (before[best] - before[word])
        lead = self._quick[best] - self._quick[word] - self.margin
        kept = math.exp(-seconds / self.memory)
        above = (lead + kept * behind) / (1.0 - kept) if kept < 1.0 else 0.0
        if behind <= 0 or above <= 0:
            return 0.0
        return max(0.0, seconds - self.memory * math.log1p(behind / above))


def proper(scores: Scores) -> View:
    """The scores as a view: what is no number counts as nothing, and no shares at all as equal ones."""
    shares = _proper(scores.expressions)
    actions = {name: bounded(value, 0.0) for name, value in scores.actions.items() if name in NAMES}
    return View(
        shares,
        max(range(len(shares)), key=lambda i: shares[i]),
        bounded(scores.valence, -1.0),
        bounded(scores.arousal, -1.0),
        actions,
    )


def bounded(value: float, low: float) -> float:
    """`value` within `low`..1; 0 for what is no number."""
    return max(low, min(1.0, value)) if math.isfinite(value) else 0.0


def _proper(shares: Sequence[float]) -> tuple[float, ...]:
    """Shares as a distribution."""
    clean = [share if math.isfinite(share) and share > 0 else 0.0 for share in shares]
    clean = (clean + [0.0] * len(EXPRESSIONS))[: len(EXPRESSIONS)]
    total = sum(clean)
    if total <= 0 or not math.isfinite(total):
        return tuple(1 / len(EXPRESSIONS) for _ in EXPRESSIONS)
    return tuple(share / total for share in clean)


def _blend(old: View, fresh: View, gain: float, word: int) -> View:
    valence, arousal = _mean((old.valence, old.arousal), (fresh.valence, fresh.arousal), gain)
    names = old.actions.keys() | fresh.actions.keys()
    before = [old.actions.get(name, 0.0) for name in names]
    after = [fresh.actions.get(name, 0.0) for name in names]
    actions = dict(zip(names, _mean(before, after, gain), strict=True))
    return View(_mean(old.shares, fresh.shares, gain), word, valence, arousal, actions)


def _gain(seconds: float, memory: float) -> float:
    return 1.0 - math.exp(-seconds / memory)


def _mean(old: Sequence[float], new: Sequence[float], gain: float) -> tuple[float, ...]:
    return tuple(a + gain * (b - a) for a, b in zip(old, new, strict=True))

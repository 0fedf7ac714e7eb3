"""Confusion, boredom and fatigue as a bounded shift of difficulty and pace, where law and consent let them be known.

What a face or the person's own word says moves the chance of success that is aimed at, in log-odds, by at most `MOST`: easier when confused, frustrated or
tired, harder when bored. It never decides which items there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from mien.values import Label

Pace = Literal["steady", "slower", "pause"]
WINDOW: Final = 600
"""Seconds: an older label says nothing about now."""
HALF_LIFE: Final = 30.0
"""Seconds after which a label counts half."""
MOST: Final = 0.8
"""Log-odds: from .75 this leads to .57 or .87, and no further."""
ENOUGH: Final = 0.4
"""The share from which a feeling is spoken of, and the pace changes."""

EASIER: Final = {"confused": 1.0, "frustrated": 0.7, "stressed": 0.5, "fatigued": 0.7}
HARDER: Final = {"bored": 1.0}
SAID: Final = {"sadness": "low", "fear": "low", "anger": "low", "disgust": "low"}
"""Expressions that a person declares themselves, as what they mean here; what a face shows counts by its state alone."""
_LOW: Final = 0.6
_CONFIDENCE: Final = 15


@dataclass(frozen=True, slots=True)
class Feeling:
    """`shares` of the states that count, each 0..1 of what was seen lately; `told` is whether any of it was the person's own word. `shift`: log-odds, -MOST..MOST."""

    shares: tuple[tuple[str, float], ...]
    shift: float
    told: bool = False

    @property
    def strongest(self) -> str | None:
        """The state that is spoken of, None for none that is strong enough."""
        name, share = max(self.shares, key=lambda each: (each[1], each[0]), default=("", 0.0))
        return name if share >= ENOUGH else None

    @property
    def pace(self) -> Pace:
        """How fast to go on."""
        match self.strongest:
            case "fatigued":
                return "pause"
            case None | "bored":
                return "steady"
            case _:
                return "slower"


CALM: Final = Feeling((), 0.0)
"""Nothing is known, or nothing that counts."""


def feeling_of(seen: Iterable[tuple[Label, int]], now: int) -> Feeling:
    """What labels of the last ten minutes say, recent ones counting more. `seen` is each label and when it ended; from the future counts as now."""
    total, told = 0.0, False
    found: dict[str, float] = {}
    for label, ended_at in seen:
        age = now - ended_at
        if age > WINDOW:
            continue
        weight = 0.5 ** (max(0, age) / HALF_LIFE)
        total += weight
        name = _state(label)
        if name is not None:
            found[name] = found.get(name, 0.0) + weight * label.confidence / _CONFIDENCE
            told = told or label.source == "declared"
    if not found:
        return CALM
    shares = tuple(sorted((name, min(1.0, share / total)) for name, share in found.items()))
    shift = sum(share * (EASIER.get(name, 0.0) - HARDER.get(name, 0.0)) for name, share in shares)
    shift += sum(share * _LOW for name, share in shares if name == "low")
    return Feeling(shares, max(-MOST, min(MOST, shift)), told)


def _state(label: Label) -> str | None:
    if label.source == "declared" and label.state == "none":
        return SAID.get(label.expression)
    return label.state if label.state in EASIER or label.state in HARDER else None

"""Label: what was seen over time becomes at most one small label a second, or a reason why there is none. Pure: no I/O, no clock.

Takes one `Sight` per picture; gives one `Reading`. Invariants: no label from a window in which more than one face was seen; none after an
absence, or when another face sits where the person sat, until somebody affirms; none under the threshold; nothing that no purpose needs. What
is live (`Moment`) is for the person's own screen: it goes into no envelope. Deliberately absent: looking for brief movements, which is `infer`'s: their
polarity comes in by `note`.
"""

from mien.label.definitions import DEFINITIONS, NOT_VALIDATED, Definition, Measures
from mien.label.local import Share, chances, estimate, randomized
from mien.label.presence import Presence
from mien.label.reader import Moment, Reader, Reading, Rules, Sight
from mien.label.states import States
from mien.label.steady import Steady, View
from mien.label.trim import (
    LABEL_PURPOSES,
    MOOD_PURPOSE,
    needs_affect,
    needs_polarity,
    needs_state,
    trim,
)
from mien.label.why import BELONGS, NAMES, why
from mien.label.window import Window

__all__ = [
    "BELONGS",
    "DEFINITIONS",
    "LABEL_PURPOSES",
    "MOOD_PURPOSE",
    "NAMES",
    "NOT_VALIDATED",
    "Definition",
    "Measures",
    "Moment",
    "Presence",
    "Reader",
    "Reading",
    "Rules",
    "Share",
    "Sight",
    "States",
    "Steady",
    "View",
    "Window",
    "chances",
    "estimate",
    "needs_affect",
    "needs_polarity",
    "needs_state",
    "randomized",
    "trim",
    "why",
]

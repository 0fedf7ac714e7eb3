"""Label: what was seen over time becomes at most one small label a second, or a reason why there is none. Pure: no I/O, no clock.

Takes one `Sight` per picture; gives one `Reading`. Invariants: no label from a window in which more than one face was seen; none after an
absence, or when another face sits where the person sat, until somebody affirms; none under the threshold; nothing that no purpose needs.
Deliberately absent: the states and micro-expressions, until their own issue: those fields say `none`.
"""

from mien.label.presence import Presence
from mien.label.reader import Reader, Reading, Rules, Sight
from mien.label.smooth import Smoother
from mien.label.trim import LABEL_PURPOSES, trim

__all__ = [
    "LABEL_PURPOSES",
    "Presence",
    "Reader",
    "Reading",
    "Rules",
    "Sight",
    "Smoother",
    "trim",
]

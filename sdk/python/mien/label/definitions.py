"""What each state means: the published definition it follows, the rule, and which numbers are only ours. None is validated on people.

`docs/reference/states.md` is this table for readers, held to it by a test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

NOT_VALIDATED: Final = "not validated on people"
PERCLOS: Final = 0.15
BLINKS: Final = 30.0
"""Blinks a minute. At rest people blink about 17 times (Bentivoglio et al., 1997)."""
STRONG: Final = 0.2
WEAK: Final = 0.15
"""Strength of an action above the person's resting level."""
ON_SCREEN: Final = 0.7
STARING: Final = 0.8
AWAY: Final = 0.5
"""Shares of the time with open eyes in which the person looks towards the screen."""
STILL: Final = 0.02
RESTLESS: Final = 0.2
"""Radians by which the head wanders (standard deviation): about 1 and 11 degrees."""
FLAT: Final = 0.1
"""Standard deviation of the liveliest action up to which a face hardly moves."""
DROOPING: Final = 0.3
OPEN: Final = 0.2
"""Mean closure of the lids while the eyes count as open."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What a stretch of time showed.

    `perclos` is the share of time with the eyes at least 80% closed. `blinks` is blinks a minute, None under 12 pictures a second, and
    `blink_seconds` their mean length. `raised` are the mean strengths of actions above the person's resting level, and `lids` the mean closure,
    while the eyes were open. `on_screen` is the share of that time with gaze and head towards the screen, None when the eyes were never open.
    `head` is how far the head wandered (standard deviation, radians), `face` how much the liveliest action varied (standard deviation).
    """

    seconds: float
    perclos: float = 0.0
    blinks: float | None = None
    blink_seconds: float | None = None
    raised: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    lids: float = 0.0
    on_screen: float | None = None
    head: float = 0.0
    face: float = 0.0

    def up(self, name: str, least: float) -> bool:
        """Whether an action is at least so much above its resting level."""
        return self.raised.get(name, 0.0) >= least


@dataclass(frozen=True, slots=True)
class Definition:
    """A state: its word of `STATES`, the rule over the last `span` seconds, and how many seconds must have been seen in all (`least`).

    `rule` is the rule in words, `source` the publication it follows, `ours` what stands in none.
    """

    word: str
    span: float
    least: float
    holds: Callable[[Measures], bool]
    rule: str
    source: str
    ours: str
    validated: bool = False
    says: str = NOT_VALIDATED


def _fatigued(seen: Measures) -> bool:
    return seen.perclos >= PERCLOS


def _frustrated(seen: Measures) -> bool:
    return seen.up("AU4", STRONG) and (seen.up("AU14", STRONG) or seen.up("AU12", STRONG))


def _confused(seen: Measures) -> bool:
    return seen.up("AU4", STRONG) and seen.up("AU7", WEAK)


def _stressed(seen: Measures) -> bool:
    tense = seen.up("AU4", WEAK) or seen.up("AU24", WEAK)
    return tense and seen.blinks is not None and seen.blinks >= BLINKS


def _interested(seen: Measures) -> bool:
    brows = seen.up("AU1", WEAK) and seen.up("AU2", WEAK)
    return (
        (brows or seen.up("AU5", WEAK)) and seen.lids <= OPEN and (seen.on_screen or 0.0) >= STARING
    )


def _bored(seen: Measures) -> bool:
    away = seen.on_screen is not None and seen.on_screen <= AWAY
    return seen.face <= FLAT and (away or seen.lids >= DROOPING)


def _engaged(seen: Measures) -> bool:
    return (seen.on_screen or 0.0) >= ON_SCREEN and STILL <= seen.head <= RESTLESS


DEFINITIONS: Final = (
    Definition(
        "fatigued", 60.0, 45.0, _fatigued,
        "eyes at least 80% closed for .15 of a minute or more (PERCLOS)",
        "Wierwille et al. 1994; Dinges and Grace 1998",
        "the .15: common, but not in what we could read of the sources; another study suggests .10",
    ),
    Definition(
        "frustrated", 4.0, 20.0, _frustrated,
        "AU4 with AU14 or AU12, each .2 above rest",
        "Grafsgaard et al. 2013",
        "both numbers, and AU12: the source names AU4 and AU14",
    ),
    Definition(
        "confused", 4.0, 20.0, _confused,
        "AU4 .2 and AU7 .15 above rest",
        "Craig et al. 2008; D'Mello and Graesser 2010",
        "both numbers",
    ),
    Definition(
        "stressed", 60.0, 45.0, _stressed,
        "30 blinks a minute or more, with AU4 or AU24 .15 above rest",
        "Giannakakis et al. 2017",
        "all numbers, and which actions: the source names eye-related events, mouth activity and head motion",
    ),
    Definition(
        "interested", 4.0, 20.0, _interested,
        "AU5, or AU1 with AU2, .15 above rest, lids open, gaze on the screen .8 of the time",
        "Reeve 1993",
        "all numbers, and the brows: the source names widened lids, fewer glances away and a still head",
    ),
    Definition(
        "bored", 30.0, 25.0, _bored,
        "a face that hardly moves, with gaze off the screen half of the time or drooping lids",
        "Craig et al. 2008; Bosch et al. 2016",
        "all numbers, and the rule as a whole: the sources learn it from data",
    ),
    Definition(
        "engaged", 10.0, 10.0, _engaged,
        "gaze on the screen .7 of the time, head neither still nor restless",
        "Whitehill et al. 2014",
        "all numbers, and the rule: the source learns from people's judgements of 10-second clips",
    ),
)  # fmt: skip
"""In order of precedence: of several that hold, the first is said. The more specific come before the more common."""

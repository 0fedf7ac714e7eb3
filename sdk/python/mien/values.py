"""The nouns of the device side and of the wire, in the order the data meets them. Plain frozen dataclasses: no I/O, no checks of the outside world.

Device only (these live and die in memory): `Frame`, `Face`, `Scores`. May leave, sealed: `Label`. Everything signed or sent is in
`mien.wire.messages`, which knows how these become bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# ---- closed vocabularies: order is part of the wire format, so new words go at the end ----
EXPRESSIONS: Final = (
    "neutral", "joy", "surprise", "anger", "fear", "sadness", "disgust", "contempt",
)  # fmt: skip
STATES: Final = (
    "none", "engaged", "interested", "confused", "frustrated", "stressed", "bored", "fatigued",
)  # fmt: skip
POLARITIES: Final = ("none", "negative", "positive", "surprise")
SOURCES: Final = ("face", "declared", "text")
PURPOSES: Final = (
    "personalize_offers", "adapt_service", "adapt_lessons", "bind_account", "contribute", "declare_mood",
)  # fmt: skip
SECTORS: Final = ("retail", "education", "workplace", "health", "finance", "service")
ROLES: Final = ("customer", "student", "patient", "client", "employee", "candidate")
AGE_BANDS: Final = ("under_13", "13_to_15", "16_to_17", "adult", "undeclared")
CONSENT_STATES: Final = (
    "none", "requested", "deferred", "refused", "given", "renewed", "withdrawn", "revoked", "expired", "invalidated",
)  # fmt: skip
"""What a consent can be; `mien.wire.lifecycle` says how one becomes another and what each is called in DPV."""
STANDING: Final = ("given", "renewed")
"""The only states in which anything is allowed."""
DEEDS: Final = ("view", "cart", "purchase", "dismissal")
"""What a visitor may have done with an offer before: the history that ranking is told."""
KEY_ROLES: Final = ("device", "guardian", "recovery", "link")

SLOTS: Final = 64
"""Slots of an envelope, always all present on the wire: unused ones are dummies."""
MAX_WINDOW: Final = 64
"""Longest window of a label, in seconds."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture. `pixels` is (H, W, 3) uint8 BGR; `at` is monotonic seconds since the session began; `index` counts from 0."""

    pixels: "NDArray[np.uint8]" = field(repr=False)
    at: float
    index: int


@dataclass(frozen=True, slots=True)
class Face:
    """A found face. `box` is x, y, width, height in pixels.

    `landmarks` are five (x, y) in pixels: right eye, left eye, nose tip, right and left mouth corner (the person's own right, so the
    image's left). `score` is 0..1.
    """

    box: tuple[float, float, float, float]
    landmarks: tuple[tuple[float, float], ...]
    score: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What the network says of one face: calibrated probabilities in the order of `EXPRESSIONS`, valence and arousal in -1..1.

    `actions` are strengths 0..1 of FACS action units by name (`AU12`); may be empty. `pose` is pitch (positive: chin down), yaw (positive: to
    the person's left) and roll (positive: counter-clockwise in the picture) of the head in radians. `gaze` is where the eyes point within the
    head, -1..1: to the person's left and up. `embedding` is the layer below the expressions, for a person's own last layer; device only.
    """

    expressions: tuple[float, ...]
    valence: float
    arousal: float
    actions: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)
    embedding: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Label:
    """The only thing derived from the camera that may leave, and only sealed. Small numbers of stated bit width (`mien.wire.slots`).

    `expression` and `second` are words of `EXPRESSIONS`; `second` is None unless mixed. `valence` and `arousal` are integers -15..15, None
    where a purpose trimmed them. `confidence` is 0..15. `window` is the seconds it summarizes, 1..64, and `ended_at` its end in unix
    seconds. `model` is the id of the model (0 for a declared mood).
    """

    expression: str
    ended_at: int
    confidence: int
    window: int = 1
    second: str | None = None
    state: str = "none"
    polarity: str = "none"
    valence: int | None = None
    arousal: int | None = None
    source: str = "face"
    model: int = 0


@dataclass(frozen=True, slots=True)
class Claims:
    """What the device says about its situation. The server holds the site's own claims beside these and the strictest wins.

    `jurisdictions` are codes such as `EU-DE` or `US-IL`; sector and role are words of `SECTORS` and `ROLES`.
    """

    jurisdictions: tuple[str, ...]
    sector: str = "retail"
    role: str = "customer"
    age_band: str = "undeclared"
    gpc: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """A written release (740 ILCS 14/15(b)(3)): the name a person typed under the notice's `release` text, and when (unix seconds)."""

    name: str = field(repr=False)
    at: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """An answer of `next_lesson`: the exercise, and what is said of it on this device only.

    `chance` of a right answer and `target` in percent, 0 where nobody in particular asked. `pace` is steady, slower or pause. `laws` are those of the use,
    `refused` those under which no feeling was read from a face.
    """

    id: str
    item: str
    skill: str
    title: str = ""
    used_emotion: bool = False
    used_answers: bool = False
    chance: int = 0
    target: int = 0
    pace: str = "steady"
    why: str = ""
    laws: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """A product the catalogue may show. `price` is in minor units (cents) of `currency`; `tags` are lowercase words."""

    id: str
    title: str
    price: int
    currency: str = "EUR"
    tags: tuple[str, ...] = ()
    stock: int = 1


@dataclass(frozen=True, slots=True)
class Deed:
    """What a visitor did with an offer, `ago` seconds before: a word of `DEEDS`."""

    kind: str
    offer: str
    ago: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place of a ranking: the offer as the catalogue has it, its place from 1, and the words that may be shown for it."""

    offer: Offer
    place: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Help:
    """An answer of `help`: `mode` is `auto` or `human` (a person is to be offered), `tone` how to speak with them, and why (opened on the device only).

    `passes_on` is what the desk would be told if the person wants that, in words; empty for nothing. `ticket` is what tells it: sealed to the desk's key, there
    only once a person was asked for and where the desk has a key. Hand it on with the conversation, or do not.
    """

    mode: str
    tone: str
    used_emotion: bool
    why: str
    passes_on: str = ""
    laws: tuple[str, ...] = ()
    ticket: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Ranking:
    """An answer of `rank`: id for rewards, the places in order, and whether and why emotion was used (opened on the device only).

    `behaviour` is one word for the history that was sent. `agreed` is at how many places a shop's own order has what would have been ranked there;
    None where ours is shown.
    """

    event: str
    places: tuple[Ranked, ...]
    used_emotion: bool
    why: str
    laws: tuple[str, ...] = ()
    behaviour: str = "new"
    agreed: int | None = None

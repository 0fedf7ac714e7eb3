"""What ranking knows of an offer, as numbers. The whole list is here, so that what it does not know can be seen too.

    position        feature                                          depends on
    0               1                                                nothing
    1               log(1 + price in major units) / 10               price
    2 .. 17         tags, hashed into 16 buckets                     tags
    18 .. 33        (page, tag) pairs, hashed into 16 buckets        page, tags
    34              what the site declared for this expression       affinities, tags, expression
    35 .. 146       share of each expression but neutral x 16 tags   expression, tags
    147 .. 162      mean valence x 16 tags                           valence, tags

INVARIANT (promise P9): no feature depends on both price and emotion; features 34 and later never read the price, feature 1 never the emotion.

Tags are hashed because the sums outlive catalogues: a bucket means the same tag next year. Two tags may share a bucket and are then learned as one; what
the site declares (feature 34) is computed from the words themselves and never collides.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import RequestInvalid
from mien.values import EXPRESSIONS, Offer
from mien_server.values import Emotion

Vector = NDArray[np.float64]

BUCKETS: Final = 16
MOODS: Final = EXPRESSIONS[1:]
"""Neutral is what the others are measured against; with it the features would be linearly dependent."""
BIAS: Final = 0
PRICE: Final = 1
TAGS: Final = slice(2, 2 + BUCKETS)
PAGE: Final = slice(TAGS.stop, TAGS.stop + BUCKETS)
DECLARED: Final = PAGE.stop
MOOD_TAGS: Final = slice(DECLARED + 1, DECLARED + 1 + len(MOODS) * BUCKETS)
VALENCE_TAGS: Final = slice(MOOD_TAGS.stop, MOOD_TAGS.stop + BUCKETS)
DIMENSIONS: Final = VALENCE_TAGS.stop

_MAX_MAJOR_UNITS: Final = 10**10
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Table:
    """The features of K offers, kept in parts: `base` (K, 34) knows no emotion, `declared` (K,) is feature 34, the rest follows from tags.

    A row of all features is written out only for what is shown (`row`); scores need no more than the parts.
    """

    base: Vector
    declared: Vector
    shares: Vector
    valence: float

    def plain(self, theta: Vector) -> Vector:
        """Scores (K,) without emotion under weights `theta` (d,)."""
        return np.asarray(self.base @ theta[:DECLARED])

    def by_site(self, theta: Vector) -> Vector:
        """What the site's affinities add to the scores, (K,)."""
        return np.asarray(self.declared * theta[DECLARED])

    def by_people(self, theta: Vector) -> Vector:
        """What was learned about expressions adds to the scores, (K,)."""
        by_mood = self.shares @ theta[MOOD_TAGS].reshape(len(MOODS), BUCKETS)
        return np.asarray(self.base[:, TAGS] @ (by_mood + self.valence * theta[VALENCE_TAGS]))

    def row(self, index: int) -> tuple[float, ...]:
        """All `DIMENSIONS` features of one offer."""
        base = self.base[index]
        tags = base[TAGS]
        row = np.empty(DIMENSIONS)
        row[:DECLARED] = base
        row[DECLARED] = self.declared[index]
        row[MOOD_TAGS] = (self.shares[:, None] * tags).ravel()
        row[VALENCE_TAGS] = self.valence * tags
        return tuple(row.tolist())


def table(
    offers: Sequence[Offer],
    page: str,
    emotion: Emotion | None,
    affinities: Mapping[str, Mapping[str, float]],
) -> Table:
    """The features of the offers. Everything from `DECLARED` on is zero without emotion. Raises `RequestInvalid` for numbers out of range."""
    base = np.array([_base(offer.tags, page) for offer in offers])
    base[:, PRICE] = [_price(offer) for offer in offers]
    if emotion is None:
        return Table(base, np.zeros(len(offers)), np.zeros(len(MOODS)), 0.0)
    check_emotion(emotion)
    shares = np.array([emotion.shares.get(mood, 0.0) for mood in MOODS])
    by_tag = suited(emotion, affinities)
    by_site = np.array([_declared(offer, by_tag) for offer in offers])
    return Table(base, by_site, shares, emotion.valence)


def suited(emotion: Emotion, affinities: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """How well each tag suits what was seen by the site's own words: affinities weighted by shares, -1..1.

    Raises `RequestInvalid` for an affinity outside -1..1.
    """
    found: dict[str, float] = {}
    for mood, share in emotion.shares.items():
        for tag, value in affinities.get(mood, {}).items():
            if not -1.0 <= value <= 1.0:  # false for NaN as well
                msg = f"the affinity of `{tag}` is not between -1 and 1; correct the catalogue"
                raise RequestInvalid(msg)
            found[tag] = found.get(tag, 0.0) + share * value
    return found


def _declared(offer: Offer, by_tag: Mapping[str, float]) -> float:
    """Mean over the offer's tags, so that many tags are worth no more than one."""
    return sum(by_tag.get(tag, 0.0) for tag in offer.tags) / max(1, len(offer.tags))


def check_emotion(emotion: Emotion) -> None:
    """Return when the emotion is made of numbers in their ranges; raise `RequestInvalid` otherwise."""
    shares = emotion.shares.values()
    known = all(mood in EXPRESSIONS for mood in emotion.shares)
    parts = all(0.0 <= share <= 1.0 for share in shares) and sum(shares) <= 1.0 + _SLACK
    means = all(-1.0 <= value <= 1.0 for value in (emotion.valence, emotion.arousal))
    told = all(0.0 <= share <= emotion.shares.get(mood, 0.0) + _SLACK for mood, share in emotion.told.items())  # fmt: skip
    counts = 0 <= emotion.tellings <= emotion.labels and (not emotion.told or emotion.tellings > 0)
    if not (known and parts and means and told and counts):
        msg = "a share, valence or arousal is outside its range; compute it from labels"
        raise RequestInvalid(msg)


def _price(offer: Offer) -> float:
    major = offer.price / 100
    if not 0 <= major <= _MAX_MAJOR_UNITS:
        msg = f"the price of `{offer.id}` is not between 0 and {_MAX_MAJOR_UNITS}; correct the catalogue"
        raise RequestInvalid(msg)
    return math.log1p(major) / 10


@lru_cache(maxsize=4096)
def _base(tags: tuple[str, ...], page: str) -> Vector:
    """The features of an offer that come from tags and page; the price is filled in later. Shared: not to be written to."""
    found = np.zeros(DECLARED)
    found[BIAS] = 1.0
    found[TAGS] = _hashed(tags)
    found[PAGE] = _hashed(tuple(f"{page} {tag}" for tag in tags))
    found.flags.writeable = False
    return found


def _hashed(words: tuple[str, ...]) -> Vector:
    """Words as a vector of length 1 over the buckets, zero for no words."""
    found = np.zeros(BUCKETS)
    for word in words:
        found[zlib.crc32(word.encode()) % BUCKETS] = 1.0
    length = math.sqrt(found.sum())
    return found / length if length else found

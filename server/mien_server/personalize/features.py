"""What ranking knows of an offer, as numbers. The whole list is here, so that what it does not know can be seen too.

    position        feature                                          depends on
    0               1                                                nothing
    1               log(1 + price in major units) / 10               price
    2 .. 17         tags, in 16 numbers                              tags
    18 .. 33        (page, tag) pairs, in 16 numbers                 page, tags
    34              1 - 1 / place                                    where it was shown
    35              likeness of its tags to what was looked at       tags, history
    36 .. 39        this offer viewed, carted, bought, dismissed     history
    40              what the site declared for this expression       affinities, tags, expression
    41 .. 152       share of each expression but neutral x 16 tags   expression, tags
    153 .. 168      mean valence x 16 tags                           valence, tags

INVARIANT (promise P9): no feature depends on both price and emotion; features 40 and later never read the price, feature 1 never the emotion, and
34 to 39 neither.

Up to 40 the features are an offer's own; the rest are products of its tags with eight numbers that are the person's (`felt`), so an event keeps the
41 and the 8 and no product.

Words become numbers by their hash, because the sums outlive catalogues: a word means the same next year. Each is a row of 16 signs, as in a random
projection (Achlioptas, Journal of Computer and System Sciences 66, 2003): any two words overlap a little, none wholly; so as many as
16 are told apart exactly and more nearly. What the site declares (feature 40) is computed from the words themselves.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import RequestInvalid
from mien.values import EXPRESSIONS, Offer
from mien_server.personalize.behaviour import SIGNS, Behaviour
from mien_server.values import Emotion

Vector = NDArray[np.float64]

BUCKETS: Final = 16
MOODS: Final = EXPRESSIONS[1:]
"""Neutral is what the others are measured against; with it the features would be linearly dependent."""
BIAS: Final = 0
PRICE: Final = 1
TAGS: Final = slice(2, 2 + BUCKETS)
PAGE: Final = slice(TAGS.stop, TAGS.stop + BUCKETS)
POSITION: Final = PAGE.stop
LIKENESS: Final = POSITION + 1
DEEDS: Final = slice(LIKENESS + 1, LIKENESS + 1 + len(SIGNS))
DECLARED: Final = DEEDS.stop
BASE: Final = DECLARED + 1
"""How many features are an offer's own."""
FELT: Final = len(MOODS) + 1
"""Shares of the moods and the mean valence: what is multiplied with the tags."""
MOOD_TAGS: Final = slice(BASE, BASE + len(MOODS) * BUCKETS)
VALENCE_TAGS: Final = slice(MOOD_TAGS.stop, MOOD_TAGS.stop + BUCKETS)
DIMENSIONS: Final = VALENCE_TAGS.stop

_MAX_MAJOR_UNITS: Final = 10**10
_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Table:
    """The features of K offers. `base` is (K, `BASE`), `felt` (`FELT`,): all zero without emotion, and `base` from `DECLARED` on with it."""

    base: Vector
    felt: Vector

    def plainly(self) -> Vector:
        """The own features (K, `BASE`) as they are without emotion."""
        found = self.base.copy()
        found[:, DECLARED] = 0.0
        return found

    def plain(self, theta: Vector) -> Vector:
        """Scores (K,) without emotion under weights `theta` (d,)."""
        return np.asarray(self.base[:, :DECLARED] @ theta[:DECLARED])

    def by_site(self, theta: Vector) -> Vector:
        """What the site's affinities add to the scores, (K,)."""
        return np.asarray(self.base[:, DECLARED] * theta[DECLARED])

    def by_people(self, theta: Vector) -> Vector:
        """What was learned about expressions adds to the scores, (K,)."""
        return np.asarray(self.base[:, TAGS] @ (self.felt @ theta[BASE:].reshape(FELT, BUCKETS)))

    def by_behaviour(self, theta: Vector) -> Vector:
        """What the history adds to the scores, (K,)."""
        return np.asarray(self.base[:, LIKENESS:DECLARED] @ theta[LIKENESS:DECLARED])

    def rows(self, indices: Sequence[int]) -> Vector:
        """The offer's own features of those at place 1, 2, ..., (places, `BASE`), as an event keeps them: with the place, in 32 bits."""
        found = self.base[list(indices)]
        found[:, POSITION] = 1.0 - 1.0 / np.arange(1, len(indices) + 1)
        return rounded(found)


def rounded(numbers: Vector) -> Vector:
    """The nearest numbers that have 32 bits: what is learned is what was stored, to the bit, and so can be forgotten."""
    return numbers.astype(np.float32).astype(np.float64)


def whole(base: Vector, felt: Vector) -> Vector:
    """All features, (places, `DIMENSIONS`), of rows of own ones (places, `BASE`) and what is the person's (`FELT`,)."""
    products = felt[None, :, None] * base[:, None, TAGS]
    return np.hstack([base, products.reshape(len(base), FELT * BUCKETS)])


def table(
    offers: Sequence[Offer],
    page: str,
    emotion: Emotion | None,
    affinities: Mapping[str, Mapping[str, float]],
    behaviour: Behaviour | None = None,
) -> Table:
    """The features of the offers. Raises `RequestInvalid` for numbers out of range."""
    base = np.array([_base(offer.tags, page) for offer in offers])
    base[:, PRICE] = [_price(offer) for offer in offers]
    if behaviour is not None:
        _tell(base, offers, behaviour)
    if emotion is None:
        return Table(base, np.zeros(FELT))
    check_emotion(emotion)
    by_tag = suited(emotion, affinities)
    declared = {tags: _declared(tags, by_tag) for tags in {offer.tags for offer in offers}}
    base[:, DECLARED] = [declared[offer.tags] for offer in offers]
    felt = np.array([*(emotion.shares.get(mood, 0.0) for mood in MOODS), emotion.valence])
    return Table(base, felt)


def _tell(base: Vector, offers: Sequence[Offer], behaviour: Behaviour) -> None:
    """Write what the history says into the features."""
    profile = np.zeros(BUCKETS)
    for tag, weight in behaviour.tags.items():
        profile += weight * _signs(tag)
    length = float(np.linalg.norm(profile))
    if length > 0.0:
        base[:, LIKENESS] = base[:, TAGS] @ (profile / length)
    for row, offer in enumerate(offers):
        deeds = behaviour.offers.get(offer.id)
        if deeds is not None:
            base[row, DEEDS] = deeds


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


def _declared(tags: Sequence[str], by_tag: Mapping[str, float]) -> float:
    """Mean over an offer's tags, so that many tags are worth no more than one."""
    return sum(by_tag.get(tag, 0.0) for tag in tags) / max(1, len(tags))


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
    """The features of an offer that come from tags and page; the others are filled in later. Shared: not to be written to."""
    found = np.zeros(BASE)
    found[BIAS] = 1.0
    found[TAGS] = _hashed(tags)
    found[PAGE] = _hashed(tuple(f"{page} {tag}" for tag in tags))
    found.flags.writeable = False
    return found


def _hashed(words: tuple[str, ...]) -> Vector:
    """Words as a vector of length 1, zero for no words (or for words that cancel out)."""
    found = np.zeros(BUCKETS)
    for word in sorted(set(words)):  # in one order: sums of the same words are the same to the bit
        found += _signs(word)
    length = float(np.linalg.norm(found))
    return found / length if length > 0.0 else found


@lru_cache(maxsize=4096)
def _signs(word: str) -> Vector:
    """A word as a vector of length 1: 16 signs out of its hash. Shared: not to be written to."""
    digest = hashlib.blake2b(
        word.encode(), digest_size=BUCKETS // 8, person=b"mien word v2"
    ).digest()
    bits = np.unpackbits(np.frombuffer(digest, np.uint8)).astype(np.float64)
    found: Vector = (2.0 * bits - 1.0) / math.sqrt(BUCKETS)
    found.flags.writeable = False
    return found

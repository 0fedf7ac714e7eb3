"""One ranking: scores, exact probabilities, the order drawn from them, and why.

Inverse-gap weighting (Abe and Long 1999; Foster and Rakhlin 2020, SquareCB): of K offers, one whose score lies `gap` under the best has the probability
1 / (K + gamma gap), the best has the rest. Places are filled one after the other without replacement, each from the offers still left, so
the probability of what stands at a place is known exactly and kept with it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from mien.errors import RequestInvalid
from mien.values import Offer
from mien_server.personalize import words
from mien_server.personalize.features import Vector, suited, table
from mien_server.personalize.sums import Sums
from mien_server.values import Catalogue, Emotion

MAX_OFFERS: Final = 10_000
SHARPNESS: Final = 30.0
"""gamma for each offer left, before anything is learned: the site's own words are then all there is."""
GROWTH: Final = 1.0
"""gamma grows with the square root of the number of events, as the estimate sharpens."""
FLOOR: Final = 0.05
"""Share of the emotionless distribution kept under a tilted one, so that no offer's probability vanishes."""

_TOLERANCE: Final = 1e-6
_ROUNDING: Final = 1e-12
_MAX_STEPS: Final = 80


@dataclass(frozen=True, slots=True)
class Choice:
    """A ranking. At each place: the offer, the probability it had there given the places before, its features, and a sentence.

    `why` and `places` are words about the person when `used_emotion`: sealed to the device, never logged.
    """

    order: tuple[Offer, ...]
    propensities: tuple[float, ...]
    features: tuple[tuple[float, ...], ...] = field(repr=False)
    used_emotion: bool
    why: str = field(repr=False)
    places: tuple[str, ...] = field(repr=False)


def choose(  # noqa: PLR0917 - one argument for each thing a ranking rests on
    catalogue: Catalogue,
    offers: Sequence[Offer],
    emotion: Emotion | None,
    page: str,
    sums: Sums,
    places: int,
    uniform: Callable[[], float],
) -> Choice:
    """Rank `offers` (those in stock) into at most `places` places.

    `catalogue` gives the declared affinities, `uniform` random numbers in [0, 1): one a place. The same arguments give the same answer. Emotion
    changes the order and nothing else: not who is a candidate, not a price. Raises `RequestInvalid` for no offers, an id twice, prices in two
    currencies, numbers out of range.
    """
    candidates = _candidates(offers, places)
    known = table(candidates, page, emotion, catalogue.affinities)
    theta = sums.estimate()
    by_site, by_people = known.by_site(theta), known.by_people(theta)
    plain = known.plain(theta)
    felt = plain if emotion is None else plain + by_site + by_people
    prices = np.array([offer.price for offer in candidates], dtype=np.float64)
    draw = _Draw(plain, felt, prices, SHARPNESS + GROWTH * sums.n**0.5)
    taken = [draw.next(uniform) for _ in range(min(places, len(candidates)))]
    order = tuple(candidates[pick.index] for pick in taken)
    said = words.Said(
        emotion=emotion,
        suited={} if emotion is None else suited(emotion, catalogue.affinities),
        events=sums.n,
        tilted=bool(taken[0].tilted),
    )
    by_site, by_people = by_site - by_site.mean(), by_people - by_people.mean()
    return Choice(
        order=order,
        propensities=tuple(pick.probability for pick in taken),
        features=tuple(known.row(pick.index) for pick in taken),
        used_emotion=emotion is not None,
        why=words.whole(said),
        places=tuple(
            words.place(
                said,
                candidates[pick.index],
                declared=float(by_site[pick.index]),
                learned=float(by_people[pick.index]),
                likeliest=pick.likeliest,
            )
            for pick in taken
        ),
    )


def _candidates(offers: Sequence[Offer], places: int) -> list[Offer]:
    if len(offers) > MAX_OFFERS:
        msg = f"at most {MAX_OFFERS} offers can be ranked at once; send fewer candidates"
        raise RequestInvalid(msg)
    if len({offer.id for offer in offers}) != len(offers):
        msg = "an offer is named twice; send each candidate once"
        raise RequestInvalid(msg)
    if len({offer.currency for offer in offers}) > 1:
        msg = "the candidates are priced in two currencies; rank each currency by itself"
        raise RequestInvalid(msg)
    found = [offer for offer in offers if offer.stock > 0]
    if not found or places < 1:
        msg = "there is nothing to rank; send at least one offer in stock and ask for at least one place"
        raise RequestInvalid(msg)
    return found


@dataclass(frozen=True, slots=True)
class _Pick:
    index: int
    probability: float
    likeliest: bool
    tilted: bool


class _Draw:
    """Fills places one by one. Holds scores without and with emotion, (K,) each, and who is left."""

    def __init__(self, plain: Vector, felt: Vector, prices: Vector, sharpness: float) -> None:
        self._plain, self._felt, self._prices, self._sharpness = plain, felt, prices, sharpness
        self._left = np.arange(len(prices))

    def next(self, uniform: Callable[[], float]) -> _Pick:
        left = self._left
        gamma = self._sharpness * len(left)
        without = inverse_gap(self._plain[left], gamma)
        wanted = without if self._felt is self._plain else inverse_gap(self._felt[left], gamma)
        pmf = hold_price(wanted, without, self._prices[left])
        at = _sample(pmf, uniform())
        self._left = np.concatenate((left[:at], left[at + 1 :]))
        return _Pick(
            index=int(left[at]),
            probability=float(pmf[at]),
            likeliest=at == int(pmf.argmax()),
            tilted=pmf is not wanted,
        )


def inverse_gap(scores: Vector, gamma: float) -> Vector:
    """Probabilities (K,) of offers by their scores (K,): all positive, sum 1. Raises `RequestInvalid` when a score is no number."""
    if not np.isfinite(scores).all():
        msg = "a score is no number; rebuild the ranking sums from the events"
        raise RequestInvalid(msg)
    best = int(scores.argmax())
    pmf: Vector = 1.0 / (len(scores) + gamma * (scores[best] - scores))
    pmf[best] = 0.0
    pmf[best] = 1.0 - pmf.sum()
    return pmf


def hold_price(wanted: Vector, without: Vector, prices: Vector) -> Vector:
    """`wanted` itself, or tilted towards cheaper offers until its expected price is no higher than that of `without` (promise P9).

    The tilt is the exponential one, p exp(-t price), which is the closest distribution in relative entropy that holds the bound; then a `FLOOR` of
    `without` is mixed in, which keeps it. All arrays are (K,); the answer is positive and sums to 1.
    """
    if wanted is without:
        return wanted  # what is the same costs the same
    lowest = prices.min()
    span = prices.max() - lowest
    if span == 0:
        return wanted
    unit = (prices - lowest) / span
    limit = float(without @ unit)
    if float(wanted @ unit) <= limit * (1.0 + _ROUNDING):
        return wanted
    tilted = _tilt(wanted, unit, limit)
    pmf = (1.0 - FLOOR) * (without if tilted is None else tilted) + FLOOR * without
    return np.asarray(pmf / pmf.sum())


def _tilt(wanted: Vector, unit: Vector, limit: float) -> Vector | None:
    """Newton's method inside a bracket for the tilt that brings the mean of `unit` just under `limit`. None when it is not found."""
    low, high, tilt = 0.0, np.inf, 0.0
    found: Vector | None = None
    for _ in range(_MAX_STEPS):
        pmf = wanted * np.exp(-tilt * unit)
        pmf /= pmf.sum()
        mean = float(pmf @ unit)
        if mean > limit:
            low = tilt
        else:
            high, found = tilt, pmf
            if limit - mean <= _TOLERANCE * limit:
                break
        variance = float(pmf @ (unit - mean) ** 2)
        step = tilt + (mean - (1.0 - _TOLERANCE / 2) * limit) / max(variance, 1e-300)
        tilt = step if low < step < high else min((low + high) / 2, 2.0 * tilt + 1.0)
    return found


def _sample(pmf: Vector, number: float) -> int:
    if not 0.0 <= number < 1.0:  # false for NaN as well
        msg = "the source of randomness gave no number in [0, 1); check it"
        raise RequestInvalid(msg)
    return min(int(pmf.cumsum().searchsorted(number, side="right")), len(pmf) - 1)

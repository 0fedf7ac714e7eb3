"""One ranking: scores, exact probabilities, the order drawn from them, and why.

Minimum empirical divergence (Maillard sampling: Bian and Jun, AISTATS 2022; for linear scores Balagopalan and Jun, AISTATS 2025): an offer whose score lies
`gap` under the best has a weight of exp(-gap^2 / (2 v)), where v is the variance of that gap as far as the events tell it. What is surely worse is
hardly shown, what may be better is tried. Divided by their sum the weights are the probabilities, in closed form. Places are filled one after the other without
replacement, each from the offers still left that the shop's rules allow there, so the probability of what stands at a place is known exactly and
kept with it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import RequestInvalid
from mien.values import Deed, Offer
from mien.wire.messages import Behaviour as BehaviourLabel
from mien_server.personalize import words
from mien_server.personalize.behaviour import behaviour_of, hesitant
from mien_server.personalize.features import FELT, Table, Vector, rounded, suited, table
from mien_server.personalize.rules import NONE, Placing, allowed, together
from mien_server.personalize.sums import Learned, Sums
from mien_server.values import Catalogue, Emotion, Rules

MAX_OFFERS: Final = 10_000
CURIOSITY: Final = 0.2
"""What the variance of a gap is multiplied with: 1 explores as the theory asks of the worst case; chosen with `RIDGE` on seeds 101 to 119 of the bench."""
EXPLORED: Final = 0.02
"""Share of each place that is drawn evenly, so that no probability vanishes: every offer has at least this divided by their number."""
FLOOR: Final = 0.05
"""Share of the emotionless distribution kept under a tilted one, so that no offer's probability vanishes."""

_TOLERANCE: Final = 1e-6
_ROUNDING: Final = 1e-12
_MAX_STEPS: Final = 80
_SURE: Final = 1e-18
"""The least variance of a gap: two offers with the same features differ by rounding alone."""


@dataclass(frozen=True, slots=True)
class Told:
    """What else a ranking is told, none of it an emotion: what the visitor did before, the shop's rules for this order, its own order, who it is for.

    `own` are ids in the order in which the shop shows them itself (apprentice mode; empty: it shows what is ranked here). `adult` and `places` are the
    shop's word on the visitor and on whose law applies.
    """

    history: tuple[Deed, ...] = ()
    rules: Rules = NONE
    own: tuple[str, ...] = ()
    adult: bool = False
    places: frozenset[str] = frozenset()


NOTHING: Final = Told()


@dataclass(frozen=True, slots=True)
class Choice:
    """A ranking. At each place: the offer, the probability it had there given the places before, its features, and a sentence.

    `felt` is what was known of the person, empty without emotion. `agreed` is at how many places a shop's own order has the offer that would have been drawn
    here, None where it shows ours. `why` and `places` are words about the person when `used_emotion`: sealed to the device, never logged.
    """

    order: tuple[Offer, ...]
    propensities: tuple[float, ...]
    features: tuple[tuple[float, ...], ...] = field(repr=False)
    used_emotion: bool
    why: str = field(repr=False)
    places: tuple[str, ...] = field(repr=False)
    felt: tuple[float, ...] = field(default=(), repr=False)
    agreed: int | None = None
    behaviour: BehaviourLabel = "new"


def choose(  # noqa: PLR0917 - one argument for each thing a ranking rests on
    catalogue: Catalogue,
    offers: Sequence[Offer],
    emotion: Emotion | None,
    page: str,
    sums: Sums,
    places: int,
    uniform: Callable[[], float],
    told: Told = NOTHING,
) -> Choice:
    """Rank `offers` (those in stock that the rules allow) into at most `places` places.

    `catalogue` gives the declared affinities and rules, `uniform` random numbers in [0, 1): one a place. The same arguments give the same answer. Emotion
    changes the order and nothing else: not who is a candidate, not a price. Raises `RequestInvalid` for no offers, an id twice, prices in two
    currencies, numbers out of range, an own order of offers that are no candidates.
    """
    rules = together(catalogue.rules, told.rules)
    candidates = _candidates(offers, places, rules, told)
    behaviour = behaviour_of(told.history, (*catalogue.offers, *offers)) if told.history else None
    known = table(candidates, page, emotion, catalogue.affinities, behaviour)
    learned = sums.learned()
    scores = _Scores(known, learned)
    prices = np.array([offer.price for offer in candidates], dtype=np.float64)
    filled = min(places, len(candidates))
    draw = _Draw(known, scores, learned, prices, Placing(candidates, rules, filled))
    taken = [draw.next(uniform) for _ in range(filled)]
    label: BehaviourLabel = "new" if behaviour is None else behaviour.label
    shown, agreed = _shown(candidates, taken, told.own)
    felt = () if emotion is None else tuple(rounded(known.felt).tolist())
    said = words.Said(
        emotion=emotion,
        suited={} if emotion is None else suited(emotion, catalogue.affinities),
        events=sums.n,
        tilted=bool(taken[0].tilted),
        behaviour=label,
        hesitant=hesitant(label, emotion),
        own=agreed is not None,
    )
    return Choice(
        order=tuple(candidates[pick.index] for pick in shown),
        propensities=tuple(pick.probability for pick in shown),
        features=tuple(map(tuple, known.rows([pick.index for pick in shown]).tolist())),
        used_emotion=emotion is not None,
        why=words.whole(said),
        places=tuple(
            words.place(said, candidates[pick.index], scores.lift(pick)) for pick in shown
        ),
        felt=felt,
        agreed=agreed,
        behaviour=label,
    )


def _candidates(offers: Sequence[Offer], places: int, rules: Rules, told: Told) -> list[Offer]:
    if len(offers) > MAX_OFFERS:
        msg = f"at most {MAX_OFFERS} offers can be ranked at once; send fewer candidates"
        raise RequestInvalid(msg)
    if len({offer.id for offer in offers}) != len(offers):
        msg = "an offer is named twice; send each candidate once"
        raise RequestInvalid(msg)
    if len({offer.currency for offer in offers}) > 1:
        msg = "the candidates are priced in two currencies; rank each currency by itself"
        raise RequestInvalid(msg)
    found = allowed(offers, rules, adult=told.adult, places=told.places)
    if not found or places < 1:
        msg = "there is nothing to rank; send at least one offer in stock that the rules allow, and ask for at least one place"
        raise RequestInvalid(msg)
    return found


@dataclass(frozen=True, slots=True)
class _Pick:
    index: int
    probability: float
    likeliest: bool
    tilted: bool = False
    pinned: bool = False


def _shown(
    candidates: Sequence[Offer], taken: list[_Pick], own: Sequence[str]
) -> tuple[list[_Pick], int | None]:
    """What the shop shows: what was drawn, or its own order with certainty, and at how many places the two are one."""
    if not own:
        return taken, None
    index = {offer.id: at for at, offer in enumerate(candidates)}
    if len(set(own)) != len(own) or not all(name in index for name in own):
        msg = "the shop's own order names an offer twice, or one that is no candidate; send what is shown"
        raise RequestInvalid(msg)
    shown = [_Pick(index[name], 1.0, likeliest=True) for name in own]
    agreed = sum(one.index == other.index for one, other in zip(shown, taken, strict=False))
    return shown, agreed


class _Scores:
    """Expected rewards, (K,) each: without emotion, with it, and what each reason adds, against the mean of the candidates."""

    def __init__(self, known: Table, learned: Learned) -> None:
        theta = learned.theta
        self.plain = known.plain(theta)
        self.by_behaviour = _centred(known.by_behaviour(theta))
        self.felt = self.plain
        self.by_site = self.by_people = np.zeros_like(self.plain)
        if known.felt.any() or known.base[:, -1].any():
            by_site, by_people = known.by_site(theta), known.by_people(theta)
            self.felt = self.plain + by_site + by_people
            self.by_site, self.by_people = _centred(by_site), _centred(by_people)

    def lift(self, pick: _Pick) -> words.Lift:
        """Why one offer stands higher or lower than the average candidate."""
        return words.Lift(
            declared=float(self.by_site[pick.index]),
            learned=float(self.by_people[pick.index]),
            behaviour=float(self.by_behaviour[pick.index]),
            likeliest=pick.likeliest,
            pinned=pick.pinned,
        )


def _centred(scores: Vector) -> Vector:
    return np.asarray(scores - scores.mean())


class _Draw:
    """Fills places one by one, each from who is left. Scores are kept in one row without emotion and, where there is any, another with it: (R, K)."""

    def __init__(self, known: Table, scores: _Scores, learned: Learned, prices: Vector, placing: Placing) -> None:  # fmt: skip
        self._prices, self._placing = prices, placing
        self._left = np.ones(len(prices), dtype=np.bool_)
        self._taken: list[int] = []
        rows, bases, spreads = [scores.plain], [known.plainly()], [learned.spread(np.zeros(FELT))]
        if scores.felt is not scores.plain:
            rows.append(scores.felt)
            bases.append(known.base)
            spreads.append(learned.spread(known.felt))
        self._scores, self._base = np.array(rows), np.array(bases)
        # Half of what the variance of a gap is made of: (R, K, B), and each offer's own, (R, K).
        self._half: Vector = learned.noise * (self._base @ np.array(spreads))
        self._own: Vector = (self._half * self._base).sum(axis=-1)
        self._rows = np.arange(len(rows))

    def next(self, uniform: Callable[[], float]) -> _Pick:
        place = len(self._taken) + 1
        number = uniform()
        pinned = self._placing.pins.get(place)
        pick = (
            self._drawn(place, number)
            if pinned is None
            else _Pick(pinned, 1.0, likeliest=True, pinned=True)
        )
        self._left[pick.index] = False
        self._taken.append(pick.index)
        return pick

    def _drawn(self, place: int, number: float) -> _Pick:
        pmfs = self._pmfs(self._placing.may(place, self._left, self._taken))
        without = pmfs[0]
        wanted = without if len(pmfs) == 1 else pmfs[1]
        pmf = hold_price(wanted, without, self._prices)
        at = _sample(pmf, number)
        return _Pick(
            index=at,
            probability=float(pmf[at]),
            likeliest=at == int(pmf.argmax()),
            tilted=pmf is not wanted,
        )

    def _pmfs(self, may: NDArray[np.bool_]) -> Vector:
        """Probabilities of all offers, (R, K): 0 for those that `may` not stand here, (K,)."""
        best = np.where(may, self._scores, -np.inf).argmax(axis=1)
        both = (self._half @ self._base[self._rows, best][:, :, None])[:, :, 0]
        variances = self._own + self._own[self._rows, best][:, None] - 2.0 * both
        return likely(self._scores, variances, may)


def likely(scores: Vector, variances: Vector, may: NDArray[np.bool_] | None = None) -> Vector:
    """Probabilities (..., K) of offers by their scores (..., K) and the variances (..., K) of their gaps to the best: all positive, sum 1.

    Those that `may` not, (K,), count for nothing and have 0. Raises `RequestInvalid` when a score or a variance is no number.
    """
    there = scores if may is None else np.where(may, scores, -np.inf)
    gaps = there.max(axis=-1, keepdims=True) - scores
    weights: Vector = np.exp(gaps * gaps / (-2.0 * CURIOSITY * np.maximum(variances, _SURE)))
    if may is not None:
        weights *= may
    totals = weights.sum(axis=-1, keepdims=True)
    if not math.isfinite(float(totals.sum() + gaps.sum())):
        msg = "a score is no number; rebuild the ranking sums from the events"
        raise RequestInvalid(msg)
    weights *= (1.0 - EXPLORED) / totals
    if may is None:
        weights += EXPLORED / scores.shape[-1]
    else:
        weights += may * (EXPLORED / np.count_nonzero(may))
    return weights


def hold_price(wanted: Vector, without: Vector, prices: Vector) -> Vector:
    """`wanted` itself, or tilted towards cheaper offers until its expected price is no higher than that of `without` (promise P9).

    The tilt is the exponential one, p exp(-t price), which is the closest distribution in relative entropy that holds the bound; then a `FLOOR` of
    `without` is mixed in, which keeps it. All arrays are (K,); the answer is positive where `wanted` is, and sums to 1.
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
    at = int(pmf.cumsum().searchsorted(number, side="right"))
    # The sum may come to a hair less than 1: then it is the last of those that may be drawn.
    return at if at < len(pmf) and pmf[at] > 0.0 else int(np.flatnonzero(pmf)[-1])

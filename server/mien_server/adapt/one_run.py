"""How much privacy is surely missing, from guesses at who took part: lower bounds from one run with many canaries.

Each of m canaries takes part or not by the toss of a coin; somebody who sees only what was released says of `guesses` of them whether they did, and is right in
`right`. Under a claim of privacy so many can only be right by rare luck; the bounds here are the largest claims that would make it rarer than `doubt`.

- `least_epsilon`: Steinke, Nasr, Jagielski, "Privacy Auditing with One (1) Training Run", NeurIPS 2023, theorem 5.2, for (epsilon, delta)
- `least_mu`: Mahloujifar, Melis, Chaudhuri, "Auditing f-Differential Privacy in One Run", ICML 2025, algorithm 3, for the whole curve of Gaussian privacy: much sharper

Both hold whatever the guesser does, as long as it does not see the coins.
"""

import math
from collections.abc import Callable, Iterator
from statistics import NormalDist
from typing import Final

_STEPS: Final = 60
_MOST: Final = 64.0
"""No bound above this is looked for: it would be no privacy at all."""
_NORMAL: Final = NormalDist()


def least_epsilon(canaries: int, guesses: int, right: int, delta: float, doubt: float) -> float:
    """The largest epsilon that is refuted: with at most `doubt` (0..1) of being wrong, the truth at `delta` lies above it. 0.0 when none is."""
    _checked(canaries, guesses, right, doubt)
    return _largest(lambda epsilon: p_value(canaries, guesses, right, epsilon, delta) <= doubt)


def least_mu(canaries: int, guesses: int, right: int, doubt: float) -> float:
    """The largest mu of Gaussian privacy that is refuted, as `least_epsilon`."""
    _checked(canaries, guesses, right, doubt)
    return _largest(lambda mu: _refuted(mu, canaries, guesses, right, doubt))


def p_value(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """The chance of `right` or more right guesses under (epsilon, delta), at most 1."""
    chances = list(_binomial(guesses, 1.0 / (1.0 + math.exp(-epsilon))))
    least = math.fsum(chances[right:])
    below, steepest = 0.0, 0.0
    for back in range(1, right + 1):
        below += chances[right - back]
        steepest = max(steepest, below / back)
    return min(1.0, least + 2.0 * canaries * delta * steepest)


def _binomial(count: int, chance: float) -> Iterator[float]:
    """The chances of 0 .. `count` successes."""
    if chance >= 1.0:
        yield from (0.0 for _ in range(count))
        yield 1.0
        return
    yes, no, whole = math.log(chance), math.log1p(-chance), math.lgamma(count + 1)
    for hits in range(count + 1):
        ways = whole - math.lgamma(hits + 1) - math.lgamma(count - hits + 1)
        yield math.exp(ways + hits * yes + (count - hits) * no)


def _refuted(mu: float, canaries: int, guesses: int, right: int, doubt: float) -> bool:
    """Walks down from `right`: `hit` bounds from below the share of canaries guessed rightly in runs with at least so many hits, `miss` the wrongly guessed."""
    hit = doubt * right / canaries
    miss = doubt * (guesses - right) / canaries
    for hits in range(right - 1, -1, -1):
        more = max(miss, _least_other(hit, mu))
        if more <= miss:
            break
        hit = min(1.0, hit + (more - miss) * hits / (guesses - hits))
        miss = more
    return hit + miss > guesses / canaries


def _least_other(chance: float, mu: float) -> float:
    """Under mu-GDP, what happens with this chance in one world happens with at least the answer in the other."""
    return _NORMAL.cdf(_NORMAL.inv_cdf(chance) - mu) if 0.0 < chance < 1.0 else float(chance >= 1.0)


def _largest(refuted: Callable[[float], bool]) -> float:
    if not refuted(0.0):
        return 0.0
    low, high = 0.0, _MOST
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return low


def _checked(canaries: int, guesses: int, right: int, doubt: float) -> None:
    if not 0 <= right <= guesses <= canaries or guesses < 1:
        raise ValueError("there are at least as many canaries as guesses and as right ones, and one guess")  # fmt: skip
    if not 0.0 < doubt < 1.0:
        raise ValueError("the doubt left lies between 0 and 1")

"""The claim of privacy, attacked: canaries take part in rounds, an attacker who sees only what was released says who did, and the guesses bound what leaks.

Every canary sends the longest update that is allowed, along a direction of its own, in every round of an enrolment: the worst that the accounting allows for.
A second attack sends updates ten times as long, which must be refused. What adds and releases is the code that rounds use (`release.Adding`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mien_server.adapt.accounting import epsilon_of, mu_of
from mien_server.adapt.one_run import least_epsilon, least_mu
from mien_server.adapt.release import NUMBERS, Adding, UpdateRefused
from mien_server.ports import Entropy

OVERSIZED: Final = 10.0
_ATTACKS: Final = {"as long as allowed": 1.0, "ten times as long": OVERSIZED}
_BOUNDS: Final = 2 * len(_ATTACKS)


class Counting(Protocol):
    """What a round adds updates with, as `Adding`."""

    def add(self, update: ArrayLike) -> None:
        """Count one update in, or raise `UpdateRefused`."""
        ...

    def release(self, noise: float, expected: int, entropy: Entropy) -> NDArray[np.float64]:
        """The noised mean."""
        ...


@dataclass(frozen=True, slots=True)
class Plan:
    """An audit: `canaries` (1..776) in each of `runs`, taking part in `rounds` at multiplier `noise`; the attacker guesses at the share `guessed` it is surest of.

    The claim is that of the ledger at `delta`. Each run has canaries of its own, so several are one with more of them. Raises `ValueError`.
    """

    canaries: int = 400
    runs: int = 1
    rounds: int = 12
    noise: float = 6.0
    delta: float = 1e-6
    guessed: float = 0.25
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if not 1 <= self.canaries <= NUMBERS or self.runs < 1 or self.rounds < 1:
            raise ValueError(f"an audit has 1 to {NUMBERS} canaries, a run and a round")
        if not 0.0 < self.guessed <= 1.0 or not 0.0 < self.confidence < 1.0:
            raise ValueError("the share guessed at and the confidence lie between 0 and 1")
        epsilon_of(self.mu, self.delta)

    @property
    def mu(self) -> float:
        """What the ledger holds of one canary, as Gaussian privacy."""
        return mu_of([self.noise] * self.rounds)


@dataclass(frozen=True, slots=True)
class Attacked:
    """What came of one attack: of `guesses` so many `right`; `refused` updates; what the truth surely exceeds, by both bounds, each as epsilon."""

    attack: str
    guesses: int
    right: int
    refused: int
    least_epsilon: float
    least_epsilon_gaussian: float


@dataclass(frozen=True, slots=True)
class Audited:
    """`claim` is the ledger's epsilon; it `holds` when no lower bound is above it."""

    claim: float
    attacks: tuple[Attacked, ...]

    @property
    def least(self) -> float:
        """The highest of the lower bounds."""
        return max(max(a.least_epsilon, a.least_epsilon_gaussian) for a in self.attacks)

    @property
    def holds(self) -> bool:
        """Whether the claim was not refuted."""
        return self.least <= self.claim


def audit(
    plan: Plan, entropy: Entropy, adding: Callable[[float, int], Counting] = Adding
) -> Audited:
    """Run the attacks of `plan` on what `adding` makes. The confidence is that of all bounds together (Bonferroni)."""
    doubt = (1.0 - plan.confidence) / _BOUNDS
    attacks = tuple(
        _attacked(name, length, plan, doubt, entropy, adding) for name, length in _ATTACKS.items()
    )
    return Audited(epsilon_of(plan.mu, plan.delta), attacks)


def _attacked(  # noqa: PLR0917 - one attack of one audit
    name: str,
    length: float,
    plan: Plan,
    doubt: float,
    entropy: Entropy,
    adding: Callable[[float, int], Counting],
) -> Attacked:
    inside, scores, refused = [], [], 0
    for _ in range(plan.runs):
        coins = _coins(plan.canaries, entropy)
        score, dropped = _run(coins, length, plan, entropy, adding)
        inside.append(coins)
        scores.append(score)
        refused += dropped
    guesses, right = _guessed(np.concatenate(scores), np.concatenate(inside), plan.guessed)
    canaries = plan.canaries * plan.runs
    mu = least_mu(canaries, guesses, right, doubt)
    return Attacked(
        name, guesses, right, refused, least_epsilon(canaries, guesses, right, plan.delta, doubt), epsilon_of(mu, plan.delta)
    )  # fmt: skip


def _run(
    coins: NDArray[np.bool_],
    length: float,
    plan: Plan,
    entropy: Entropy,
    adding: Callable[[float, int], Counting],
) -> tuple[NDArray[np.float64], int]:
    """What all rounds together say of each canary, and how many updates were refused."""
    scores, refused = np.zeros(plan.canaries), 0
    for _ in range(plan.rounds):
        counting = adding(1.0, NUMBERS)
        for number in np.flatnonzero(coins):
            update = np.zeros(NUMBERS)
            update[number] = length
            try:
                counting.add(update)
            except UpdateRefused:
                refused += 1
        scores += counting.release(plan.noise, 1, entropy)[: plan.canaries]
    return scores, refused


def _guessed(
    scores: NDArray[np.float64], inside: NDArray[np.bool_], share: float
) -> tuple[int, int]:
    """The highest scores are said to be in, the lowest out, in equal numbers: how many guesses, and how many of them are right."""
    half = max(1, math.floor(len(scores) * share / 2))
    order = np.argsort(scores)
    right = int(inside[order[-half:]].sum()) + int((~inside[order[:half]]).sum())
    return 2 * half, right


def _coins(count: int, entropy: Entropy) -> NDArray[np.bool_]:
    drawn = np.frombuffer(entropy.bytes(-(-count // 8)), np.uint8)
    return np.unpackbits(drawn)[:count].astype(bool)

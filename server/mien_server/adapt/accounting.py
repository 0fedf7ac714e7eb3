"""What taking part tells of one person: the exact privacy curve of Gaussian noise, added up over every round of an enrolment.

A round adds Gaussian noise of `noise` times the bound S on one person's update, so it is mu-GDP with mu = 1 / noise; rounds compose as the square root of the sum of
squares (Dong, Roth, Su, "Gaussian Differential Privacy", 2022, corollary 3.3), whatever was published in between. Their (epsilon, delta) is the curve of Balle and Wang
("Improving the Gaussian Mechanism", 2018, theorem 8), which is exact: dp-accounting's privacy loss distribution comes to the same (ADR 0033). No amplification
by sampling is counted: the server knows who took part. A person is added or removed, nothing else changes.

Everything rounds towards more spent. No scipy: `math.erfc` is enough.
"""

import math
from collections.abc import Iterable
from typing import Final

MAX_PARTICIPATIONS: Final = 1_000_000
LEAST_NOISE: Final = 0.01
"""Under this noise nothing is private; what is asked is a mistake."""
_FAR: Final = 25.0
"""From here on the normal tail is under 1e-137 and bounded from below, not computed."""
_STEPS: Final = 200
_CLOSE: Final = 1e-12


def mu_of(noises: Iterable[float]) -> float:
    """The GDP parameter of rounds with these noise multipliers, 0 for none. Raises `ValueError` for a noise that is none."""
    return math.sqrt(math.fsum(_checked(noise) ** -2 for noise in noises))


def epsilon(participations: int, noise: float, delta: float) -> float:
    """The epsilon at `delta` (0..1, both excluded) after so many rounds of one noise multiplier; 0.0 after none.

    Raises `ValueError` for what is no number of rounds, no noise or no delta.
    """
    if not 0 <= participations <= MAX_PARTICIPATIONS:
        raise ValueError(f"participations are 0 to {MAX_PARTICIPATIONS}")
    return epsilon_of(math.sqrt(participations) / _checked(noise), delta)


def allowed(participations_so_far: int, noise: float, delta: float, cap: float) -> bool:
    """Whether one round more keeps the lifetime's epsilon at or under `cap`."""
    return epsilon(participations_so_far + 1, noise, delta) <= cap


def allowed_after(spent: Iterable[float], noise: float, delta: float, cap: float) -> bool:
    """As `allowed`, where the rounds so far had noise multipliers of their own (`spent`, one for each)."""
    return epsilon_of(mu_of((*spent, noise)), delta) <= cap


def epsilon_of(mu: float, delta: float) -> float:
    """The least epsilon >= 0 at which mu-GDP has this `delta`, rounded up by at most 1e-12 of itself. Raises `ValueError` for a delta outside 0..1."""
    if not 0.0 < delta < 1.0:
        raise ValueError("delta lies between 0 and 1")
    if not math.isfinite(mu) or mu < 0.0:
        raise ValueError("mu is a number that is not negative")
    if mu == 0.0 or delta_of(mu, 0.0) <= delta:
        return 0.0
    low, high = 0.0, 1.0
    while delta_of(mu, high) > delta:
        low, high = high, 2.0 * high
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if delta_of(mu, middle) <= delta else (middle, high)
        if high - low <= _CLOSE * high:
            break
    return high


def delta_of(mu: float, spent: float) -> float:
    """The delta of mu-GDP at epsilon `spent` >= 0: Phi(mu/2 - e/mu) - exp(e) Phi(-mu/2 - e/mu), never under the truth."""
    if mu == 0.0:
        return 0.0
    second = spent + _log_tail(0.5 * mu + spent / mu)
    return max(0.0, _tail(spent / mu - 0.5 * mu) - math.exp(second))


def _tail(x: float) -> float:
    """P(N(0, 1) > x)."""
    return 0.5 * math.erfc(x / math.sqrt(2.0))


def _log_tail(x: float) -> float:
    """The logarithm of `_tail(x)`; far out that of a lower bound of it (Gordon 1941: x / (x^2 + 1) times the density)."""
    if x < _FAR:
        return math.log(_tail(x))
    return -0.5 * x * x - 0.5 * math.log(2.0 * math.pi) + math.log(x / (x * x + 1.0))


def _checked(noise: float) -> float:
    if not math.isfinite(noise) or noise < LEAST_NOISE:
        raise ValueError(f"a noise multiplier is a number from {LEAST_NOISE}")
    return noise

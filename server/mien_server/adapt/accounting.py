"""What taking part tells of one person: the exact privacy curve of Gaussian noise, added up over every round of an enrolment.

A round adds Gaussian noise of `noise` times the bound S on one person's update, so it is mu-GDP with mu = 1 / noise; rounds compose as the square root of the sum of
squares (Dong, Roth, Su, "Gaussian Differential Privacy", 2022, corollary 3.3), whatever was published in between. Their (epsilon, delta) is the curve of Balle and Wang
("Improving the Gaussian Mechanism", 2018, theorem 8), which is exact: dp-accounting's privacy loss distribution comes to the same (ADR 0033). No amplification
by sampling is counted: the server knows who took part. Neighbours are two sets of accepted updates that differ by all of one person's: a full cohort or quota refuses
whoever comes next, and that one's place is not part of the claim (ADR 0033).

Everything rounds towards more spent. No scipy: `math.erfc` is enough.
"""

import math
from collections.abc import Iterable
from typing import Final

from mien.wire.curve import delta_of, epsilon_of

__all__ = [
    "LEAST_NOISE",
    "MAX_PARTICIPATIONS",
    "delta_of",
    "epsilon",
    "epsilon_of",
    "mu_of",
]

MAX_PARTICIPATIONS: Final = 1_000_000
LEAST_NOISE: Final = 0.1
"""Under this noise nothing is private, and no round can be held; what is asked is a mistake."""


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


def _checked(noise: float) -> float:
    if not math.isfinite(noise) or noise < LEAST_NOISE:
        raise ValueError(f"a noise multiplier is a number from {LEAST_NOISE}")
    return noise

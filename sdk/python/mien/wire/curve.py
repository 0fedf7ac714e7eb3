"""The privacy curve of Gaussian noise, the same on both sides: how much (epsilon, delta) a GDP parameter mu comes to.

Exact: Balle and Wang, "Improving the Gaussian Mechanism", 2018, theorem 8. Everything rounds towards more spent. `math` is enough.
"""

import math
from typing import Final

_FAR: Final = 25.0
"""From here on the normal tail is under 1e-137 and bounded from below, not computed."""
_STEPS: Final = 200
_CLOSE: Final = 1e-12


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

"""Whole numbers of the discrete Gaussian, drawn exactly: integer arithmetic and unpredictable bits, no floating point anywhere.

Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy", NeurIPS 2020, algorithms 1 to 3. Noise made of floats has holes and bumps that give
away what it hides (Mironov 2012); this has none. How long a draw takes depends on what is drawn, so nobody who is not trusted may time it.
"""

from fractions import Fraction
from math import isqrt
from typing import Final

from mien_server.ports import Entropy

_PAGE: Final = 4096
_BITS: Final = 8


class Draws:
    """Draws from `entropy`, a page of it at a time."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._page = 0
        self._left = 0

    def below(self, bound: int) -> int:
        """One of 0 .. `bound` - 1, each as likely."""
        bits = (bound - 1).bit_length()
        while (drawn := self._take(bits)) >= bound:
            pass
        return drawn

    def gaussians(self, variance: Fraction, count: int) -> list[int]:
        """`count` independent whole numbers, n with a weight of exp(-n^2 / (2 `variance`)); the variance is above 0."""
        if variance <= 0:
            raise ValueError("a variance is above 0")
        return [self._gaussian(variance) for _ in range(count)]

    def _take(self, bits: int) -> int:
        if self._left < bits:
            self._page = int.from_bytes(self._entropy.bytes(_PAGE), "big")
            self._left = _PAGE * _BITS
        drawn = self._page & ((1 << bits) - 1)
        self._page >>= bits
        self._left -= bits
        return drawn

    def _gaussian(self, variance: Fraction) -> int:
        """Algorithm 3: a discrete Laplace, accepted as often as makes it a Gaussian."""
        top, bottom = variance.numerator, variance.denominator
        scale = isqrt(top // bottom) + 1
        while True:
            drawn = self._laplace(scale)
            off = abs(drawn) * bottom * scale - top
            if self._exp(off * off, 2 * top * bottom * scale * scale):
                return drawn

    def _laplace(self, scale: int) -> int:
        """Algorithm 2 for a whole `scale`: n with a weight of exp(-|n| / `scale`)."""
        while True:
            rest = self.below(scale)
            if not self._exp(rest, scale):
                continue
            whole = 0
            while self._exp(1, 1):
                whole += 1
            size = rest + scale * whole
            negative = self._take(1) == 1
            if size or not negative:  # zero has one sign only
                return -size if negative else size

    def _exp(self, top: int, bottom: int) -> bool:
        """Algorithm 1: true with probability exp(-top / bottom)."""
        while top > bottom:
            if not self._exp_small(1, 1):
                return False
            top -= bottom
        return self._exp_small(top, bottom)

    def _exp_small(self, top: int, bottom: int) -> bool:
        """Algorithm 1 for a fraction of 0..1."""
        turn = 1
        while self.below(bottom * turn) < top:
            turn += 1
        return turn % 2 == 1

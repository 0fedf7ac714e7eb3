"""Which head reads: the base head, unless one that was made for the person did better on answers that it had not learned.

Every answer is first a question to all heads as they are, and only then learned (prequential evaluation: Dawid 1984, 'Present position and potential
developments: some personal views: statistical theory: the prequential approach'), so each trial is held out. A head's score over the last `WINDOW` trials is
the logarithm of how likely it found what was said, if a share of the answers is given at random; of the shares in `AT_RANDOM` the one that suits it
best. Without that share a head that is merely less sure would beat a surer one on answers that mean nothing.

The person's own head reads while its score is more than `MARGIN` above that of the head that would read otherwise; one that gets worse goes again. The head that
would read otherwise is the base head; for a face that the base head mistakes at rest it is the one without that mistake, until trials say that the
base head is better.

Who only ever corrects shows the guard only where the reading was wrong. That is no gift to the own head: while it reads, what is corrected is what it
got wrong.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mien.adapt.head import CLASSES

WINDOW: Final = 40
HEADS: Final = ("base", "rest", "own")
"""The heads that are tried: as it ships; without what the face at rest is mistaken for; and with what the person said."""
MARGIN: Final = 0.6
"""Natural logarithm of the least factor by which the answers must be likelier under the own head: 1.8."""
AT_RANDOM: Final = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
_LEAST: Final = 0.001
"""Added to every chance: they are kept in thousandths."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What the heads (in the order of `HEADS`) made of one answer before it was learned: right or not, and how likely each found what was said (0..1)."""

    right: tuple[bool, bool, bool]
    chances: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the heads did in the last `tried` trials: how many each had `right`, their `scores` (natural logarithms), and the one that `reads`."""

    tried: int
    right: tuple[int, int, int]
    scores: tuple[float, float, float]
    reads: str


def verdict(trials: Sequence[Trial], *, leans: bool) -> Verdict:
    """What the trials say; `leans`: the base head mistakes the face at rest. Without trials, a head of answers never reads."""
    recent = trials[-WINDOW:]
    base, rest, own = (_score([t.chances[k] for t in recent]) for k in range(len(HEADS)))
    stays, most = ("rest", rest) if leans and rest >= base else ("base", base)
    hits = [sum(t.right[k] for t in recent) for k in range(len(HEADS))]
    reads = "own" if own > most + MARGIN else stays
    return Verdict(len(recent), (hits[0], hits[1], hits[2]), (base, rest, own), reads)


def _score(chances: Sequence[float]) -> float:
    """See the module's docstring."""
    return max(
        math.fsum(math.log((1 - share) * c + share / CLASSES + _LEAST) for c in chances)
        for share in AT_RANDOM
    )

"""Local privacy: the word of a label is sometimes exchanged for another before it leaves, so that no label proves anything of anybody.

k-ary randomized response (Warner 1965; Kairouz, Bonawitz, Ramage, "Discrete Distribution Estimation under Local Privacy", ICML 2016): the true word stays with
probability e^eps / (e^eps + 7), else it is one of the other seven, each as likely. Whatever word arrives, no true word makes it more than e^eps times as likely as
another: epsilon-local differential privacy of that one label. Everything else that the face decided goes: second expression, state, polarity, valence, arousal; the
confidence becomes the chance that the word was kept, the same for all. n labels together have n times the epsilon; and *that* there was a label is not hidden.

Arithmetic in whole numbers (2^53 of them), rounded so that the bound holds exactly.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import Final

from mien.errors import RequestInvalid
from mien.values import EXPRESSIONS, Label

LEAST: Final = 0.05
MOST: Final = 10.0
WHOLE: Final = 1 << 53
_OTHERS: Final = len(EXPRESSIONS) - 1
_LEVELS: Final = 16
_DIGITS: Final = 40
_SHIFT: Final = 11
_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Share:
    """How often a word was true, estimated without bias: `share` (may lie a little outside 0..1) and its standard error."""

    share: float
    error: float


@lru_cache(maxsize=64)
def chances(epsilon: float) -> tuple[int, int]:
    """Of 2^53 draws: those that keep the word, and those that give one certain other. Raises `RequestInvalid` for an epsilon outside 0.05..10."""
    if not (math.isfinite(epsilon) and LEAST <= epsilon <= MOST):
        msg = f"the epsilon of local privacy is a number of {LEAST} to {MOST:.0f}"
        raise RequestInvalid(msg)
    with localcontext() as context:
        context.prec = _DIGITS
        odds = Decimal(epsilon).exp()
        other = math.ceil(WHOLE / (odds + _OTHERS))  # rounded up: never further apart than e^eps
    return WHOLE - _OTHERS * other, other


def randomized(label: Label, epsilon: float, entropy: Callable[[int], bytes]) -> Label:
    """`label` as it may leave under local privacy. What a person declares is their own word and stays as it is. Raises `RequestInvalid`."""
    keep, other = chances(epsilon)
    if label.source == "declared":
        return label
    drawn = int.from_bytes(entropy(_BYTES), "big") >> _SHIFT
    word = EXPRESSIONS.index(label.expression)
    if drawn >= keep:
        word = (word + 1 + (drawn - keep) // other) % len(EXPRESSIONS)
    return replace(
        label,
        expression=EXPRESSIONS[word],
        second=None,
        state="none",
        polarity="none",
        valence=None,
        arousal=None,
        confidence=_LEVELS * keep // WHOLE,
    )


def estimate(counts: Mapping[str, int], epsilon: float) -> dict[str, Share]:
    """The shares of the true words behind randomized ones. `counts` says how often each word arrived; every word of `EXPRESSIONS` has an answer.

    Raises `RequestInvalid` for a word outside the vocabulary, a count that is none, or none at all.
    """
    keep, other = (part / WHOLE for part in chances(epsilon))
    total = sum(counts.values())
    if not counts.keys() <= set(EXPRESSIONS) or min(counts.values(), default=0) < 0 or total < 1:
        msg = "an estimate needs how often each expression arrived, and at least one that did"
        raise RequestInvalid(msg)
    shares = {}
    for word in EXPRESSIONS:
        seen = counts.get(word, 0) / total
        error = math.sqrt(seen * (1 - seen) / total) / (keep - other)
        shares[word] = Share((seen - other) / (keep - other), error)
    return shares

"""The resting face: what the base head sees in a face that shows nothing, taken away again.

A face at rest may lean towards anger or sadness by its shape alone. The shift evens out what the base head says of the other expressions at rest; how
neutral it finds the face stays, so nobody is made expressionless by it. It reads by itself only where the base head takes the face at rest for something
else (`leans`); what is learned from answers begins with it in any case. After the subtraction of a person's neutral logits, which is old; which part to leave,
and whom to leave alone, was chosen on rendered people (`docs/explanation/adaptation.md`).
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.adapt.head import CLASSES, Floats, Head
from mien.values import EXPRESSIONS

SHARE: Final = 0.75
"""How much of the leaning is taken away."""
ENOUGH: Final = 0.5
"""Probability of neutral at rest from which nothing needs to be."""
NEUTRAL: Final = EXPRESSIONS.index("neutral")
_OTHERS: Final = np.array([k for k in range(CLASSES) if k != NEUTRAL])


def leans(base: Head, rest: NDArray[Any]) -> bool:
    """Whether the base head takes the face at rest, embeddings (n, 96), for something else."""
    return float(base.probabilities(rest)[:, NEUTRAL].mean()) < ENOUGH


def shift(base: Head, middle: NDArray[Any]) -> Floats:
    """(8,) float32 to add to the logits of a person whose mean embedding at rest is `middle` (96,). Adds up to 0."""
    lean = base.logits(middle)[_OTHERS]
    out = np.zeros(CLASSES, np.float32)
    out[_OTHERS] = SHARE * (lean.mean() - lean)
    return out

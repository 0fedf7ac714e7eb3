"""A person's own manner: the face at rest, and one way of showing each expression.

How people differ here is what stays the same in one of them: facial actions are stable over months and tell people apart (Cohn, Schmidt, Gross and
Ekman 2002, 'Individual differences in facial expression'). The training set draws another way for every picture; so a person with a
manner is harder to read at first, and can be learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import recipes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

RESTING: Final = (
    *("browDown", "browInnerUp", "mouthFrown", "mouthSmile", "mouthPress"),
    *("mouthShrugLower", "eyeBlink", "cheekSquint"),
)
OFTEN: Final = 0.5  # chance that a person's rest holds one of them
STRENGTH: Final = 0.25  # spread of how much: weights of a plain mood are about .5 to 1.5
UNEVEN: Final = 0.25  # how much a weight differs from one showing to the next


@dataclass(frozen=True, slots=True)
class Manner:
    """Blendshape weights at rest, which all that is shown comes on top of, and at full strength for each expression."""

    rest: Mapping[str, float]
    ways: Mapping[str, Mapping[str, float]]


def draw(rng: Generator) -> Manner:
    """Somebody's manner."""
    rest = {
        action: abs(float(rng.normal())) * STRENGTH for action in RESTING if rng.random() < OFTEN
    }
    ways = {
        name: recipes.draw_variant(rng, name, 1.0) for name in recipes.CLASSES if name != "neutral"
    }
    return Manner(rest, ways)


def express(rng: Generator, manner: Manner, name: str, known: frozenset[str]) -> recipes.Expression:
    """One showing of class `name` by a person of that manner."""
    intensity = recipes.draw_intensity(rng, name)
    if name == "neutral":
        weights = recipes.draw_variant(rng, name, intensity)
    else:
        weights = {
            action: weight * intensity * float(rng.uniform(1 - UNEVEN, 1 + UNEVEN))
            for action, weight in manner.ways[name].items()
        }
    for action, weight in manner.rest.items():
        weights[action] = weights.get(action, 0.0) + weight
    return recipes.shown(rng, name, intensity, weights, known)

"""Which muscles an expression uses: random blendshape weights per class.

A recipe is a choice among variants; a variant gives each action a range of weights and, where a third number
follows, the probability that the action takes part. An action without Left/Right moves both sides with a little
asymmetry; `Near`/`Far` are one side, drawn per face (contempt is one-sided).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

    Variant = Mapping[str, tuple[float, float] | tuple[float, float, float]]

CLASSES = ("neutral", "joy", "surprise", "anger", "fear", "sadness", "disgust", "contempt")
# valence and arousal at full intensity, after the usual places of the words on the circumplex (Russell 1980)
AFFECT = {
    "neutral": (0.0, -0.05),
    "joy": (0.8, 0.4),
    "surprise": (0.15, 0.8),
    "anger": (-0.6, 0.65),
    "fear": (-0.65, 0.75),
    "sadness": (-0.65, -0.35),
    "disgust": (-0.7, 0.35),
    "contempt": (-0.5, 0.1),
}
# FACS action unit (Ekman, Friesen and Hager 2002): the blendshapes that stand for it and the weight of each that counts as full strength
ACTIONS: Mapping[str, Mapping[str, float]] = {
    "AU1": {"browInnerUp": 1.5},
    "AU2": {"browOuterUp": 1.0},
    "AU4": {"browDown": 1.2},
    "AU5": {"eyeWide": 1.2},
    "AU6": {"cheekSquint": 1.0},
    "AU7": {"eyeSquint": 1.0},
    "AU9": {"noseSneer": 1.3},
    "AU10": {"mouthUpperUp": 1.2},
    "AU12": {"mouthSmile": 1.0},
    "AU14": {"mouthDimple": 1.0},
    "AU15": {"mouthFrown": 1.2},
    "AU16": {"mouthLowerDown": 1.2},
    "AU17": {"mouthShrugLower": 0.8},
    "AU18": {"mouthPucker": 0.8, "visemes02/viseme_U": 1.2},
    "AU20": {"mouthStretch": 1.2},
    "AU22": {"mouthFunnel": 0.8, "visemes02/viseme_CH": 1.2, "visemes02/viseme_O": 1.6},
    "AU24": {"mouthPress": 0.8},
    "AU25": {
        "jawOpen": 0.3,
        "mouthLowerDown": 1.0,
        "mouthUpperUp": 1.2,
        "mouthFunnel": 1.0,
        **{f"visemes02/viseme_{v}": 1.2 for v in ("E", "I", "O", "aa", "CH", "SS", "kk")},
    },
    "AU26": {"jawOpen": 0.8, "visemes02/viseme_aa": 1.4, "visemes02/viseme_O": 1.8},
    "AU28": {"mouthRollLower": 1.0, "mouthRollUpper": 1.0},
    "AU43": {"eyeBlink": 1.0},
}
VISEMES = ("CH", "DD", "E", "FF", "I", "O", "PP", "RR", "SS", "TH", "U", "aa", "kk", "nn")
TALKING = 0.3  # share of the neutral faces that speak
RECIPES: Mapping[str, tuple[tuple[float, Variant], ...]] = {
    "neutral": (
        (
            1.0,
            {
                "eyeBlink": (0, 0.3),
                "mouthPress": (0, 0.25, 0.5),
                "mouthSmile": (0, 0.14, 0.4),
                "mouthFrown": (0, 0.25, 0.4),
                "jawOpen": (0, 0.06, 0.4),
                "browDown": (0, 0.25, 0.4),
                "browInnerUp": (0, 0.25, 0.3),
                "mouthShrugLower": (0, 0.2, 0.3),
            },
        ),
        (
            0.25,
            {
                "jawOpen": (0.03, 0.2),
                "mouthFunnel": (0, 0.4, 0.4),
                "mouthPucker": (0, 0.4, 0.3),
                "mouthLowerDown": (0, 0.4, 0.5),
                "eyeBlink": (0, 0.3),
            },
        ),
        (0.12, {"eyeBlink": (0.2, 0.9), "eyeLookDown": (0.3, 1)}),
    ),
    "joy": (
        (
            0.22,
            {
                "mouthSmile": (0.5, 1.0),
                "cheekSquint": (0.2, 1),
                "eyeSquint": (0, 0.6),
                "mouthDimple": (0, 0.4, 0.5),
                "browInnerUp": (0, 0.4, 0.2),
            },
        ),
        (
            0.45,
            {
                "mouthSmile": (0.6, 1.1),
                "mouthUpperUp": (0.3, 1.1),
                "mouthLowerDown": (0, 0.7),
                "jawOpen": (0.03, 0.2),
                "cheekSquint": (0.3, 1.1),
                "eyeSquint": (0, 0.8),
                "browInnerUp": (0, 0.5, 0.25),
                "browOuterUp": (0, 0.6, 0.25),
            },
        ),
        (
            0.33,
            {
                "mouthSmile": (0.7, 1.15),
                "mouthUpperUp": (0.4, 1.2),
                "mouthLowerDown": (0.2, 1.0),
                "jawOpen": (0.2, 0.6),
                "cheekSquint": (0.5, 1.2),
                "eyeSquint": (0.2, 1),
                "eyeBlink": (0.3, 1, 0.3),
                "browOuterUp": (0, 0.8, 0.25),
                "noseSneer": (0, 0.4, 0.2),
            },
        ),
    ),
    "surprise": (
        (
            0.55,
            {
                "browInnerUp": (1.0, 2.2),
                "browOuterUp": (0.3, 1.1),
                "eyeWide": (0.4, 1.4),
                "jawOpen": (0.25, 0.95),
                "mouthFunnel": (0, 0.7, 0.4),
                "mouthPucker": (0, 0.4, 0.25),
            },
        ),
        (
            0.25,
            {
                "browInnerUp": (0.9, 2.0),
                "browOuterUp": (0.3, 1.0),
                "eyeWide": (0.3, 1.1),
                "jawOpen": (0.08, 0.28),
                "mouthFunnel": (0, 0.5, 0.4),
            },
        ),
        (
            0.20,
            {
                "browInnerUp": (0.9, 2.0),
                "browOuterUp": (0.3, 1.0),
                "eyeWide": (0.4, 1.2),
                "jawOpen": (0.25, 0.8),
                "mouthSmile": (0.1, 0.5),
                "mouthUpperUp": (0, 0.6, 0.5),
            },
        ),
    ),
    "anger": (
        (
            0.30,
            {
                "browDown": (0.7, 1.8),
                "eyeSquint": (0.1, 0.9, 0.7),
                "eyeWide": (0.2, 0.8, 0.3),
                "mouthPress": (0.0, 0.35),
                "mouthRollLower": (0.2, 1.0, 0.8),
                "mouthRollUpper": (0.2, 0.9, 0.7),
                "noseSneer": (0, 0.6, 0.5),
                "mouthFrown": (0.1, 0.6, 0.7),
            },
        ),
        (
            0.27,
            {
                "browDown": (0.6, 1.8),
                "jawOpen": (0.2, 0.85),
                "mouthUpperUp": (0.3, 1.2),
                "mouthLowerDown": (0.3, 1.4),
                "noseSneer": (0.2, 1.1),
                "mouthFunnel": (0, 0.5, 0.4),
                "eyeSquint": (0.2, 0.9, 0.6),
                "eyeWide": (0.2, 0.9, 0.35),
                "cheekSquint": (0, 0.8, 0.5),
                "mouthStretch": (0, 0.6, 0.3),
            },
        ),
        (
            0.25,
            {
                "browDown": (0.8, 1.8),
                "mouthFrown": (0.2, 1.0),
                "mouthShrugLower": (0.1, 0.7, 0.6),
                "eyeSquint": (0, 0.7, 0.6),
                "eyeWide": (0, 0.6, 0.3),
                "mouthPucker": (0, 0.4, 0.25),
            },
        ),
        (
            0.18,
            {
                "browDown": (0.7, 1.8),
                "mouthUpperUp": (0.3, 1.2),
                "mouthLowerDown": (0.5, 1.4),
                "mouthStretch": (0, 0.6, 0.5),
                "jawOpen": (0.02, 0.12),
                "noseSneer": (0.2, 1.2),
                "eyeSquint": (0, 0.8, 0.6),
            },
        ),
    ),
    "fear": (
        (
            0.40,
            {
                "browInnerUp": (1.0, 2.2),
                "browOuterUp": (0.0, 0.5),
                "browDown": (0.1, 0.7, 0.7),
                "eyeWide": (0.6, 1.5),
                "mouthStretch": (0.4, 1.6),
                "mouthLowerDown": (0.2, 1.1),
                "jawOpen": (0.05, 0.35),
                "mouthUpperUp": (0, 0.4, 0.3),
            },
        ),
        (
            0.30,
            {
                "browInnerUp": (0.9, 2.1),
                "browOuterUp": (0.0, 0.5),
                "browDown": (0.0, 0.8, 0.6),
                "eyeWide": (0.4, 1.4, 0.8),
                "mouthStretch": (0.4, 1.5),
                "mouthLowerDown": (0.4, 1.3),
                "mouthUpperUp": (0.1, 0.7),
                "jawOpen": (0.3, 0.95),
            },
        ),
        (
            0.30,
            {
                "browInnerUp": (0.6, 1.8),
                "browDown": (0.1, 0.7),
                "browOuterUp": (0, 0.5, 0.6),
                "eyeWide": (0.4, 1.3),
                "mouthStretch": (0.1, 0.9),
                "jawOpen": (0, 0.15),
                "mouthPress": (0, 0.4, 0.3),
            },
        ),
    ),
    "sadness": (
        (
            0.30,
            {
                "browInnerUp": (0.6, 2.0),
                "mouthFrown": (0.4, 1.5),
                "mouthShrugLower": (0.1, 0.7, 0.7),
                "eyeBlink": (0.05, 0.4),
                "eyeLookDown": (0.2, 0.9, 0.5),
                "mouthPress": (0, 0.4, 0.3),
            },
        ),
        (
            0.22,
            {
                "browInnerUp": (0.5, 1.8),
                "browDown": (0, 0.7, 0.5),
                "mouthFrown": (0.4, 1.3),
                "mouthStretch": (0.2, 1.0),
                "jawOpen": (0.1, 0.5),
                "mouthLowerDown": (0.2, 1.0),
                "mouthUpperUp": (0, 0.6, 0.4),
                "eyeSquint": (0.4, 1),
                "cheekSquint": (0.3, 1.0),
                "eyeBlink": (0.2, 1, 0.6),
            },
        ),
        (
            0.28,
            {
                "browInnerUp": (0.3, 1.2),
                "mouthFrown": (0.3, 1.0),
                "eyeLookDown": (0.2, 1.0, 0.7),
                "eyeBlink": (0.15, 0.6),
                "mouthPress": (0, 0.3, 0.4),
                "mouthShrugLower": (0, 0.4, 0.5),
            },
        ),
        (
            0.20,
            {
                "mouthShrugLower": (0.4, 1.0),
                "mouthFrown": (0.5, 1.4),
                "browInnerUp": (0.2, 1.2, 0.7),
                "browDown": (0, 0.5, 0.5),
                "mouthPucker": (0, 0.3, 0.3),
                "eyeBlink": (0, 0.3),
            },
        ),
    ),
    "disgust": (
        (
            0.42,
            {
                "noseSneer": (0.8, 2.0),
                "mouthUpperUp": (0.5, 1.5),
                "browDown": (0.2, 1.2),
                "cheekSquint": (0.4, 1.2),
                "eyeSquint": (0.3, 1.1),
                "jawOpen": (0, 0.1, 0.5),
                "eyeBlink": (0, 0.7, 0.4),
            },
        ),
        (
            0.33,
            {
                "noseSneer": (0.7, 1.8),
                "mouthFrown": (0.3, 1.1),
                "mouthShrugLower": (0.1, 0.8, 0.7),
                "mouthShrugUpper": (0.1, 0.8, 0.6),
                "browDown": (0.2, 1.1),
                "eyeSquint": (0.3, 1.1),
                "eyeBlink": (0, 0.7, 0.4),
            },
        ),
        (
            0.25,
            {
                "noseSneer": (0.8, 1.9),
                "mouthUpperUp": (0.4, 1.4),
                "mouthLowerDown": (0.2, 1.0),
                "jawOpen": (0.1, 0.45),
                "browDown": (0.2, 1.1),
                "eyeSquint": (0.4, 1.1),
                "eyeBlink": (0, 0.9, 0.5),
                "tongueOut": (0.2, 0.8, 0.4),
            },
        ),
    ),
    "contempt": (  # AU12 + AU14 on one side, lids a little lowered
        (
            0.6,
            {
                "mouthDimpleNear": (0.7, 1.6),
                "mouthSmileNear": (0.35, 0.9),
                "mouthPress": (0, 0.4, 0.5),
                "cheekSquintNear": (0, 0.7, 0.6),
                "eyeBlink": (0.05, 0.35),
                "eyeSquint": (0, 0.5, 0.5),
                "browOuterUpFar": (0, 0.8, 0.3),
            },
        ),
        (
            0.4,
            {
                "mouthDimpleNear": (0.4, 1.2),
                "mouthSmileNear": (0.15, 0.6),
                "mouthUpperUpNear": (0.4, 1.2),
                "noseSneerNear": (0, 0.7, 0.5),
                "eyeBlink": (0.05, 0.4),
                "browDown": (0, 0.4, 0.4),
                "mouthShrugLower": (0, 0.4, 0.3),
            },
        ),
    ),
}
_LIMITS = {"jawOpen": 1.0, "mouthSmile": 1.2, "browInnerUp": 2.2, "tongueOut": 1.0}
_QUIET = ("eyeLook", "tongue", "jawOpen", "eyeBlink", "visemes")  # never moved by noise


@dataclass(frozen=True, slots=True)
class Expression:
    """Blendshape weights with what they mean: class, intensity, valence and arousal."""

    name: str
    intensity: float
    weights: Mapping[str, float]

    @property
    def affect(self) -> tuple[float, float]:
        """Valence and arousal, -1..1."""
        valence, arousal = AFFECT[self.name]
        strength = min(self.intensity, 1.2)
        return valence * strength, arousal * strength


def side_free(action: str) -> str:
    """The name without its side."""
    return action.removesuffix("Left").removesuffix("Right")


def actions(weights: Mapping[str, float]) -> list[float]:
    """Strength 0..1 of each of `ACTIONS`; of two sides the stronger."""
    out = []
    for shapes in ACTIONS.values():
        strength = max(
            weights.get(shape + side, 0.0) / full
            for shape, full in shapes.items()
            for side in ("", "Left", "Right")
        )
        out.append(float(np.clip(strength, 0, 1)))
    return out


def draw_variant(rng: Generator, name: str, intensity: float) -> dict[str, float]:
    """Weights of one of the ways in which a class is shown, by action."""
    variants = RECIPES[name]
    chances = np.array([chance for chance, _ in variants])
    variant = variants[rng.choice(len(variants), p=chances / chances.sum())][1]
    weights = {}
    for action, (low, high, *chance) in variant.items():
        if chance and rng.random() > chance[0]:
            continue
        weights[action] = float(rng.uniform(low, high)) * intensity
    return weights


def _to_sides(rng: Generator, weights: dict[str, float], known: frozenset[str]) -> dict[str, float]:
    near, far = ("Left", "Right") if rng.random() < 0.5 else ("Right", "Left")
    # most faces are nearly even, some people smile or frown askew: that alone is no contempt
    lean = float(np.clip(rng.normal() * (0.12 if rng.random() < 0.8 else 0.35), -0.7, 0.7))
    out: dict[str, float] = {}
    for action, weight in weights.items():
        if action in known:
            out[action] = weight
        elif action.endswith(("Near", "Far")):
            side = near if action.endswith("Near") else far
            out[action.removesuffix("Near").removesuffix("Far") + side] = weight
        else:
            uneven = lean * 0.5 + float(rng.normal()) * 0.06
            for side, factor in (("Left", 1 + uneven), ("Right", 1 - uneven)):
                out[action + side] = out.get(action + side, 0.0) + weight * factor
    return out


def _add_gaze(rng: Generator, weights: dict[str, float]) -> None:
    x, y = (float(g) for g in np.clip(rng.normal(size=2) * 0.35, -1, 1))
    if "eyeLookDownLeft" not in weights:
        for side in ("Left", "Right"):
            weights[("eyeLookUp" if y > 0 else "eyeLookDown") + side] = abs(y)
    weights["eyeLookOutLeft" if x > 0 else "eyeLookInLeft"] = abs(x)
    weights["eyeLookInRight" if x > 0 else "eyeLookOutRight"] = abs(x)


def _speak(rng: Generator, weights: dict[str, float], known: frozenset[str]) -> None:
    """One or two mouth shapes of speech (`visemes02` of the head data) on top."""
    for word in rng.choice(VISEMES, int(rng.integers(1, 3)), replace=False):
        name = f"visemes02/viseme_{word}"
        if name in known:
            weights[name] = float(rng.uniform(0.3, 1.0))


def gaze(weights: Mapping[str, float]) -> tuple[float, float]:
    """Where the eyes point within the head, -1..1: to the image's right (the person's left) and up."""
    right = weights.get("eyeLookOutLeft", 0.0) - weights.get("eyeLookInLeft", 0.0)
    up = weights.get("eyeLookUpLeft", 0.0) - weights.get("eyeLookDownLeft", 0.0)
    return float(np.clip(right, -1, 1)), float(np.clip(up, -1, 1))


def _settle_lids(rng: Generator, weights: dict[str, float]) -> None:
    droop = float(rng.random() * rng.random()) * 0.6 if rng.random() < 0.25 else 0.0
    for side in ("Left", "Right"):
        closed = weights.get("eyeBlink" + side, 0.0) + droop
        wide = weights.get("eyeWide" + side, 0.0) > 0.3
        weights["eyeBlink" + side] = min(closed, 0.1 if wide else 1.0)


def draw(
    rng: Generator, name: str, known: frozenset[str], lowest: float = 0.65, highest: float = 1.3
) -> Expression:
    """A random expression of class `name`; known: the names of all blendshapes. Neutral has intensity 1."""
    intensity = draw_intensity(rng, name, lowest, highest)
    return shown(rng, name, intensity, draw_variant(rng, name, intensity), known)


def draw_intensity(rng: Generator, name: str, lowest: float = 0.65, highest: float = 1.3) -> float:
    """How strongly an expression is shown."""
    low = lowest if rng.random() < 0.5 else 0.85
    return 1.0 if name == "neutral" else float(rng.uniform(low, highest))


def shown(
    rng: Generator, name: str, intensity: float, weights: dict[str, float], known: frozenset[str]
) -> Expression:
    """An expression of class `name` with those weights, as a face shows it: a little uneven, now and then mixed, with gaze and lids."""
    if name != "neutral" and rng.random() < 0.12:
        other = CLASSES[1 + int(rng.integers(len(CLASSES) - 1))]
        for action, weight in draw_variant(rng, other, 0.25 * float(rng.random())).items():
            weights[action] = weights.get(action, 0.0) + weight
    sided = _to_sides(rng, weights, known)
    for action in rng.choice(sorted(known), 5, replace=False):
        if not str(action).startswith(_QUIET):
            sided[str(action)] = sided.get(str(action), 0.0) + abs(float(rng.normal())) * 0.09
    if name == "neutral" and rng.random() < TALKING:
        _speak(rng, sided, known)
    _add_gaze(rng, sided)
    _settle_lids(rng, sided)
    return Expression(
        name, intensity, {k: min(w, _LIMITS.get(side_free(k), 1.9)) for k, w in sided.items()}
    )

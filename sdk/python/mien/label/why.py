"""Why a word was said: the facial actions behind it, in plain names. It tells what was measured, not how the network came to its word."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NAMES: Final[Mapping[str, str]] = MappingProxyType({
    "AU1": "inner brow raise", "AU2": "outer brow raise", "AU4": "brow lower", "AU5": "upper lid raise", "AU6": "cheek raise",
    "AU7": "lid tighten", "AU9": "nose wrinkle", "AU10": "upper lip raise", "AU12": "smile", "AU14": "dimple",
    "AU15": "lip corners down", "AU16": "lower lip down", "AU17": "chin raise", "AU18": "lip pucker", "AU20": "lip stretch",
    "AU22": "lip funnel", "AU24": "lip press", "AU25": "lips apart", "AU26": "jaw drop", "AU28": "lip suck", "AU43": "eyes closed",
})  # fmt: skip
"""Action units by the names of FACS (Ekman, Friesen and Hager, 2002), made plain: AU12 is `lip corner puller` there."""

BELONGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({
    "neutral": (),
    "joy": ("AU6", "AU12"),
    "surprise": ("AU1", "AU2", "AU5", "AU25", "AU26"),
    "anger": ("AU4", "AU5", "AU7", "AU10", "AU17", "AU22", "AU24"),
    "fear": ("AU1", "AU2", "AU4", "AU5", "AU7", "AU20", "AU25", "AU26"),
    "sadness": ("AU1", "AU4", "AU15", "AU17"),
    "disgust": ("AU9", "AU10", "AU15", "AU16", "AU17"),
    "contempt": ("AU12", "AU14"),
})  # fmt: skip
"""The actions that textbooks give for each expression: the table of emotions of Ekman and Friesen (1978, table 11-1) as EMFACS uses it, of the
actions that the network gives. Contempt is there a one-sided AU12 and AU14; sides are not measured here."""

_SHOWN: Final = 0.2
"""Strength from which an action is named (our threshold)."""
_MOST: Final = 3


def why(expression: str, actions: Mapping[str, float]) -> str:
    """Words such as `smile 0.8, cheek raise 0.6 -> joy`: at most three actions that belong to `expression`, the strongest first.

    When none does, the strongest action, with the words that it is not typical. `actions` are strengths 0..1. ASCII only.
    """
    if not actions:
        return f"no actions measured -> {expression}"
    strong = sorted(
        (name for name in NAMES if _strength(actions, name) >= _SHOWN),
        key=lambda name: -_strength(actions, name),
    )
    if not strong:
        return f"little movement -> {expression}"
    typical = [name for name in strong if name in BELONGS[expression]][:_MOST]
    shown = ", ".join(
        f"{NAMES[name]} {_strength(actions, name):.1f}" for name in typical or strong[:1]
    )
    return f"{shown} -> {expression}" if typical else f"{shown}, not typical -> {expression}"


def _strength(actions: Mapping[str, float], name: str) -> float:
    strength = actions.get(name, 0.0)
    return min(strength, 1.0) if math.isfinite(strength) else 0.0

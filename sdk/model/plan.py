"""How much of everything: the one place that decides what a run costs. Same plan and seed, same files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .paths import WORK

if TYPE_CHECKING:
    from pathlib import Path

RENDERER = 2  # raise when the renderer changes what comes out, so that no stale cache is used
# how often a class is drawn: more of what is hard to tell apart
PRIOR = {
    "neutral": 1.1,
    "joy": 1.0,
    "surprise": 0.75,
    "anger": 1.4,
    "fear": 1.2,
    "sadness": 1.5,
    "disgust": 0.7,
    "contempt": 0.7,
}
# how often the expression network sees a class: a person before a camera is neutral most of the time, contempt is rare
EMPHASIS = {
    "neutral": 2.0,
    "joy": 1.2,
    "surprise": 0.8,
    "anger": 1.0,
    "fear": 0.8,
    "sadness": 1.1,
    "disgust": 0.7,
    "contempt": 0.5,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run. Steps are batches of 64 (expression, landmarks) or 32 (detector)."""

    seed: int = 1
    renders: int = 12_000
    shard: int = 400
    held_out: int = 1_200  # the last renders: never trained on; half calibrates, half measures
    detector_steps: int = 3_000
    landmarks_steps: int = 3_000
    expression_steps: int = 2_800

    def key(self, *fields: str) -> str:
        """Short name of a stage's output: changes when one of the named fields does."""
        values = {"renderer": RENDERER, **{k: v for k, v in asdict(self).items() if k in fields}}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def renders_folder(self) -> Path:
        """Where the shards of this plan are."""
        return WORK / f"renders-{self.key('seed', 'shard')}"

    def stage_folder(self, stage: str) -> Path:
        """Where a training stage keeps its checkpoint and result."""
        return (
            WORK / f"{stage}-{self.key('seed', 'shard', 'renders', 'held_out', f'{stage}_steps')}"
        )


FULL = Plan()
SMALL = Plan(
    renders=1_200,
    shard=100,
    held_out=200,
    detector_steps=120,
    landmarks_steps=120,
    expression_steps=150,
)  # to try the whole chain in minutes; the networks are poor

"""How much of everything: the one place that decides what a run costs. Same plan and seed, same files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .paths import WORK

if TYPE_CHECKING:
    from pathlib import Path

RENDERER = 3  # raise when the renderer changes what comes out, so that no stale cache is used
# how often a class is drawn: more of what is hard to tell apart
PRIOR = {
    "neutral": 1.3,
    "joy": 1.0,
    "surprise": 0.75,
    "anger": 1.4,
    "fear": 1.2,
    "sadness": 1.5,
    "disgust": 0.7,
    "contempt": 0.45,
}
# how often the expression network sees a class, which is also what it expects before it looks: a person before a camera is often neutral,
# contempt is rare
EMPHASIS = {
    "neutral": 1.4,
    "joy": 1.1,
    "surprise": 0.8,
    "anger": 1.2,
    "fear": 0.9,
    "sadness": 1.3,
    "disgust": 0.6,
    "contempt": 0.15,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run. Steps are batches of 64 (expression, landmarks) or 32 (detector)."""

    seed: int = 1
    renders: int = 48_000
    shard: int = 400
    held_out: int = 4_000  # the last renders: never trained on; half calibrates, half measures
    detector_steps: int = 6_000
    landmarks_steps: int = 5_000
    expression_steps: int = 9_000
    pairs: int = 9_000  # brief movements, onset and apex
    micro_steps: int = 4_000  # batches of 128 of them

    def key(self, *fields: str) -> str:
        """Short name of a stage's output: changes when one of the named fields does."""
        values = {"renderer": RENDERER, **{k: v for k, v in asdict(self).items() if k in fields}}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:8]

    @property
    def renders_folder(self) -> Path:
        """Where the shards of this plan are."""
        return WORK / f"renders-{self.key('seed', 'shard')}"

    @property
    def pairs_file(self) -> Path:
        """Where the brief movements of this plan are."""
        return WORK / f"pairs-{self.key('seed', 'pairs')}.npz"

    def stage_folder(self, stage: str) -> Path:
        """Where a training stage keeps its checkpoint and result."""
        data = ("pairs",) if stage == "micro" else ("shard", "renders", "held_out")
        return WORK / f"{stage}-{self.key('seed', *data, f'{stage}_steps')}"


FULL = Plan()
SMALL = Plan(
    renders=1_200,
    shard=100,
    held_out=200,
    detector_steps=120,
    landmarks_steps=120,
    expression_steps=150,
    pairs=300,
    micro_steps=150,
)  # to try the whole chain in minutes; the networks are poor

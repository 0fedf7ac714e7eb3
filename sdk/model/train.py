"""Train the networks on the plan's renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import looks, nets, stages, training
from .backgrounds import Bank
from .render import brief, shards

if TYPE_CHECKING:
    from pathlib import Path

    from .plan import Plan

STAGES = {
    "detector": (stages.DetectorStage, nets.Detector),
    "landmarks": (stages.LandmarkStage, nets.Landmarks),
    "expression": (stages.ExpressionStage, nets.Expression),
    "micro": (stages.MicroStage, nets.Micro),
}
FIRST, SECOND = ("landmarks", "expression"), ("detector", "micro")  # trained side by side
FRESH = 0.85  # share of the people with brief movements who train the micro network; the others measure it


def _on_pairs(plan: Plan, workers: int) -> Any:
    cubes, labels = brief.pairs(plan, workers)
    train = int(len(labels) * FRESH) // brief.EACH * brief.EACH
    return stages.MicroStage(cubes[:train], labels[:train], plan.micro_steps)


def _on_renders(plan: Plan, name: str, workers: int) -> Any:
    data, bank = shards.load(plan), Bank(plan.seed)
    keys = np.arange(len(data) - plan.held_out)
    stage: Any = STAGES[name][0](data, keys, bank, getattr(plan, f"{name}_steps"))
    if name == "expression":
        landmarks = plan.stage_folder("landmarks") / "weights.pt"
        stage.seen = looks.make(data, bank, landmarks, plan.seed, workers)
    return stage


def run(plan: Plan, name: str, workers: int) -> Path:
    """Train one network, or go on with it; returns the file of its weights at once when it is there.

    The expression network needs the landmark network first.
    """
    folder = plan.stage_folder(name)
    done = folder / "weights.pt"
    if done.exists():
        return done
    stage = _on_pairs(plan, workers) if name == "micro" else _on_renders(plan, name, workers)
    return training.train(STAGES[name][1], stage, folder, plan.seed, workers)

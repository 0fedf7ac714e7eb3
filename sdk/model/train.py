"""Train the three networks on the plan's renders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import nets, renders, stages, training
from .backgrounds import Bank

if TYPE_CHECKING:
    from pathlib import Path

    from .plan import Plan

STAGES = {
    "detector": (stages.DetectorStage, nets.Detector),
    "landmarks": (stages.LandmarkStage, nets.Landmarks),
    "expression": (stages.ExpressionStage, nets.Expression),
}


def run(plan: Plan, name: str, workers: int) -> Path:
    """Train one network, or go on with it; returns the file of its weights at once when it is there."""
    folder = plan.stage_folder(name)
    done = folder / "weights.pt"
    if done.exists():
        return done
    stage_of, net_of = STAGES[name]
    data = renders.load(plan)
    keys = np.arange(len(data) - plan.held_out)
    steps = getattr(plan, f"{name}_steps")
    stage: Any = stage_of(data, keys, Bank(plan.seed), steps)
    return training.train(net_of, stage, folder, plan.seed, workers)

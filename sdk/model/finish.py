"""After training: measure on held-out renders, calibrate, export, write the model card.

The last `held_out` renders of the plan were never trained on. The first half of them sets the temperature and the threshold from which
a face counts (few false alarms); the second half gives the figures of the card. What needs no calibration (which groups of people
are read better than others) is measured on both halves.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch

from mien.infer import Eyes, geometry, load_models

from . import (
    augment,
    brief_movements,
    card,
    evaluate,
    export,
    figures,
    finding,
    looks,
    measure,
    nets,
    rates,
    train,
)
from .backgrounds import Bank
from .paths import PHOTOS, WORK
from .render import recipes, shards

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .plan import Plan
    from .render.assets import Floats
    from .render.shards import Renders

ALARMS: Final = 0.02  # false alarms per composed picture that the threshold may let through: a second face stops all labels
LOWEST: Final = 0.2  # face threshold while the right one is looked for
BATCH: Final = 200
GROUPS: Final = {  # trait (column of `traits`) -> name of a group -> from, to
    "skin tone": (0, {"fair": (0, 1 / 3), "medium": (1 / 3, 2 / 3), "dark": (2 / 3, 1.01)}),
    "sex": (1, {"male": (0, 0.5), "female": (0.5, 1.01)}),
    "age": (2, {"child or teenager": (1, 1.8), "adult": (1.8, 2.4), "old": (2.4, 3.01)}),
    "before the face": (3, {"nothing": (-1, 0.5), "glasses, hat or hand": (0.5, 2)}),
}


def _crops(data: Renders, keys: NDArray[np.int64], bank: Bank, rng: Any, seen: Any) -> Any:
    """Aligned crops of `keys`: with the training's faults of cameras and landmarks as seen (`seen`), else clean and true."""
    if seen is not None:
        return np.stack(
            [augment.aligned_crop(rng, data, int(k), bank, seen[k], flip=False).grey for k in keys]
        )
    out = []
    for k in keys:
        crop = geometry.warp(data.image[k], geometry.aligned(data.five[k]))
        out.append(augment.plain_grey(augment.over(crop, bank.piece(rng, geometry.CROP))))
    return np.stack(out)


def _outputs(weights: Path, crops: Any) -> dict[str, Any]:
    """What the network says of crops (n, 64, 64): every output by name."""
    net = nets.Expression()
    net.load_state_dict(torch.load(weights, weights_only=True))
    net.eval()
    with torch.no_grad():
        starts = range(0, len(crops), BATCH)
        parts = [net(torch.from_numpy(crops[k : k + BATCH])) for k in starts]
    return {k: np.concatenate([p[k].numpy() for p in parts]).astype(np.float64) for k in parts[0]}


def _of_classes(truth: Any, chances: Any) -> dict[str, Any]:
    table = measure.confusion(truth, chances.argmax(1), len(recipes.CLASSES))
    recall = zip(recipes.CLASSES, measure.recalls(table), strict=True)
    return {
        "n": len(truth),
        "accuracy": round(measure.accuracy(table), 4),
        "macro_f1": round(measure.macro_f1(table, sorted(set(truth.tolist()))), 4),
        "calibration_error": round(measure.calibration_error(chances, truth), 4),
        "recall": {c: round(float(r), 3) for c, r in recall},
        "confusion": table.tolist(),
        "reliability": measure.reliability(chances, truth),
    }


def _of_measures(data: Renders, keys: Any, out: dict[str, Any]) -> dict[str, Any]:
    """How well actions, affect, head pose and gaze are told: correlations and mean absolute errors."""
    actions = {
        name: {
            "correlation": measure.correlation(data.actions[keys, k], out["actions"][:, k]),
            "error": round(float(np.abs(data.actions[keys, k] - out["actions"][:, k]).mean()), 3),
        }
        for k, name in enumerate(recipes.ACTIONS)
    }
    pose = np.degrees(np.abs(data.pose[keys, :2] - out["pose"]).mean(0))
    return {
        "actions": actions,
        "valence": measure.correlation(data.affect[keys, 0], out["affect"][:, 0]),
        "arousal": measure.correlation(data.affect[keys, 1], out["affect"][:, 1]),
        "pitch_degrees": round(float(pose[0]), 1),
        "yaw_degrees": round(float(pose[1]), 1),
        "gaze": measure.correlation(data.gaze[keys, 0], out["gaze"][:, 0]),
    }


def _of_groups(data: Renders, keys: Any, hits: Any) -> dict[str, Any]:
    """Accuracy per group of people with 95 % intervals, and the gap between best and worst; `hits` (n, k): right or wrong."""
    out = {}
    for trait, (column, groups) in GROUPS.items():
        value = data.traits[keys, column]
        rows = {
            name: hits[(value >= low) & (value < high)].mean(1)
            for name, (low, high) in groups.items()
        }
        out[trait] = measure.gap(rows)
    return out


def _expression(plan: Plan, data: Renders, keys: Any, weights: Path, seen: Floats) -> Any:
    """Temperature from the first half of `keys`, figures from the second, groups from both."""
    half, bank = len(keys) // 2, Bank(plan.seed + 1000, 100)
    rng = np.random.default_rng([plan.seed, 99])
    outs = {
        name: _outputs(weights, _crops(data, keys, bank, rng, looked))
        for name, looked in (("clean", None), ("hard", seen))
    }
    truth = data.label[keys]
    temperature = measure.best_temperature(outs["hard"]["logits"][:half], truth[:half])
    result: dict[str, Any] = {"temperature": round(temperature, 4)}
    for name, out in outs.items():
        chances = measure.softmax(out["logits"][half:], temperature)
        result[name] = _of_classes(truth[half:], chances)
    result["measures"] = _of_measures(data, keys, outs["hard"])
    hits = np.stack([out["logits"].argmax(1) == truth for out in outs.values()], 1)
    result["groups"] = _of_groups(data, keys, hits)
    return result


def run(plan: Plan, processes: int = 2) -> None:
    """Measure, calibrate, export; figures go to the card."""
    cv2.setNumThreads(1)
    torch.set_num_threads(2)
    data = shards.load(plan)
    keys = np.arange(len(data) - plan.held_out, len(data))
    first, second = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    weights = {name: plan.stage_folder(name) / "weights.pt" for name in train.STAGES}
    seen = looks.make(data, Bank(plan.seed), weights["landmarks"], plan.seed, processes)
    found: dict[str, Any] = {
        "expression": _expression(plan, data, keys, weights["expression"], seen)
    }
    torch.set_num_threads(1)
    temperature = found["expression"]["temperature"]
    bank = Bank(plan.seed + 1000, 100)
    export.run(weights, export.Numbers(temperature, LOWEST, brief_movements.LOWEST))
    tried = finding.find(Eyes(load_models()), data, first, bank, plan.seed)
    threshold = tried.threshold(ALARMS)
    first_clips, second_clips = brief_movements.clips(plan, processes)
    loud = brief_movements.threshold(first_clips)
    export.run(weights, export.Numbers(temperature, threshold, loud))
    eyes = Eyes(load_models())
    found["detection"] = finding.find(eyes, data, second, bank, plan.seed + 1).figures(threshold)
    found["micro"] = {
        **brief_movements.polarity(plan, weights["micro"], processes),
        "threshold": loud,
        "spotting": brief_movements.spotting(second_clips, loud),
    }
    if (PHOTOS / "labels.csv").is_file():
        found["photographs"] = evaluate.report(PHOTOS, quiet=True)
    (WORK / "figures.json").write_text(json.dumps(found, indent=1) + "\n")
    rates.write(found)
    figures.draw(found["expression"], data, keys)
    card.write(plan, found)

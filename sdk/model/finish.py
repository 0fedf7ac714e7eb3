"""After training: measure on held-out renders, calibrate the temperature, export, write the model card.

The last `held_out` renders of the plan were never trained on. The first half of them sets the temperature; the second half
gives the figures of the card.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from mien.infer import Eyes, detection, geometry, load_models

from . import augment, card, export, measure, nets, recipes, renders, train
from .backgrounds import Bank
from .paths import WORK

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .plan import Plan
    from .renders import Renders

FACE_THRESHOLD = 0.5
PICTURES = 500


def _crops(data: Renders, keys: NDArray[np.int64], bank: Bank, seed: int, *, hard: bool) -> Any:
    """Aligned crops of `keys`: hard = with the training's faults of cameras, else clean."""
    rng = np.random.default_rng([seed, 99])
    if hard:
        return np.stack([augment.aligned_crop(rng, data, int(k), bank).grey for k in keys])
    out = []
    for k in keys:
        crop = geometry.warp(data.image[k], geometry.aligned(data.five[k]))
        out.append(augment.plain_grey(augment.over(crop, bank.piece(rng, geometry.CROP))))
    return np.stack(out)


def _logits(weights: Path, crops: Any) -> Any:
    net = nets.Expression()
    net.load_state_dict(torch.load(weights, weights_only=True))
    shipped = nets.ShippedExpression(net.eval())
    with torch.no_grad():
        return np.concatenate(
            [shipped(torch.from_numpy(c[None]))[0].numpy() for c in crops]
        ).astype(np.float64)


def _expression(data: Renders, keys: Any, weights: Path, bank: Bank, seed: int) -> dict[str, Any]:
    """Temperature from the first half of `keys`, figures from the second."""
    half = len(keys) // 2
    hard = _logits(weights, _crops(data, keys[:half], bank, seed, hard=True))
    temperature = measure.best_temperature(hard, data.label[keys[:half]])
    figures: dict[str, Any] = {"temperature": round(temperature, 4)}
    truth = data.label[keys[half:]]
    for name, faults in (("clean", False), ("hard", True)):
        crops = _crops(data, keys[half:], bank, seed + 1, hard=faults)
        chances = measure.softmax(_logits(weights, crops), temperature)
        table = measure.confusion(truth, chances.argmax(1), len(recipes.CLASSES))
        figures[name] = {
            "n": len(truth),
            "accuracy": round(measure.accuracy(table), 4),
            "macro_f1": round(measure.macro_f1(table, sorted(set(truth.tolist()))), 4),
            "calibration_error": round(measure.calibration_error(chances, truth), 4),
            "recall": {
                c: round(float(r), 3)
                for c, r in zip(recipes.CLASSES, measure.recalls(table), strict=True)
            },
        }
    return figures


def _found(eyes: Eyes, data: Renders, keys: Any, bank: Bank, seed: int) -> dict[str, Any]:
    """The shipped detector and landmarks on new pictures of held-out people."""
    rng = np.random.default_rng([seed, 98])
    sizes, hits, errors, alarms, empty = [], [], [], 0, 0
    for _ in range(PICTURES):
        picture, faces = augment.scene_with_faces(rng, data, keys, bank)
        seen = eyes.faces(picture)
        corners = np.array(
            [[f.box[0], f.box[1], f.box[0] + f.box[2], f.box[1] + f.box[3]] for f in seen],
            np.float32,
        ).reshape(-1, 4)
        matched = set()
        for box, five in faces:
            shared = (
                detection.overlap(box.astype(np.float32), corners) if len(seen) else np.zeros(1)
            )
            best = int(shared.argmax())
            hit = bool(len(seen) and shared[best] > 0.5)
            sizes.append((box[3] - box[1]) / detection.SIDE)
            hits.append(hit)
            if hit:
                matched.add(best)
                away = np.linalg.norm(np.array(seen[best].landmarks) - five, axis=1).mean()
                errors.append(away / np.linalg.norm(five[0] - five[1]))
        alarms += len(seen) - len(matched)
        empty += not faces
    size, hit = np.array(sizes), np.array(hits)
    bands = {"under .15": (0, 0.15), ".15 to .3": (0.15, 0.3), "over .3": (0.3, 2)}
    return {
        "pictures": PICTURES,
        "faces": len(hits),
        "recall": round(float(hit.mean()), 4),
        "recall_by_height": {
            k: round(float(hit[(size >= a) & (size < b)].mean()), 3) for k, (a, b) in bands.items()
        },
        "false_alarms_per_picture": round(alarms / PICTURES, 4),
        "landmark_error_of_eye_distance": round(float(np.median(errors)), 4),
    }


def run(plan: Plan) -> None:
    """Measure, calibrate, export; figures go to the card."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    data = renders.load(plan)
    keys = np.arange(len(data) - plan.held_out, len(data))
    bank = Bank(plan.seed + 1000, 100)
    weights = {name: plan.stage_folder(name) / "weights.pt" for name in train.STAGES}
    figures = {"expression": _expression(data, keys, weights["expression"], bank, plan.seed)}
    export.run(weights, figures["expression"]["temperature"], FACE_THRESHOLD)
    eyes = Eyes(load_models())
    figures["detection"] = _found(eyes, data, keys[len(keys) // 2 :], bank, plan.seed)
    (WORK / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    card.write(plan, figures)

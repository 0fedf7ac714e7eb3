"""After training: measure on held-out renders, calibrate the temperature, export, write the model card.

The last `held_out` renders of the plan were never trained on. The first half of them sets the temperature and the threshold from which
a face counts (few false alarms); the second half gives the figures of the card.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
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

    from mien.values import Face

    from .plan import Plan
    from .renders import Renders

PICTURES = 400
ALARMS = 0.02  # false alarms per composed picture that the threshold may let through: a second face stops all labels
LOWEST = 0.2  # face threshold while the right one is looked for


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


@dataclass(frozen=True, slots=True)
class _Found:
    """What the shipped detection made of composed pictures, before any threshold."""

    heights: Any  # per true face, as a share of the picture
    scores: (
        Any  # per true face: score of the found face that overlaps it by more than half, 0 if none
    )
    errors: Any  # per true face: mean landmark error over the distance of the eyes, NaN if missed
    alarms: Any  # scores of found faces where none is, or where one was found already

    def alarms_at(self, threshold: float) -> float:
        """False alarms per picture with faces under `threshold` dropped."""
        return int((self.alarms >= threshold).sum()) / PICTURES


def _corners(faces: tuple[Face, ...]) -> Any:
    rows = [(f.box[0], f.box[1], f.box[0] + f.box[2], f.box[1] + f.box[3]) for f in faces]
    return np.array(rows, np.float32).reshape(-1, 4)


def _find(eyes: Eyes, data: Renders, keys: Any, bank: Bank, seed: int) -> _Found:
    """Run the shipped detection and landmarks on new pictures of held-out people."""
    rng = np.random.default_rng([seed, 98])
    rows, alarms = [], []
    for _ in range(PICTURES):
        picture, faces = augment.scene_with_faces(rng, data, keys, bank)
        seen = eyes.faces(picture)
        corners, matched = _corners(seen), set()
        near = np.zeros(len(seen), bool)  # at a true face, though not well enough to have found it
        for box, five in faces:
            shared = detection.overlap(box.astype(np.float32), corners)
            best = int(shared.argmax()) if len(seen) else -1
            height = float(box[3] - box[1]) / detection.SIDE
            if best < 0 or shared[best] <= 0.5:
                rows.append((height, 0.0, np.nan))
                near |= shared > 0.3
                continue
            matched.add(best)
            away = np.linalg.norm(np.array(seen[best].landmarks) - five, axis=1).mean()
            rows.append((height, seen[best].score, away / np.linalg.norm(five[0] - five[1])))
        alarms += [f.score for k, f in enumerate(seen) if k not in matched and not near[k]]
    heights, scores, errors = np.array(rows).T
    return _Found(heights, scores, errors, np.array(alarms))


def _detection(found: _Found, threshold: float) -> dict[str, Any]:
    hit = found.scores >= threshold
    bands = {"under .15": (0, 0.15), ".15 to .3": (0.15, 0.3), "over .3": (0.3, 2)}
    inside = {k: (found.heights >= a) & (found.heights < b) for k, (a, b) in bands.items()}
    return {
        "pictures": PICTURES,
        "faces": len(hit),
        "face_threshold": threshold,
        "recall": round(float(hit.mean()), 4),
        "recall_by_height": {k: round(float(hit[m].mean()), 3) for k, m in inside.items()},
        "false_alarms_per_picture": round(found.alarms_at(threshold), 4),
        "landmark_error_of_eye_distance": round(float(np.median(found.errors[hit])), 4),
    }


def run(plan: Plan) -> None:
    """Measure, calibrate, export; figures go to the card."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    data = renders.load(plan)
    keys = np.arange(len(data) - plan.held_out, len(data))
    first, second = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    bank = Bank(plan.seed + 1000, 100)
    weights = {name: plan.stage_folder(name) / "weights.pt" for name in train.STAGES}
    figures = {"expression": _expression(data, keys, weights["expression"], bank, plan.seed)}
    temperature = figures["expression"]["temperature"]
    export.run(weights, temperature, LOWEST)
    found = _find(Eyes(load_models()), data, first, bank, plan.seed)
    grid = [float(t) for t in np.round(np.arange(0.3, 0.8, 0.01), 2)]
    threshold = next((t for t in grid if found.alarms_at(t) <= ALARMS), grid[-1])
    export.run(weights, temperature, threshold)
    found = _find(Eyes(load_models()), data, second, bank, plan.seed + 1)
    figures["detection"] = _detection(found, threshold)
    (WORK / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    card.write(plan, figures)

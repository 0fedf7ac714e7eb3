"""The micro network and the spotter, measured on rendered people who were not trained on; and a folder of cubes from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import torch

from mien.infer import load_models
from mien.infer.micro import Watch
from mien.values import Face

from . import measure, nets, train
from .render import brief

if TYPE_CHECKING:
    from pathlib import Path

    from .plan import Plan

LOWEST: Final = 0.001  # while the right threshold is looked for
CLIPS: Final = 48  # half set the threshold, half measure
THRESHOLDS: Final = (0.008, 0.01, 0.012, 0.015, 0.018, 0.022, 0.027, 0.033)
ALARMS: Final = 1.0  # false alarms a minute that the threshold may let through
SLACK: Final = 0.15  # seconds by which a spotted onset may be off


def polarity(plan: Plan, weights: Path, processes: int) -> dict[str, Any]:
    """UF1, UAR and accuracy of the polarity on pairs of new people."""
    cubes, labels = brief.pairs(plan, processes)
    first = int(len(labels) * train.FRESH) // brief.EACH * brief.EACH
    net = nets.Micro()
    net.load_state_dict(torch.load(weights, weights_only=True))
    net.eval()
    with torch.no_grad():
        guesses = net(torch.from_numpy(cubes[first:])).numpy().argmax(1)
    table = measure.confusion(labels[first:], guesses, len(brief.WORDS))
    return {
        "n": len(guesses),
        "uf1": measure.uf1(table),
        "uar": measure.uar(table),
        "accuracy": round(measure.accuracy(table), 4),
        "confusion": table.tolist(),
    }


def clips(plan: Plan, processes: int) -> tuple[list[brief.Clip], list[brief.Clip]]:
    """Clips of new people: the first half sets the threshold, the second measures."""
    made = list(brief.clips(plan.seed, CLIPS, processes))
    return made[: CLIPS // 2], made[CLIPS // 2 :]


def threshold(given: list[brief.Clip]) -> float:
    """The lowest threshold with few enough false alarms."""
    tried = {t: spotting(given, t) for t in THRESHOLDS}
    quiet = [t for t, f in tried.items() if f["false_alarms_per_minute"] <= ALARMS]
    return quiet[0] if quiet else THRESHOLDS[-1]


def _watched(clip: brief.Clip, models: Any) -> list[Any]:
    watch = Watch(models)
    seen = []
    for k, (pixels, five) in enumerate(zip(clip.pictures, clip.landmarks, strict=True)):
        points = tuple((float(x), float(y)) for x, y in five)
        face = Face((0.0, 0.0, 1.0, 1.0), points, 1.0)
        movement = watch.see(k / brief.RATE, pixels, face, clip.closures[k])
        if movement is not None:
            seen.append(movement)
    return seen


def spotting(given: list[brief.Clip], threshold: float) -> dict[str, Any]:
    """Share of the brief movements spotted, their polarity, and false alarms a minute."""
    models = replace(load_models(), micro_threshold=threshold)
    there, spotted, right, alarms = 0, 0, 0, 0
    for clip in given:
        there += clip.word is not None
        seen = _watched(clip, models)
        around = (clip.onset - SLACK, clip.offset + SLACK)
        hits = [m for m in seen if clip.word and around[0] <= m.apex <= around[1]]
        alarms += len(seen) - len(hits)
        if hits:
            spotted += 1
            right += hits[0].polarity == clip.word
    minutes = len(given) * brief.SECONDS / 60
    return {
        "clips": len(given),
        "movements": there,
        "spotted": round(spotted / max(there, 1), 3),
        "polarity_right": round(right / max(spotted, 1), 3),
        "false_alarms_per_minute": round(alarms / minutes, 2),
    }

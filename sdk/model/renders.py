"""Render the training set in shards, each of which is skipped when it exists.

A shard (.npz) holds for n renders: `image` (n, 136, 136, 4) uint8 premultiplied BGRA; `five` (n, 5, 2) and `points`
(n, 26, 2) landmarks in pixels, image-left first; `box` (n, 4) x0 y0 x1 y1, chin to hairline without ears; `label` (n,) index into
`recipes.CLASSES`; `intensity` (n,); `affect` (n, 2) valence and arousal; `actions` (n, 15) in the order of `recipes.ACTIONS`.
Every render is another person.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rich.progress import track

from . import assets, people, recipes, scene
from .paths import ASSETS
from .plan import PRIOR, Plan

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .assets import Bytes, Floats

SIZE, DRAWN = 136, 224  # kept and drawn pixels
FIELDS = ("image", "five", "points", "box", "label", "intensity", "affect", "actions")


@dataclass(frozen=True, slots=True)
class Renders:
    """Several shards as one; see the module's docstring."""

    image: Bytes
    five: Floats
    points: Floats
    box: Floats
    label: NDArray[np.int64]
    intensity: Floats
    affect: Floats
    actions: Floats

    def __len__(self) -> int:
        return len(self.label)


def one(seed: int, index: int) -> tuple[Any, ...]:
    """Render number `index` of a run: a row in the order of `FIELDS`."""
    rng = np.random.default_rng([seed, index])
    data = assets.load(ASSETS)
    chances = np.array(list(PRIOR.values()))
    label = int(rng.choice(len(PRIOR), p=chances / chances.sum()))
    person = people.draw(rng, data)
    expression = recipes.draw(rng, recipes.CLASSES[label], frozenset(data.expression))
    shot = scene.draw_shot(rng, person, DRAWN, float(rng.uniform(4.9, 5.7)))
    picture = scene.render(person, expression.weights, shot, data, size=(SIZE, SIZE))
    return (
        picture.image,
        picture.five,
        picture.points,
        picture.box,
        label,
        np.float32(expression.intensity),
        np.array(expression.affect, np.float32),
        np.array(recipes.actions(expression.weights), np.float32),
    )


def _shard(job: tuple[int, int, int, Path]) -> Path:
    seed, first, count, path = job
    if not path.exists():
        rows = [one(seed, i) for i in range(first, first + count)]
        fresh = path.with_suffix(".tmp.npz")
        np.savez(
            fresh, **{k: np.stack(v) for k, v in zip(FIELDS, zip(*rows, strict=True), strict=True)}
        )
        fresh.replace(path)
    return path


def make(plan: Plan, processes: int) -> None:
    """Render what is missing of the plan's shards with so many processes."""
    plan.renders_folder.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)  # before the fork: OpenCV's thread pool does not survive it
    scene.constants(assets.load(ASSETS))  # before the fork: shared by all processes
    jobs = [
        (plan.seed, first, min(plan.shard, plan.renders - first), _path(plan, first))
        for first in range(0, plan.renders, plan.shard)
    ]
    missing = [job for job in jobs if not job[3].exists()]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        done = pool.imap_unordered(_shard, missing)
        for _ in track(done, f"render {plan.renders} people", total=len(missing)):
            pass


def _path(plan: Plan, first: int) -> Path:
    return plan.renders_folder / f"{first:06d}.npz"


def load(plan: Plan) -> Renders:
    """All renders of the plan in memory (74 kB each)."""
    parts: dict[str, list[NDArray[Any]]] = {k: [] for k in FIELDS}
    for first in range(0, plan.renders, plan.shard):
        with np.load(_path(plan, first)) as shard:
            for k in FIELDS:
                parts[k].append(shard[k])
    return Renders(**{k: np.concatenate(v) for k, v in parts.items()})

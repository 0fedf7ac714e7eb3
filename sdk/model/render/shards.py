"""Render the training set in shards, each of which is skipped when it exists.

A shard (.npz) holds for n renders: `image` (n, 136, 136, 4) uint8 premultiplied BGRA; `five` (n, 5, 2) and `points`
(n, 26, 2) landmarks in pixels, image-left first; `box` (n, 4) x0 y0 x1 y1, chin to hairline without ears; `label` (n,) index into
`recipes.CLASSES`; `intensity` (n,); `affect` (n, 2) valence and arousal; `actions` (n, 21) in the order of `recipes.ACTIONS`; `pose` (n, 3)
pitch, yaw, roll in radians; `gaze` (n, 2), see `recipes.gaze`; `traits` (n, 4) skin 0 fair .. 1 dark, femaleness, age (1 child, 2 young,
3 old), and 1 where something covers a part of the face. Each person stands for `EACH` renders in a row, every one with another expression,
light and view.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rich.progress import track

from ..paths import ASSETS
from ..plan import PRIOR, Plan
from . import assets, people, props, recipes, scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .assets import Bytes, Floats

SIZE, DRAWN = 136, 224  # kept and drawn pixels
MAP = 176  # texels across the map of the skin: about two for each kept pixel
EACH = 2
HANDS = 0.08  # share of the renders with a hand before the face
FIELDS = (
    *("image", "five", "points", "box", "label", "intensity", "affect", "actions"),
    *("pose", "gaze", "traits"),
)


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
    pose: Floats
    gaze: Floats
    traits: Floats

    def __len__(self) -> int:
        return len(self.label)


@lru_cache(maxsize=1)
def _person(seed: int, number: int) -> people.Person:
    return people.draw(np.random.default_rng([seed, number]), assets.load(ASSETS))


def one(seed: int, index: int) -> tuple[Any, ...]:
    """Render number `index` of a run: a row in the order of `FIELDS`."""
    rng = np.random.default_rng([seed, index // EACH, index % EACH])
    data = assets.load(ASSETS)
    chances = np.array(list(PRIOR.values()))
    label = int(rng.choice(len(PRIOR), p=chances / chances.sum()))
    person = _person(seed, index // EACH)
    expression = recipes.draw(rng, recipes.CLASSES[label], frozenset(data.expression))
    shot = scene.draw_shot(rng, person, DRAWN, float(rng.uniform(4.9, 5.7)))
    hand = props.draw_hand(rng) if rng.random() < HANDS else None
    picture = scene.render(
        person, expression.weights, shot, data, size=(SIZE, SIZE), map_size=MAP, hand=hand
    )
    hidden = hand is not None or person.glasses is not None or person.headwear is not None
    rows: tuple[Any, ...] = (
        expression.intensity,
        expression.affect,
        recipes.actions(expression.weights),
        (shot.pitch, shot.yaw, shot.roll),
        recipes.gaze(expression.weights),
        (person.complexion.shade, person.femaleness, person.age, float(hidden)),
    )
    numbers = (np.array(row, np.float32) for row in rows)
    return (picture.image, picture.five, picture.points, picture.box, label, *numbers)


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

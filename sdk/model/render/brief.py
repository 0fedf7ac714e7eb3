"""Brief, weak movements of rendered people: pairs from onset to apex to learn from, and clips to spot them in.

The movements are those that published collections group as positive, surprise and negative (See et al. 2019, MEGC composite): a weak smile;
raised brows and lids; and for negative a lowered brow, a wrinkled nose, a pulled-down or pressed mouth. Half of them are one-sided or nearly so.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rich.progress import track

from mien.infer import flow, geometry

from ..paths import ASSETS
from . import assets, people, recipes, scene, shards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from ..plan import Plan
    from .assets import Assets, Bytes, Floats

    Weights = dict[str, float]
    Movement = Mapping[str, tuple[float, float]]

WORDS = ("negative", "positive", "surprise")
MOVEMENTS: dict[str, tuple[Movement, ...]] = {
    "negative": (
        {"browDown": (0.25, 0.9), "eyeSquint": (0, 0.5)},
        {"noseSneer": (0.2, 0.9), "mouthUpperUp": (0, 0.5)},
        {"mouthFrown": (0.25, 0.8), "mouthShrugLower": (0, 0.5)},
        {"mouthPress": (0.25, 0.8), "mouthDimple": (0.2, 0.8)},
        {"browInnerUp": (0.2, 0.7), "browDown": (0.2, 0.6), "mouthFrown": (0, 0.4)},
        {"browDown": (0.2, 0.6), "noseSneer": (0.15, 0.6)},
        {"mouthStretch": (0.2, 0.7), "eyeWide": (0, 0.4)},
        {"mouthShrugLower": (0.25, 0.7)},
    ),
    "positive": (
        {"mouthSmile": (0.15, 0.6)},
        {"mouthSmile": (0.15, 0.6), "cheekSquint": (0.1, 0.5)},
        {"mouthSmile": (0.12, 0.5), "mouthDimple": (0.05, 0.3), "eyeSquint": (0, 0.3)},
    ),
    "surprise": (
        {"browInnerUp": (0.3, 1.1), "browOuterUp": (0.2, 0.8)},
        {"browInnerUp": (0.3, 1.0), "browOuterUp": (0.15, 0.7), "eyeWide": (0.1, 0.6)},
        {"browOuterUp": (0.25, 0.8), "eyeWide": (0.1, 0.5), "jawOpen": (0, 0.12)},
    ),
}
EACH = 5  # movements of one person
DRAWN = 176
TREMOR = 0.012  # radians the head turns meanwhile (standard deviation)
RATE = 30  # pictures a second of the clips
SECONDS = 4.0


def movement(rng: Generator, word: str, known: frozenset[str]) -> Weights:
    """Blendshape weights that a brief movement adds."""
    variants = MOVEMENTS[word]
    chosen = variants[int(rng.integers(len(variants)))]
    lean = float(rng.choice([0.0, 0.0, 0.4, 1.0])) * float(rng.choice([-1, 1]))
    out: Weights = {}
    for name, (low, high) in chosen.items():
        weight = float(rng.uniform(low, high))
        if name in known:
            out[name] = weight
        else:
            out[name + "Left"] = weight * min(1.0, 1 + lean)
            out[name + "Right"] = weight * min(1.0, 1 - lean)
    return out


def added(base: Weights, more: Weights, part: float = 1.0) -> Weights:
    """`base` with `part` of `more` on top."""
    out = dict(base)
    for name, weight in more.items():
        out[name] = out.get(name, 0.0) + part * weight
    return out


def resting(rng: Generator, known: frozenset[str]) -> Weights:
    """A face that does nothing much; nobody speaks."""
    weights = dict(recipes.draw(rng, "neutral", known).weights)
    return {k: v * 0.7 for k, v in weights.items() if not k.startswith("visemes")}


def turned(rng: Generator, shot: scene.Shot) -> scene.Shot:
    """The shot after the head moved a little."""
    pitch, yaw, roll = (float(v) for v in rng.normal(size=3) * TREMOR)
    x, y = (float(v) for v in rng.normal(size=2) * 0.012)
    return replace(
        shot,
        pitch=shot.pitch + pitch,
        yaw=shot.yaw + yaw,
        roll=shot.roll + roll,
        shift=(shot.shift[0] + x, shot.shift[1] + y),
    )


def _shot(rng: Generator, person: people.Person) -> scene.Shot:
    return scene.draw_shot(rng, person, DRAWN, float(rng.uniform(3.6, 4.4)), turn=0.5)


def _picture(
    person: people.Person, weights: Weights, shot: scene.Shot, data: Assets
) -> scene.Picture:
    return scene.render(person, weights, shot, data, map_size=shards.MAP)


def _held(person: people.Person, weights: Weights, shot: scene.Shot, data: Assets) -> scene.Shot:
    """Aim and exposure held, so that neither follows the expression."""
    aimed = replace(shot, anchor=scene.aim(person, scene.pose(person, weights, data), data))
    return replace(aimed, gain=_picture(person, weights, aimed, data).gain)


def _cast(rng: Generator, data: Assets) -> tuple[people.Person, Weights, scene.Shot]:
    """Somebody without a hat, their resting face, and a camera that holds aim and exposure."""
    person = replace(people.draw(rng, data), headwear=None)
    rest = resting(rng, frozenset(data.expression))
    return person, rest, _held(person, rest, _shot(rng, person), data)


def _grainy(rng: Generator, crop: Bytes) -> Bytes:
    noise = rng.normal(size=crop.shape) * rng.uniform(0.3, 3)
    return np.clip(crop + noise, 0, 255).astype(np.uint8)


def _over_grey(picture: scene.Picture) -> Bytes:
    image = picture.image
    return np.ascontiguousarray(image[..., :3] + (255 - image[..., 3:]) // 2, np.uint8)


def _pairs(job: tuple[int, int]) -> list[tuple[Floats, int]]:
    """The cubes and labels of one person."""
    seed, number = job
    rng = np.random.default_rng([seed, 55, number])
    data = assets.load(ASSETS)
    known = frozenset(data.expression)
    person, rest, shot = _cast(rng, data)
    before = _picture(person, rest, shot, data)
    transform = geometry.aligned(before.five, flow.SIDE)
    first = geometry.crop(_over_grey(before), transform, flow.SIDE)
    measure, out = flow.Flow(), []
    for k in range(EACH):
        label = int((number * EACH + k) % len(WORDS))
        weights = added(rest, movement(rng, WORDS[label], known))
        if rng.random() < 0.2:  # lids move along now and then
            lids = float(rng.uniform(-0.2, 0.35))
            weights = added(weights, {"eyeBlinkLeft": lids, "eyeBlinkRight": lids})
        after = _picture(person, weights, turned(rng, shot), data)
        last = geometry.crop(_over_grey(after), transform, flow.SIDE)
        moved = measure.between(_grainy(rng, first), _grainy(rng, last))
        out.append((flow.cube(moved), label))
    return out


def pairs(plan: Plan, processes: int) -> tuple[Floats, NDArray[np.int64]]:
    """Cubes (n, 28, 28, 3) and labels (n,), indices into `WORDS`; EACH in a row are of one person. Made once, then read."""
    path = plan.pairs_file
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.setNumThreads(1)
        scene.constants(assets.load(ASSETS))
        jobs = [(plan.seed, k) for k in range(plan.pairs // EACH)]
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            done = track(pool.imap(_pairs, jobs), "render brief movements", total=len(jobs))
            rows = [row for person in done for row in person]
        fresh = path.with_suffix(".tmp.npz")
        np.savez(fresh, cubes=np.stack([c for c, _ in rows]), labels=[label for _, label in rows])
        fresh.replace(path)
    with np.load(path) as file:
        return file["cubes"].astype(np.float32), file["labels"].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures of one person with their landmarks, and when something brief happened (None: nothing did)."""

    pictures: list[Bytes]
    landmarks: list[Floats]
    closures: list[float]
    word: str | None
    onset: float
    offset: float


def clip(seed: int, number: int) -> Clip:
    """A clip of `SECONDS` at `RATE`: two of three hold a brief movement, the third a blink or an expression that stays."""
    rng = np.random.default_rng([seed, 56, number])
    data = assets.load(ASSETS)
    known = frozenset(data.expression)
    person, rest, shot = _cast(rng, data)
    word = (None, *WORDS)[number % 4] if number % 8 != 4 else None
    more = movement(rng, word or WORDS[int(rng.integers(3))], known)
    onset = float(rng.uniform(1.9, 2.9))
    length = float(rng.uniform(0.2, 0.5))
    phase = rng.uniform(0, 6, 3)
    pictures, marks, closures = [], [], []
    for k in range(round(SECONDS * RATE)):
        t = k / RATE
        part = _bump(t, onset, length) if word else _stays(t, onset)
        lid = _bump(t, onset - 1.0, 0.28)
        weights = added(rest, more, part)
        for side in ("Left", "Right"):
            weights["eyeBlink" + side] = max(weights.get("eyeBlink" + side, 0.0), lid)
        swayed = replace(
            shot,
            yaw=shot.yaw + 0.03 * float(np.sin(0.9 * t + phase[0])),
            pitch=shot.pitch + 0.02 * float(np.sin(1.3 * t + phase[1])),
            shift=(0.02 * float(np.sin(0.8 * t + phase[2])), 0.0),
        )
        picture = _picture(person, weights, swayed, data)
        pictures.append(_grainy(rng, _over_grey(picture)))
        marks.append(picture.five + rng.normal(size=(5, 2)).astype(np.float32) * 0.4)
        closures.append(lid)
    return Clip(pictures, marks, closures, word, onset, onset + length)


def _bump(t: float, start: float, length: float) -> float:
    """0, up to 1 in the middle, and back."""
    x = (t - start) / length
    return float(np.sin(np.pi * x) ** 2) if 0 < x < 1 else 0.0


def _stays(t: float, start: float) -> float:
    """0, then up to 1 within .4 seconds, and there it stays."""
    x = min(max((t - start) / 0.4, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def clips(seed: int, count: int, processes: int) -> Any:
    """That many clips, one after the other."""
    cv2.setNumThreads(1)
    scene.constants(assets.load(ASSETS))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        jobs = [(seed, k) for k in range(count)]
        yield from track(pool.imap(_clip, jobs), "render clips", total=count)


def _clip(job: tuple[int, int]) -> Clip:
    return clip(*job)

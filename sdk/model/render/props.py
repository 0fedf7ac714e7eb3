"""What people wear and hold before their faces: glasses, hats, cloth over the head, hands. Drawn by the code, but the fedora.

Cloth is the head's own mesh moved outwards, kept where a function of the unmorphed head says so. A brim is a small sheet that starts at
the forehead. Hands are laid over the finished picture: fingers as shaded strokes in the face's own colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from .assets import Mesh

if TYPE_CHECKING:
    from numpy.random import Generator

    from .assets import Floats

HEADWEAR: Final = ("beanie", "scarf", "hood", "cap", "fedora")
BEHIND: Final = 0.15  # depth of the head behind which cloth covers all
SHORT_HAIR: Final = frozenset({"short02", "short04"})  # what a hat sits on without tearing


@dataclass(frozen=True, slots=True)
class Glasses:
    """Frames: radii in head units, exponent of the superellipse, line width at 224 px, BGR 0..255, lens opacity."""

    rx: float
    ry: float
    power: int
    width: float
    colour: tuple[float, float, float]
    lens: float
    lens_colour: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Headwear:
    """`kind` is one of `HEADWEAR`; tint in BGR factors; `edge` and `thick` in head units; `brim`: length and droop of a cap's."""

    kind: str
    tint: tuple[float, float, float]
    edge: float
    thick: float
    brim: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Hand:
    """Fingers before the face: the tips' middle and where they come from, in face heights about the face's middle; +y down."""

    tips: tuple[float, float]
    wrist: tuple[float, float]
    spread: float
    width: float
    fingers: int
    shade: float


def draw_glasses(rng: Generator) -> Glasses:
    """Random glasses; a few are sunglasses."""
    colour = rng.random(3) * rng.choice([40, 120, 220])
    lens = 0.0
    if rng.random() < 0.25:
        lens = float(rng.uniform(0.1, 0.55)) if rng.random() < 0.75 else 0.9
    dark = rng.random() < 0.6
    frame = (float(colour[0]), float(colour[1]), float(colour[2]))
    return Glasses(
        rx=float(rng.uniform(0.2, 0.27)),
        ry=float(rng.uniform(0.14, 0.22)),
        power=int(rng.choice([2, 3, 5])),
        width=float(rng.choice([1, 2, 2, 3, 4])),
        colour=frame,
        lens=lens,
        lens_colour=frame if dark else (235.0, 235.0, 235.0),
    )


def draw_headwear(rng: Generator) -> Headwear:
    """A random hat or cloth."""
    kind = HEADWEAR[rng.choice(len(HEADWEAR), p=[0.3, 0.25, 0.12, 0.23, 0.1])]
    tint = rng.random(3) * rng.choice([0.3, 0.7, 1.0]) + 0.08
    return Headwear(
        kind=kind,
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        edge=float(rng.uniform(7.62, 7.9)),
        thick=float(rng.uniform(0.04, 0.11)),
        brim=(float(rng.uniform(0.45, 0.85)), float(rng.uniform(0.0, 0.3))),
    )


def draw_hand(rng: Generator) -> Hand:
    """A hand before mouth, chin, cheek or an eye, coming from below or from a side."""
    side = float(rng.choice([-1, 1]))
    tips = {
        0: (side * rng.uniform(0, 0.18), rng.uniform(0.1, 0.25)),  # mouth
        1: (side * rng.uniform(0, 0.2), rng.uniform(0.25, 0.38)),  # chin
        2: (side * rng.uniform(0.25, 0.4), rng.uniform(-0.05, 0.18)),  # cheek
        3: (side * rng.uniform(0.12, 0.3), rng.uniform(-0.2, -0.05)),  # eye
    }[int(rng.choice(4, p=[0.35, 0.3, 0.25, 0.1]))]
    away = rng.uniform(0.45, 0.9)
    angle = rng.uniform(0.15, 1.5)
    return Hand(
        tips=(float(tips[0]), float(tips[1])),
        wrist=(float(tips[0] + side * away * np.cos(angle)), float(tips[1] + away * np.sin(angle))),
        spread=float(rng.uniform(0.05, 0.11)),
        width=float(rng.uniform(0.075, 0.11)),
        fingers=int(rng.integers(2, 5)),
        shade=float(rng.uniform(0.75, 1.15)),
    )


def covered(wear: Headwear, base: Floats) -> Floats:
    """Per vertex of the unmorphed head (v, 3): above 0 where cloth covers it."""
    x, y, z = base.T
    if wear.kind in {"beanie", "cap"}:
        return np.ascontiguousarray(y - wear.edge + np.clip(0.9 - z, 0, 2) * 0.22, np.float32)
    wide, tall = (0.66, 0.95) if wear.kind == "scarf" else (0.8, 1.12)
    oval = (x / wide) ** 2 + ((y - 7.02) / tall) ** 2 - 1
    return np.ascontiguousarray(np.where(z < BEHIND, np.maximum(oval, 0.4), oval), np.float32)


def brim(wear: Headwear, root: Floats, scale: float) -> tuple[Mesh, Floats]:
    """A cap's brim that starts at `root` (3,) on the forehead: mesh and vertices."""
    angle, reach = np.linspace(-1.25, 1.25, 11), np.linspace(0, 1, 4)
    length, droop = wear.brim
    a, r = (g.ravel() for g in np.meshgrid(angle, reach, indexing="ij"))
    x = np.sin(a) * (0.6 + 0.05 * r)
    z = np.cos(a) * (0.28 + length * r) - 0.28
    y = -droop * r * length - 0.12 * np.abs(np.sin(a)) ** 2
    points = np.stack([x, y, z], 1) * scale + root
    cells = np.arange(44).reshape(11, 4)
    quads = [
        (cells[i, j], cells[i + 1, j], cells[i + 1, j + 1], cells[i, j + 1])
        for i in range(10)
        for j in range(3)
    ]
    faces = np.array([t for q in quads for t in (q[:3], (q[0], q[2], q[3]))], np.int32)
    uv_faces = np.zeros_like(faces)
    return Mesh(points.astype(np.float32), np.zeros((1, 2), np.float32), faces, uv_faces), (
        np.ascontiguousarray(points, np.float32)
    )


def lay_hand(image: Floats, hand: Hand, box: Floats) -> None:
    """Draw the hand over the premultiplied BGRA float image in place; box x0 y0 x1 y1 of the face."""
    height = float(box[3] - box[1])
    middle = np.array([(box[0] + box[2]) / 2, box[1] + 0.55 * height])
    skin = image[..., :3][image[..., 3] > 250]
    colour = np.median(skin, 0) * hand.shade if len(skin) else np.array([80.0, 100.0, 140.0])
    tips = middle + np.array(hand.tips) * height
    wrist = middle + np.array(hand.wrist) * height
    along = (tips - wrist) / (np.linalg.norm(tips - wrist) + 1e-6)
    across = np.array([-along[1], along[0]]) * hand.spread * height
    knuckles = wrist + (tips - wrist) * 0.45
    width = max(2, round(hand.width * height))

    def stroke(a: Floats, b: Floats, wide: float, light: float) -> None:
        ends = [tuple(int(v * 16) for v in p) for p in (a, b)]
        tone = (*(float(c) for c in np.clip(colour * light, 0, 255)), 255.0)
        cv2.line(image, ends[0], ends[1], tone, max(1, round(wide)), cv2.LINE_AA, 4)

    stroke(knuckles, wrist + (wrist - tips), width * (hand.fingers * 0.9), 0.9)
    for k in range(hand.fingers):
        off = across * (k - (hand.fingers - 1) / 2)
        bend = along * height * 0.04 * (1 - abs(k - (hand.fingers - 1) / 2))
        start, end = knuckles + off, tips + off + bend
        stroke(start, end, width, 0.72)  # the dark gap between fingers
        stroke(start, end, width * 0.78, 0.95)
        stroke(start - across * 0.12, end - across * 0.12, width * 0.35, 1.08)


def lay_glasses(
    image: Floats, glasses: Glasses, rings: list[Floats], bars: list[Floats], pixels: float
) -> None:
    """Draw frames over the premultiplied BGRA float image in place: two closed rings and open bars, points (k, 2) in pixels."""
    g, colour = glasses, (*glasses.colour, 255.0)
    if g.lens > 0:
        over = image.copy()
        for ring in rings:
            cv2.fillPoly(
                over, [(ring * 8).astype(np.int32)], (*g.lens_colour, 255.0), cv2.LINE_AA, 3
            )
        image[:] = image * (1 - g.lens) + over * g.lens
    width = max(1, round(g.width * pixels / 45))
    for points, closed in [*((r, True) for r in rings), *((b, False) for b in bars)]:
        dots = [(points * 8).astype(np.int32)]
        cv2.polylines(image, dots, closed, colour, width, cv2.LINE_AA, 3)

"""Procedural skin: one map of the face that follows the vertices.

The map is a frontal projection of the unmorphed head, `size` x `size` texels over x -1.15..1.15 and y 5.9..8.2. Its six
channels: albedo factor b, g, r; slope of the surface along x and y; specular factor. Wrinkles depend on the blendshape
weights, so they deepen with the expression they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.random import Generator

    from .assets import Floats

    Point = tuple[float, float]
    Window = tuple[slice, slice]
    Patch = tuple[Window, Floats]

LEFT, TOP, SPAN = -1.15, 8.2, 2.3
SIZE = 256
FROWN = 0.4  # how much the skin between lid and brow darkens under the strongest frown (1.5)


@dataclass(frozen=True, slots=True)
class Complexion:
    """What is constant about one person's skin; colours are BGR factors, strengths 0..1 unless said."""

    shade: float  # 0 fair .. 1 dark
    tint: tuple[float, float, float]
    specular: float
    wrinkles: float
    bump: float
    darkening: float
    grain: float
    sockets: float
    bags: float
    blush: float
    redness: float
    lip: tuple[float, float, float]
    lip_strength: float
    seam: float
    eye_shadow: float
    eye_shadow_colour: tuple[float, float, float]
    beard: float
    beard_shape: int
    beard_colour: tuple[float, float, float]
    blotches: float
    freckles: float
    lip_gloss: float
    brow: float
    brow_height: float
    brow_colour: tuple[float, float, float]
    lash_line: float


LIPS = (
    (0.62, 0.62, 0.95),
    (0.5, 0.5, 0.85),
    (0.7, 0.68, 0.9),
    (0.6, 0.55, 0.7),
    (0.85, 0.8, 0.95),
)
BEARDS = (
    (0.25, 0.27, 0.3),
    (0.4, 0.45, 0.5),
    (0.6, 0.62, 0.65),
    (0.95, 0.95, 0.95),
)
FAIR, DARK = np.array([0.72, 0.80, 0.95]), np.array([0.22, 0.30, 0.42])


def _sometimes(rng: Generator, chance: float, low: float, high: float) -> float:
    value = float(rng.uniform(low, high))
    return value if rng.random() < chance else 0.0


def draw_complexion(rng: Generator, femaleness: float, age: float) -> Complexion:
    """A random skin; age: 1 child, 2 young, 3 old."""
    shade = float(rng.random())
    tint = (FAIR * (1 - shade) + DARK * shade) * rng.uniform(0.9, 1.08)
    tint *= np.array([rng.uniform(0.88, 1.05), 1, rng.uniform(0.98, 1.06)])
    adult = age > 1.8
    return Complexion(
        shade=shade,
        tint=(float(tint[0]), float(tint[1]), float(tint[2])),
        specular=float(rng.uniform(0.01, 0.10)),
        wrinkles=float(rng.uniform(0.5, 1.5)),
        bump=float(rng.uniform(0.4, 1.3)),
        darkening=float(rng.uniform(0.25, 0.9)),
        grain=float(rng.uniform(0, 0.25)),
        sockets=float(rng.uniform(0, 0.25)),
        bags=_sometimes(rng, 0.3, 0, 0.4),
        blush=_sometimes(rng, 0.4, 0, 0.5),
        redness=float(rng.uniform(0, 0.3)) * (1 - 0.6 * shade),
        lip=LIPS[rng.choice(len(LIPS), p=[0.25, 0.2, 0.2, 0.2, 0.15])],
        lip_strength=float(rng.uniform(0.3, 1)),
        seam=float(rng.uniform(0.2, 1.1)),
        eye_shadow=_sometimes(rng, 0.2 * (femaleness > 0.5) * adult, 0.1, 0.6),
        eye_shadow_colour=tuple(float(c) for c in rng.uniform(0.3, 0.9, 3)),  # type: ignore[arg-type]
        beard=_sometimes(rng, 0.5 * (femaleness < 0.4) * adult, 0.15, 0.95),
        beard_shape=int(rng.integers(len(BEARD_OUTLINES))),
        beard_colour=BEARDS[rng.choice(4, p=[0.5, 0.25, 0.15, 0.1])],
        blotches=float(rng.uniform(0, 0.08)),
        freckles=_sometimes(rng, 0.15, 0.1, 0.6),
        lip_gloss=_sometimes(rng, 0.5, 0, 3),
        brow=_sometimes(rng, 0.75, 0.2, 0.95),
        brow_height=float(rng.uniform(0.02, 0.055)),
        brow_colour=BEARDS[rng.choice(4, p=[0.6, 0.2, 0.12, 0.08])],
        lash_line=_sometimes(rng, 0.45, 0.15, 0.8),
    )


@dataclass(frozen=True, slots=True)
class Wrinkle:
    """A line of the right half of the face (mirrored for the other) and what deepens it.

    `drivers`: action -> factor; `aged`: what age adds; `growth`: the drivers count (1 - growth) + growth * age.
    """

    points: tuple[Point, ...]
    drivers: Mapping[str, float]
    strength: float = 1.0
    aged: float = 0.0
    growth: float = 0.0
    thickness: int = 1
    softness: float = 1.4


_CROW = {"cheekSquint": 0.45, "eyeSquint": 0.35, "mouthSmile": 0.25}
_NASOLABIAL = {
    "mouthSmile": 0.75,
    "cheekSquint": 0.25,
    "mouthUpperUp": 0.35,
    "noseSneer": 0.45,
    "mouthStretch": 0.2,
}
WRINKLES = (
    Wrinkle(
        ((0.17, 6.99), (0.25, 6.9), (0.32, 6.77), (0.37, 6.63), (0.36, 6.5)),
        _NASOLABIAL,
        aged=0.35,
        thickness=2,
        softness=2.0,
    ),
    Wrinkle(((0.5, 7.33), (0.57, 7.36), (0.65, 7.41)), _CROW, 0.6, 0.25, 0.6, softness=1.1),
    Wrinkle(((0.51, 7.29), (0.58, 7.29), (0.67, 7.29)), _CROW, 0.6, 0.25, 0.6, softness=1.1),
    Wrinkle(((0.5, 7.25), (0.57, 7.22), (0.65, 7.16)), _CROW, 0.6, 0.25, 0.6, softness=1.1),
    Wrinkle(
        ((0.18, 7.21), (0.27, 7.14), (0.39, 7.14), (0.48, 7.2)),
        {"cheekSquint": 0.5, "eyeSquint": 0.45},
        0.7,
        aged=0.3,
    ),
    Wrinkle(
        ((0.19, 7.16), (0.28, 7.07), (0.41, 7.06)),
        {"cheekSquint": 0.5, "eyeSquint": 0.45},
        0.25,
        aged=0.3,
        softness=1.6,
    ),
    Wrinkle(((0.05, 7.25), (0.1, 7.2), (0.14, 7.12)), {"noseSneer": 0.9}, 0.7, softness=1.2),
    Wrinkle(((0.06, 7.18), (0.11, 7.12)), {"noseSneer": 0.9}, 0.6, softness=1.2),
    Wrinkle(
        ((0.12, 7.1), (0.17, 7.02), (0.19, 6.95)),
        {"noseSneer": 0.9},
        0.8,
        thickness=2,
        softness=1.6,
    ),
    Wrinkle(
        ((0.29, 6.58), (0.33, 6.48), (0.34, 6.37)),
        {"mouthFrown": 0.6, "mouthStretch": 0.3},
        0.8,
        aged=0.2,
        thickness=2,
        softness=1.8,
    ),
    Wrinkle(
        ((0.35, 6.71), (0.375, 6.62), (0.36, 6.54)),
        {"mouthDimple": 0.9, "mouthSmile": 0.2, "mouthPress": 0.25},
        0.7,
        softness=1.5,
    ),
    Wrinkle(((0.075, 7.6), (0.06, 7.51), (0.07, 7.41)), {"browDown": 0.75}, softness=1.5),
)
BEARD_OUTLINES: tuple[tuple[Point, ...], ...] = (
    (  # full
        *((-0.78, 7.05), (-0.7, 6.6), (-0.5, 6.25), (-0.2, 5.98)),
        *((0.2, 5.98), (0.5, 6.25), (0.7, 6.6), (0.78, 7.05)),
        *((0.58, 6.76), (0.36, 6.6), (0.33, 6.8), (0.12, 6.83), (0, 6.81)),
        *((-0.12, 6.83), (-0.33, 6.8), (-0.36, 6.6), (-0.58, 6.76)),
    ),
    (  # round the mouth
        *((-0.36, 6.7), (-0.34, 6.3), (-0.15, 6.05), (0.15, 6.05), (0.34, 6.3), (0.36, 6.7)),
        *((0.33, 6.81), (0.12, 6.84), (0, 6.82), (-0.12, 6.84), (-0.33, 6.81)),
    ),
    (  # moustache
        *((-0.36, 6.64), (-0.3, 6.78), (-0.1, 6.86), (0.1, 6.86), (0.3, 6.78), (0.36, 6.64)),
        *((0.2, 6.7), (0, 6.72), (-0.2, 6.7)),
    ),
)
UPPER_LIP = (
    *((-0.275, 6.617), (-0.19, 6.668), (-0.1, 6.693), (-0.05, 6.703), (0, 6.69), (0.05, 6.703)),
    *((0.1, 6.693), (0.19, 6.668), (0.275, 6.617), (0.1, 6.605), (-0.1, 6.605)),
)
LOWER_LIP = (
    *((-0.275, 6.617), (-0.1, 6.625), (0.1, 6.625), (0.275, 6.617), (0.2, 6.548), (0.1, 6.502)),
    *((0, 6.49), (-0.1, 6.502), (-0.2, 6.548)),
)
BROW = ((0.09, 7.385), (0.2, 7.42), (0.33, 7.435), (0.44, 7.41), (0.53, 7.37))
LASH_LINE = ((0.185, 7.272), (0.24, 7.318), (0.32, 7.338), (0.4, 7.322), (0.46, 7.285))
SEAM = (
    *((-0.27, 6.612), (-0.15, 6.618), (-0.05, 6.62), (0, 6.617)),
    *((0.05, 6.62), (0.15, 6.618), (0.27, 6.612)),
)


def to_uv(x: Floats, y: Floats) -> Floats:
    """Unmorphed head x, y -> map coordinates (n, 2), 0..1 inside."""
    return np.ascontiguousarray(np.stack([(x - LEFT) / SPAN, (TOP - y) / SPAN], 1), np.float32)


class _Map:
    """The map while it is painted; lengths are texels of a 256-texel map, whatever the size."""

    def __init__(self, size: int) -> None:
        self.size, self.k = size, size / SIZE
        self.height = np.zeros((size, size), np.float32)
        self.grooves = np.zeros((size, size), np.float32)
        self.albedo = np.ones((size, size, 3), np.float32)

    def at(self, points: Sequence[Point]) -> Floats:
        p = np.array(points, np.float32)
        return to_uv(p[:, 0], p[:, 1]) * self.size

    def blurred(self, image: Floats, sigma: float) -> Floats:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma * self.k), np.float32)

    def noise(self, rng: Generator, cells: int) -> Floats:
        """Smooth noise of `cells` cells across."""
        grid = rng.normal(size=(cells, cells)).astype(np.float32)
        full = cv2.resize(grid, (self.size, self.size), interpolation=cv2.INTER_CUBIC)
        return np.asarray(full, np.float32)

    def window(self, low: Floats, high: Floats, margin: float) -> Window:
        x0, y0 = (int(max(0, v - margin * self.k)) for v in low)
        x1, y1 = (int(min(self.size, v + margin * self.k + 2)) for v in high)
        return slice(y0, y1), slice(x0, x1)

    def blob(self, centre: Point, axes: Point, sigma: float) -> Patch:
        """A soft ellipse, peak 1."""
        middle, reach = self.at([centre])[0], np.array(axes, np.float32) * self.k
        where = self.window(middle - reach, middle + reach, 3 * sigma)
        out = np.zeros((where[0].stop - where[0].start, where[1].stop - where[1].start), np.float32)
        spot = (int(middle[0]) - where[1].start, int(middle[1]) - where[0].start)
        cv2.ellipse(out, spot, (int(reach[0]), int(reach[1])), 0, 0, 360, 1.0, -1)
        return where, self.blurred(out, sigma)

    def polygon(self, outline: Sequence[Point], sigma: float) -> Patch:
        """A soft polygon, peak 1."""
        points = self.at(outline)
        where = self.window(points.min(0), points.max(0), 3 * sigma)
        out = np.zeros((where[0].stop - where[0].start, where[1].stop - where[1].start), np.float32)
        points = points - (where[1].start, where[0].start)
        cv2.fillPoly(out, [(points * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
        return where, self.blurred(out, sigma)

    def full(self, patch: Patch) -> Floats:
        """The patch on an empty map."""
        out = np.zeros((self.size, self.size), np.float32)
        out[patch[0]] = patch[1]
        return out

    def dye(self, patch: Patch, colour: Sequence[float], strength: float) -> None:
        """Multiply the albedo towards `colour` where the patch is."""
        if strength > 0:
            fade = patch[1][..., None] * (strength * (1 - np.array(colour, np.float32)))
            self.albedo[patch[0]] *= 1 - fade

    def line(self, points: Floats, strength: float, thickness: float, softness: float) -> None:
        """A groove through `points` (n, 2) in texels, fading at its ends."""
        if strength <= 0.02:
            return
        at = np.linspace(0, len(points) - 1, 24)
        curve = np.stack([np.interp(at, np.arange(len(points)), points[:, k]) for k in (0, 1)], 1)
        curve = cv2.blur(curve.astype(np.float32), (1, 7), borderType=cv2.BORDER_REPLICATE)
        margin = int(12 * self.k)
        x0, y0 = np.maximum(curve.min(0).astype(int) - margin, 0)
        x1, y1 = np.minimum(curve.max(0).astype(int) + margin + 1, self.size)
        if x1 <= x0 or y1 <= y0:
            return
        patch = np.zeros((y1 - y0, x1 - x0), np.float32)
        dots = ((curve - (x0, y0)) * 16).astype(int)
        width = max(1, round(thickness * self.k))
        for k in range(23):
            fade = min(1.0, 0.25 + 1.5 * min(k, 22 - k) / 11)
            ends = [(int(p[0]), int(p[1])) for p in dots[k : k + 2]]
            cv2.line(patch, ends[0], ends[1], fade, width, cv2.LINE_AA, 4)
        patch = self.blurred(patch, softness)
        self.height[y0:y1, x0:x1] -= strength * patch * softness * 1.3 * self.k
        self.grooves[y0:y1, x0:x1] += strength * patch


def _both(weights: Mapping[str, float], action: str) -> float:
    return weights.get(action + "Left", 0.0) + weights.get(action + "Right", 0.0)


def _crease(
    m: _Map, rng: Generator, weights: Mapping[str, float], age: float, depth: float
) -> None:
    """All wrinkles. Draws the same random numbers whatever the weights, so a person keeps their lines."""
    old = max(0.0, age - 1.7) / 1.3
    deep = depth * (0.55 + 0.75 * old)
    for side, sign in (("Left", 1), ("Right", -1)):
        uneven = float(rng.uniform(0.8, 1.2))
        for w in WRINKLES:
            jitter = rng.normal(size=2) + rng.normal(size=(len(w.points), 2)) * 0.7
            driven = sum(weights.get(a + side, 0.0) * f for a, f in w.drivers.items()) * uneven
            driven *= 1 - w.growth + w.growth * old
            strength = float(np.clip(driven + w.aged * old, 0, 1.6)) * deep * w.strength
            points = m.at([(sign * x, y) for x, y in w.points]) + (jitter * m.k).astype(np.float32)
            m.line(points, strength, w.thickness, w.softness)
        apple = (
            weights.get("mouthSmile" + side, 0) * 0.6 + weights.get("cheekSquint" + side, 0) * 0.5
        )
        if apple > 0.05:
            where, bulge = m.blob((sign * 0.42, 6.98), (15, 11), 7)
            m.height[where] += min(apple, 1.4) * depth * 1.6 * bulge * m.k
        # brow and lid skin bunch up and darken under a frown; the mesh alone would catch more light there
        frown = min(weights.get("browDown" + side, 0.0), 1.5) * FROWN / 1.5
        m.dye(m.blob((sign * 0.24, 7.42), (17, 7), 4), (0.55, 0.55, 0.6), frown)
    _crease_middle(m, rng, weights, old, deep)


def _crease_middle(
    m: _Map, rng: Generator, weights: Mapping[str, float], old: float, deep: float
) -> None:
    sneer, frown = _both(weights, "noseSneer"), _both(weights, "browDown")
    inner, outer = weights.get("browInnerUp", 0.0), _both(weights, "browOuterUp") / 2
    for y in (7.38, 7.31):
        strength = float(np.clip(sneer * 0.45 + frown * 0.12, 0, 1.4)) * deep * 0.8
        m.line(m.at([(-0.08, y + 0.01), (0, y - 0.01), (0.08, y + 0.01)]), strength, 1, 1.2)
    strength = float(np.clip(inner * 0.45 + outer * 0.55, 0, 1.5)) * deep + 0.22 * old * deep
    width = 0.14 + 0.36 * float(np.clip(outer / (inner + outer + 1e-3) * 1.6, 0, 1))
    lift = 0.03 * (outer - inner * 0.6)
    for k in range(int(rng.integers(2, 5))):
        y, own = 7.66 + 0.09 * k + float(rng.uniform(-0.02, 0.02)), float(rng.uniform(0.5, 1))
        row = [(-width, y + lift), (-width / 2, y + 0.01), (0, y), (width / 2, y + 0.01)]
        points = m.at([*row, (width, y + lift)]) + rng.normal(size=(5, 2)).astype(np.float32) * m.k
        m.line(points, strength * own, 1, 1.7)
    shrug = weights.get("mouthShrugLower", 0.0)
    press = _both(weights, "mouthPress")
    strength = float(np.clip(shrug * 0.7 + press * 0.2, 0, 1.2)) * deep
    m.line(m.at([(-0.16, 6.43), (0, 6.41), (0.16, 6.43)]), strength, 2, 2.0)
    pits = m.blurred(rng.normal(size=m.height.shape).astype(np.float32), 2.2) * 4 * m.k
    if shrug > 0.2:
        where, chin = m.blob((0, 6.28), (14, 9), 4)
        m.height[where] += pits[where] * chin * (shrug * deep * 0.8 * m.k)


def _paint(m: _Map, rng: Generator, c: Complexion) -> None:
    for sign in (1, -1):
        m.dye(m.blob((sign * 0.27, 7.37), (17, 8), 5), (0.72, 0.72, 0.8), c.sockets)
        m.dye(m.blob((sign * 0.30, 7.14), (14, 5), 4), (0.75, 0.72, 0.8), c.bags)
        m.dye(m.blob((sign * 0.46, 6.97), (16, 12), 9), (0.75, 0.75, 1.05), c.blush)
        m.dye(m.blob((sign * 0.42, 6.95), (20, 15), 10), (0.8, 0.82, 1.0), c.redness)
        m.dye(m.blob((sign * 0.32, 7.40), (17, 6), 3.5), c.eye_shadow_colour, c.eye_shadow)
    m.dye(m.blob((0, 6.97), (13, 10), 5), (0.8, 0.82, 1.0), c.redness * 1.4)
    m.dye(m.blob((0, 6.3), (14, 9), 7), (0.85, 0.87, 1.0), c.redness)
    upper, lower = m.polygon(UPPER_LIP, 1.1), m.polygon(LOWER_LIP, 1.1)
    m.dye(upper, (0.82, 0.82, 0.86), c.lip_strength)
    lips = np.maximum(m.full(upper), m.full(lower))
    mouth = m.window(*(f(m.at(LOWER_LIP + UPPER_LIP), 0) for f in (np.min, np.max)), 4)
    m.dye((mouth, lips[mouth]), c.lip, c.lip_strength)
    stubble = m.blurred(rng.normal(size=m.height.shape).astype(np.float32), 0.6) * 1.2
    if c.beard > 0:
        where, hair = m.polygon(BEARD_OUTLINES[c.beard_shape], 3.6)
        hair = (
            hair
            * (1 - np.clip(lips[where] * 1.3, 0, 1))
            * np.clip(0.75 + 0.5 * stubble[where], 0, 1.3)
        )
        m.dye((where, np.clip(hair, 0, 1)), c.beard_colour, c.beard)
    for sign in (1, -1):
        _paint_brow(m, c, stubble, sign)
    blotch = m.noise(rng, 24)[..., None] * c.blotches
    m.albedo *= 1 + blotch * np.array([0.6, 0.8, 0.5], np.float32)
    m.albedo *= 1 + m.noise(rng, 6)[..., None] * 0.03 * np.array([1.2, 0.9, 0.4], np.float32)
    dots = (rng.random(m.height.shape) < 0.012 / m.k**2).astype(np.float32)
    if c.freckles > 0:
        spots = np.clip(m.blurred(dots, 0.8) * 4 * m.k**2, 0, 1)
        where, cheeks = m.blob((0, 7.05), (60, 28), 12)
        m.dye((where, spots[where] * cheeks), (0.5, 0.6, 0.75), c.freckles)


def _paint_brow(m: _Map, c: Complexion, stubble: Floats, sign: int) -> None:
    """Brow hair that lies flat on the skin, thicker inside than outside, and the dark line of the upper lashes."""
    thick = c.brow_height * np.array([0.9, 1.1, 1.0, 0.7, 0.25])
    upper = [(sign * x, y + t) for (x, y), t in zip(BROW, thick, strict=True)]
    lower = [(sign * x, y - 0.8 * t) for (x, y), t in zip(BROW, thick, strict=True)]
    where, hair = m.polygon([*upper, *lower[::-1]], 1.3)
    hair = np.clip(hair * (0.85 + 0.35 * stubble[where]), 0, 1)
    m.dye((where, hair), c.brow_colour, c.brow)
    upper = [(sign * x, y + 0.012) for x, y in LASH_LINE]
    lower = [(sign * x, y - 0.012) for x, y in LASH_LINE]
    m.dye(m.polygon([*upper, *lower[::-1]], 0.9), (0.25, 0.25, 0.28), c.lash_line)


def face_map(
    c: Complexion, weights: Mapping[str, float], age: float, rng: Generator, size: int = SIZE
) -> Floats:
    """(size, size, 6) map of complexion `c` under blendshape `weights`; the same rng state gives the same person."""
    m = _Map(size)
    _crease(m, rng, weights, age, c.wrinkles)
    m.line(m.at(SEAM), c.seam, 1, 1.0)
    pores = m.blurred(rng.normal(size=m.height.shape).astype(np.float32), 0.9) * 0.5
    m.height += c.grain * (pores + m.noise(rng, 20) * 0.5) * m.k
    m.albedo *= np.exp(-c.darkening * m.grooves[..., None] * np.array([1.15, 1.1, 0.9], np.float32))
    m.albedo *= 1 + pores[..., None] * 0.05
    _paint(m, rng, c)
    out = np.empty((size, size, 6), np.float32)
    out[..., :3] = m.albedo
    slope = 0.125 * c.bump * 1.3
    out[..., 3] = cv2.Sobel(m.height, cv2.CV_32F, 1, 0, ksize=3) * slope
    out[..., 4] = -cv2.Sobel(m.height, cv2.CV_32F, 0, 1, ksize=3) * slope
    shine = np.clip(1 + 0.5 * m.noise(rng, 12), 0.2, 2)
    out[..., 5] = (1 + c.lip_gloss * m.full(m.blob((0, 6.56), (18, 6), 2.5))) * shine
    return out

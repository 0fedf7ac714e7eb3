"""Procedural pictures without a face: what faces are laid over, and what must not be taken for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from .render.assets import Bytes, Floats

    Colour = tuple[float, float, float]

SKIN = np.array([0.55, 0.68, 0.85])
SHARE_GREY, SHARE_SKIN = 0.6, 0.3


def _colour(rng: Generator) -> Colour:
    b, g, r = SKIN * rng.uniform(0.25, 1.15) if rng.random() < SHARE_SKIN else rng.random(3)
    return float(b), float(g), float(r)


def _spot(rng: Generator, side: int) -> tuple[int, int]:
    x, y = rng.integers(-10, side + 10, 2)
    return int(x), int(y)


def _size(rng: Generator, side: int) -> tuple[int, int]:
    w, h = rng.integers(3, side // 2, 2)
    return int(w), int(h)


def _rectangle(rng: Generator, image: Floats) -> None:
    (x, y), (w, h) = _spot(rng, len(image)), _size(rng, len(image))
    thick = -1 if rng.random() < 0.6 else int(rng.integers(1, 6))
    cv2.rectangle(image, (x, y), (x + w, y + h), _colour(rng), thick)


def _ellipse(rng: Generator, image: Floats) -> None:
    w, h = _size(rng, len(image))
    thick = -1 if rng.random() < 0.6 else int(rng.integers(1, 6))
    turn = float(rng.uniform(0, 180))
    axes = (w // 2 + 1, h // 2 + 1)
    cv2.ellipse(image, _spot(rng, len(image)), axes, turn, 0, 360, _colour(rng), thick)


def _line(rng: Generator, image: Floats) -> None:
    ends = _spot(rng, len(image)), _spot(rng, len(image))
    cv2.line(image, *ends, _colour(rng), int(rng.integers(1, 9)), cv2.LINE_AA)


def _text(rng: Generator, image: Floats) -> None:
    word = "".join(chr(c) for c in rng.integers(48, 122, 6))
    size, thick = float(rng.uniform(0.3, 1.8)), int(rng.integers(1, 4))
    mask = np.zeros(image.shape[:2], np.uint8)  # text goes on bytes only
    cv2.putText(mask, word, _spot(rng, len(image)), int(rng.integers(0, 7)), size, (255,), thick)
    image[mask > 0] = _colour(rng)


def _stripes(rng: Generator, image: Floats) -> None:
    (x, y), (w, h) = _spot(rng, len(image)), _size(rng, len(image))
    colour, gap, thick = _colour(rng), max(3, w // 5), int(rng.integers(1, 4))
    upright = rng.random() < 0.5
    for k in range(0, w, gap):
        ends = ((x + k, y), (x + k, y + h)) if upright else ((x, y + k), (x + h, y + k))
        cv2.line(image, *ends, colour, thick)


def _curve(rng: Generator, image: Floats) -> None:
    points = rng.uniform(-0.1, 1.1, (5, 2)) * len(image)
    fine = cv2.resize(points.astype(np.float32), (2, 40), interpolation=cv2.INTER_CUBIC)
    cv2.polylines(image, [fine.astype(np.int32)], False, _colour(rng), int(rng.integers(1, 12)))


def _polygon(rng: Generator, image: Floats) -> None:
    points = np.array(_spot(rng, len(image))) + rng.normal(size=(5, 2)) * len(image) / 5
    cv2.fillPoly(image, [points.astype(np.int32)], _colour(rng))


def _gradient(rng: Generator, image: Floats) -> None:
    angle = float(rng.uniform(0, 2 * np.pi))
    y, x = np.mgrid[-1 : 1 : len(image) * 1j, -1 : 1 : len(image) * 1j]
    ramp = np.tanh((np.cos(angle) * x + np.sin(angle) * y) * rng.uniform(0.5, 4)).astype(np.float32)
    image *= np.exp(rng.uniform(-0.6, 0.6) * ramp)[..., None]


def _lump(rng: Generator, image: Floats) -> None:
    """A shaded ellipse without features: as round and as skin-coloured as a head."""
    side = len(image)
    x, y = _spot(rng, side)
    r = float(rng.uniform(0.05, 0.3)) * side
    gy, gx = np.mgrid[0:side, 0:side].astype(np.float32)
    d = ((gx - x) / (r * 0.78)) ** 2 + ((gy - y) / r) ** 2
    light = 0.65 + 0.35 * np.clip((gx - x) / r * rng.uniform(-1, 1) - (gy - y) / r * 0.5, -1, 1)
    mask = np.clip((1 - d) * 8, 0, 1)[..., None]
    colour = SKIN * rng.uniform(0.25, 1.15)
    image[:] = image * (1 - mask) + mask * light[..., None] * colour


DRAWERS: tuple[Callable[[Generator, Floats], None], ...] = (
    *(_rectangle, _rectangle, _ellipse, _line, _text, _stripes, _curve, _polygon, _gradient, _lump),
)


def draw(rng: Generator, side: int) -> Bytes:
    """A random picture (side, side, 3): noise of several scales under shapes, lines, text and lumps."""
    image = np.ones((side, side, 3), np.float32) * rng.random(3).astype(np.float32)
    for cells, weight in ((2, 0.5), (5, 0.4), (12, 0.25), (32, 0.15), (96, 0.08), (side, 0.06)):
        if rng.random() < 0.75:
            depth = 1 if rng.random() < SHARE_GREY else 3
            noise = rng.normal(size=(cells, cells, depth)).astype(np.float32)
            method = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_CUBIC
            noise = cv2.resize(noise, (side, side), interpolation=method).reshape(side, side, depth)
            image += weight * float(rng.uniform(0, 1)) * noise
    for _ in range(int(rng.integers(0, 16))):
        DRAWERS[rng.integers(len(DRAWERS))](rng, image)
    if rng.random() < 0.3:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.5, 5))), np.float32)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


class Bank:
    """Many backgrounds, drawn once; pieces of them are cut, turned and recoloured."""

    def __init__(self, seed: int, count: int = 500, side: int = 320) -> None:
        self.pictures = [draw(np.random.default_rng([seed, k]), side) for k in range(count)]
        self.side = side

    def piece(self, rng: Generator, side: int) -> Bytes:
        """A random piece (side, side, 3)."""
        picture = self.pictures[rng.integers(len(self.pictures))]
        cut = int(rng.integers(side // 3, min(self.side, 3 * side)))
        x, y = (int(v) for v in rng.integers(0, self.side - cut + 1, 2))
        method = cv2.INTER_AREA if cut > side else cv2.INTER_LINEAR
        part = cv2.resize(picture[y : y + cut, x : x + cut], (side, side), interpolation=method)
        if rng.random() < 0.5:
            part = part[:, ::-1]
        if rng.random() < 0.3:
            part = part.transpose(1, 0, 2)
        if rng.random() < 0.5:
            part = part[..., rng.permutation(3)]
        return np.ascontiguousarray(part, np.uint8)

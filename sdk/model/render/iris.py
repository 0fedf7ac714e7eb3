"""Procedural eyes: sclera and iris drawn by the code, so that no photograph of an eye is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from .assets import Bytes

SIZE = 256  # of the texture
CENTRES = ((0.2935, 0.2955), (0.7070, 0.7030))  # of the two irises in the UVs of the eye proxy
RADIUS = 0.113  # of an iris in UV
_HALF = int(RADIUS * SIZE * 1.25)
_Y, _X = np.mgrid[-_HALF : _HALF + 1, -_HALF : _HALF + 1] / (RADIUS * SIZE)
_R, _ANGLE = np.hypot(_X, _Y).astype(np.float32), np.arctan2(_Y, _X)
COLOURS = {  # the two BGR colours an iris varies between, and how often it is drawn
    "brown": ((18, 30, 56), (38, 66, 112), 0.55),
    "hazel": ((34, 66, 96), (58, 104, 128), 0.19),
    "blue": ((120, 92, 62), (176, 146, 112), 0.16),
    "green": ((62, 88, 74), (98, 132, 116), 0.10),
}


def texture(rng: Generator, colour: str | None = None) -> Bytes:
    """(256, 256, 4) BGRA: sclera and the same iris at both places; transparent where the outer shell maps."""
    sclera = np.array([rng.uniform(172, 190), rng.uniform(180, 194), 198]) * rng.uniform(0.85, 1.02)
    mottle = cv2.resize(
        rng.normal(size=(9, 9)).astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC
    )
    out = np.full((SIZE, SIZE, 4), 255, np.float32)
    out[..., :3] = sclera + mottle[..., None] * np.array([4.0, 3.5, 2.0])
    out[int(0.865 * SIZE) :, int(0.865 * SIZE) :, 3] = 0
    chances = np.array([c[2] for c in COLOURS.values()])
    drawn = list(COLOURS)[rng.choice(len(COLOURS), p=chances)]
    dark, light = (np.array(c, np.float32) for c in COLOURS[colour or drawn][:2])
    fibre = np.zeros_like(
        _R
    )  # noise over the angle, sheared a little with the radius, in two densities
    for count, weight in ((28, 0.35), (90, 0.3)):
        knots = rng.random(count)
        at = (_ANGLE / (2 * np.pi) + 0.02 * rng.normal() * _R) % 1 * count
        fibre += weight * np.interp(at, np.arange(count + 1), np.r_[knots, knots[0]])
    pupil = rng.uniform(0.26, 0.4)
    collarette = np.exp(-(((_R - pupil - 0.16) / 0.1) ** 2))
    mix = np.clip(fibre * 1.2 + 0.25 * collarette, 0, 1)[..., None]
    iris = (dark * (1 - mix) + light * mix) * rng.uniform(0.7, 1.15)
    ring = np.clip((_R - rng.uniform(0.74, 0.84)) / 0.16, 0, 1)[..., None]
    iris *= 1 - rng.uniform(0.45, 0.8) * ring
    texel = 1.3 / (RADIUS * SIZE)
    hole = np.clip((_R - pupil) / texel + 0.5, 0, 1)[..., None]
    iris = iris * hole + 7 * (1 - hole)
    cover = np.clip((1 - _R) / (2.5 * texel) + 0.5, 0, 1)[..., None]
    for u, v in CENTRES:
        x, y = int(u * SIZE), int((1 - v) * SIZE)
        patch = out[y - _HALF : y + _HALF + 1, x - _HALF : x + _HALF + 1, :3]
        patch[:] = iris * cover + patch * (1 - cover)
    return np.clip(out, 0, 255).astype(np.uint8)

"""Random people: shape, skin, eyes, hair, glasses. No person here is a real one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from . import iris, props, skin
from .assets import BROWS, HAIR, LASHES

if TYPE_CHECKING:
    from numpy.random import Generator

    from .assets import Assets, Bytes, Floats

OPPOSITES = re.compile(
    r"-(decr|incr|up|down|in|out|convex|concave|compress|uncompress|backward|forward)$"
)
USUAL = 0.33  # standard deviation of a detail's weight
# Details that look like an expression or like another age: smaller deviations, 0 = never
DAMPED = {
    "head/head-trans": 0.0,
    "head/head-age": 0.0,
    "eyes/*-eye-push1": 0.0,
    "eyes/*-eye-push2": 0.0,
    "mouth/mouth-scale-depth": 0.2,
    "mouth/mouth-trans": 0.25,
    "mouth/mouth-angles": 0.3,
    "mouth/mouth-laugh-lines": 0.4,
    "eyebrows/eyebrows-angle": 0.15,
    **{f"eyes/*-eye-{part}": 0.3 for part in ("corner1", "corner2", "trans")},
    **{f"eyes/*-eye-height{k}": 0.3 for k in (1, 2, 3)},
}
FRINGES = {
    "bob01": 0.12,
    "bob02": 0.03,
    "short03": 0.12,
    "braid01": 0.2,
}  # hide an eye: drawn rarely
HAIR_TINTS = (
    ((0.25, 0.22, 0.2), 0.28),
    ((0.35, 0.33, 0.32), 0.27),
    ((0.5, 0.55, 0.6), 0.2),
    ((0.9, 0.9, 0.9), 0.1),
    ((0.6, 0.8, 1.0), 0.1),
    ((1.1, 1.15, 1.2), 0.05),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Everything constant about a rendered person; age: 1 child, 2 young, 3 old."""

    vertices: Floats
    age: float
    femaleness: float
    complexion: skin.Complexion
    eyes: Bytes
    eye_tint: float
    teeth_tint: tuple[float, float, float]
    hair: str | None
    hair_tint: tuple[float, float, float]
    brows: str | None
    brow_tint: tuple[float, float, float]
    lashes: str
    glasses: props.Glasses | None
    headwear: props.Headwear | None
    seed: int  # of the skin's noise and the wrinkles' places


@cache
def _details(names: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    """Detail without its direction (`*` for a side) -> side -> the opposite targets."""
    out: dict[str, dict[str, list[str]]] = {}
    for name in names:
        base = OPPOSITES.sub("", name).replace("/l-", "/*-").replace("/r-", "/*-")
        out.setdefault(base, {}).setdefault("r" if "/r-" in name else "l", []).append(name)
    return out


def _ages(age: float) -> dict[str, float]:
    words = ("child", "young", "old")
    k = min(int(age) - 1, 1)
    part = age - 1 - k
    return {words[k]: 1 - part, words[k + 1]: part}


def shape(assets: Assets, race: Floats, femaleness: float, age: float, weight: float) -> Floats:
    """Base mesh with macro targets; race: weights of african, asian, caucasian; weight: -1 thin .. 1 heavy."""
    vertices = assets.base.vertices.copy()
    for sex, amount in (("female", femaleness), ("male", 1 - femaleness)):
        for word, part in _ages(age).items():
            share = amount * part
            for name, fraction in zip(("african", "asian", "caucasian"), race, strict=True):
                assets.macro[f"{name}-{sex}-{word}"].apply(vertices, share * float(fraction))
            stem = f"universal-{sex}-{word}-averagemuscle-"
            extreme = "maxweight" if weight > 0 else "minweight"
            assets.macro[stem + "averageweight"].apply(vertices, share * (1 - abs(weight)))
            assets.macro[stem + extreme].apply(vertices, share * abs(weight))
    return vertices


def vary(rng: Generator, assets: Assets, vertices: Floats, amount: float = 1.0) -> None:
    """Apply random details in place; amount scales them."""
    for base, sides in _details(tuple(assets.detail)).items():
        spread = DAMPED.get(base, USUAL)
        if spread == 0 or rng.random() < 0.3:
            continue
        common = float(np.clip(rng.normal() * spread, -0.9, 0.9)) * amount
        for names in sides.values():
            own = common * (float(rng.uniform(0.85, 1.15)) if "*" in base else 1.0)
            if len(names) == 2:
                assets.detail[names[0 if own < 0 else 1]].apply(vertices, abs(own))
            else:
                name = names[int(rng.integers(len(names)))]
                assets.detail[name].apply(vertices, abs(own) * 0.8)


def _draw_hair(rng: Generator, femaleness: float, wear: props.Headwear | None) -> str | None:
    if rng.random() < 0.07:
        return None
    if wear is not None and wear.kind != "cap":
        return "short04" if wear.kind == "fedora" and rng.random() < 0.5 else None
    chances = np.array([FRINGES.get(h, 1.0) for h in HAIR])
    name = HAIR[rng.choice(len(HAIR), p=chances / chances.sum())]
    long = name in {"long01", "ponytail01", "braid01", "bob01"}
    if long and femaleness < 0.3 and rng.random() < 0.6:
        name = "short04"
    return name


def _scaled(colour: tuple[float, float, float], factor: float) -> tuple[float, float, float]:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def draw(rng: Generator, assets: Assets) -> Person:
    """A random person of any age from ten on, any sex and any mixture of the three source ethnicities, evenly drawn."""
    race = rng.dirichlet([0.45] * 3)
    femaleness = float(rng.beta(0.5, 0.5))
    child = rng.random() < 0.22
    age = float(rng.uniform(1, 1.8)) if child else float(rng.uniform(1.8, 3))
    wear = props.draw_headwear(rng) if rng.random() < 0.1 else None
    vertices = shape(assets, race, femaleness, age, float(rng.uniform(-0.8, 0.7)))
    vary(rng, assets, vertices)
    tint = HAIR_TINTS[rng.choice(len(HAIR_TINTS), p=[c for _, c in HAIR_TINTS])][0]
    if age > 2.6 and rng.random() < 0.7:
        tint = _scaled((1.15, 1.15, 1.15), float(rng.uniform(0.8, 1.3)))
    tint = _scaled(tint, float(rng.uniform(0.8, 1.25)))
    bright = float(rng.uniform(0.95, 1.35))
    return Person(
        vertices=vertices,
        age=age,
        femaleness=femaleness,
        complexion=skin.draw_complexion(rng, femaleness, age),
        eyes=iris.texture(rng),
        eye_tint=float(rng.uniform(0.72, 1.06)),
        teeth_tint=(
            float(rng.uniform(0.85, 1.0)) * bright,
            float(rng.uniform(0.95, 1.02)) * bright,
            bright,
        ),
        hair=_draw_hair(rng, femaleness, wear),
        hair_tint=tint,
        brows=BROWS[rng.integers(len(BROWS))] if rng.random() < 0.96 else None,
        brow_tint=_scaled(tint, float(rng.uniform(0.3, 0.85))),
        lashes=LASHES[rng.integers(len(LASHES))],
        glasses=props.draw_glasses(rng) if rng.random() < (0.03 if child else 0.14) else None,
        headwear=wear,
        seed=int(rng.integers(2**31)),
    )

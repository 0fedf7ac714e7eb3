"""Many rendered people with a few pictures each: those who contribute to a shared head, and those whom it then reads.

Each is of kind `own` (see `persons`), of a seed that neither training nor any other bench uses, and one thing is the same with all of them, as it may be where a network
meets people it was not made from: at rest their faces are sterner than any that training knew. A block is a file (.npz) under `var/model`: `embedding` (n, pictures, 96)
by the shipped network, of pictures by the person's own camera; `label` (n, pictures) index into `recipes.CLASSES`.
"""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from rich.progress import track

from . import persons
from .paths import ASSETS, WORK
from .plan import PRIOR, RENDERER
from .render import assets, manners, recipes, scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

SEED: Final = 901
GIVEN: Final = 4  # pictures of a contributor
READ: Final = 10  # of somebody who is read
READERS: Final = 5_000  # their numbers begin here
BLOCK: Final = 25
STERN: Final = {"mouthFrown": 0.45, "browDown": 0.4, "mouthPress": 0.3, "cheekSquint": 0.15}
HALF: Final = 0.5  # of a person's own resting face that is left beside it


@dataclass(frozen=True, slots=True)
class Seen:
    """The people of a cohort; see the module's docstring."""

    embedding: NDArray[np.float32]
    label: NDArray[np.int64]


def _sitter(number: int) -> Any:
    sitter = persons.seated("own", SEED, number)
    rest = {action: HALF * weight for action, weight in sitter.manner.rest.items()}
    for action, weight in STERN.items():
        rest[action] = rest.get(action, 0.0) + weight
    return replace(sitter, manner=manners.Manner(rest, sitter.manner.ways))


def one(number: int, pictures: int) -> tuple[Any, ...]:
    """One person: a row in the order of `Seen`."""
    sitter = _sitter(number)
    rng = np.random.default_rng([persons.FIRST_SEED + SEED, number, 2])
    labels = rng.choice(len(PRIOR), pictures, p=sitter.often)
    seen = [_looked_at(rng, sitter, recipes.CLASSES[label]) for label in labels]
    return np.array(seen, np.float32), labels.astype(np.int64)


def _looked_at(rng: Generator, sitter: Any, word: str) -> Any:
    expression = persons.express(rng, sitter, word)
    shot = persons.placed(rng, sitter)
    return persons.drawn(rng, sitter, dict(expression.weights), shot)[0]


def _path(first: int, pictures: int) -> Path:
    return WORK / f"cohort-{RENDERER}" / f"{SEED}-{first}-{pictures}.npz"


def _block(pictures: int, first: int) -> Path:
    path = _path(first, pictures)
    if not path.exists():
        rows = [one(number, pictures) for number in range(first, first + BLOCK)]
        columns = zip((f.name for f in fields(Seen)), zip(*rows, strict=True), strict=True)
        fresh = path.with_suffix(".tmp.npz")
        np.savez(fresh, **{name: np.stack(column) for name, column in columns})
        fresh.replace(path)
    return path


def load(first: int, count: int, pictures: int, processes: int = 2) -> Seen:
    """`count` people (a multiple of `BLOCK`) from number `first`, from the cache, rendered when not there (about a twentieth of a second a picture and core).

    Needs a C compiler and the head data (`ASSETS=dir`) for what is not cached.
    """
    starts = range(first, first + count, BLOCK)
    _path(0, 0).parent.mkdir(parents=True, exist_ok=True)
    if not all(_path(start, pictures).exists() for start in starts):
        cv2.setNumThreads(1)  # before the fork: OpenCV's thread pool does not survive it
        scene.constants(assets.load(ASSETS))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        made = pool.imap(partial(_block, pictures), starts)
        paths = list(track(made, f"{count} people from number {first}", total=len(starts)))
    parts = [np.load(path) for path in paths]
    return Seen(*(np.concatenate([part[f.name] for part in parts]) for f in fields(Seen)))

"""Many rendered people with a few pictures each: those who contribute to a shared head. See `persons` for what they are.

`python -m model cohort` is not a stage: `tests/bench/bench_shared.py` asks for what it needs. Each block is a file (.npz) under `var/model`: `embedding` (n, SAID, 96) and
`label` (n, SAID), people of kind `own` and a seed that neither training nor the bench's other people use.
"""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import cv2
import numpy as np
from rich.progress import track

from . import persons
from .paths import ASSETS, WORK
from .plan import PRIOR, RENDERER
from .render import assets, recipes, scene

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SEED = 901
SAID = 8  # pictures of which a person said what they show
BLOCK = 25


def one(number: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """One person: (SAID, 96) embeddings, (SAID,) labels."""
    sitter = persons._sitter("own", SEED, number)  # noqa: SLF001 - one module in two files
    rng = np.random.default_rng([persons.FIRST_SEED + SEED, number, 2])
    labels = rng.choice(len(PRIOR), SAID, p=sitter.often)
    seen = []
    for label in labels:
        expression = persons._express(rng, sitter, recipes.CLASSES[label])  # noqa: SLF001
        shot = persons._placed(rng, sitter)  # noqa: SLF001
        seen.append(persons._drawn(rng, sitter, dict(expression.weights), shot)[0])  # noqa: SLF001
    return np.array(seen, np.float32), labels.astype(np.int64)


def _path(first: int) -> Path:
    return WORK / f"persons-{RENDERER}" / f"cohort-{SEED}-{first}.npz"


def _block(first: int) -> Path:
    path = _path(first)
    if not path.exists():
        embeddings, labels = zip(
            *(one(number) for number in range(first, first + BLOCK)), strict=True
        )
        fresh = path.with_suffix(".tmp.npz")
        np.savez(fresh, embedding=np.stack(embeddings), label=np.stack(labels))
        fresh.replace(path)
    return path


def load(count: int, processes: int = 2) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The first `count` people, from the cache, rendered when they are not there (about half a second a person and core).

    Needs a C compiler and the head data (`ASSETS=dir`) for what is not cached.
    """
    starts = range(0, count, BLOCK)
    _path(0).parent.mkdir(parents=True, exist_ok=True)
    if not all(_path(first).exists() for first in starts):
        cv2.setNumThreads(1)  # before the fork: OpenCV's thread pool does not survive it
        scene.constants(assets.load(ASSETS))
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        made = pool.imap(_block, starts)
        paths = list(track(made, f"{count} people of a cohort", total=len(starts)))
    parts = [np.load(path) for path in paths]
    embeddings = np.concatenate([part["embedding"] for part in parts])[:count]
    return embeddings, np.concatenate([part["label"] for part in parts])[:count]

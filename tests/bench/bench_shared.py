"""The shared head of a year of rounds: how well it reads people who took no part, at several epsilons, beside the head that ships.

Rendered people whom no training saw contribute (`sdk/model/cohort.py`: a few pictures each, of which they said what they show); others, with many pictures each, are read.
Every round is the code that rounds use: training on the device, the bound, the grid, the discrete Gaussian, the ledger. Needs what `make bench NAME=adapt` needs where
the people are not rendered yet. `SEEDS=` are those of the noise.
"""

import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.adapt.head import Head
from mien.adapt.update import Training, train
from mien_server.adapt.accounting import epsilon
from mien_server.adapt.release import Adding

ROOT = Path(__file__).resolve().parents[2]
DELTA: Final = 1e-6
ROUNDS: Final = 12
EPSILONS: Final = (1.0, 2.0, 4.0, 8.0, None)
"""Of the whole year; None is without noise."""
COHORTS: Final = (300, 1000)
READ: Final = "own"
READ_SEEDS: Final = tuple(int(s) for s in os.environ.get("READ", "201,202,203,204").split(","))
"""Groups of people who are read and take no part."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Of every round: the bound of an update, how devices train, and how far the head goes along the mean update."""

    clip: float = 0.5
    training: Training = Training(steps=5, rate=0.05, example_clip=3.0)
    stride: float = 1.0


class Seeded:
    """Bytes that are the same each time."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def bytes(self, count: int) -> bytes:
        """So many."""
        return self._rng.bytes(count)


@dataclass(frozen=True, slots=True)
class Read:
    """The people who are read: embeddings (people, pictures, 96) and what they showed."""

    embeddings: NDArray[np.float32]
    words: NDArray[np.int64]

    def accuracy(self, head: Head) -> NDArray[np.float64]:
        """Share read rightly, for each person."""
        said = head.logits(self.embeddings).argmax(axis=-1)
        return np.asarray((said == self.words).mean(axis=1), np.float64)


def noise_for(target: float | None) -> float | None:
    """The least noise multiplier at which a year of rounds costs at most `target`."""
    if target is None:
        return None
    low, high = 0.1, 200.0
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if epsilon(ROUNDS, middle, DELTA) <= target else (middle, high)
    return high


def year(base: Head, given: Read, terms: Terms, noise: float | None, seed: int) -> list[Head]:
    """The head after each round in which everybody of `given` took part."""
    entropy, heads = Seeded(seed), [base]
    for _ in range(ROUNDS):
        adding = Adding(terms.clip)
        for seen, said in zip(given.embeddings, given.words, strict=True):
            adding.add(train(heads[-1], seen, said, clip=terms.clip, training=terms.training))
        count = len(given.words)
        if noise is None:
            mean = adding.total() * (terms.clip / (1 << 24) / count)
        else:
            mean = adding.release(noise, count, entropy)
        heads.append(heads[-1].moved(terms.stride * mean))
    return heads


def interval(values: NDArray[np.float64], rng: np.random.Generator) -> list[float]:
    """The mean, and where it lies with 95 % when other people are drawn (bootstrap by person)."""
    drawn = values[rng.integers(0, len(values), (2000, len(values)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [round(float(v), 4) for v in (values.mean(), low, high)]


def people() -> tuple[Head, Read, Read]:
    """The head that ships, everybody who contributes, everybody who is read."""
    sys.path.insert(0, str(ROOT / "sdk"))
    from model import cohort, persons

    from mien.infer import Eyes, load_models

    base = Eyes(load_models()).head
    groups = [persons.load(READ, seed) for seed in READ_SEEDS]
    read = Read(
        np.concatenate([g.embedding for g in groups]), np.concatenate([g.label for g in groups])
    )
    return Head(base), Read(*cohort.load(max(COHORTS))), read


def run() -> dict[str, object]:
    """All of it, once; the report."""
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "1,2,3").split(",")]
    base, given, read = people()
    began, terms, rng = time.monotonic(), Terms(), np.random.default_rng(5)
    first = read.accuracy(base)
    rows: list[dict[str, Any]] = []
    for cohort in COHORTS:
        part = Read(given.embeddings[:cohort], given.words[:cohort])
        for target in EPSILONS:
            noise = noise_for(target)
            last = [
                read.accuracy(year(base, part, terms, noise, seed)[-1])
                for seed in (seeds if noise is not None else seeds[:1])
            ]
            after = np.mean(last, axis=0)
            rows.append({
                "cohort": cohort, "epsilon": target, "noise": None if noise is None else round(noise, 3),
                "accuracy": interval(after, rng), "gain": interval(after - first, rng),
                "errors_removed": round(float((after - first).mean() / (1 - first.mean())), 4),
                "people_worse": round(float((after < first).mean()), 4),
                "between_seeds": round(float(np.std([each.mean() for each in last])), 4),
            })  # fmt: skip
    default = next(r for r in rows if r["cohort"] == COHORTS[0] and r["epsilon"] == 2.0)  # noqa: PLR2004
    return {
        "name": "shared", "value": default["accuracy"][0], "unit": "accuracy at epsilon 2 a year, 300 people",
        "baseline": round(float(first.mean()), 4), "baseline_name": "the head that ships",
        "read": len(read.words), "pictures": int(read.words.size), "rounds": ROUNDS, "delta": DELTA,
        "base_accuracy": interval(first, rng), "terms": asdict(terms), "seeds": seeds, "rows": rows,
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip

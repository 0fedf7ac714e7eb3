"""The shared head of a year of rounds: how well it reads people who took no part, at several epsilons, beside the head that ships.

Rendered people whom no training saw contribute (`sdk/model/cohort.py`: a few pictures each, of which they said what they show); others are read. Every round is the code
that rounds use: training on the device, the bound, the grid, the discrete Gaussian, the ledger. What is not rendered yet is rendered first (a C compiler, the head data in
`ASSETS=dir`, minutes). `SEEDS=` are those of the noise. The terms were chosen on forty people who are neither.
"""

import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from tests.soak.privacy import Seeded

from mien.adapt.head import SIZE, Head
from mien.adapt.update import Training, clipped, train
from mien_server.adapt.accounting import epsilon
from mien_server.adapt.release import STEPS, Adding

ROOT = Path(__file__).resolve().parents[2]
DELTA: Final = 1e-6
ROUNDS: Final = 12
EPSILONS: Final = (1.0, 2.0, 4.0, 8.0, None)
"""Of the whole year; None is without noise."""
COHORTS: Final = (300, 1000)
READERS: Final = 100


@dataclass(frozen=True, slots=True)
class Terms:
    """Of every round: the bound of an update, how devices train, and how far the head goes along the mean update."""

    clip: float
    training: Training
    stride: float


BETTER: Final = Terms(0.5, Training(5, 0.2, 3.0), 3.0)
"""For the head that ships: it is nearly right, so little is moved."""
NOTHING: Final = Terms(1.0, Training(5, 0.2, 3.0), 3.0)
"""For a head of zeros, which knows nothing of expressions: what noise costs is seen best where much is to be learned."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """The people who are read: embeddings (people, pictures, 96) and what they showed."""

    embeddings: NDArray[np.float32]
    words: NDArray[np.int64]

    @property
    def inputs(self) -> NDArray[np.float64]:
        """The embeddings with a one behind each, (people, pictures, 97)."""
        ones = np.ones((*self.words.shape, 1))
        return np.concatenate([self.embeddings.astype(np.float64), ones], axis=2)

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


def together(head: Head, given: Read, terms: Terms) -> NDArray[np.float32]:
    """What `train` makes of each of many people, at once: (people, 776). Raises `RuntimeError` when it differs from `train`."""
    people, said = given.inputs, np.eye(8)[given.words]
    start = head.flat.astype(np.float64).reshape(97, 8)
    tables = np.repeat(start[None], len(people), axis=0)
    lengths, plan = np.linalg.norm(people, axis=2), terms.training
    for _ in range(plan.steps):
        logits = people @ tables
        odds = np.exp(logits - logits.max(axis=2, keepdims=True))
        off = odds / odds.sum(axis=2, keepdims=True) - said
        norms = lengths * np.linalg.norm(off, axis=2)
        shares = np.minimum(1.0, plan.example_clip / (norms + 1e-6))[..., None]
        tables -= plan.rate / people.shape[1] * (people.transpose(0, 2, 1) @ (off * shares))
    made = np.stack([clipped(each.ravel(), terms.clip) for each in tables - start])
    one = train(head, given.embeddings[0], given.words[0], clip=terms.clip, training=plan)
    if np.abs(made[0] - one).max() > 1e-6:
        raise RuntimeError("many at once are not trained as one is")
    return made


def year(base: Head, given: Read, terms: Terms, noise: float | None, seed: int) -> list[Head]:
    """The head after each round in which everybody of `given` took part."""
    entropy, heads, count = Seeded(seed), [base], len(given.words)
    for _ in range(ROUNDS):
        adding = Adding(terms.clip)
        for update in together(heads[-1], given, terms):
            adding.add(update)
        if noise is None:
            mean = adding.total() * (terms.clip / STEPS / count)
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
    from model import cohort  # type: ignore[import-not-found]  # not installed

    from mien.infer import load_models

    given = cohort.load(0, max(COHORTS), cohort.GIVEN)
    read = cohort.load(cohort.READERS, READERS, cohort.READ)
    base = load_models().head
    if base is None:
        raise RuntimeError("the models that are here have no head of their own")
    return Head(base), Read(given.embedding, given.label), Read(read.embedding, read.label)


def measured(base: Head, given: Read, read: Read, terms: Terms, seeds: list[int]) -> list[Row]:
    """What a year makes of `base`, for each cohort and epsilon."""
    rng, first, rows = np.random.default_rng(5), read.accuracy(base), []
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
                "people_worse": round(float((after < first - 1e-9).mean()), 4),
                "between_seeds": round(float(np.std([each.mean() for each in last])), 4),
            })  # fmt: skip
    return rows


def run() -> dict[str, object]:
    """All of it, once; the report."""
    seeds = [int(seed) for seed in os.environ.get("SEEDS", "1,2,3").split(",")]
    base, given, read = people()
    began = time.monotonic()
    better = measured(base, given, read, BETTER, seeds)
    nothing = measured(Head(np.zeros(SIZE, np.float32)), given, read, NOTHING, seeds)
    usual = next(r for r in better if r["cohort"] == COHORTS[0] and r["epsilon"] == 2.0)
    first = interval(read.accuracy(base), np.random.default_rng(5))
    return {
        "name": "shared", "value": usual["accuracy"][0], "unit": "accuracy at epsilon 2 a year, 300 people",
        "baseline": first[0], "baseline_name": "the head that ships",
        "read": len(read.words), "pictures": int(read.words.size), "rounds": ROUNDS, "delta": DELTA,
        "base_accuracy": first, "seeds": seeds,
        "from_the_shipped_head": better, "from_nothing": nothing,
        "terms": {"from_the_shipped_head": asdict(BETTER), "from_nothing": asdict(NOTHING)},
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip

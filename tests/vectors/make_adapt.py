"""Writes what other people's programs say of our numbers: `python tests/vectors/make_adapt.py`, in a Python that has torch, opacus and dp-accounting.

`pip install torch==2.13.0 opacus==1.6.0 dp-accounting==0.6.0 -e .` makes one. The tests then need none of them: they hold numpy and the closed form to these files.
"""

import json
import logging
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from dp_accounting import dp_event
from dp_accounting.pld import pld_privacy_accountant
from dp_accounting.pld import privacy_loss_distribution as pld
from dp_accounting.rdp import rdp_privacy_accountant

from mien.adapt import by_opacus, head, update
from mien.wire.canonical import b64

HERE = Path(__file__).parent
NOISES = (1.0, 4.0, 6.0, 8.0, 20.0)
ROUNDS = (1, 4, 12, 52)
DELTAS = (1e-5, 1e-6, 1e-9)
STEP = 1e-4
"""Width of dp-accounting's buckets: its own default."""


def write(name: str, about: str, vectors: Iterable[dict[str, Any]]) -> None:
    lines = ",\n".join("    " + json.dumps(row) for row in vectors)
    (HERE / name).write_text(
        f'{{\n  "about": {json.dumps(about)},\n  "vectors": [\n{lines}\n  ]\n}}\n'
    )


def accounting() -> Iterable[dict[str, Any]]:
    """Rounds of one noise, then one enrolment with three different ones."""
    for noise in NOISES:
        for rounds in ROUNDS:
            yield from _told(f"{rounds} rounds of noise {noise:g}", [noise] * rounds)
    yield from _told("rounds of different noise", [6.0] * 12 + [4.0] * 3 + [9.5])


def _told(name: str, noises: list[float]) -> Iterable[dict[str, Any]]:
    most, renyi = (
        pld_privacy_accountant.PLDAccountant(),
        rdp_privacy_accountant.RdpAccountant(),
    )
    least = pld.identity(value_discretization_interval=STEP, pessimistic_estimate=False)
    for noise in sorted(set(noises)):
        count = noises.count(noise)
        most.compose(dp_event.GaussianDpEvent(noise), count)
        renyi.compose(dp_event.GaussianDpEvent(noise), count)
        one = pld.from_gaussian_mechanism(
            noise, value_discretization_interval=STEP, pessimistic_estimate=False
        )
        least = least.compose(one.self_compose(count))
    for delta in DELTAS:
        yield {
            "name": f"{name}, delta {delta:g}", "noises": noises if len(set(noises)) > 1 else noises[:1], "rounds": len(noises), "delta": delta,
            "pld": most.get_epsilon(delta), "pld_optimistic": least.get_epsilon_for_delta(delta), "rdp": renyi.get_epsilon(delta),
        }  # fmt: skip


def updates() -> Iterable[dict[str, Any]]:
    """What Opacus makes of one head and a person's examples."""
    rng = np.random.default_rng(20261127)
    for name, count, size, training, clip in (
        ("nothing is cut", 12, 0.3, update.Training(3, 0.25, 50.0), 10.0),
        ("the gradients of examples are cut", 12, 1.0, update.Training(5, 0.5, 1.0), 10.0),
        ("the update is cut as well", 12, 1.0, update.Training(20, 0.5, 1.0), 0.25),
        ("a single example", 1, 1.0, update.Training(2, 0.1, 1.0), 1.0),
    ):
        start = head.Head(rng.normal(0.0, 0.4, head.SIZE).astype(np.float32))
        seen = (size * np.maximum(rng.normal(0.4, 1.0, (count, head.EMBEDDING)), 0)).astype("<f4")
        words = rng.integers(0, head.CLASSES, count)
        made = update.train(
            start, seen, words, clip=clip, training=training, engine=by_opacus.trained
        )
        yield {
            "name": name, "head": b64(start.encode()), "embeddings": b64(seen.tobytes()), "words": words.tolist(),
            "steps": training.steps, "rate": training.rate, "example_clip": training.example_clip, "clip": clip, "update": b64(made.astype("<f4").tobytes()),
        }  # fmt: skip


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    write(
        "adapt_accounting.json",
        "dp-accounting 0.6.0 on Gaussian rounds without sampling: epsilon by its privacy loss distribution (as its accountant gives it, and its optimistic twin) and by Renyi",
        accounting(),
    )
    write(
        "adapt_update.json",
        "Opacus 1.6.0 on torch 2.13.0 (float64): GradSampleModule and DPOptimizer without noise on a linear layer 97 x 8; float32 as base64url, little-endian",
        updates(),
    )

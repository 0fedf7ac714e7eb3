"""The update that a device contributes: Opacus' numbers, and never longer than the bound."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.adapt import update
from mien.adapt.head import CLASSES, EMBEDDING, SIZE, Head
from mien.errors import RequestInvalid
from mien.wire.canonical import unb64

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/adapt_update.json").read_text())


def read(row: dict[str, Any]) -> tuple[Head, np.ndarray, np.ndarray, update.Training]:
    seen = np.frombuffer(unb64(row["embeddings"]), "<f4").reshape(-1, EMBEDDING)
    training = update.Training(row["steps"], row["rate"], row["example_clip"])
    return Head.parse(unb64(row["head"])), seen, np.array(row["words"]), training


@pytest.mark.parametrize("row", VECTORS["vectors"], ids=[r["name"] for r in VECTORS["vectors"]])
def test_numpy_trains_as_opacus_does(row: dict[str, Any]) -> None:
    head, seen, words, training = read(row)
    made = update.train(head, seen, words, clip=row["clip"], training=training)
    expected = np.frombuffer(unb64(row["update"]), "<f4")
    assert made.shape == (SIZE,)
    assert np.abs(made - expected).max() < 1e-7
    assert np.linalg.norm(expected) > 1e-3


def test_a_live_opacus_says_the_same() -> None:
    pytest.importorskip("opacus", reason="NOT HERE: torch and opacus, which the extra `adapt` brings (over 1 GB)")  # fmt: skip
    from mien.adapt import by_opacus

    row = VECTORS["vectors"][1]
    head, seen, words, training = read(row)
    made = update.train(
        head, seen, words, clip=row["clip"], training=training, engine=by_opacus.trained
    )
    assert np.abs(made - np.frombuffer(unb64(row["update"]), "<f4")).max() < 1e-7


def test_each_cut_bites_where_it_should() -> None:
    """The vectors differ because of what they are named for: without the cuts others would come out."""
    head, seen, words, training = read(VECTORS["vectors"][2])
    loose = update.Training(training.steps, training.rate, 1e9)
    free = update.train(head, seen, words, clip=1e9, training=loose)
    example_cut = update.train(head, seen, words, clip=1e9, training=training)
    assert np.linalg.norm(free) > 1.5 * np.linalg.norm(example_cut) > 0.5
    both = update.train(head, seen, words, clip=0.25, training=training)
    assert np.allclose(both, example_cut * (np.linalg.norm(both) / np.linalg.norm(example_cut)), atol=1e-6)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6), count=st.integers(1, 30), clip=st.floats(1e-4, 100.0), size=st.floats(0.0, 1e4)
)  # fmt: skip
def test_an_update_is_never_longer_than_the_bound(
    seed: int, count: int, clip: float, size: float
) -> None:
    rng = np.random.default_rng(seed)
    head = Head(rng.normal(size=SIZE).astype(np.float32))
    seen = size * rng.normal(size=(count, EMBEDDING))
    made = update.train(head, seen, rng.integers(0, CLASSES, count), clip=clip)
    assert made.dtype == np.float32
    assert np.linalg.norm(made.astype(np.float64)) <= clip


def test_what_was_said_becomes_likelier() -> None:
    rng = np.random.default_rng(5)
    head = Head(rng.normal(0, 0.1, SIZE).astype(np.float32))
    seen, words = rng.normal(size=(20, EMBEDDING)), rng.integers(0, CLASSES, 20)
    after = head.moved(update.train(head, seen, words, clip=5.0))
    right = np.arange(20), words
    assert after.probabilities(seen)[right].mean() > head.probabilities(seen)[right].mean() + 0.2


@pytest.mark.parametrize(
    ("seen", "words", "clip"),
    [
        (np.zeros((0, EMBEDDING)), np.zeros(0, int), 1.0),
        (np.zeros((update.MAX_EXAMPLES + 1, EMBEDDING)), np.zeros(update.MAX_EXAMPLES + 1, int), 1.0),
        (np.zeros((2, EMBEDDING - 1)), np.zeros(2, int), 1.0),
        (np.zeros((2, EMBEDDING)), np.zeros(3, int), 1.0),
        (np.full((2, EMBEDDING), np.nan), np.zeros(2, int), 1.0),
        (np.zeros((2, EMBEDDING)), np.array([0, CLASSES]), 1.0),
        (np.zeros((2, EMBEDDING)), np.array([-1, 0]), 1.0),
        (np.zeros((2, EMBEDDING)), np.array([0.5, 0.0]), 1.0),
        (np.zeros((2, EMBEDDING)), np.zeros(2, int), 0.0),
        (np.zeros((2, EMBEDDING)), np.zeros(2, int), np.nan),
    ],
)  # fmt: skip
def test_nothing_is_trained_on_nonsense(seen: np.ndarray, words: np.ndarray, clip: float) -> None:
    with pytest.raises(RequestInvalid):
        update.train(Head(np.zeros(SIZE, np.float32)), seen, words, clip=clip)


@pytest.mark.parametrize(("steps", "rate", "bound"), [(0, 1.0, 1.0), (1001, 1.0, 1.0), (1, 0.0, 1.0), (1, 1.0, float("nan"))])  # fmt: skip
def test_training_has_limits(steps: int, rate: float, bound: float) -> None:
    with pytest.raises(RequestInvalid):
        update.Training(steps, rate, bound)

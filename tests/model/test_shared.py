"""What the bench of the shared head counts with, on people made up with a known truth."""

import numpy as np
import pytest
from tests.bench import bench_shared as bench

from mien.adapt.head import SIZE, Head
from mien.adapt.update import train
from mien_server.adapt.accounting import epsilon


def made_up(people: int, pictures: int, seed: int) -> bench.Read:
    """Expressions lie apart in 16 directions of 96; everybody's lie a little elsewhere."""
    rng = np.random.default_rng(seed)
    middles = np.random.default_rng(0).normal(size=(8, 16)) * 2
    words = rng.integers(0, 8, (people, pictures))
    seen = np.zeros((people, pictures, 96))
    seen[..., :16] = middles[words] + rng.normal(size=(people, 1, 16)) * 0.5
    seen += rng.normal(size=seen.shape) * 0.5
    return bench.Read(seen.astype(np.float32), words)


def test_many_are_trained_as_each_is() -> None:
    given, head = made_up(5, 4, 1), Head(np.zeros(SIZE, np.float32))
    terms = bench.NOTHING
    many = bench.together(head, given, terms)
    for made, seen, said in zip(many, given.embeddings, given.words, strict=True):
        alone = train(head, seen, said, clip=terms.clip, training=terms.training)
        assert np.abs(made - alone).max() < 1e-6


@pytest.mark.parametrize("target", [1.0, 2.0, 8.0])
def test_the_noise_is_the_least_that_keeps_the_year_at_epsilon(target: float) -> None:
    noise = bench.noise_for(target)
    assert noise is not None
    assert epsilon(bench.ROUNDS, noise, bench.DELTA) <= target
    assert epsilon(bench.ROUNDS, noise * 0.999, bench.DELTA) > target
    assert bench.noise_for(None) is None


def test_a_year_learns_and_less_noise_learns_more() -> None:
    """Enough people for the noise of epsilon 8 to be a trifle, and for that of epsilon 0.1 to be all there is."""
    given, others = made_up(100, 4, 2), made_up(40, 5, 3)
    nothing = Head(np.zeros(SIZE, np.float32))
    clean, little, much = (
        others.accuracy(bench.year(nothing, given, bench.NOTHING, noise, 1)[-1]).mean()
        for noise in (None, bench.noise_for(8.0), bench.noise_for(0.1))
    )
    assert clean > 0.9
    assert clean >= little > 0.8
    assert much < little - 0.1

"""A rendered person's own manner stays the same from picture to picture, and what the bench of adaptation counts is what it says."""

import itertools

import numpy as np
import pytest
from model.render import manners, recipes  # type: ignore[import-not-found]  # see conftest
from tests.bench import bench_adapt
from tests.model.test_recipes import SHAPES


def shown(manner: manners.Manner, name: str, seed: int) -> dict[str, float]:
    drawn = manners.express(np.random.default_rng(seed), manner, name, SHAPES)
    out: dict[str, float] = {}
    for shape, weight in drawn.weights.items():
        out[recipes.side_free(shape)] = out.get(recipes.side_free(shape), 0.0) + weight / 2
    return out


def apart(one: dict[str, float], other: dict[str, float]) -> float:
    """How differently two showings move what a showing means to move."""
    names = {name for name in {*one, *other} if not name.startswith(("eye", "visemes"))}
    return sum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in names)


@pytest.mark.parametrize("name", ["joy", "anger", "sadness"])
def test_a_person_shows_an_expression_more_like_themselves_than_like_others(name: str) -> None:
    people = [manners.draw(np.random.default_rng(seed)) for seed in range(20)]
    own = [apart(shown(m, name, 1), shown(m, name, 2)) for m in people]
    others = [apart(shown(m, name, 1), shown(n, name, 2)) for m, n in itertools.pairwise(people)]
    assert np.mean(own) < 0.75 * np.mean(others)


def test_the_rest_of_a_person_is_in_all_they_show() -> None:
    bare = manners.Manner({}, manners.draw(np.random.default_rng(3)).ways)
    frowning = manners.Manner({"browDown": 0.6}, bare.ways)
    for name in ("neutral", "joy"):
        more = shown(frowning, name, 5).get("browDown", 0.0) - shown(bare, name, 5).get("browDown", 0.0)  # fmt: skip
        assert more == pytest.approx(0.6, abs=0.15)


def person(base: float, after: float) -> bench_adapt.Course:
    both = {"base": np.full(2, base), "came": np.array([20.0, 0.0])}
    return both | {stage: np.full(2, after) for stage in ("calibrated", "5", "10", "20")}


def test_errors_removed_and_people_worse_are_counted_over_people() -> None:
    people = [person(0.5, 0.8), person(0.9, 0.8), person(0.7, 0.7), person(0.5, 0.8)]
    found = bench_adapt.summary(people, 0)
    assert found["base_accuracy"]["value"] == pytest.approx(0.65)
    ten = found["10"]
    assert ten["accuracy"]["value"] == pytest.approx(0.775)
    assert ten["errors_removed"]["value"] == pytest.approx(1 - 0.225 / 0.35, abs=1e-4)
    assert ten["people_worse"]["value"] == pytest.approx(0.25)
    assert ten["people_better"] == pytest.approx(0.5)
    low, high = ten["errors_removed"]["interval"]
    assert low < ten["errors_removed"]["value"] < high
    assert bench_adapt._headline(found)["met"] == {"errors_removed": True, "people_worse": False}


def test_a_course_is_measured_on_what_was_not_learned() -> None:
    """Whose later pictures are noise is read no better, whatever they said before."""
    rng = np.random.default_rng(0)
    seen = np.abs(rng.normal(size=(60, 96))).astype(np.float32)
    shown = rng.integers(0, 8, 60)
    found = bench_adapt.course("answers", seen[:8], seen, shown)
    assert found["came"][0] == 20
    assert abs(found["20"][0] - found["base"][0]) < 0.2
    learned = bench_adapt.course("answers", seen[:8], np.tile(seen[:20], (3, 1)), np.tile(shown[:20], 3))  # fmt: skip
    assert learned["20"][1] > learned["base"][1] + 0.4  # the same pictures again: it did learn

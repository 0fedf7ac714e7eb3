"""Recipes and plan: what an expression is made of. Needs neither torch, nor a compiler, nor the head data."""

from dataclasses import replace

import numpy as np
import pytest
from model import plan  # type: ignore[import-not-found]  # not installed: see conftest
from model.render import recipes  # type: ignore[import-not-found]

from mien.infer import manifest
from mien.values import EXPRESSIONS

SHAPES = frozenset(
    {"jawOpen", "browInnerUp", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper"}
    | {"mouthShrugLower", "mouthShrugUpper", "tongueOut"}
    | {f"visemes02/viseme_{word}" for word in recipes.VISEMES}
    | {
        name + side
        for side in ("Left", "Right")
        for name in (
            *("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookIn"),
            *("eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown"),
            *(
                "mouthLowerDown",
                "mouthPress",
                "mouthSmile",
                "mouthStretch",
                "mouthUpperUp",
                "noseSneer",
            ),
        )
    }
)


def test_classes_are_the_expressions_in_their_order() -> None:
    assert recipes.CLASSES == EXPRESSIONS
    assert tuple(plan.PRIOR) == tuple(plan.EMPHASIS) == EXPRESSIONS
    assert len(recipes.ACTIONS) == manifest.ACTIONS >= 17


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_draw_uses_known_shapes_within_limits(name: str) -> None:
    for seed in range(40):
        drawn = recipes.draw(np.random.default_rng(seed), name, SHAPES)
        assert set(drawn.weights) <= SHAPES
        assert all(0 <= w <= 2.2 for w in drawn.weights.values())
        assert all(-1 <= a <= 1 for a in drawn.affect)
        assert all(0 <= a <= 1 for a in recipes.actions(drawn.weights))


def test_the_same_seed_draws_the_same() -> None:
    one, two = (recipes.draw(np.random.default_rng(9), "fear", SHAPES) for _ in range(2))
    assert one == two


def test_contempt_is_one_sided() -> None:
    lean = []
    for seed in range(60):
        w = recipes.draw(np.random.default_rng(seed), "contempt", SHAPES).weights
        lean.append(abs(w.get("mouthDimpleLeft", 0) - w.get("mouthDimpleRight", 0)))
    assert np.median(lean) > 0.4


def test_a_stage_is_made_again_when_what_it_depends_on_changes() -> None:
    full = plan.FULL
    longer = replace(full, detector_steps=full.detector_steps + 1)
    assert longer.stage_folder("detector") != full.stage_folder("detector")
    assert longer.stage_folder("expression") == full.stage_folder("expression")
    assert longer.renders_folder == full.renders_folder
    assert replace(full, seed=2).renders_folder != full.renders_folder


def test_some_of_the_neutral_talk_and_nobody_else_does() -> None:
    def talks(name: str) -> float:
        drawn = [recipes.draw(np.random.default_rng(k), name, SHAPES).weights for k in range(200)]
        return float(np.mean([any(w.startswith("visemes") for w in one) for one in drawn]))

    assert 0.2 < talks("neutral") < 0.4
    assert talks("joy") == talks("surprise") == 0


def test_a_mouth_that_speaks_is_open_in_the_actions() -> None:
    said = dict(zip(recipes.ACTIONS, recipes.actions({"visemes02/viseme_aa": 1.0}), strict=True))
    assert said["AU25"] > 0.5
    assert said["AU26"] > 0.5
    assert said["AU12"] == 0


def test_gaze_follows_the_eyes() -> None:
    assert recipes.gaze({"eyeLookOutLeft": 0.4, "eyeLookUpLeft": 0.2}) == (0.4, 0.2)
    assert recipes.gaze({"eyeLookInLeft": 0.4, "eyeLookDownLeft": 0.2}) == (-0.4, -0.2)

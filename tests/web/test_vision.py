"""What the web SDK sees is what Python sees: the same rendered pictures in Node, and in the built worker in a real Chromium; and its camera, which opens and shuts with the consent."""

import base64
import hashlib
import json
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import pytest
from tests.node import WEB, built, node
from tests.web.browser import chromium, packages
from tests.web.filmed import MODELS, PURPOSES, RUNTIME, START, Pixels, Scene, clip, film, ran

from mien import label
from mien.infer import Eyes, geometry, load_models, pin
from mien.label import Reading
from mien.label.reader import WHY
from mien.values import EXPRESSIONS, Frame, Label, Scores

pytestmark = [pytest.mark.node, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
FACES: Final = 12
RATE: Final = 12.5
WORDS: Final = ("expression", "second", "state", "source", "window", "model", "ended_at")
STEPS: Final = ("valence", "arousal", "confidence")


# ---- what is shown ----
def shown() -> list[Scene]:
    """A person with three moods; two people of whom one leaves, then the other; and what goes wrong with a camera."""
    two = clip("two-faces", 6)
    return [Scene(clip("person", 5)), Scene(two, frozenset({len(two) - 3})), odd()]


def odd() -> Scene:
    """A person; darkness; fog; the person; somebody elsewhere until it is asked, and affirmed, who they are. In a picture with odd sides."""
    near = [frame.pixels[3:, :637] for frame in clip("person", 4, count=18)]
    corner = [padded(np.asarray(cv2.resize(p, None, fx=0.5, fy=0.5), np.uint8)) for p in near]
    pictures = [*near, *[p // 16 for p in near[:2]], *[np.full_like(p, 128) for p in near[:2]], *near[:3], *corner, *corner]  # fmt: skip
    return Scene([Frame(p, k / RATE, k) for k, p in enumerate(pictures)], frozenset({44}))


def padded(small: Pixels) -> Pixels:
    """A picture of the size of `odd`, with this one in its upper left corner."""
    whole = np.full((477, 637, 3), 90, np.uint8)
    whole[: small.shape[0], : small.shape[1]] = small
    return np.ascontiguousarray(np.roll(whole, -100, 1))


def sequences() -> list[list[tuple[label.Sight, Scores, bool]]]:
    """Scores as no network gives them: moods that come and go, blinks, speech, gaps, numbers that are none; at 5 to 15 pictures a second."""
    return [walk(np.random.default_rng(rate), rate) for rate in (5, 12, 15)]


def walk(chance: np.random.Generator, rate: int) -> list[tuple[label.Sight, Scores, bool]]:
    """Some seventy seconds of one person, who shows one thing after the other, goes away and comes back with somebody."""
    at, mood = 0.0, 0
    raised = [{}, {"AU1", "AU2"}, {"AU4", "AU7"}, {"AU4", "AU12"}, {"AU4", "AU14"}, {}]
    steps = []
    for k in range(72 * rate):
        at += (12 if chance.random() < 0.0004 else 1) * chance.uniform(0.6, 1.4) / rate
        mood = int(chance.integers(8)) if chance.random() < 0.4 / rate else mood
        shares = [chance.random() * 0.3 + (i == mood) * chance.uniform(0.2, 2) for i in range(8)]
        if chance.random() < 0.002:
            shares[0] = float("nan")
        now = raised[k // (12 * rate)]
        actions = {name: chance.random() * 0.2 + 0.45 * (name in now) for name in label.NAMES}
        if k // (8 * rate) % 2:
            actions["AU26"] = 0.4 + 0.4 * math.sin(k * 20 / rate)
        actions["AU43"] = 0.9 if k % (3 * rate) < 2 else float(chance.choice((0.1, 0.25)))
        total, look = sum(shares), 0.1 if k < 60 * rate else 1.0
        scores = Scores(
            tuple(one / total for one in shares), chance.uniform(-1, 1), chance.uniform(-1, 1), actions,
            (chance.normal(0, 0.1), chance.normal(0, 0.1), chance.normal(0, 0.05)), (chance.uniform(-look, look), chance.uniform(-look, look)),
        )  # fmt: skip
        away = 63 * rate < k < 67 * rate
        faces = 2 if k == 70 * rate else int(not away and chance.random() > 0.01)
        box = (chance.uniform(200, 210), 100.0, 90.0, 120.0) if faces == 1 else None
        steps.append((label.Sight(at, START + at, faces, box), scores, k == 67 * rate - 2))  # fmt: skip
    return steps


def planes() -> list[dict[str, Any]]:
    """Pictures of odd and even sides, a size to bring them to, and an affine of the kind that finds faces, partly outside."""
    grain = np.random.default_rng(3)
    found = []
    for width, height, to in ((64, 48, (37, 29)), (123, 77, (64, 40)), (50, 41, (90, 75))):
        data = cv2.resize(grain.integers(0, 256, (9, 11, 4), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)  # fmt: skip
        scale, turn = float(grain.uniform(0.6, 2)), float(grain.uniform(-0.5, 0.5))
        cos, sin = scale * np.cos(turn), scale * np.sin(turn)
        found.append({"pixels": data, "to": to, "affine": (cos, -sin, 9.3, sin, cos, -20.7)})
    return found


def plain(value: Any) -> Any:
    """As JSON has it, with what is no number as null."""
    return json.loads(json.dumps(value).replace("NaN", "null"))


# ---- asking Node ----
@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return shown()


@pytest.fixture(scope="module")
def read(scenes: list[Scene]) -> list[list[Reading]]:
    return [scene.read() for scene in scenes]


@pytest.fixture(scope="module")
def steps() -> list[list[tuple[label.Sight, Scores, bool]]]:
    return sequences()


@pytest.fixture(scope="module")
def told(
    scenes: list[Scene],
    steps: list[list[tuple[label.Sight, Scores, bool]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    folder = tmp_path_factory.mktemp("vision")
    asked = {
        "models": str(MODELS), "wasm": str(RUNTIME), "integrity": integrity(), "purposes": PURPOSES, "faces": FACES,
        "sessions": [scene.told(folder / f"{k}.raw") for k, scene in enumerate(scenes)],
        "sequences": [[(sighted(sight), scored(scores), yes) for sight, scores, yes in walked] for walked in steps],
        "planes": [
            {"width": p["pixels"].shape[1], "height": p["pixels"].shape[0], "data": base64.b64encode(p["pixels"].tobytes()).decode(), "to": p["to"], "affine": p["affine"]}
            for p in planes()
        ],
    }  # fmt: skip
    program = node(WEB)
    return json.loads(ran([program, str(HERE / "look.ts")], json.dumps(plain(asked)), dict(os.environ), 240))  # fmt: skip


def integrity() -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(RUNTIME.read_bytes()).digest()).decode()


def sighted(sight: label.Sight) -> dict[str, Any]:
    return asdict(sight)


def scored(scores: Scores) -> dict[str, Any]:
    return {name: getattr(scores, name) for name in Scores.__slots__ if name != "actions"} | {"actions": dict(scores.actions)}  # fmt: skip


def agrees(ours: Reading, theirs: dict[str, Any], step: int = 1, near: float = 0.03) -> None:
    """The same word; a label within `step` of ours, but for brief movements, which a browser does not look for; the live view within `near`."""
    assert theirs["why"] == ours.why, ours.at
    assert (theirs["label"] is None, theirs["now"] is None) == (ours.label is None, ours.now is None)  # fmt: skip
    if ours.label is not None:
        assert {name: theirs["label"][name] for name in WORDS} == {name: getattr(ours.label, name) for name in WORDS}  # fmt: skip
        for name in STEPS:
            assert abs(theirs["label"][name] - getattr(ours.label, name)) <= step, (ours.at, name)
        assert theirs["label"].keys() == set(Label.__slots__)
    if ours.now is not None:
        assert theirs["now"]["expression"] == ours.now.expression
        assert theirs["now"]["share"] == pytest.approx(ours.now.share, abs=near)


# ---- Node ----
def test_the_same_labels_in_node(read: list[list[Reading]], told: Any) -> None:
    for ours, session in zip(read, told["sessions"], strict=True):
        for one, other in zip(ours, session["readings"], strict=True):
            agrees(one, other)
    labels = [one.label.expression for one in read[0] if one.label]
    assert len(labels) > 15
    assert {"neutral", "joy", "surprise", "sadness"} == set(labels)


def test_every_reason_for_no_label_is_among_them(read: list[list[Reading]]) -> None:
    """But for a purpose that needs none, for which no camera opens; unsure is among the sequences."""
    assert {one.why for ours in read for one in ours} >= set(WHY) - {"no purpose", "unsure"}


def test_the_same_faces_and_scores(scenes: list[Scene], told: Any) -> None:
    eyes = Eyes(load_models())
    found = told["sessions"][0]["found"]
    assert len(found) == FACES
    for place, face, scores in found:
        pixels = scenes[0].frames[place].pixels
        [ours] = eyes.faces(pixels)
        assert face["box"] == pytest.approx(ours.box, abs=0.1)
        assert face["score"] == pytest.approx(ours.score, abs=0.01)
        assert np.abs(np.array(face["landmarks"]) - ours.landmarks).max() < 0.1
        same = eyes.scores(pixels, ours)
        for name in ("expressions", "pose", "gaze", "embedding"):
            assert scores[name] == pytest.approx(getattr(same, name), abs=0.03), name
        assert scores["actions"] == pytest.approx(dict(same.actions), abs=0.03)
        assert (scores["valence"], scores["arousal"]) == pytest.approx((same.valence, same.arousal), abs=0.03)  # fmt: skip


def test_the_same_readings_of_the_same_scores(
    steps: list[list[tuple[label.Sight, Scores, bool]]], told: Any
) -> None:
    seen: set[str] = set()
    states: set[str] = set()
    for walked, answers in zip(steps, told["sequences"], strict=True):
        reader = label.Reader(label.Rules(), pin.MODEL_ID)
        for (sight, scores, yes), answer in zip(walked, answers, strict=True):
            if yes:
                reader.affirm()
            ours = reader.look(sight) or reader.read(sight, scores, PURPOSES)
            agrees(ours, answer, step=0, near=1e-9)
            assert (answer["because"], answer["at"]) == (ours.because, ours.at)
            if ours.now is not None:
                assert answer["now"]["because"] == ours.now.because
                assert answer["now"]["second"] == ours.now.second
            seen.add(ours.why)
            states |= {ours.label.state} if ours.label else set()
    assert {"label", "unsure", "gathering", "two faces", "no face", "affirm again"} <= seen
    assert {"none", "engaged", "interested", "confused", "frustrated"} <= states


def test_the_same_pixels_as_opencv(told: Any) -> None:
    for plane, answer in zip(planes(), told["planes"], strict=True):
        pixels, (width, height) = plane["pixels"], plane["to"]
        found = {name: np.frombuffer(base64.b64decode(text), np.uint8) for name, text in answer.items()}  # fmt: skip
        dull = cv2.cvtColor(pixels, cv2.COLOR_RGBA2GRAY)
        affine = np.array(plane["affine"]).reshape(2, 3)
        warped = cv2.warpAffine(dull, affine, (64, 64), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        assert (found["halved"] == geometry.halved(pixels).ravel()).all()
        assert (found["grey"] == dull.ravel()).all()
        assert (found["resized"] == cv2.resize(pixels, (width, height), interpolation=cv2.INTER_LINEAR)[:, :, :3].ravel()).all()  # fmt: skip
        assert np.abs(found["warped"].astype(int) - warped.ravel()).max() <= 1
        assert (found["warped"] != warped.ravel()).mean() < 0.01


def test_files_that_are_not_ours_are_refused(told: Any) -> None:
    assert told["refused"] == ["model-tampered"] * 5


def test_the_same_rules_and_words(told: Any) -> None:
    said = told["constants"]
    assert said["rules"] == asdict(label.Rules())
    assert said["why"] == list(WHY)
    assert said["pin"] == [pin.MANIFEST_SHA256, pin.MODEL_ID]
    assert said["names"] == dict(label.NAMES)
    assert said["belongs"] == {word: list(label.BELONGS[word]) for word in EXPRESSIONS}
    assert said["definitions"] == [[d.word, d.span, d.least] for d in label.DEFINITIONS]


# ---- a real Chromium ----
CAMERA: Final = (150, 100)
"""From which picture on, and how many: the person smiles."""


@pytest.fixture(scope="module")
def seen(scenes: list[Scene], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `vision.ts` says came of it."""
    folder = tmp_path_factory.mktemp("camera")
    first, count = CAMERA
    film(clip("person", 1, first, count), folder / "camera.mjpeg")
    browser = chromium()
    asked = {
        "program": browser.program, "env": browser.env, "camera": str(folder / "camera.mjpeg"), "purposes": PURPOSES,
        **Scene(scenes[0].frames[:SHOWN]).told(folder / "pictures.raw"),
    }  # fmt: skip
    built()
    packages()
    return json.loads(ran([node(WEB), str(HERE / "vision.ts")], json.dumps(asked), dict(os.environ), 300))  # fmt: skip


SHOWN: Final = 45


def test_the_same_labels_in_chromium(read: list[list[Reading]], seen: Any) -> None:
    """In the built worker, by the way that a picture takes where the page hands it over."""
    for one, other in zip(read[0][:SHOWN], seen["pictures"], strict=True):
        agrees(one, other["reading"])
    assert {"neutral", "joy"} <= {one.label.expression for one in read[0][:SHOWN] if one.label}


def test_nothing_is_asked_for_without_a_permit(seen: Any) -> None:
    forbidden = seen["forbidden"]
    assert forbidden["states"] == [["asking", None, 0], ["stopped", "consent-missing", 0]]
    assert (forbidden["workers"]["begun"], forbidden["cameras"], forbidden["requests"]) == (0, 0, [])  # fmt: skip


def test_the_camera_is_read_while_it_is_allowed(seen: Any) -> None:
    assert [state[0] for state in seen["on"]["states"]] == ["asking", "loading", "on"]
    [label] = [one["label"] for one in seen["on"]["readings"] if one["label"]]
    assert (label["expression"], label["model"], label["source"]) == ("joy", pin.MODEL_ID, "face")
    read = len(seen["on"]["readings"])
    assert (
        seen["on"]["asked"] >= 2 + 2 * read
    )  # before models and camera; before and after each wait for a picture
    loaded = ["worker.js", "runtime.wasm", *(f"models/{name}" for name in ("manifest.json", "detector.onnx", "landmarks.onnx", "expression.onnx"))]  # fmt: skip
    assert sorted(seen["on"]["requests"]) == sorted(f"GET /{file}" for file in loaded)


def test_withdrawal_ends_it_within_a_picture(seen: Any) -> None:
    withdrawn = seen["withdrawn"]
    assert withdrawn["states"][-1] == ["stopped", "consent-missing", 0]
    assert (withdrawn["live"], withdrawn["workers"]["begun"]) == (0, withdrawn["workers"]["ended"])
    assert withdrawn["late"] <= 1  # the one that was being looked at
    assert withdrawn["after"] == 0


def test_a_camera_that_is_stopped_while_the_browser_asks_is_shut(seen: Any) -> None:
    early = seen["stopped early"]
    assert early["states"] == [["asking", None, 0], ["stopped", None, 0]]
    assert (early["cameras"], early["live"], early["readings"]) == (1, 0, [])
    assert early["workers"]["begun"] == early["workers"]["ended"]


def test_a_browser_that_hands_no_stream_over_reads_picture_by_picture(seen: Any) -> None:
    assert {one["label"]["expression"] for one in seen["by hand"]["readings"] if one["label"]} == {"joy"}  # fmt: skip


def test_a_camera_that_goes_away_is_unplugged(seen: Any) -> None:
    assert seen["gone"]["states"][-1] == ["unplugged", "camera-unavailable", 0]
    assert (seen["gone"]["live"], seen["gone"]["workers"]["begun"]) == (0, seen["gone"]["workers"]["ended"])  # fmt: skip


def test_a_camera_that_is_not_allowed_is_denied(seen: Any) -> None:
    assert seen["denied"]["states"] == [["asking", None, 0], ["denied", "camera-unavailable", 0]]
    assert seen["denied"]["readings"] == []


@pytest.mark.parametrize("what", ["model", "runtime"])
def test_spoilt_files_run_nothing(seen: Any, what: str) -> None:
    spoilt = seen[f"spoilt {what}"]
    assert spoilt["states"][-1] == ["stopped", "model-tampered", 0]
    assert (spoilt["readings"], spoilt["live"]) == ([], 0)


def test_from_the_worker_come_words_and_small_numbers(seen: Any) -> None:
    """Every message of every worker, whole: what is in none of these forms was something else, and no form has room for a picture."""
    assert {one["kind"] for one in seen["heard"]} == {"here", "loaded", "picture", "reading", "failed"}  # fmt: skip
    for one in seen["heard"]:
        assert one.keys() == FORMS[one["kind"]], one
        if one["kind"] != "reading":
            assert all(isinstance(value, bool | int | str) for value in one.values())
            continue
        reading = one["reading"]
        assert reading.keys() == {"at", "why", "label", "now", "because"}
        assert (reading["label"] or {}).keys() <= set(Label.__slots__)
        assert (reading["now"] or {}).keys() <= set(label.Moment.__slots__)
        told = [*reading.values(), *(reading["label"] or {}).values(), *(reading["now"] or {}).values()]  # fmt: skip
        flat = [value for value in told if not isinstance(value, dict)]
        assert all(value is None or isinstance(value, int | float | str) for value in flat)
        assert len(json.dumps(one)) < 1000
    assert len([one for one in seen["heard"] if one["kind"] == "reading"]) > 3


FORMS: Final = {
    "here": {"kind", "takesTracks"}, "loaded": {"kind", "model"}, "picture": {"kind", "there"}, "reading": {"kind", "reading"},
    "failed": {"kind", "code", "message"},
}  # fmt: skip

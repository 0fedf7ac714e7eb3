"""A site's own models: manifests that are refused by name, networks that are not what they say, fetching, choosing, and YuNet for real."""

import hashlib
import json
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import BaseModel
from tests.sdk import tiny_onnx
from typer.testing import CliRunner

from mien import cli
from mien.errors import (
    FrameRejected,
    ModelError,
    ModelInvalid,
    ModelMissing,
    ModelTampered,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
    SettingsError,
)
from mien.infer import (
    Eyes,
    Shelf,
    SiteClassifier,
    SiteDetector,
    SiteEyes,
    load_models,
    manifest,
    pin,
    shelf,
    site,
    site_eyes,
)
from mien.infer.composed import crop_of, fit
from mien.infer.session import tensor
from mien.send import fetch
from mien.testing import FakeServer
from mien.values import EXPRESSIONS, Face

Pixels = NDArray[np.uint8]
ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared/assets"
YUNET = SHARED / "models/face_detection_yunet_2023mar.onnx"
PHOTOS = SHARED / "photos/images"
TEMPLATE = [[0.3, 0.35], [0.7, 0.35], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]]
FACE = Face((30.0, 20.0, 40.0, 50.0), ((40, 40), (60, 40), (50, 50), (42, 60), (58, 60)), 1.0)
LABELS = ["joy", None, "anger", "joy"]
LOGITS = (1.0, 5.0, 0.5, -1.0)
runner = CliRunner()


def plain(value: int = 128, size: tuple[int, int] = (100, 120)) -> Pixels:
    return np.full((*size, 3), value, np.uint8)


def shared(path: Path) -> Path:
    """A file that is measured with and never shipped."""
    if not path.exists():
        pytest.skip(f"NOT HERE: `{path}`, which is not part of the project")
    return path


def described(blob: bytes, **changes: Any) -> dict[str, Any]:
    """A manifest of `blob` without what its role asks for."""
    return {
        "format": "mien-site-model/1", "name": "tiny", "version": "1.0", "file": "tiny.onnx", "bytes": len(blob),
        "sha256": hashlib.sha256(blob).hexdigest(), "address": None, "licence": "CC0-1.0",
        "training_data": {"statement": "nothing at all", "real_people": False}, **changes,
    }  # fmt: skip


def classifier(blob: bytes, **changes: Any) -> dict[str, Any]:
    told = {
        "role": "classifier", "alignment": {"kind": "box", "margin": 0.1}, "outputs": {"logits": "logits"},
        "labels": LABELS, "temperature": 2.0,
        "input": {
            "name": "picture", "width": 32, "height": 32, "colour": "bgr", "layout": "nchw", "dtype": "float32",
        },
    }  # fmt: skip
    return described(blob, **{**told, **changes})


def detector(blob: bytes, **changes: Any) -> dict[str, Any]:
    told = {
        "role": "detector", "decode": "yunet", "threshold": 0.9,
        "input": {
            "name": "input", "width": 64, "height": 64, "colour": "bgr", "layout": "nchw", "dtype": "float32",
        },
    }  # fmt: skip
    return described(blob, **{**told, **changes})


def raw(content: dict[str, Any]) -> bytes:
    return json.dumps(content).encode()


CLASSIFIER = tiny_onnx.constant(LOGITS)
DETECTOR = tiny_onnx.yunet()


def made_classifier(blob: bytes, **changes: Any) -> SiteClassifier:
    found = shelf.verified(site.parse(raw(classifier(blob, **changes)), "m"), blob)
    assert isinstance(found, SiteClassifier)
    return found


def made_detector(blob: bytes, **changes: Any) -> SiteDetector:
    found = shelf.verified(site.parse(raw(detector(blob, **changes)), "m"), blob)
    assert isinstance(found, SiteDetector)
    return found


# ---- manifests -----------------------------------------------------------------------------------------------------


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of the field at `path`, such as `input.mean`."""

    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        for name in parents:
            content = content[name]
        content[last] = value

    return change


NAN, INF = float("nan"), float("inf")
ALIKE = [[0.5, 0.5]] * 5
SPOILED: list[tuple[str, Any, str]] = [
    ("format", "mien-site-model/2", "format"), ("format", 1, "format"),
    ("name", "Tiny", "name"), ("name", "../tiny", "name"), ("name", "", "name"), ("name", "a" * 41, "name"),
    ("name", "embedded", "name"), ("name", "tiny\n", "name"), ("name", "in_use", "name"),
    ("role", "judge", "role"), ("role", None, "role"),
    ("version", "one two", "version"), ("version", 1, "version"),
    ("file", "../tiny.onnx", "file"), ("file", "/etc/tiny.onnx", "file"), ("file", "a/tiny.onnx", "file"),
    ("file", "..\\tiny.onnx", "file"), ("file", ".onnx", "file"), ("file", "tiny.exe", "file"), ("file", "tiny.onnx\n", "file"),
    ("bytes", 0, "bytes"), ("bytes", site.MOST_BYTES + 1, "bytes"), ("bytes", "12", "bytes"), ("bytes", 1.5, "bytes"),
    ("bytes", True, "bytes"),
    ("sha256", "0" * 63, "sha256"), ("sha256", "A" * 64, "sha256"),
    ("address", "http://models.example/tiny.onnx", "address"), ("address", "file:///tiny.onnx", "address"),
    ("address", "https://me:pw@models.example/x", "address"), ("address", "https://", "address"), ("address", "", "address"), ("address", "https://x/a#b", "address"),
    ("address", "https://models.example/a b", "address"), ("address", "https://models.example/\n", "address"),
    ("licence", "", "licence"), ("licence", "MIT\x1b[31m", "licence"), ("licence", " MIT", "licence"), ("licence", None, "licence"),
    ("training_data", "photos", "training_data"), ("training_data.statement", "", "training_data.statement"),
    ("training_data.statement", "a\nb", "training_data.statement"), ("training_data.real_people", "no", "training_data.real_people"),
    ("training_data.real_people", 0, "training_data.real_people"), ("training_data.more", 1, "training_data.more"),
    ("input.name", "", "input.name"), ("input.name", "a\x00b", "input.name"),
    ("input.width", 15, "input.width"), ("input.width", 100_000, "input.width"), ("input.width", -32, "input.width"),
    ("input.width", 32.5, "input.width"), ("input.width", "some", "input.width"), ("input.height", True, "input.height"),
    ("input.height", None, "input.height"), ("input.height", 0, "input.height"),
    ("input.multiple", 0, "input.multiple"), ("input.multiple", 32, "input.multiple"),
    ("input.colour", "yuv", "input.colour"), ("input.layout", "chw", "input.layout"), ("input.dtype", "float16", "input.dtype"),
    ("input.scale", 0, "input.scale"), ("input.scale", NAN, "input.scale"), ("input.scale", -1, "input.scale"),
    ("input.scale", INF, "input.scale"), ("input.scale", "1", "input.scale"),
    ("input.mean", [0.5], "input.mean"), ("input.mean", [0.5, NAN, 0.5], "input.mean[1]"), ("input.mean", 0.5, "input.mean"),
    ("input.std", [1, 1, 0], "input.std[2]"), ("input.std", [1, 1], "input.std"), ("input.std", [1, 1, -1], "input.std[2]"),
    ("input.gamma", 1.0, "input.gamma"), ("input", [], "input"),
    ("more", 1, "more"), ("labels\x1b[31m", 1, "labels?[31m"),
]  # fmt: skip
SPOILED_CLASSIFIER: list[tuple[str, Any, str]] = [
    ("alignment", {"kind": "five-points"}, "alignment.template"), ("alignment", {"kind": "hull"}, "alignment.kind"),
    ("alignment", {}, "alignment.kind"), ("alignment", None, "alignment"),
    ("alignment", {"kind": "box"}, "alignment.margin"), ("alignment", {"kind": "box", "margin": NAN}, "alignment.margin"),
    ("alignment", {"kind": "box", "margin": -0.5}, "alignment.margin"), ("alignment", {"kind": "box", "margin": 99}, "alignment.margin"),
    ("alignment", {"kind": "box", "margin": 0, "template": TEMPLATE}, "alignment.template"),
    ("alignment", {"kind": "five-points", "template": TEMPLATE[:4]}, "alignment.template[4]"),
    ("alignment", {"kind": "five-points", "template": [*TEMPLATE, [0, 0]]}, "alignment.template"),
    ("alignment", {"kind": "five-points", "template": [*TEMPLATE[:4], [NAN, 0.5]]}, "alignment.template[4][0]"),
    ("alignment", {"kind": "five-points", "template": [*TEMPLATE[:4], [0.5, 7.0]]}, "alignment.template[4][1]"),
    ("alignment", {"kind": "five-points", "template": [*TEMPLATE[:4], [0.5]]}, "alignment.template[4][1]"),
    ("alignment", {"kind": "five-points", "template": ALIKE}, "alignment.template"),
    ("outputs", {}, "outputs.logits"), ("outputs", {"logits": "x", "values": "y"}, "outputs.values"),
    ("labels", [], "labels"), ("labels", ["joy"], "labels"), ("labels", ["joy", "joy"], "labels"), ("labels", [None, None], "labels"),
    ("labels", ["joy", "happy"], "labels[1]"), ("labels", ["Joy", "anger"], "labels[0]"), ("labels", {"joy": 0, "anger": 1}, "labels"),
    ("labels", ["joy", 3], "labels[1]"), ("labels", ["joy", "anger"] * 200, "labels"), ("labels", None, "labels"),
    ("temperature", 0, "temperature"), ("temperature", NAN, "temperature"), ("temperature", 21, "temperature"),
    ("decode", "yunet", "decode"), ("threshold", 0.5, "threshold"),
    ("input", {**classifier(b"")["input"], "width": "any", "multiple": 32}, "input.width"),
]  # fmt: skip
SPOILED_DETECTOR: list[tuple[str, Any, str]] = [
    ("decode", "ssd", "decode"), ("decode", None, "decode"), ("threshold", 0, "threshold"), ("threshold", 1, "threshold"),
    ("threshold", NAN, "threshold"), ("threshold", "0.5", "threshold"), ("labels", LABELS, "labels"),
    ("input.width", 48, "input"), ("input.width", "any", "input.multiple"),
    ("input", {**detector(b"")["input"], "width": "any", "height": "any", "multiple": 8}, "multiple"),
]  # fmt: skip
CASES = [
    *((classifier(CLASSIFIER), *case) for case in SPOILED + SPOILED_CLASSIFIER),
    *((detector(DETECTOR), *case) for case in SPOILED + SPOILED_DETECTOR),
]


@pytest.mark.parametrize(("content", "path", "value", "named"), CASES)
def test_a_spoiled_field_is_refused_by_name(
    content: dict[str, Any], path: str, value: Any, named: str
) -> None:
    spoiled = json.loads(json.dumps(content))
    put(path, value)(spoiled)
    with pytest.raises(ModelInvalid) as refused:
        site.parse(raw(spoiled), "mine.json")
    words = str(refused.value)
    assert words.startswith("manifest `mine.json`: `")
    assert f"`{named}`" in words
    assert words.isprintable()
    assert refused.value.code == "model-invalid"


@pytest.mark.parametrize("role", [classifier, detector])
def test_no_field_may_be_left_out_but_those_with_a_default(role: Any) -> None:
    content = role(b"x")
    paths = [name for name in content if name != "input"]
    paths += [f"input.{name}" for name in content["input"]]
    for path in paths:
        spoiled = json.loads(json.dumps(content))
        where = spoiled["input"] if path.startswith("input.") else spoiled
        del where[path.removeprefix("input.")]
        if path == "temperature":
            site.parse(raw(spoiled), "m")
            continue
        with pytest.raises(ModelInvalid, match=f"`{path}`"):
            site.parse(raw(spoiled), "m")


NO_MANIFEST = {
    "nothing": b"", "half": b"{", "a list": b"[]", "a number": b"1", "null": b"null", "not text": b"\xff\xfe{}",
    "deep": b"[" * 60_000, "huge": b" " * (site.MOST_MANIFEST + 1), "utf-16": "{}".encode("utf-16"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_MANIFEST)
def test_what_is_no_manifest_is_refused(name: str) -> None:
    with pytest.raises(ModelInvalid, match="mine"):
        site.parse(NO_MANIFEST[name], "mine.json")


def test_a_field_that_stands_twice_is_refused() -> None:
    twice = raw(classifier(CLASSIFIER)).replace(b'"licence"', b'"licence": "MIT", "licence"', 1)
    with pytest.raises(ModelInvalid, match="`licence` stands there twice"):
        site.parse(twice, "m")


def test_a_scale_for_bytes_is_refused() -> None:
    content = classifier(CLASSIFIER)
    content["input"] |= {"dtype": "uint8", "scale": 0.5}
    with pytest.raises(ModelInvalid, match=r"input\.dtype"):
        site.parse(raw(content), "m")


def test_the_manifests_that_ship_hold_and_say_whom_they_were_trained_on() -> None:
    shipped = shelf.known()
    assert list(shipped) == ["yunet"]
    found = site.parse(shipped["yunet"], "yunet")
    assert found.training_data.real_people
    assert found.licence == "MIT"
    assert found.address is not None
    assert found.address.startswith("https://")


REFERENCE = (ROOT / "docs/reference/models-manifest.md").read_text()
HOW_TO = (ROOT / "docs/how-to/bring-your-own-model.md").read_text()


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)


def test_the_examples_of_the_documentation_are_manifests() -> None:
    (example,) = blocks(REFERENCE, "json")
    assert example.encode() == shelf.known()["yunet"]
    (mine,) = blocks(HOW_TO, "json")
    assert site.parse(mine.encode(), "mine.json").role == "classifier"


@pytest.mark.parametrize("part", [site.Detector, site.Classifier, site.Input, site.FivePoints, site.Box])  # fmt: skip
def test_every_field_stands_in_the_reference(part: type[BaseModel]) -> None:
    assert [name for name in part.model_fields if f"{name}`" not in REFERENCE and f"`{name}" not in REFERENCE] == []  # fmt: skip


def test_the_example_of_the_how_to_runs(tmp_path: Path) -> None:
    server = FakeServer()
    names = {
        "SERVER": "https://fake.example", "SITE": "shop", "PUBLISHABLE_KEY": server.key, "VERIFICATION_KEY": server.trust,
        "MODELS": tmp_path,
    }  # fmt: skip
    for code in blocks(HOW_TO, "python"):
        exec(compile(code, "bring-your-own-model", "exec"), names)  # noqa: S102 - the point of the test


# ---- what the bytes are --------------------------------------------------------------------------------------------


def test_another_file_is_refused_before_a_network_is_made_of_it() -> None:
    manifest = site.parse(raw(classifier(CLASSIFIER)), "m")
    flipped = bytearray(CLASSIFIER)
    flipped[len(flipped) // 2] ^= 1
    with pytest.raises(ModelTampered, match="sha256"):
        shelf.verified(manifest, bytes(flipped))
    with pytest.raises(ModelTampered, match="bytes"):
        shelf.verified(manifest, CLASSIFIER + b"\0")


def with_input(**changes: Any) -> dict[str, Any]:
    return {"input": {**classifier(b"")["input"], **changes}}


@pytest.mark.parametrize(
    ("blob", "changes", "words"),
    [
        (b"not a network", {}, "not a network"),
        (tiny_onnx.reaching_out(), {}, "from one file"),
        (CLASSIFIER, with_input(name="image"), "`input.name`"),
        (CLASSIFIER, with_input(width=48), "input `picture` .* shape 1x3x32x32, its manifest says 1x3x32x48"),
        (CLASSIFIER, with_input(colour="grey"), "input `picture` .* its manifest says 1x1x32x32"),
        (CLASSIFIER, with_input(layout="nhwc"), "input `picture` .* its manifest says 1x32x32x3"),
        (CLASSIFIER, with_input(dtype="uint8"), "input `picture` .* is float32, its manifest says uint8"),
        (CLASSIFIER, {"outputs": {"logits": "out"}}, "no output `out`, only `logits`"),
        (CLASSIFIER, {"labels": LABELS[:3]}, "output `logits` .* shape 1x4, its manifest says 1x3"),
        (CLASSIFIER, {"labels": [*LABELS, "fear"]}, "output `logits` .* shape 1x4, its manifest says 1x5"),
    ],
)  # fmt: skip
def test_a_classifier_that_is_not_what_its_manifest_says(
    blob: bytes, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ModelTampered, match=words):
        made_classifier(blob, **changes)


def test_weights_in_another_file_are_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights.bin").write_bytes(tiny_onnx.floats([1, 2, 3]))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelTampered, match="from one file"):
        made_classifier(tiny_onnx.reaching_out(), labels=["joy", "anger", "fear"])


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (tiny_onnx.yunet(drop="kps_16"), "no output `kps_16`"),
        (tiny_onnx.yunet(odd="bbox_8"), "output `bbox_8` .* shape 1x64x5, its manifest says 1x64x4"),
        (tiny_onnx.yunet(64, 96), "input `input` .* shape 1x3x64x96, its manifest says 1x3x64x64"),
        (CLASSIFIER, "`input.name`"),
    ],
)  # fmt: skip
def test_a_detector_that_is_not_what_its_manifest_says(blob: bytes, words: str) -> None:
    with pytest.raises(ModelTampered, match=words):
        made_detector(blob)


def test_a_model_that_leaves_its_shape_open_must_answer_in_the_manifests() -> None:
    loose = tiny_onnx.constant([1.0, 2.0], shape=(1, 3, "h", "w"))
    made_classifier(loose, labels=["joy", "anger"])
    lying = tiny_onnx.colours((1, 3, "h", "w"), axes=[2], channels=3)
    with pytest.raises(ModelTampered):
        made_classifier(lying, labels=["joy", "anger", "fear"])


def test_a_model_that_fails_on_a_picture_is_refused() -> None:
    with pytest.raises(ModelTampered, match="fails on a black picture of 32x32"):
        made_classifier(tiny_onnx.failing(), labels=["joy", "anger"])


# ---- classifiers ---------------------------------------------------------------------------------------------------


def test_probabilities_are_mapped_summed_and_null_is_dropped() -> None:
    scores = made_classifier(CLASSIFIER).scores(plain(), FACE)
    odds = np.exp(np.array([LOGITS[0], LOGITS[2], LOGITS[3]]) / 2.0)
    share = odds / odds.sum()
    found = dict(zip(EXPRESSIONS, scores.expressions, strict=True))
    assert found["joy"] == pytest.approx(share[0] + share[2])
    assert found["anger"] == pytest.approx(share[1])
    assert sum(found.values()) == pytest.approx(1)
    assert [found[word] for word in EXPRESSIONS if word not in {"joy", "anger"}] == [0.0] * 6
    assert (scores.valence, scores.arousal, dict(scores.actions)) == (0.0, 0.0, {})


def test_large_logits_do_not_overflow() -> None:
    blob = tiny_onnx.constant([1e30, -1e30])
    scores = made_classifier(blob, labels=["joy", "anger"]).scores(plain(), FACE)
    assert scores.expressions[EXPRESSIONS.index("joy")] == 1.0


def test_a_model_that_gives_no_numbers_is_refused() -> None:
    model = made_classifier(tiny_onnx.constant([NAN, 1.0]), labels=["joy", "anger"])
    with pytest.raises(ModelInvalid, match="no finite numbers"):
        model.scores(plain(), FACE)


@pytest.mark.parametrize(
    ("changes", "shape", "axes", "expected"),
    [
        ({}, (1, 3, 32, 32), [2, 3], (10, 20, 30)),
        ({"colour": "rgb"}, (1, 3, 32, 32), [2, 3], (30, 20, 10)),
        ({"layout": "nhwc"}, (1, 32, 32, 3), [1, 2], (10, 20, 30)),
        ({"layout": "nhwc", "dtype": "uint8"}, (1, 32, 32, 3), [1, 2], (10, 20, 30)),
        (
            {"scale": 0.5, "mean": [1, 2, 3], "std": [2, 4, 8]},
            (1, 3, 32, 32), [2, 3], ((5 - 1) / 2, (10 - 2) / 4, (15 - 3) / 8),
        ),
        (
            {"colour": "rgb", "layout": "nhwc", "mean": [10, 20, 30], "std": [2, 2, 2]},
            (1, 32, 32, 3), [1, 2], (10, 0, -10),
        ),
    ],
)  # fmt: skip
def test_pixels_go_in_as_the_manifest_says(
    changes: dict[str, Any], shape: tuple[int, ...], axes: list[int], expected: tuple[float, ...]
) -> None:
    wanted = site.Input.model_validate_json(json.dumps(with_input(**changes)["input"]))
    picture = np.full((32, 32, 3), (10, 20, 30), np.uint8)
    values = tensor(picture, wanted)
    assert values.dtype == wanted.dtype
    assert values.shape == shape
    assert values.astype(float).mean((0, *axes)) == pytest.approx(expected)
    blob = tiny_onnx.colours(shape, axes=axes, kind=wanted.dtype)
    labels = ["joy", "anger", "fear"]
    scores = made_classifier(
        blob, labels=labels, temperature=20, input=with_input(**changes)["input"]
    ).scores(np.full((100, 120, 3), (10, 20, 30), np.uint8), FACE)
    odds = np.exp(np.array(expected) / 20)
    found = [scores.expressions[EXPRESSIONS.index(word)] for word in labels]
    assert found == pytest.approx(odds / odds.sum(), abs=1e-6)


def test_grey_is_one_channel() -> None:
    content = with_input(colour="grey", mean=[100], std=[2])["input"]
    wanted = site.Input.model_validate_json(json.dumps(content))
    values = tensor(np.full((32, 32, 3), 110, np.uint8), wanted)
    assert values.shape == (1, 1, 32, 32)
    assert values == pytest.approx(5)


def spotted(points: tuple[tuple[float, float], ...], radius: int) -> Pixels:
    """A black picture with a white disc at each point."""
    picture = np.zeros((480, 640, 3), np.uint8)
    for x, y in points:
        cv2.circle(picture, (round(x - 0.5), round(y - 0.5)), radius, (255, 255, 255), -1)
    return picture


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_five_points_come_to_the_template(scale: float) -> None:
    wide = {**with_input(width=96, height=64)["input"]}
    five = {"kind": "five-points", "template": TEMPLATE}
    manifest = site.parse(raw(classifier(b"x", alignment=five, input=wide)), "m")
    assert isinstance(manifest, site.Classifier)
    points = tuple((60.0 + 96 * x * scale, 40.0 + 64 * y * scale) for x, y in TEMPLATE)
    face = Face((0, 0, 1, 1), points, 1.0)
    crop = crop_of(spotted(points[:1], max(2, round(3 * scale))), face, manifest)
    assert crop.shape == (64, 96, 3)
    grey = crop[:, :, 0].astype(float)
    y, x = np.mgrid[0:64, 0:96] + 0.5
    assert (grey * x).sum() / grey.sum() == pytest.approx(0.3 * 96, abs=0.8)
    assert (grey * y).sum() / grey.sum() == pytest.approx(0.35 * 64, abs=0.8)


def test_a_box_comes_to_the_middle_with_its_margin_and_is_not_squeezed() -> None:
    manifest = site.parse(raw(classifier(b"x", alignment={"kind": "box", "margin": 0.25})), "m")
    assert isinstance(manifest, site.Classifier)
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[100:200, 300:350] = 255
    crop = crop_of(picture, Face((300, 100, 50, 100), FACE.landmarks, 1.0), manifest)
    rows, columns = np.nonzero(crop[:, :, 0] > 127)
    assert rows.max() - rows.min() + 1 == pytest.approx(32 / 1.5, abs=1)
    assert columns.max() - columns.min() + 1 == pytest.approx(16 / 1.5, abs=1)
    assert rows.mean() == pytest.approx(15.5, abs=0.6)
    assert columns.mean() == pytest.approx(15.5, abs=0.6)


# ---- detectors -----------------------------------------------------------------------------------------------------


def block(row: int, column: int, size: tuple[int, int] = (64, 64)) -> Pixels:
    """Black, with one white block of 32 pixels."""
    picture = np.zeros((*size, 3), np.uint8)
    picture[32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = 255
    return picture


def test_a_cell_is_a_box_where_it_belongs() -> None:
    (face,) = made_detector(DETECTOR).faces(block(1, 0))
    assert face.box == pytest.approx((0, 32, 32, 32), abs=1e-3)
    assert face.score == pytest.approx(1)
    assert face.landmarks == ((0.0, 32.0),) * 5


def test_any_size_is_taken_where_the_manifest_says_so() -> None:
    loose = tiny_onnx.yunet("h", "w")
    sides = {"width": "any", "height": "any", "multiple": 32}
    finder = made_detector(loose, input={**detector(b"")["input"], **sides})
    (face,) = finder.faces(block(2, 4, (110, 200)))
    assert face.box == pytest.approx((128, 64, 32, 32), abs=1e-3)
    with pytest.raises(ModelTampered, match="shape 1x3xanyxany"):
        made_detector(loose, input={**sides, **detector(b"")["input"], "multiple": None, "name": "x"}
                      | {"name": "input", "layout": "nhwc"})  # fmt: skip


def test_a_fixed_model_does_not_take_any_size() -> None:
    sides = {"width": "any", "height": "any", "multiple": 32}
    with pytest.raises(ModelTampered, match="shape 1x3x64x64, its manifest says 1x3xanyxany"):
        made_detector(DETECTOR, input={**detector(b"")["input"], **sides})


def test_a_large_picture_is_shrunk_and_the_box_is_in_its_pixels() -> None:
    large = cv2.resize(block(1, 1), (640, 640), interpolation=cv2.INTER_NEAREST)
    (face,) = made_detector(DETECTOR).faces(np.asarray(large, np.uint8))
    assert face.box == pytest.approx((320, 320, 320, 320), abs=1e-2)


def test_a_small_picture_is_not_enlarged() -> None:
    wanted = site.parse(raw(detector(DETECTOR)), "m").input
    fitted, scale = fit(plain(9, (20, 30)), wanted)
    assert scale == 1
    assert fitted.shape == (64, 64, 3)
    assert (fitted[:20, :30] == 9).all()
    assert not fitted[20:].any()


def test_a_face_in_a_box_is_the_one_that_overlaps_it_most() -> None:
    finder = made_detector(DETECTOR)
    picture = np.zeros((200, 200, 3), np.uint8)
    picture[96:160, 96:160] = 255
    found = finder.face_in(picture, (64.0, 64.0, 64.0, 64.0))
    assert found.box == pytest.approx((96, 96, 64, 64), abs=1e-2)
    nowhere = finder.face_in(np.zeros((64, 64, 3), np.uint8), (10.0, 10.0, 20.0, 30.0))
    assert nowhere.score == 0
    assert nowhere.box == (10.0, 10.0, 20.0, 30.0)
    assert all(10 < x < 30 and 10 < y < 40 for x, y in nowhere.landmarks)


@pytest.mark.parametrize("pixels", [None, np.zeros((64, 64), np.uint8), np.zeros((4, 4, 3), np.uint8)])  # fmt: skip
def test_bad_frames_are_rejected(pixels: Any) -> None:
    eyes = SiteEyes(made_detector(DETECTOR), made_classifier(CLASSIFIER))
    for look in (
        eyes.faces,
        lambda p: eyes.scores(p, FACE),
        lambda p: eyes.face_in(p, (0, 0, 9, 9)),
    ):
        with pytest.raises(FrameRejected):
            look(pixels)


# ---- YuNet, for real -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def yunet() -> SiteDetector:
    blob = shared(YUNET).read_bytes()
    found = shelf.verified(site.parse(shelf.known()["yunet"], "yunet"), blob)
    assert isinstance(found, SiteDetector)
    return found


def photos() -> list[Path]:
    return [path for path in sorted(shared(PHOTOS).iterdir()) if path.suffix in {".jpg", ".png"}]


def test_yunet_finds_what_opencv_finds_with_it(
    yunet: SiteDetector, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = site.parse(shelf.known()["yunet"], "yunet").input
    reference = cv2.FaceDetectorYN.create(str(YUNET), "", (640, 640), 0.6, 0.3, 5000)
    compared = 0
    for path in photos():
        pixels = np.asarray(cv2.imread(str(path)), np.uint8)
        fitted, scale = fit(pixels, wanted)
        rows: Any = reference.detect(fitted)[1]
        expected = sorted([] if rows is None else list(rows), key=lambda row: -row[14])
        found = yunet.faces(pixels)
        assert len(found) == len(expected), path.name
        for face, row in zip(found, expected, strict=True):
            assert np.array(face.box) * scale == pytest.approx(row[:4], abs=2)
            assert np.array(face.landmarks).ravel() * scale == pytest.approx(row[4:14], abs=2)
            assert face.score == pytest.approx(row[14], abs=1e-3)
            compared += 1
    assert compared >= 20
    capfd.readouterr()


def test_yunets_landmarks_are_in_the_order_of_ours(yunet: SiteDetector) -> None:
    pixels = np.asarray(cv2.imread(str(shared(PHOTOS / "nasa_astronaut.png"))), np.uint8)
    (face,) = yunet.faces(pixels)
    (rx, ry), (lx, ly), (nx, ny), (mrx, mry), (mlx, mly) = face.landmarks
    assert rx < nx < lx
    assert mrx < mlx
    assert max(ry, ly) < ny < min(mry, mly)
    again = yunet.face_in(pixels, face.box)
    assert np.array(again.box) == pytest.approx(np.array(face.box), abs=0.1 * face.box[2])
    assert again.score > 0.6


def test_yunet_sees_no_face_in_noise_or_nothing(yunet: SiteDetector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    assert yunet.faces(noise) == ()
    assert yunet.faces(plain(90, (480, 640))) == ()


def test_yunets_faces_are_read_by_the_embedded_network(yunet: SiteDetector) -> None:
    pixels = np.asarray(cv2.imread(str(shared(PHOTOS / "nasa_astronaut.png"))), np.uint8)
    eyes = SiteEyes(yunet, Eyes(load_models()))
    (face,) = eyes.faces(pixels)
    scores = eyes.scores(pixels, face)
    assert sum(scores.expressions) == pytest.approx(1, abs=1e-6)


# ---- the folder ----------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def stocked(folder: Path) -> Shelf:
    """A folder with a detector and a classifier."""
    found = Shelf(folder)
    found.install(raw(classifier(CLASSIFIER)), CLASSIFIER)
    found.install(raw(detector(DETECTOR, name="finder", file="finder.onnx")), DETECTOR)
    return found


def test_an_empty_folder_means_the_embedded_models(folder: Path) -> None:
    empty = Shelf(folder)
    assert empty.names() == []
    assert empty.in_use("detector") == empty.in_use("classifier") == "embedded"
    eyes, model_id = site_eyes(folder)()
    assert isinstance(eyes, Eyes)
    assert model_id == load_models().model_id
    assert not folder.exists()


def test_what_was_chosen_is_used(stocked: Shelf) -> None:
    assert stocked.names() == ["finder", "tiny"]
    stocked.use("finder", "detector")
    stocked.use("tiny", "classifier")
    assert (stocked.in_use("detector"), stocked.in_use("classifier")) == ("finder", "tiny")
    eyes, model_id = site_eyes(stocked.folder)()
    assert model_id == 255
    picture = block(1, 0)
    (face,) = eyes.faces(picture)
    assert eyes.scores(picture, face).expressions[EXPRESSIONS.index("joy")] > 0.5
    stocked.use("embedded", "detector")
    assert (stocked.in_use("detector"), stocked.in_use("classifier")) == ("embedded", "tiny")
    eyes, model_id = site_eyes(stocked.folder)()
    assert model_id == 255
    stocked.use("embedded", "classifier")
    assert isinstance(site_eyes(stocked.folder)()[0], Eyes)


def test_a_site_detector_feeds_the_embedded_classifier(stocked: Shelf) -> None:
    stocked.use("finder", "detector")
    eyes, model_id = site_eyes(stocked.folder)()
    assert (type(eyes), model_id) == (SiteEyes, 255)
    assert sum(eyes.scores(plain(), FACE).expressions) == pytest.approx(1)


@pytest.mark.parametrize("both", [True, False])
def test_affect_comes_from_the_embedded_network_when_it_is_asked_for(
    stocked: Shelf, both: bool
) -> None:
    stocked.use("tiny", "classifier")
    if both:
        stocked.use("finder", "detector")
    own = Eyes(load_models()).scores(plain(), FACE)
    eyes, _ = site_eyes(stocked.folder, affect=True)()
    found = eyes.scores(plain(), FACE)
    assert found.expressions == made_classifier(CLASSIFIER).scores(plain(), FACE).expressions
    assert found == replace(own, expressions=found.expressions)
    without = site_eyes(stocked.folder)()[0].scores(plain(), FACE)
    assert (without.valence, without.arousal) == (0.0, 0.0)


def test_the_number_is_known_before_anything_is_loaded(
    stocked: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Capabilities are asked for a model: the note of what was chosen says which, and no model is opened for it."""
    opened: list[str] = []
    monkeypatch.setattr(Shelf, "load", lambda *_a, **_m: opened.append("load"))
    monkeypatch.setattr(Shelf, "chosen", lambda *_a, **_m: opened.append("chosen"))
    assert site_eyes(stocked.folder).model == pin.MODEL_ID
    (stocked.folder / "in_use.json").write_text(
        json.dumps({"format": "mien-models-in-use/1", "chosen": {"detector": {"name": "finder", "sha256": "0" * 64}}})
    )  # fmt: skip
    assert site_eyes(stocked.folder).model == 255
    assert opened == []
    (stocked.folder / "in_use.json").write_text("damaged")
    with pytest.raises(ModelInvalid, match="damaged"):
        site_eyes(stocked.folder)


def test_the_number_that_was_said_is_the_number_that_is_loaded(stocked: Shelf) -> None:
    for name, role in (("embedded", "detector"), ("finder", "detector"), ("tiny", "classifier")):
        stocked.use(name, role)  # type: ignore[arg-type]
        make = site_eyes(stocked.folder)
        assert make()[1] == make.model


def test_no_model_is_read_before_the_gate_is_open(folder: Path) -> None:
    make = site_eyes(folder)
    folder.mkdir()
    (folder / "in_use.json").write_text("damaged")
    with pytest.raises(ModelInvalid, match=r"in_use\.json"):
        make()


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"format": "x", "chosen": {}}', '{"format": "mien-models-in-use/1", "chosen": {"detector": 1}}'])  # fmt: skip
def test_a_damaged_note_of_what_is_in_use_is_no_crash(folder: Path, note: str) -> None:
    folder.mkdir()
    (folder / "in_use.json").write_text(note)
    with pytest.raises(ModelInvalid, match="damaged"):
        Shelf(folder).in_use("detector")


def test_a_chosen_model_that_was_replaced_is_not_used(stocked: Shelf) -> None:
    stocked.use("tiny", "classifier")
    other = tiny_onnx.constant((9.0, 9.0, 9.0, 9.0))
    stocked.install(raw(classifier(other)), other)
    with pytest.raises(ModelTampered, match="not the one that was chosen"):
        stocked.chosen("classifier")
    stocked.use("tiny", "classifier")
    assert stocked.chosen("classifier")


def test_a_model_changed_on_disk_is_not_used(stocked: Shelf) -> None:
    stocked.use("tiny", "classifier")
    path = stocked.folder / "tiny.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(ModelTampered, match=r"tiny\.onnx"):
        site_eyes(stocked.folder)()
    path.unlink()
    with pytest.raises(ModelMissing, match=r"tiny\.onnx"):
        stocked.load("tiny")


def test_brief_movements_are_watched_for_where_the_embedded_networks_are_loaded() -> None:
    own = Eyes(load_models())
    assert SiteEyes(made_detector(DETECTOR), made_classifier(CLASSIFIER)).watch() is None
    assert SiteEyes(made_detector(DETECTOR), own, embedded=own).watch() is not None


def test_a_file_that_grew_beyond_all_measure_is_not_read(stocked: Shelf) -> None:
    with (stocked.folder / "tiny.onnx").open("wb") as file:
        file.truncate(site.MOST_BYTES + 1)
    with pytest.raises(ModelTampered, match="more than"):
        stocked.load("tiny")


def test_a_role_is_not_played_by_another(stocked: Shelf) -> None:
    with pytest.raises(ModelInvalid, match="`tiny` is a classifier"):
        stocked.use("tiny", "detector")
    assert stocked.in_use("detector") == "embedded"


@pytest.mark.parametrize("name", ["nobody", "../models/tiny", "in_use", ""])
def test_a_model_that_is_not_there_is_missing(stocked: Shelf, name: str) -> None:
    stocked.use("tiny", "classifier")
    with pytest.raises(ModelMissing):
        stocked.load(name)


def test_a_manifest_under_another_name_is_refused(stocked: Shelf) -> None:
    shutil.copy(stocked.folder / "tiny.json", stocked.folder / "other.json")
    with pytest.raises(ModelInvalid, match="`name`"):
        stocked.load("other")


def test_what_does_not_hold_is_not_installed(stocked: Shelf) -> None:
    before = {path.name: path.read_bytes() for path in stocked.folder.iterdir()}
    wrong = classifier(CLASSIFIER, labels=LABELS[:3])
    for content, blob in ((wrong, CLASSIFIER), (classifier(CLASSIFIER), CLASSIFIER + b"\0")):
        with pytest.raises(ModelTampered):
            stocked.install(raw(content), blob)
    assert {path.name: path.read_bytes() for path in stocked.folder.iterdir()} == before


def test_two_models_do_not_share_a_file_and_a_new_version_takes_its_place(stocked: Shelf) -> None:
    with pytest.raises(ModelInvalid, match="`file`: model `tiny`"):
        stocked.install(raw(classifier(CLASSIFIER, name="twin")), CLASSIFIER)
    stocked.install(raw(classifier(CLASSIFIER, file="tiny-2.onnx")), CLASSIFIER)
    names = sorted(path.name for path in stocked.folder.iterdir())
    assert names == ["finder.json", "finder.onnx", "tiny-2.onnx", "tiny.json"]


def test_nobody_else_is_called_as_a_known_model(folder: Path) -> None:
    with pytest.raises(ModelInvalid, match="`name`: mien knows another model as `yunet`"):
        Shelf(folder).install(raw(classifier(CLASSIFIER, name="yunet")), CLASSIFIER)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot make the folder"):
        Shelf(tmp_path / "file" / "models").install(raw(classifier(CLASSIFIER)), CLASSIFIER)


def test_a_file_that_cannot_be_written_is_said_and_no_part_is_left(folder: Path) -> None:
    (folder / "tiny.onnx").mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot write"):
        Shelf(folder).install(raw(classifier(CLASSIFIER)), CLASSIFIER)
    assert [path.name for path in folder.iterdir()] == ["tiny.onnx"]


# ---- fetching ------------------------------------------------------------------------------------------------------


class Files:
    """A web server on loopback with files, redirects and bad manners."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.status: dict[str, int] = {}
        self.short: set[str] = set()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.http.server_port}{path}"

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def _handler(files: "Files") -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                files.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                if self.path in files.moved:
                    self.send_response(302)
                    self.send_header("location", files.moved[self.path])
                    self.send_header("content-length", "0")
                    self.end_headers()
                    return
                body = files.files.get(self.path, b"")
                self.send_response(files.status.get(self.path, 200))
                more = 10 if self.path in files.short else 0
                self.send_header("content-length", str(len(body) + more))
                self.send_header("set-cookie", "id=canary")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        return Handler


@pytest.fixture
def files() -> Iterator[Files]:
    found = Files()
    yield found
    found.close()


def test_a_file_comes_whole_and_says_how_far_it_is(files: Files) -> None:
    files.files["/m"] = bytes(200_000)
    seen: list[int] = []
    assert fetch(files.url("/m?download=1"), most=0) == b""
    assert fetch(files.url("/m"), most=200_000, progress=seen.append) == bytes(200_000)
    assert seen == sorted(seen)
    assert seen[-1] == 200_000
    headers = files.asked[-1][1]
    assert set(headers) == {"host", "accept", "accept-encoding", "connection", "user-agent"}
    assert headers["user-agent"] == "mien"


def test_too_much_is_not_read(files: Files) -> None:
    files.files["/m"] = bytes(200_000)
    with pytest.raises(ServerAnswerInvalid, match="more than 100 bytes"):
        fetch(files.url("/m"), most=100)


def test_a_file_that_ends_early_is_refused(files: Files) -> None:
    files.files["/m"] = b"half"
    files.short.add("/m")
    with pytest.raises(ServerAnswerInvalid, match="not come whole"):
        fetch(files.url("/m"), most=100)


@pytest.mark.parametrize("target", ["http://models.example/m", "file:///etc/passwd", "//models.example/m", "ftp://x/m", "http://[::bad/m", ""])  # fmt: skip
def test_a_redirect_to_what_is_not_encrypted_is_not_followed(files: Files, target: str) -> None:
    files.moved["/m"] = target or "http://10.0.0.1/m"
    with pytest.raises(ServerAnswerInvalid, match=r"not encrypted|not come whole"):
        fetch(files.url("/m"), most=100)
    assert len(files.asked) == 1


def test_three_redirects_are_followed_and_no_more(files: Files) -> None:
    files.moved = {"/1": "/2", "/2": files.url("/3"), "/3": "/4", "/0": "/1"}
    files.files["/4"] = b"here"
    assert fetch(files.url("/1"), most=100) == b"here"
    with pytest.raises(ServerAnswerInvalid, match="more than 3 times"):
        fetch(files.url("/0"), most=100)
    assert not any("cookie" in headers for _, headers in files.asked)


def test_an_answer_that_is_no_file_is_refused(files: Files) -> None:
    files.status = {"/gone": 404, "/part": 206, "/busy": 503}
    for path in ("/gone", "/part"):
        with pytest.raises(ServerAnswerInvalid, match="no such file"):
            fetch(files.url(path), most=100)
    with pytest.raises(ServerBusy):
        fetch(files.url("/busy"), most=100)


@pytest.mark.parametrize("address", ["http://models.example/m", "file:///m", "https://me@models.example/m", "http://[::bad/m", "m", ""])  # fmt: skip
def test_an_address_that_may_not_be_asked_is_refused(address: str) -> None:
    with pytest.raises(SettingsError):
        fetch(address, most=100)


def test_nobody_there_and_nobody_in_time(files: Files) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/m"
    with pytest.raises(ServerUnreachable):
        fetch(url, most=100)
    files.files["/m"] = b"slow"
    with pytest.raises(ServerUnreachable, match="too long"):
        fetch(files.url("/m"), most=100, whole=-1.0)


# ---- the commands --------------------------------------------------------------------------------------------------


def run(folder: Path, *words: str) -> str:
    done = runner.invoke(cli.app, ["models", *words, "--folder", str(folder)])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def refused(folder: Path, *words: str) -> Any:
    done = runner.invoke(cli.app, ["models", *words, "--folder", str(folder)])
    assert done.exit_code != 0
    return done.exception


def written(tmp_path: Path, content: dict[str, Any]) -> str:
    path = tmp_path / "mine.json"
    path.write_bytes(raw(content))
    return str(path)


def test_list_marks_what_was_trained_on_photographs_of_real_people(folder: Path) -> None:
    said = run(folder, "list")
    assert "embedded: rendered people only" in said
    assert "yunet: ! trained on photographs of real people !" in said
    assert "MIT" in said
    assert not folder.exists()


def test_list_says_when_the_embedded_models_cannot_be_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "EMBEDDED", folder)
    assert "embedded: model file `manifest.json` cannot be read" in run(folder, "list")


def test_pull_use_list_verify_bench(files: Files, folder: Path, tmp_path: Path) -> None:
    files.files["/tiny.onnx"] = CLASSIFIER
    mine = written(tmp_path, classifier(CLASSIFIER, training_data={"statement": "my [bold]album", "real_people": True}))  # fmt: skip
    said = run(folder, "pull", mine, "--from", files.url("/tiny.onnx"))
    assert "Installed tiny 1.0" in said
    assert "! trained on photographs of real people ! my [bold]album" in said
    assert sorted(path.name for path in folder.iterdir()) == ["tiny.json", "tiny.onnx"]
    assert "In use as classifier: tiny" in run(folder, "use", "tiny", "--as", "classifier")
    assert "in use" in run(folder, "list")
    assert run(folder, "verify") == "embedded: holds\ntiny: holds\n"
    assert run(folder, "verify", "tiny") == "tiny: holds\n"
    lines = run(folder, "bench", "tiny", "--frames", "3").splitlines()
    found = json.loads(lines[-1])
    assert (found["frames"], found["threads"]) == (3, 1)
    assert [(one["name"], one["role"]) for one in found["models"]] == [("tiny", "classifier")]
    assert found["models"][0]["ms"] > 0
    assert "embedded" in run(folder, "use", "embedded", "--as", "classifier")
    assert Shelf(folder).in_use("classifier") == "embedded"


def test_bench_times_everything_on_drawn_pictures_elsewhere(
    stocked: Shelf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    found = json.loads(run(stocked.folder, "bench", "--frames", "2").splitlines()[-1])
    assert found["pictures"] == "drawn"
    assert [(one["name"], one["role"]) for one in found["models"]] == [
        ("embedded", "detector"), ("embedded", "classifier"), ("finder", "detector"), ("tiny", "classifier"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        ("hash", ModelTampered), ("large", ServerAnswerInvalid), ("short", ServerAnswerInvalid),
        ("moved", ServerAnswerInvalid), ("gone", ServerAnswerInvalid), ("less", ModelTampered),
    ],
)  # fmt: skip
def test_nothing_is_installed_when_the_file_is_not_right(
    files: Files, folder: Path, tmp_path: Path, spoil: str, error: type[Exception]
) -> None:
    files.files["/m"] = {"large": CLASSIFIER * 2, "less": CLASSIFIER[:-1]}.get(spoil, CLASSIFIER)
    files.short = {"/m"} if spoil == "short" else set()
    files.moved = {"/m": "http://models.example/m"} if spoil == "moved" else {}
    files.status = {"/m": 404} if spoil == "gone" else {}
    content = classifier(CLASSIFIER)
    if spoil == "hash":
        content["sha256"] = "0" * 64
    found = refused(folder, "pull", written(tmp_path, content), "--from", files.url("/m"))
    assert isinstance(found, error)
    assert not folder.exists()


def test_a_manifest_without_an_address_takes_the_file_beside_it(
    folder: Path, tmp_path: Path
) -> None:
    mine = written(tmp_path, classifier(CLASSIFIER))
    assert isinstance(refused(folder, "pull", mine), ModelMissing)
    (tmp_path / "tiny.onnx").write_bytes(CLASSIFIER)
    assert "Installed tiny" in run(folder, "pull", mine)
    (tmp_path / "tiny.onnx").write_bytes(CLASSIFIER + bytes(1000))
    assert isinstance(refused(folder, "pull", mine), ModelTampered)


def test_pull_refuses_before_it_asks_anybody(files: Files, folder: Path, tmp_path: Path) -> None:
    spoiled = written(tmp_path, classifier(CLASSIFIER, labels=["joy", "happy"]))
    found = refused(folder, "pull", spoiled, "--from", files.url("/m"))
    assert isinstance(found, ModelInvalid)
    assert "`labels[1]`" in str(found)
    impostor = written(tmp_path, classifier(CLASSIFIER, name="yunet"))
    assert isinstance(refused(folder, "pull", impostor, "--from", files.url("/m")), ModelInvalid)
    assert isinstance(refused(folder, "pull", "nobody"), ModelMissing)
    assert files.asked == []


def test_the_worked_example(folder: Path) -> None:
    said = run(folder, "pull", "yunet", "--from", str(shared(YUNET)))
    assert "! trained on photographs of real people !" in said
    said = run(folder, "use", "yunet", "--as", "detector")
    assert "! trained on photographs of real people !" in said
    assert run(folder, "verify", "yunet") == "yunet: holds\n"
    eyes, model_id = site_eyes(folder)()
    assert model_id == 255
    pixels = np.asarray(cv2.imread(str(shared(PHOTOS / "nasa_astronaut.png"))), np.uint8)
    assert len(eyes.faces(pixels)) == 1


def test_verify_names_every_fault_and_fails(stocked: Shelf) -> None:
    (stocked.folder / "tiny.onnx").write_bytes(b"x")
    (stocked.folder / "finder.json").write_text("{}")
    done = runner.invoke(cli.app, ["models", "verify", "--folder", str(stocked.folder)])
    assert isinstance(done.exception, ModelInvalid)
    assert "embedded: holds" in done.output
    assert "finder: manifest `finder.json`: `role`" in done.output
    assert "tiny: model file `tiny.onnx` has 1 bytes" in done.output
    assert "cannot be used" in run(stocked.folder, "list").replace("\n", " ")


def test_a_choice_must_be_a_role_and_a_model(stocked: Shelf) -> None:
    assert isinstance(refused(stocked.folder, "use", "tiny", "--as", "detector"), ModelInvalid)
    assert isinstance(refused(stocked.folder, "use", "yunet", "--as", "detector"), ModelMissing)
    assert isinstance(refused(stocked.folder, "use", "tiny", "--as", "judge"), SystemExit)

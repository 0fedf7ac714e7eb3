"""The infer room: models are verified before use, frames are checked, faces and expressions are found."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.client import embedded_eyes
from mien.errors import FrameRejected, ModelMissing, ModelTampered
from mien.infer import Eyes, Models, detection, geometry, load_models, manifest, pin
from mien.infer import __all__ as exported
from mien.values import EXPRESSIONS, Face, Scores

Pixels = NDArray[np.uint8]
Change = Callable[[Any], None]
Seen = list[tuple[int, tuple[Face, ...], Scores | None]]
SAMPLES = Path(__file__).parents[2] / "samples" / "person"
NAMES = ("detector", "landmarks", "expression", "micro")


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    return Eyes(load_models())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the embedded models to spoil."""
    return Path(shutil.copytree(manifest.EMBEDDED, tmp_path / "models"))


def test_the_pinned_number_is_the_manifests() -> None:
    """A device says it before it loads anything, so it stands in the code as well."""
    content = json.loads((manifest.EMBEDDED / "manifest.json").read_bytes())
    assert pin.MODEL_ID == content["model_id"] == embedded_eyes.model == embedded_eyes()[1]
    assert 1 <= pin.MODEL_ID <= manifest.MOST_ID


def edit(directory: Path, change: Change) -> None:
    path = directory / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def frames(name: str, step: int) -> list[tuple[int, Pixels]]:
    """Every `step`-th frame of a sample video with its number."""
    video = cv2.VideoCapture(str(SAMPLES / name))
    out: list[tuple[int, Pixels]] = []
    number = 0
    while True:
        more, pixels = video.read()
        if not more:
            break
        if number % step == 0:
            out.append((number, np.asarray(pixels, np.uint8)))
        number += 1
    video.release()
    return out


# ---- models --------------------------------------------------------------------------------------------------------


def test_room_exports_exactly_its_contract() -> None:
    assert sorted(exported) == [
        *("Eyes", "Models", "Shelf", "SiteClassifier", "SiteDetector", "SiteEyes"),
        *("load_models", "site_eyes"),
    ]


def test_embedded_models_load_and_say_who_they_are() -> None:
    models = load_models()
    assert isinstance(models, Models)
    assert 1 <= models.model_id <= 255
    assert models.version.count(".") == 2


def test_a_copy_elsewhere_loads(directory: Path) -> None:
    assert load_models(directory).model_id == load_models().model_id


@pytest.mark.parametrize("name", NAMES)
def test_one_flipped_bit_is_noticed(directory: Path, name: str) -> None:
    path = directory / f"{name}.onnx"
    blob = bytearray(path.read_bytes())
    blob[len(blob) // 2] ^= 1
    path.write_bytes(blob)
    with pytest.raises(ModelTampered, match=name):
        load_models(directory)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(directory: Path, name: str) -> None:
    (directory / f"{name}.onnx").unlink()
    with pytest.raises(ModelMissing, match=name):
        load_models(directory)


def test_a_missing_manifest_is_named(directory: Path) -> None:
    (directory / "manifest.json").unlink()
    with pytest.raises(ModelMissing, match="manifest"):
        load_models(directory)


def test_a_missing_folder_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        load_models(tmp_path / "nothing")


def test_swapped_files_are_noticed(directory: Path) -> None:
    one, two = directory / "landmarks.onnx", directory / "expression.onnx"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(ModelTampered):
        load_models(directory)


def test_swapped_files_with_matching_hashes_are_noticed(directory: Path) -> None:
    """The manifest may be rewritten with the files: the graph itself then has other outputs than the contract."""

    def change(content: Any) -> None:
        one, two = content["files"]["landmarks"], content["files"]["expression"]
        for key in ("file", "sha256", "bytes"):
            one[key], two[key] = two[key], one[key]

    edit(directory, change)
    with pytest.raises(ModelTampered, match="inputs or outputs"):
        load_models(directory)


def test_bytes_that_are_no_network_are_noticed(directory: Path) -> None:
    blob = b"not a network"
    (directory / "detector.onnx").write_bytes(blob)

    def change(content: Any) -> None:
        content["files"]["detector"] |= {
            "bytes": len(blob),
            "sha256": hashlib.sha256(blob).hexdigest(),
        }

    edit(directory, change)
    with pytest.raises(ModelTampered, match="detector"):
        load_models(directory)


def _relabel(content: Any) -> None:
    content["labels"][1], content["labels"][3] = content["labels"][3], content["labels"][1]


def _shape(content: Any) -> None:
    content["files"]["expression"]["outputs"][0]["shape"] = [1, 7]


def _input(content: Any) -> None:
    content["files"]["detector"]["inputs"][0]["name"] = "picture"


def _type(content: Any) -> None:
    content["files"]["landmarks"]["inputs"][0]["dtype"] = "float32"


def _extra(content: Any) -> None:
    content["files"]["identity"] = content["files"]["landmarks"]


def _less(content: Any) -> None:
    del content["files"]["landmarks"]


def _outside(content: Any) -> None:
    content["files"]["detector"]["file"] = "../models/detector.onnx"


def _format(content: Any) -> None:
    content["format"] = 99


def _id(content: Any) -> None:
    content["model_id"] = 256


def _temperature(content: Any) -> None:
    content["temperature"] = 0


def _threshold(content: Any) -> None:
    content["face_threshold"] = 1.5


def _actions(content: Any) -> None:
    content["actions"] = content["actions"][:-1]


def _field(content: Any) -> None:
    del content["version"]


def _words(content: Any) -> None:
    content["model_id"] = "one"


def _polarities(content: Any) -> None:
    content["polarities"].reverse()


def _amount(content: Any) -> None:
    content["micro_threshold"] = 0


def _taken(content: Any) -> None:
    content["model_id"] = 255  # means a site's own model


def _number(content: Any) -> None:
    content["labels"] = 8


CHANGES = [
    *(_relabel, _shape, _input, _type, _extra, _less, _outside, _format),
    *(_id, _temperature, _threshold, _actions, _field, _words, _number),
    *(_polarities, _amount, _taken),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda f: f.__name__.strip("_"))
def test_a_wrong_manifest_is_refused(directory: Path, change: Change) -> None:
    edit(directory, change)
    with pytest.raises(ModelTampered):
        load_models(directory)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_manifest_that_is_no_manifest_is_refused(directory: Path, raw: bytes) -> None:
    (directory / "manifest.json").write_bytes(raw)
    with pytest.raises(ModelTampered):
        load_models(directory)


def test_a_huge_file_is_refused_before_it_is_read(directory: Path) -> None:
    with (directory / "detector.onnx").open("wb") as file:
        file.truncate(manifest.MAX_BYTES + 1)
    with pytest.raises(ModelTampered, match="too large"):
        load_models(directory)


def test_the_embedded_manifest_is_pinned_in_the_code(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes files and manifest together in place is noticed as well: the manifest's hash is in the code."""
    monkeypatch.setattr(manifest, "EMBEDDED", directory)
    assert load_models().model_id >= 1
    edit(directory, lambda content: content.update(temperature=2.0))
    with pytest.raises(ModelTampered, match="manifest"):
        load_models()


def test_manifest_states_where_the_training_data_came_from() -> None:
    content = json.loads((manifest.EMBEDDED / "manifest.json").read_text())
    assert "no real person's face" in content["training_data"]["statement"]
    assert any(s["licence"] == "CC0-1.0" for s in content["training_data"]["sources"])


def test_embedded_models_are_small() -> None:
    assert sum(p.stat().st_size for p in manifest.EMBEDDED.glob("*.onnx")) <= 2_500_000


# ---- frames --------------------------------------------------------------------------------------------------------

BAD_FRAMES: dict[str, Any] = {
    "nothing": None,
    "list": [[[0, 0, 0]] * 64] * 64,
    "float": np.zeros((64, 64, 3)),
    "nan": np.full((64, 64, 3), np.nan, np.float32),
    "wide type": np.zeros((64, 64, 3), np.uint16),
    "grey": np.zeros((64, 64), np.uint8),
    "alpha": np.zeros((64, 64, 4), np.uint8),
    "one pixel": np.zeros((1, 1, 3), np.uint8),
    "one line": np.zeros((1, 4000, 3), np.uint8),
    "empty": np.zeros((0, 64, 3), np.uint8),
    "huge": np.broadcast_to(np.uint8(0), (20_000, 20_000, 3)),
    "batch": np.zeros((1, 64, 64, 3), np.uint8),
    "objects": np.full((64, 64, 3), None),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_frames_are_rejected(eyes: Eyes, name: str) -> None:
    face = Face((8, 8, 40, 40), ((20, 25), (40, 25), (30, 35), (22, 45), (38, 45)), 1.0)
    for look in (
        eyes.faces,
        lambda p: eyes.scores(p, face),
        lambda p: eyes.face_in(p, (0, 0, 9, 9)),
    ):
        with pytest.raises(FrameRejected):
            look(BAD_FRAMES[name])


@pytest.mark.parametrize("value", [0, 90, 255])
def test_no_face_in_a_flat_frame(eyes: Eyes, value: int) -> None:
    assert eyes.faces(np.full((480, 640, 3), value, np.uint8)) == ()


def test_no_face_in_noise(eyes: Eyes) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    assert eyes.faces(noise) == ()


def test_odd_strides_and_read_only_frames_work(eyes: Eyes) -> None:
    pixels = frames("person.mp4", 40)[1][1]
    mirrored = pixels[:, ::-1]
    mirrored.flags.writeable = False
    assert len(eyes.faces(mirrored)) == 1


# ---- faces and expressions of rendered people ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(eyes: Eyes) -> Seen:
    """(frame number, faces, scores of the first face) of every fifth frame of the sample video."""
    out: Seen = []
    for number, pixels in frames("person.mp4", 5):
        faces = eyes.faces(pixels)
        out.append((number, faces, eyes.scores(pixels, faces[0]) if faces else None))
    return out


@pytest.fixture(scope="module")
def truth() -> dict[int, tuple[str, float]]:
    with (SAMPLES / "truth.csv").open(newline="") as lines:
        return {
            int(r["frame"]): (r["expression"], float(r["intensity"])) for r in csv.DictReader(lines)
        }


def test_one_face_in_nearly_every_frame(seen: Seen) -> None:
    assert np.mean([len(faces) == 1 for _, faces, _ in seen]) >= 0.97


def test_face_has_five_landmarks_in_its_box_in_the_persons_order(seen: Seen) -> None:
    for _, faces, _ in seen:
        for face in faces:
            (rx, ry), (lx, ly), (nx, ny), (mrx, mry), (mlx, mly) = face.landmarks
            assert rx < nx < lx
            assert mrx < mlx
            assert max(ry, ly) < ny < min(mry, mly)
            x, y, width, height = face.box
            assert x < rx < x + width
            assert y < mly < y + height
            assert 0 <= face.score <= 1


def test_scores_are_probabilities_and_bounded(seen: Seen) -> None:
    for _, _, scores in seen:
        if scores is not None:
            assert len(scores.expressions) == len(EXPRESSIONS)
            assert sum(scores.expressions) == pytest.approx(1, abs=1e-6)
            assert min(scores.expressions) >= 0
            assert -1 <= scores.valence <= 1
            assert -1 <= scores.arousal <= 1
            assert len(scores.actions) == manifest.ACTIONS >= 17
            assert all(0 <= v <= 1 for v in scores.actions.values())
            assert all(-1.6 < angle < 1.6 for angle in scores.pose)
            assert all(-1 <= g <= 1 for g in scores.gaze)
            assert len(scores.embedding) == manifest.EMBEDDING
            assert min(scores.embedding) >= 0


@pytest.mark.parametrize("word", ["neutral", "joy"])
def test_expression_is_right_in_most_settled_frames(
    seen: Seen, truth: dict[int, tuple[str, float]], word: str
) -> None:
    right = [
        EXPRESSIONS[int(np.argmax(scores.expressions))] == word
        for number, _, scores in seen
        if scores is not None and truth[number][0] == word and truth[number][1] > 0.95
    ]
    assert len(right) > 20
    assert np.mean(right) >= 0.8


def test_smile_is_more_pleasant_than_sadness(
    seen: Seen, truth: dict[int, tuple[str, float]]
) -> None:
    def mean(word: str) -> float:
        picked = [s.valence for n, _, s in seen if s and truth[n][0] == word]
        return float(np.mean(picked))

    assert mean("joy") > mean("neutral") > mean("sadness")


def test_two_faces_are_two_and_an_empty_picture_none(eyes: Eyes) -> None:
    counts = {number: len(eyes.faces(pixels)) for number, pixels in frames("two-faces.mp4", 10)}
    together = [count for number, count in counts.items() if number <= 50]
    gone = [count for number, count in counts.items() if number >= 135]
    assert np.mean([count == 2 for count in together]) >= 0.8
    assert gone
    assert all(count == 0 for count in gone)


def test_a_face_given_by_box_is_the_face_found(eyes: Eyes) -> None:
    pixels = frames("person.mp4", 30)[2][1]
    found = eyes.faces(pixels)[0]
    x, y, width, height = found.box
    again = eyes.face_in(pixels, (x - 0.05 * width, y, width * 1.1, height * 1.1))
    apart = np.linalg.norm(np.array(again.landmarks) - np.array(found.landmarks), axis=1).mean()
    between = np.linalg.norm(np.subtract(found.landmarks[0], found.landmarks[1]))
    assert apart < 0.05 * between


def test_the_same_pixels_give_the_same_answer(eyes: Eyes) -> None:
    pixels = frames("person.mp4", 100)[1][1]
    first, second = eyes.faces(pixels), eyes.faces(pixels)
    assert first == second
    assert eyes.scores(pixels, first[0]) == eyes.scores(pixels, second[0])


def test_several_threads_may_share_the_eyes(eyes: Eyes) -> None:
    pictures = [pixels for _, pixels in frames("person.mp4", 60)] + [
        pixels for _, pixels in frames("two-faces.mp4", 50)
    ]

    def look(pixels: Pixels) -> tuple[tuple[Face, ...], list[Scores]]:
        faces = eyes.faces(pixels)
        return faces, [eyes.scores(pixels, face) for face in faces]

    alone = [look(pixels) for pixels in pictures]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(look, pictures * 3))
    assert together == alone * 3


# ---- geometry ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [0.2, 0.4, 0.9, 3.0])
def test_warp_puts_a_point_where_the_transform_says(scale: float) -> None:
    """Half-pixel check: the centre of mass of a square lands on its transformed centre, at any scale."""
    side = 600
    image = np.zeros((side, side), np.uint8)
    size = max(4, round(10 / scale))
    image[200 : 200 + size, 300 : 300 + size] = 255
    centre = np.array([[300 + size / 2, 200 + size / 2]], np.float32)
    shift = np.array([32.0, 30.0]) - scale * centre[0]
    transform = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float32)
    crop = geometry.warp(image, transform).astype(float)
    y, x = np.mgrid[0:64, 0:64] + 0.5
    mass = crop.sum()
    assert (crop * x).sum() / mass == pytest.approx(32.0, abs=0.12)
    assert (crop * y).sum() / mass == pytest.approx(30.0, abs=0.12)


def test_similarity_recovers_turn_scale_and_shift() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(5, 2)).astype(np.float32) * 30
    turn = np.deg2rad(17)
    matrix = 1.7 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = (points @ matrix.T + [5, -3]).astype(np.float32)
    transform = geometry.similarity(points, moved)
    assert geometry.apply(transform, points) == pytest.approx(moved, abs=1e-3)
    assert geometry.apply(geometry.inverse(transform), moved) == pytest.approx(points, abs=1e-3)


@pytest.mark.parametrize("shape", [(480, 640), (720, 1280), (1280, 720), (500, 500), (16, 8192)])
def test_letterbox_keeps_the_aspect_and_the_corner(shape: tuple[int, int]) -> None:
    picture, scale = detection.letterbox(geometry.Levels(np.full((*shape, 3), 200, np.uint8)))
    assert scale == detection.LONG / max(shape)
    assert all(side % detection.BLOCK == 0 for side in picture.shape[1:3])
    height, width = (max(1, round(side * scale)) for side in shape)
    assert (picture[0, :height, :width] == 200).all()
    assert (picture[0, height:] == 114).all()
    assert (picture[0, :, width:] == 114).all()


def test_overlapping_boxes_become_one() -> None:
    grid = np.full((15, 20, 24), -9.0, np.float32)
    grid[1:] = 0
    grid[0, 8, 8], grid[0, 8, 10], grid[0, 2, 2] = 3.0, 2.0, 1.0
    boxes, scores = detection.decode(grid, 0.3)
    assert len(boxes) == 2
    assert scores[0] > scores[1]
    assert boxes[0][:2] == pytest.approx(8.5 * detection.STRIDE - detection.ANCHOR / 2)

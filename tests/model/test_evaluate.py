"""`make evaluate`: the rules of its figures, over folders made here. Needs neither torch nor any data but the sample video."""

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from model import evaluate, measure  # type: ignore[import-not-found]  # not installed: see conftest

from mien.infer import Eyes, load_models
from mien.values import EXPRESSIONS

SAMPLES = Path(__file__).parents[2] / "samples" / "person"
WANTED = (
    "n",
    "detection_recall",
    "accuracy",
    "macro_f1",
    "recall",
    "confusion",
    "calibration_error",
    "ms_per_frame",
)


def write_labels(folder: Path, rows: list[dict[str, object]]) -> None:
    columns = list(dict.fromkeys(k for row in rows for k in row))
    with (folder / "labels.csv").open("w", newline="") as lines:
        table = csv.DictWriter(lines, columns)
        table.writeheader()
        table.writerows(rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Neutral and joy frames of the sample video, one picture without a face and one file that is no picture."""
    out = tmp_path_factory.mktemp("labelled")
    video = cv2.VideoCapture(str(SAMPLES / "person.mp4"))
    rows: list[dict[str, object]] = []
    for number, label in (
        (40, "neutral"),
        (60, "neutral"),
        (180, "happiness"),
        (220, "joy"),
        (230, ""),
    ):
        video.set(cv2.CAP_PROP_POS_FRAMES, number)
        more, pixels = video.read()
        assert more
        cv2.imwrite(str(out / f"{number}.png"), pixels)
        rows.append({"file": f"{number}.png", "label": label})
    video.release()
    cv2.imwrite(str(out / "wall.png"), np.full((200, 300, 3), 180, np.uint8))
    (out / "text.png").write_text("not a picture")
    rows += [{"file": "wall.png", "label": "sadness"}, {"file": "text.png", "label": "joy"}]
    write_labels(out, rows)
    return out


def test_report_counts_by_its_rules(folder: Path) -> None:
    figures = evaluate.report(folder, quiet=True)
    assert set(WANTED) <= set(figures)
    assert figures["n"] == 6
    assert figures["unreadable"] == 1
    assert figures["detection_recall"] == pytest.approx(5 / 6, abs=1e-4)
    assert figures["labelled"] == 5
    assert figures["confusion"]["sadness"]["missed"] == 1
    assert figures["recall"]["sadness"] == 0
    assert figures["recall"]["joy"] == 1
    assert set(figures["recall"]) == {"neutral", "joy", "sadness"}
    assert figures["ms_per_frame"] > 0


def test_crops_skip_detection(folder: Path) -> None:
    figures = evaluate.report(folder, crops=True, quiet=True)
    assert figures["detection_recall"] is None
    assert figures["confusion"]["sadness"]["missed"] == 0


def test_last_line_is_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.run(folder, crops=False)
    last = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert set(WANTED) <= set(last)


def test_a_box_elsewhere_is_a_miss(folder: Path, tmp_path: Path) -> None:
    pixels = cv2.imread(str(folder / "40.png"))
    assert pixels is not None
    cv2.imwrite(str(tmp_path / "a.png"), pixels)
    x, y, width, height = Eyes(load_models()).faces(np.asarray(pixels, np.uint8))[0].box
    right = {"box_x": x, "box_y": y, "box_w": width, "box_h": height}
    wrong = right | {"box_x": x + width}
    write_labels(
        tmp_path,
        [
            {"file": "a.png", "label": "neutral", **right},
            {"file": "a.png", "label": "neutral", **wrong},
        ],
    )
    figures = evaluate.report(tmp_path, quiet=True)
    assert figures["detection_recall"] == 0.5
    assert figures["confusion"]["neutral"]["missed"] == 1


def test_an_unknown_label_names_its_line(tmp_path: Path) -> None:
    write_labels(tmp_path, [{"file": "a.png", "label": "joy"}, {"file": "b.png", "label": "love"}])
    with pytest.raises(ValueError, match=r"line 3.*love"):
        evaluate.read_rows(tmp_path)


def test_a_tiny_grey_crop_is_looked_at(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "tiny.png"), np.full((12, 12), 80, np.uint8))
    write_labels(tmp_path, [{"file": "tiny.png", "label": "fear"}])
    assert evaluate.report(tmp_path, crops=True, quiet=True)["n"] == 1


def odd_pictures(folder: Path) -> dict[str, bool]:
    """Pictures of every odd kind under `folder`, from one frame with a face; whether each can be read."""
    video = cv2.VideoCapture(str(SAMPLES / "person.mp4"))
    face = np.asarray(video.read()[1], np.uint8)
    video.release()
    alpha = np.dstack([face, np.full(face.shape[:2], 128, np.uint8)])
    made = {
        "wide.png": face.astype(np.uint16) * 257,
        "grey.png": cv2.cvtColor(face, cv2.COLOR_BGR2GRAY),
        "alpha.png": alpha,
        "turned.png": np.rot90(face),
        "8k.png": cv2.resize(face, (7680, 4320)),
        "larger.png": cv2.resize(face, (9000, 200)),
        "pixel.png": face[:1, :1],
        "line.png": face[:1],
        "plain.jpg": face,
    }
    for name, pixels in made.items():
        assert cv2.imwrite(str(folder / name), pixels)
    whole = (folder / "plain.jpg").read_bytes()
    (folder / "truncated.png").write_bytes((folder / "grey.png").read_bytes()[:300])
    (folder / "corrupt.jpg").write_bytes(whole[:2] + bytes(len(whole) - 2))
    (folder / "empty.png").write_bytes(b"")
    return dict.fromkeys(made, True) | dict.fromkeys(("corrupt.jpg", "empty.png"), False)


@pytest.mark.parametrize("crops", [False, True])
def test_odd_pictures_are_read_or_counted_as_unreadable(tmp_path: Path, crops: bool) -> None:
    odd = odd_pictures(tmp_path)
    write_labels(tmp_path, [{"file": name, "label": "neutral"} for name in odd])
    figures = evaluate.report(tmp_path, crops=crops, quiet=True)
    assert figures["n"] == sum(odd.values())
    assert figures["unreadable"] == len(odd) - sum(odd.values())


@pytest.mark.parametrize("name", ["wide.png", "grey.png", "alpha.png", "8k.png", "plain.jpg"])
def test_a_face_is_found_whatever_the_file_holds(tmp_path: Path, name: str) -> None:
    odd_pictures(tmp_path)
    write_labels(tmp_path, [{"file": name, "label": ""}])
    assert evaluate.report(tmp_path, quiet=True)["detection_recall"] == 1


def test_a_truncated_picture_is_no_crash(tmp_path: Path) -> None:
    odd_pictures(tmp_path)
    write_labels(tmp_path, [{"file": "truncated.png", "label": "joy"}])
    figures = evaluate.report(tmp_path, quiet=True)
    assert figures["n"] + figures["unreadable"] == 1


# ---- figures -------------------------------------------------------------------------------------------------------


def test_calibration_error_of_known_cases() -> None:
    sure = np.tile([0.9, 0.1], (10, 1))
    labels = np.array([0] * 9 + [1])
    assert measure.calibration_error(sure, labels) == pytest.approx(0)
    assert measure.calibration_error(sure, np.ones(10, int)) == pytest.approx(0.9)


def test_macro_f1_is_over_the_labels_present() -> None:
    table = measure.confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), len(EXPRESSIONS))
    assert measure.accuracy(table) == 0.75
    assert measure.macro_f1(table, [0, 1]) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert measure.recalls(table)[:2] == pytest.approx([0.5, 1.0])
    assert np.isnan(measure.recalls(table)[2])


@pytest.mark.parametrize("true", [0.5, 1.0, 2.0])
def test_temperature_is_recovered(true: float) -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(6000, 4)) * 2
    chances = measure.softmax(logits, true)
    labels = np.array([rng.choice(4, p=p) for p in chances])
    assert measure.best_temperature(logits, labels) == pytest.approx(true, rel=0.1)

"""`make evaluate-micro`: every layout of a folder reads the same, and what is wrong is named."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from model import evaluate_micro, measure  # type: ignore[import-not-found]  # not installed: see conftest

WORDS = ("negative", "positive", "surprise")
COUNT = 9


@pytest.fixture
def cubes() -> Any:
    return np.random.default_rng(5).integers(0, 256, (COUNT, 28, 28, 3)).astype(np.uint8)


def rows(folder: Path, entries: list[tuple[str, Any, str]]) -> None:
    with (folder / "labels.csv").open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(("file", "label", "subject"))
        table.writerows(entries)


def layouts(folder: Path, cubes: Any) -> dict[str, Path]:
    """The same cubes in each layout."""
    labels, subjects = [k % 3 for k in range(COUNT)], [f"s{k // 3}" for k in range(COUNT)]
    places = {n: folder / n for n in ("files", "pictures", "words", "first", "packed", "separate")}
    for place in places.values():
        place.mkdir()
    for k, cube in enumerate(cubes):
        np.save(places["files"] / f"{k}.npy", cube)
        np.save(places["words"] / f"{k}.npy", cube.astype(np.float64))
        np.save(places["first"] / f"{k}.npy", cube.transpose(2, 0, 1))
        cv2.imwrite(str(places["pictures"] / f"{k}.png"), cube[..., ::-1])
    for name, end in (("files", "npy"), ("first", "npy"), ("pictures", "png")):
        rows(places[name], [(f"{k}.{end}", labels[k], subjects[k]) for k in range(COUNT)])
    rows(places["words"], [(f"{k}.npy", WORDS[labels[k]], subjects[k]) for k in range(COUNT)])
    arrays = {"cubes": cubes, "labels": labels, "subjects": subjects}
    np.savez(places["packed"] / "all.npz", **arrays)
    for name, array in arrays.items():
        np.save(places["separate"] / f"{name}.npy", array)
    return places


def test_every_layout_gives_the_same_figures(tmp_path: Path, cubes: Any) -> None:
    found = {
        name: evaluate_micro.report(evaluate_micro.read(place))
        for name, place in layouts(tmp_path, cubes).items()
    }
    assert all(one == found["files"] for one in found.values())
    assert found["files"]["n"] == COUNT
    assert found["files"]["subjects"] == 3
    assert sum(sum(row.values()) for row in found["files"]["confusion"].values()) == COUNT


def test_unit_and_offset_of_a_channel_do_not_matter(tmp_path: Path, cubes: Any) -> None:
    plain = evaluate_micro.Cubes(cubes.astype(np.float32), np.zeros(COUNT, int), ["a"] * COUNT)
    other = plain.cubes * np.array([0.01, 3, 7], np.float32) + np.array([5, -2, 1], np.float32)
    changed = evaluate_micro.Cubes(other.astype(np.float32), plain.labels, plain.subjects)
    assert evaluate_micro.report(plain) == evaluate_micro.report(changed)


def test_the_last_line_is_json(
    tmp_path: Path, cubes: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate_micro.run(layouts(tmp_path, cubes)["packed"])
    last = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert {"uf1", "uar", "accuracy", "confusion", "n", "subjects"} <= set(last)


BAD = {
    "flat": (np.zeros((28, 28), np.float32), r"0\.npy.*\(28, 28, 3\)"),
    "small": (np.zeros((14, 14, 3), np.float32), r"0\.npy"),
    "nan": (np.full((28, 28, 3), np.nan, np.float32), r"0\.npy.*no number"),
    "infinite": (np.full((28, 28, 3), np.inf, np.float32), r"0\.npy"),
    "text": (np.full((28, 28, 3), "x"), r"0\.npy"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_cube_is_named(tmp_path: Path, name: str) -> None:
    array, words = BAD[name]
    np.save(tmp_path / "0.npy", array)
    rows(tmp_path, [("0.npy", 0, "a")])
    with pytest.raises(ValueError, match=words):
        evaluate_micro.read(tmp_path)


def test_an_unknown_label_names_its_line(tmp_path: Path, cubes: Any) -> None:
    np.save(tmp_path / "0.npy", cubes[0])
    rows(tmp_path, [("0.npy", 0, "a"), ("0.npy", "bored", "a")])
    with pytest.raises(ValueError, match=r"line 3.*bored"):
        evaluate_micro.read(tmp_path)


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "0.npy", np.full((28, 28, 3), None), allow_pickle=True)
    rows(tmp_path, [("0.npy", 0, "a")])
    with pytest.raises(ValueError, match="pickle"):
        evaluate_micro.read(tmp_path)


def test_an_empty_folder_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cubes, labels, subjects.*labels\.csv"):
        evaluate_micro.read(tmp_path)


def test_arrays_of_different_length_are_refused(tmp_path: Path, cubes: Any) -> None:
    np.savez(tmp_path / "all.npz", cubes=cubes, labels=[0], subjects=["a"])
    with pytest.raises(ValueError, match="length"):
        evaluate_micro.read(tmp_path)


def test_uf1_and_uar_of_a_known_table() -> None:
    table = np.array([[8, 2, 0], [0, 5, 5], [0, 0, 10]])
    f1 = [16 / 18, 10 / 17, 20 / 25]
    assert measure.uf1(table) == pytest.approx(np.mean(f1), abs=1e-4)
    assert measure.uar(table) == pytest.approx((0.8 + 0.5 + 1) / 3, abs=1e-4)

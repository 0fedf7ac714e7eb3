"""Run the shipped pipeline end to end over a folder of labelled images and report.

The folder holds `labels.csv` with a column `file` (relative path) and, where known, `label` and `box_x, box_y, box_w, box_h`
in pixels. Rules:

- `n`: images that could be read. An unreadable one is named and counted in `unreadable`, nothing else.
- `detection_recall`: share of all images in which the face was found. With box columns: one of the found boxes overlaps the given one
  (intersection over union) by more than .4; without: at least one face was found. Images with an empty label count here only. `null`
  with CROPS=1, where nothing is detected.
- Expression: of the faces found, the one that overlaps the given box most, else the strongest. An image with a label in which no face
  was found counts as an error of its class (in `accuracy`, `macro_f1`, `recall`; the last column of `confusion`, `missed`).
- `macro_f1`: over the labels present in the truth. The guess is the most probable of all eight expressions.
- `calibration_error`: expected calibration error, ten bins, over the labelled images in which a face was found.
- `ms_per_frame`: median time of detection, landmarks and expression for one image at one thread, decoding of the file left out.
- `faces_per_image`: mean number of faces found; every labelled photo here shows one, so more than 1 means false alarms.
"""

from __future__ import annotations

import csv
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mien.infer import Eyes, load_models
from mien.infer.detection import overlap
from mien.infer.eyes import LARGEST, SMALLEST
from mien.values import EXPRESSIONS

from . import measure

if TYPE_CHECKING:
    from pathlib import Path

    from mien.values import Face, Scores

    from .render.assets import Bytes

NAMES = {"happiness": "joy"}  # names used by labelled folders -> ours
ENOUGH = 0.4


@dataclass(frozen=True, slots=True)
class Row:
    """One line of labels.csv: label is an index into EXPRESSIONS or None; box is x, y, width, height or None."""

    path: Path
    label: int | None
    box: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the pipeline made of one image; found: None where detection was skipped."""

    row: Row
    found: bool | None
    faces: int
    scores: Scores | None
    seconds: float


def read_rows(folder: Path) -> list[Row]:
    """Parse labels.csv; raises ValueError naming the line for an unknown label or a box that is no number."""
    rows = []
    with (folder / "labels.csv").open(newline="") as lines:
        for number, line in enumerate(csv.DictReader(lines), start=2):
            word = (line.get("label") or "").strip()
            word = NAMES.get(word, word)
            if word and word not in EXPRESSIONS:
                message = f"labels.csv line {number}: unknown label `{word}`"
                raise ValueError(message)
            texts = [(line.get(f"box_{k}") or "").strip() for k in "xywh"]
            box = tuple(float(t) for t in texts) if all(texts) else None
            label = EXPRESSIONS.index(word) if word else None
            rows.append(Row(folder / line["file"], label, box))  # type: ignore[arg-type]
    return rows


def _corners(box: tuple[float, float, float, float]) -> Any:
    x, y, width, height = box
    return np.array([x, y, x + width, y + height], np.float32)


def _choose(faces: tuple[Face, ...], row: Row) -> tuple[Face | None, bool]:
    """The face the row is about, and whether it counts as found."""
    if not faces:
        return None, False
    if row.box is None:
        return faces[0], True
    shared = overlap(_corners(row.box), np.stack([_corners(f.box) for f in faces]))
    best = int(shared.argmax())
    return (faces[best], True) if shared[best] > ENOUGH else (None, False)


def _fitted(pixels: Bytes) -> Bytes:
    """The picture with sides the room takes: the very small are enlarged, the very large shrunk, whatever the shape."""
    height, width = pixels.shape[:2]
    sides = [int(np.clip(side, SMALLEST, LARGEST)) for side in (width, height)]
    if min(height, width) < SMALLEST and max(height, width) * SMALLEST <= LARGEST:
        k = SMALLEST / min(height, width)
        sides = [round(width * k), round(height * k)]
    elif max(height, width) > LARGEST:
        k = LARGEST / max(height, width)
        sides = [max(SMALLEST, round(side * k)) for side in (width, height)]
    if sides == [width, height]:
        return pixels
    return np.asarray(cv2.resize(pixels, sides, interpolation=cv2.INTER_AREA), np.uint8)


def look(eyes: Eyes, pixels: Bytes, row: Row, *, crops: bool) -> Outcome:
    """The pipeline on one image."""
    start = time.perf_counter()
    found: bool | None = None
    face: Face | None
    if crops:
        height, width = pixels.shape[:2]
        face, count = eyes.face_in(pixels, (0.0, 0.0, float(width), float(height))), 1
    else:
        faces = eyes.faces(pixels)
        count = len(faces)
        face, found = _choose(faces, row)
    scores = eyes.scores(pixels, face) if face is not None else None
    return Outcome(row, found, count, scores, time.perf_counter() - start)


def _of_labels(outcomes: list[Outcome]) -> dict[str, Any]:
    """Figures over the labelled images; column 8 of the table is `missed`."""
    count = len(EXPRESSIONS)
    labelled = [o for o in outcomes if o.row.label is not None]
    truth = np.array([o.row.label for o in labelled], np.int64)
    seen = [o for o in labelled if o.scores is not None]
    guess = np.array(
        [int(np.argmax(o.scores.expressions)) if o.scores else count for o in labelled], np.int64
    )
    table = measure.confusion(truth, guess, count + 1)
    present = sorted({int(t) for t in truth})
    recall = measure.recalls(table)
    error = None
    if seen:
        chances = np.array([o.scores.expressions for o in seen if o.scores])
        labels = np.array([o.row.label for o in seen], np.int64)
        error = round(measure.calibration_error(chances, labels), 4)
    return {
        "labelled": len(labelled),
        "accuracy": round(measure.accuracy(table), 4) if labelled else None,
        "macro_f1": round(measure.macro_f1(table, present), 4) if labelled else None,
        "recall": {EXPRESSIONS[k]: round(float(recall[k]), 4) for k in present},
        "confusion": {
            EXPRESSIONS[k]: dict(zip([*EXPRESSIONS, "missed"], table[k].tolist(), strict=True))
            for k in present
        },
        "calibration_error": error,
    }


def report(folder: Path, *, crops: bool = False, quiet: bool = False) -> dict[str, Any]:
    """All figures of a folder; see the module's docstring for the rules."""
    eyes = Eyes(load_models())
    outcomes, unreadable = [], 0
    rows = read_rows(folder)
    console = Console(stderr=True, quiet=quiet)
    for row in track(rows, "evaluate", console=console, disable=quiet):
        pixels = cv2.imread(str(row.path), cv2.IMREAD_COLOR)
        if pixels is None:
            unreadable += 1
            console.print(f"cannot read {row.path.name}")
            continue
        outcomes.append(look(eyes, _fitted(np.asarray(pixels, np.uint8)), row, crops=crops))
    times = [o.seconds for o in outcomes]
    detected = (
        None if crops or not outcomes else round(float(np.mean([o.found for o in outcomes])), 4)
    )
    return {
        "n": len(outcomes),
        "unreadable": unreadable,
        "detection_recall": detected,
        "faces_per_image": round(float(np.mean([o.faces for o in outcomes])), 3)
        if outcomes
        else None,
        **_of_labels(outcomes),
        "ms_per_frame": round(float(np.median(times)) * 1e3, 3) if times else None,
    }


def show(figures: dict[str, Any]) -> None:
    """A table for people."""
    table = Table("expression", "recall", *[w[:4] for w in (*EXPRESSIONS, "missed")])
    for word, row in figures["confusion"].items():
        table.add_row(word, f"{figures['recall'][word]:.2f}", *[str(v or "") for v in row.values()])
    console = Console()
    console.print(table)
    for key in (
        "n",
        "detection_recall",
        "accuracy",
        "macro_f1",
        "calibration_error",
        "ms_per_frame",
    ):
        console.print(f"{key:18} {figures[key]}")


def run(folder: Path, *, crops: bool) -> None:
    """Print the report and, as the last line, all figures as JSON."""
    cv2.setNumThreads(1)
    figures = report(folder, crops=crops)
    show(figures)
    print(json.dumps(figures))

"""Run the shipped micro network over labelled flow cubes: `make evaluate-micro DATA=dir`.

A cube is (28, 28, 3): horizontal flow, vertical flow, strain, from onset to apex; any unit and offset per channel (the network takes
both out). Channels may come first. The folder holds one of:

- `labels.csv` with columns `file`, `label`, `subject`, and the files beside it: `.npy`, or 8-bit pictures (`.png`) whose red is the horizontal
  flow, green the vertical flow and blue the strain;
- one `.npz` with arrays `cubes` (n, 28, 28, 3), `labels` (n,), `subjects` (n,);
- `cubes.npy`, `labels.npy`, `subjects.npy`.

A label is `negative`, `positive`, `surprise` or 0, 1, 2 in that order. Printed are the pooled confusion matrix, UF1 (mean F1 of the classes)
and UAR (mean recall of the classes), as in the Micro-Expression Grand Challenge (See et al. 2019), and, last, one line of JSON. Nothing is
trained or tuned here, so no subject is held out; `subjects` only counts them and gives the spread of the accuracy over them.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from mien.infer import load_models
from mien.infer.flow import CUBE
from mien.values import POLARITIES

from . import measure

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from .render.assets import Floats

WORDS: Final = POLARITIES[1:]
ARRAYS: Final = ("cubes", "labels", "subjects")


@dataclass(frozen=True, slots=True)
class Cubes:
    """`cubes` (n, 28, 28, 3) float32; `labels` (n,) indices into `WORDS`; `subjects` (n,) text."""

    cubes: Floats
    labels: NDArray[np.int64]
    subjects: list[str]


def _label(value: Any, where: str) -> int:
    text = str(value).strip().lower()
    if text in WORDS:
        return WORDS.index(text)
    if text in {"0", "1", "2", "0.0", "1.0", "2.0"}:
        return int(float(text))
    message = f"{where}: unknown label `{text}`; use {', '.join(WORDS)} or 0, 1, 2"
    raise ValueError(message)


def _cube(array: Any, where: str) -> Floats:
    cube = np.asarray(array)
    if cube.shape == (3, CUBE, CUBE):
        cube = cube.transpose(1, 2, 0)
    if cube.shape != (CUBE, CUBE, 3) or not np.issubdtype(cube.dtype, np.number):
        message = (
            f"{where}: {cube.shape} {cube.dtype} is no cube; give numbers of shape (28, 28, 3)"
        )
        raise ValueError(message)
    cube = np.ascontiguousarray(cube, np.float32)
    if not np.isfinite(cube).all():
        message = f"{where}: holds what is no number; mend or remove it"
        raise ValueError(message)
    return cube


def _from_file(path: Path) -> Floats:
    if path.suffix == ".npy":
        return _cube(np.load(path, allow_pickle=False), path.name)
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        message = f"{path.name}: cannot be read; give .npy or a picture"
        raise ValueError(message)
    return _cube(picture[..., ::-1], path.name)


def _from_rows(folder: Path) -> Cubes:
    with (folder / "labels.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    labels = [_label(r["label"], f"labels.csv line {k}") for k, r in enumerate(rows, 2)]
    cubes = [_from_file(folder / r["file"]) for r in track(rows, "read")]
    return Cubes(np.stack(cubes), np.array(labels), [str(r.get("subject", "")) for r in rows])


def read(folder: Path) -> Cubes:
    """The cubes of a folder in any of the three layouts. Raises `ValueError` naming what is wrong."""
    if (folder / "labels.csv").is_file():
        return _from_rows(folder)
    packed = sorted(folder.glob("*.npz"))
    if packed:
        with np.load(packed[0], allow_pickle=False) as file:
            arrays = {k: file[k] for k in ARRAYS if k in file}
    else:
        paths = {k: folder / f"{k}.npy" for k in ARRAYS}
        arrays = {k: np.load(p, allow_pickle=False) for k, p in paths.items() if p.is_file()}
    missing = [k for k in ARRAYS if k not in arrays]
    if missing:
        message = f"`{folder}` lacks {', '.join(missing)}: give labels.csv, one .npz, or cubes.npy, labels.npy and subjects.npy"
        raise ValueError(message)
    if len({len(a) for a in arrays.values()}) != 1:
        message = "cubes, labels and subjects differ in length"
        raise ValueError(message)
    return Cubes(
        np.stack([_cube(c, f"cube {k}") for k, c in enumerate(arrays["cubes"])]),
        np.array([_label(v, f"label {k}") for k, v in enumerate(arrays["labels"])]),
        [str(s) for s in arrays["subjects"]],
    )


def report(data: Cubes) -> dict[str, Any]:
    """UF1, UAR, accuracy, confusion, and the accuracy's spread over subjects."""
    micro = load_models().micro
    guesses = np.array([int(micro.run(c[None])[0][0].argmax()) for c in data.cubes])
    table = measure.confusion(data.labels, guesses, len(WORDS))
    subjects = np.array(data.subjects)
    each = [float((guesses == data.labels)[subjects == s].mean()) for s in sorted(set(subjects))]
    return {
        "n": len(data.labels),
        "subjects": len(each),
        "uf1": measure.uf1(table),
        "uar": measure.uar(table),
        "accuracy": round(measure.accuracy(table), 4),
        "accuracy_over_subjects": [round(float(np.mean(each)), 4), round(float(np.std(each)), 4)],
        "confusion": {
            w: dict(zip(WORDS, r, strict=True)) for w, r in zip(WORDS, table.tolist(), strict=True)
        },
    }


def run(folder: Path) -> None:
    """Print the table and, as the last line, all figures as JSON."""
    found = report(read(folder))
    table = Table("shown", *WORDS, title=f"UF1 {found['uf1']:.3f}  UAR {found['uar']:.3f}")
    for word, row in found["confusion"].items():
        table.add_row(word, *[str(v) for v in row.values()])
    Console().print(table)
    print(json.dumps(found))

"""The picture of what adaptation is worth: accuracy before and after, person by person.

`python -m model adaptation FILE` draws it from what `make bench NAME=adapt` printed (its last line).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np

from .paths import ROOT

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

PICTURE: Final = ROOT / "docs" / "explanation" / "adaptation.png"
STAGES: Final = {
    "calibrated": "after the calibration alone",
    "5": "after 5 corrections",
    "10": "after 10 corrections",
}


def _person_by_person(axes: Any, before: Any, after: Any, title: str) -> None:
    """Each person a point; points that fall together are moved a little apart."""
    rng = np.random.default_rng(0)
    x, y = (values * 100 + rng.uniform(-0.9, 0.9, len(values)) for values in (before, after))
    worse = after < before - 1e-9
    axes.plot([30, 100], [30, 100], color="grey", linewidth=1)
    for mask, colour, word in (
        (~worse, "#0b6fa4", "as good or better"),
        (worse, "#c4420b", "worse"),
    ):
        axes.scatter(x[mask], y[mask], s=11, color=colour, alpha=0.7, label=f"{word}: {mask.sum()}")
    axes.set_xlim(28, 102)
    axes.set_ylim(28, 102)
    axes.set_aspect("equal")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("read rightly before, %")
    axes.legend(loc="lower right", fontsize=8, frameon=False)


def run(path: Path) -> None:
    """Draw from the JSON in `path`."""
    found = json.loads(path.read_text().splitlines()[-1])
    columns = found["by_person"]["columns"]
    rows = np.array(found["by_person"]["corrections"])
    figure, grid = plt.subplots(1, len(STAGES), figsize=(12, 4.4))
    for axes, (stage, title) in zip(grid, STAGES.items(), strict=True):
        _person_by_person(axes, rows[:, 0], rows[:, columns.index(stage)], title)
    grid[0].set_ylabel("read rightly after, %")
    figure.suptitle(f"{len(rows)} rendered people never seen in training", fontsize=11)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=90, metadata={"Software": None})
    plt.close(figure)

"""The two pictures of the privacy budget: epsilon over the years, and what a shared head is worth at each epsilon.

`python -m model budget FILE` draws them from what `make bench NAME=shared` printed (its last line).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np

from mien_server.adapt import accounting

from .paths import ROOT

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = ROOT / "docs" / "explanation"
DELTA, A_YEAR, YEARS, CAP = 1e-6, 12, 5, 6.0
NOISES: Final = {4.0: "#c4420b", 6.0: "#0b6fa4", 8.0: "#2e7d32", 12.0: "#7b5ea7"}
COLOURS: Final = {300: "#0b6fa4", 1000: "#c4420b"}


def _spent(axes: Any) -> None:
    rounds = np.arange(1, A_YEAR * YEARS + 1)
    for noise, colour in NOISES.items():
        spent = [accounting.epsilon(int(k), noise, DELTA) for k in rounds]
        axes.plot(rounds / A_YEAR, spent, color=colour, label=f"noise {noise:g} times the bound")
    axes.axhline(CAP, color="grey", linewidth=1, linestyle="--")
    axes.text(0.1, CAP + 0.1, "cap: nobody is taken past it", fontsize=8, color="grey")
    axes.set_xlabel(f"years of {A_YEAR} rounds")
    axes.set_ylabel(f"epsilon at delta {DELTA:g}")
    axes.set_ylim(0, 10)
    axes.legend(fontsize=8, frameon=False)


def _worth(axes: Any, found: dict[str, Any], rows: list[dict[str, Any]], title: str) -> None:
    base = found["base_accuracy"][0] * 100
    axes.axhline(base, color="grey", linewidth=1, linestyle="--", label="the head that ships")
    places = ["no\nnoise" if row["epsilon"] is None else f"{row['epsilon']:g}" for row in rows if row["cohort"] == rows[0]["cohort"]]  # fmt: skip
    for shift, (cohort, colour) in zip((-0.06, 0.06), COLOURS.items(), strict=True):
        mean, low, high = (100 * np.array([r["accuracy"] for r in rows if r["cohort"] == cohort])).T
        x = np.arange(len(mean)) + shift
        axes.errorbar(
            x, mean, yerr=[mean - low, high - mean], color=colour, marker="o", capsize=3, label=f"{cohort} people"
        )  # fmt: skip
    axes.set_xticks(range(len(places)), places)
    axes.set_xlabel("epsilon of a year")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, frameon=False, loc="lower right")


def run(path: Path) -> None:
    """Draw from the JSON in `path`."""
    found = json.loads(path.read_text().splitlines()[-1])
    figure, axes = plt.subplots(figsize=(6.5, 4))
    _spent(axes)
    figure.tight_layout()
    figure.savefig(FOLDER / "privacy-budget-epsilon.png", dpi=90, metadata={"Software": None})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    _worth(left, found, found["from_the_shipped_head"], "beginning with the head that ships")
    _worth(right, found, found["from_nothing"], "beginning with a head that knows nothing")
    left.set_ylabel("read rightly, % of pictures of others")
    figure.tight_layout()
    figure.savefig(FOLDER / "privacy-budget-utility.png", dpi=90, metadata={"Software": None})

"""The pictures of the model card: confusion matrix, reliability diagram, and examples with what the network says of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
import numpy as np

from mien.infer import Eyes, geometry, load_models
from mien.label import why
from mien.values import Face

from .render import recipes

mpl.use("Agg")
from matplotlib import pyplot as plt

if TYPE_CHECKING:
    from .render.shards import Renders

FOLDER: Final = Path(__file__).with_name("figures")
EXAMPLES: Final = 16
PAPER: Final = 200  # grey behind the people


def _confusion(table: Any, axes: Any) -> None:
    rows = np.array(table, float)
    rows /= np.maximum(rows.sum(1, keepdims=True), 1)
    axes.imshow(rows, cmap="Blues", vmin=0, vmax=1)
    for (i, j), value in np.ndenumerate(rows):
        if value >= 0.01:
            axes.text(
                *(j, i, f"{value:.2f}"),
                ha="center",
                va="center",
                fontsize=7,
                color="white" if value > 0.5 else "black",
            )
    ticks = range(len(recipes.CLASSES))
    axes.set_xticks(ticks, recipes.CLASSES, rotation=45, ha="right")
    axes.set_yticks(ticks, recipes.CLASSES)
    axes.set_xlabel("read as")
    axes.set_ylabel("shown")


def _reliability(rows: Any, axes: Any) -> None:
    sure, right, count = np.array(rows).T
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--", label="perfect")
    axes.plot(sure, right, marker="o", label="measured")
    for x, y, n in zip(sure, right, count, strict=True):
        axes.annotate(f"{int(n)}", (x, y), textcoords="offset points", xytext=(4, -9), fontsize=7)
    axes.set_xlabel("how sure")
    axes.set_ylabel("how often right")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.legend()


def _examples(data: Renders, keys: Any) -> None:
    eyes = Eyes(load_models())
    figure, grid = plt.subplots(4, EXAMPLES // 4, figsize=(11, 14))
    chosen = [keys[data.label[keys] == label][:2] for label in range(len(recipes.CLASSES))]
    for axes, k in zip(grid.ravel(), np.concatenate(chosen), strict=True):
        image = data.image[k]
        cover = image[..., 3:].astype(np.float32) / 255
        shown = (image[..., :3] + PAPER * (1 - cover)).astype(np.uint8)
        box = tuple(float(v) for v in geometry.usual_box(data.five[k]))
        face = eyes.face_in(shown, (box[0], box[1], box[2] - box[0], box[3] - box[1]))
        scores = eyes.scores(shown, Face(face.box, face.landmarks, face.score))
        best = int(np.argmax(scores.expressions))
        word = recipes.CLASSES[best]
        axes.imshow(shown[..., ::-1])
        axes.set_title(
            f"shown: {recipes.CLASSES[data.label[k]]}\n{scores.expressions[best]:.2f} {word}",
            fontsize=8,
        )
        axes.set_xlabel(why(word, scores.actions).replace(", ", ",\n"), fontsize=7)
        axes.set_xticks([])
        axes.set_yticks([])
    figure.tight_layout()
    figure.savefig(FOLDER / "examples.png", dpi=80)
    plt.close(figure)


def draw(found: dict[str, Any], data: Renders, keys: Any) -> None:
    """Write the pictures to `figures/` beside the card."""
    FOLDER.mkdir(exist_ok=True)
    for name, paint in (("confusion", _confusion), ("reliability", _reliability)):
        figure, both = plt.subplots(1, 2, figsize=(10, 4.6))
        for axes, condition in zip(both, ("clean", "hard"), strict=True):
            paint(found[condition][name], axes)
            axes.set_title(
                {"clean": "clean renders", "hard": "with camera faults"}[condition], fontsize=9
            )
        figure.tight_layout()
        figure.savefig(FOLDER / f"{name}.png", dpi=80)
        plt.close(figure)
    _examples(data, keys)

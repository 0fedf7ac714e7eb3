"""A contact sheet of renders: one column per class, to look at before a long run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ..paths import ASSETS
from . import assets, people, recipes, scene

if TYPE_CHECKING:
    from pathlib import Path

ROWS, CELL = 6, 160


def run(path: Path, seed: int = 5) -> None:
    """Write the sheet to `path`."""
    data = assets.load(ASSETS)
    known = frozenset(data.expression)
    rows = []
    for i in range(ROWS):
        row = []
        for j, name in enumerate(recipes.CLASSES):
            rng = np.random.default_rng([seed, i, j])
            person = people.draw(rng, data)
            expression = recipes.draw(rng, name, known)
            shot = scene.draw_shot(rng, person, 2 * CELL, 4.6)
            image = scene.render(person, expression.weights, shot, data, size=(CELL, CELL)).image
            cell = image[..., :3] + (255 - image[..., 3:]) // 2
            cell = np.ascontiguousarray(cell, np.uint8)
            for colour, thick in ((0, 3), (255, 1)):
                cv2.putText(cell, name, (3, CELL - 6), 0, 0.4, (colour,) * 3, thick, cv2.LINE_AA)
            row.append(cell)
        rows.append(np.hstack(row))
    cv2.imwrite(str(path), np.vstack(rows))

"""How well the shipped detection finds faces in composed pictures of held-out people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mien.infer import detection

from . import augment

if TYPE_CHECKING:
    from mien.infer import Eyes
    from mien.values import Face

    from .backgrounds import Bank
    from .render.shards import Renders

PICTURES: Final = 600
BANDS: Final = {
    "under .1": (0, 0.1),
    ".1 to .15": (0.1, 0.15),
    ".15 to .3": (0.15, 0.3),
    "over .3": (0.3, 2),
}
TURNS: Final = {"under 25 degrees": (0, 25), "25 to 45 degrees": (25, 90)}
_GRID: Final = [float(t) for t in np.round(np.arange(0.3, 0.9, 0.01), 2)]


@dataclass(frozen=True, slots=True)
class Found:
    """What the shipped detection made of composed pictures, before any threshold.

    Per true face: `heights` as a share of the picture, `yaws` in degrees, `scores` of the found face that overlaps it by more than half (0:
    none), `errors` of the landmarks over the distance of the eyes (NaN: missed). `alarms`: scores of found faces where none is.
    """

    heights: Any
    yaws: Any
    scores: Any
    errors: Any
    alarms: Any

    def alarms_at(self, threshold: float) -> float:
        """False alarms per picture with faces under `threshold` dropped."""
        return int((self.alarms >= threshold).sum()) / PICTURES

    def threshold(self, alarms: float) -> float:
        """The lowest threshold with no more false alarms per picture than that."""
        return next((t for t in _GRID if self.alarms_at(t) <= alarms), _GRID[-1])

    def figures(self, threshold: float) -> dict[str, Any]:
        """Recall by size and by turn of the head, false alarms, landmark error."""
        hit = self.scores >= threshold
        sizes = {k: (self.heights >= a) & (self.heights < b) for k, (a, b) in BANDS.items()}
        turns = {k: (self.yaws >= a) & (self.yaws < b) for k, (a, b) in TURNS.items()}
        return {
            "pictures": PICTURES,
            "faces": len(hit),
            "face_threshold": threshold,
            "recall": round(float(hit.mean()), 4),
            "recall_by_height": {k: round(float(hit[m].mean()), 3) for k, m in sizes.items()},
            "recall_by_turn": {k: round(float(hit[m].mean()), 3) for k, m in turns.items()},
            "false_alarms_per_picture": round(self.alarms_at(threshold), 4),
            "landmark_error_of_eye_distance": round(float(np.median(self.errors[hit])), 4),
        }


def _corners(faces: tuple[Face, ...]) -> Any:
    rows = [(f.box[0], f.box[1], f.box[0] + f.box[2], f.box[1] + f.box[3]) for f in faces]
    return np.array(rows, np.float32).reshape(-1, 4)


def find(eyes: Eyes, data: Renders, keys: Any, bank: Bank, seed: int) -> Found:
    """Run the shipped detection and landmarks on new pictures of held-out people."""
    rng = np.random.default_rng([seed, 98])
    rows, alarms = [], []
    for _ in range(PICTURES):
        picture, faces = augment.scene_with_faces(rng, data, keys, bank)
        seen = eyes.faces(picture)
        corners, matched = _corners(seen), set()
        near = np.zeros(len(seen), bool)  # at a true face, though not well enough to have found it
        for box, five, key in faces:
            shared = detection.overlap(box.astype(np.float32), corners)
            best = int(shared.argmax()) if len(seen) else -1
            where = (
                float(box[3] - box[1]) / augment.TRAINED,
                abs(float(np.degrees(data.pose[key, 1]))),
            )
            if best < 0 or shared[best] <= 0.5:
                rows.append((*where, 0.0, np.nan))
                near |= shared > 0.3
                continue
            matched.add(best)
            away = np.linalg.norm(np.array(seen[best].landmarks) - five, axis=1).mean()
            rows.append((*where, seen[best].score, away / np.linalg.norm(five[0] - five[1])))
        alarms += [f.score for k, f in enumerate(seen) if k not in matched and not near[k]]
    return Found(*np.array(rows).T, np.array(alarms))

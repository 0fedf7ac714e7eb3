"""The holdout of rounds: rendered people who were never trained on, as the frozen network sees them, beside that network's own last layer.

A round's new head must not read these worse than the head before it (`mien_server.adapt.holdout`). The people have a seed of their own: neither the
networks nor the constants of adaptation were made with them. Pictures are taken as the training set takes them, with the faults of cameras.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mien.infer import load_models
from mien.values import EXPRESSIONS

from . import persons
from .paths import ROOT
from .render import recipes

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = ROOT / "server" / "mien_server" / "adapt" / "holdout.npz"
SEED: Final = 900
PEOPLE: Final = 25
EACH: Final = 40  # pictures of a person


def make(processes: int, file: Path = FILE) -> None:
    """Render, embed and write: 25 people, 40 pictures each, about two minutes of a core."""
    models = load_models()
    if models.head is None:
        msg = "the expression network keeps its last layer under another name"
        raise ValueError(msg)
    found = persons.load("anew", SEED, processes, PEOPLE)
    seen = found.embedding[:, :EACH].reshape(-1, found.embedding.shape[-1])
    words = found.label[:, :EACH].reshape(-1)
    order = np.array([EXPRESSIONS.index(name) for name in recipes.CLASSES])
    np.savez_compressed(
        file,
        model=np.array(models.model_id),
        base=models.head.astype("<f4"),
        embeddings=seen.astype("<f2"),
        words=order[words].astype(np.uint8),
    )

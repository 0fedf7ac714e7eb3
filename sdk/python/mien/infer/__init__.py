"""Infer: frame -> faces -> scores, with small embedded networks on the CPU.

Takes pixels and reads nothing but model files that are pinned by hash, which are verified before they are used. Gives `Face` and `Scores`.

    models = load_models()
    eyes = Eyes(models)
    for face in eyes.faces(frame.pixels):
        print(eyes.scores(frame.pixels, face))

A site may bring its own detector or classifier: `Shelf` keeps them, `site_eyes` uses what was chosen (`docs/how-to/bring-your-own-model.md`).
"""

from mien.infer.composed import SiteClassifier, SiteDetector, SiteEyes
from mien.infer.eyes import Eyes
from mien.infer.models import Models, load_models
from mien.infer.shelf import Shelf, site_eyes

__all__ = [
    "Eyes",
    "Models",
    "Shelf",
    "SiteClassifier",
    "SiteDetector",
    "SiteEyes",
    "load_models",
    "site_eyes",
]

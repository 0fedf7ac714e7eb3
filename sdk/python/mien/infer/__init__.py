"""Infer: frame -> faces -> scores, with small embedded networks on the CPU.

Takes pixels and reads nothing but its own pinned model files, which are verified before they are used. Gives `Face` and `Scores`.

    models = load_models()
    eyes = Eyes(models)
    for face in eyes.faces(frame.pixels):
        print(eyes.scores(frame.pixels, face))
"""

from mien.infer.eyes import Eyes
from mien.infer.models import Models, load_models

__all__ = ["Eyes", "Models", "load_models"]

"""Infer: frame -> faces -> scores, with small embedded networks on the CPU.

Takes pixels and reads nothing but model files that are pinned by hash, which are verified before they are used. Gives `Face` and `Scores`.

    models = load_models()
    eyes = Eyes(models)
    for face in eyes.faces(frame.pixels):
        print(eyes.scores(frame.pixels, face))

A site may bring its own detector or classifier: `Shelf` keeps them, `site_eyes` uses what was chosen (`docs/how-to/bring-your-own-model.md`).

Names load on first use: `mien.infer.pin` says which model would read before a runtime for models is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
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
_HOME: Final = {
    "Eyes": "eyes", "Models": "models", "Shelf": "shelf", "SiteClassifier": "composed", "SiteDetector": "composed",
    "SiteEyes": "composed", "load_models": "models", "site_eyes": "shelf",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name from its module on first use (PEP 562)."""
    if name not in _HOME:
        msg = f"module `mien.infer` has no attribute `{name}`"
        raise AttributeError(msg)
    return getattr(import_module(f"mien.infer.{_HOME[name]}"), name)

"""Where things are: the repository, the working folder (caches, git-ignored), the shipped models."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("MIEN_MODEL_WORK", ROOT / "var" / "model"))
ASSETS = Path(os.environ.get("ASSETS", ROOT.parent / "shared" / "assets" / "makehuman"))
PHOTOS = ASSETS.parent / "photos"  # free test photographs, for measuring only; may be absent
SHIPPED = ROOT / "sdk" / "python" / "mien" / "infer" / "models"
SAMPLES = ROOT / "samples" / "person"

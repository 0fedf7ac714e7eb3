"""The scripts of `sdk/model` are never installed: their folder is put on the path for these tests alone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "sdk"))

"""What was measured of the models that ship: `rates.json` beside them, read as it is. Nothing of it is typed in here.

`make model` writes it (`sdk/model/rates.py`). It names the files it was measured of; of other files it says nothing, and then nothing is given.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

FORMAT: Final = 1
MODELS: Final = ("mien", "infer/models")


@cache
def shipped() -> dict[str, Any] | None:
    """The measurements of the shipped models, or None when there are none of these very files."""
    folder = files(MODELS[0]).joinpath(MODELS[1])
    try:
        found: dict[str, Any] = json.loads(folder.joinpath("rates.json").read_bytes())
        manifest = json.loads(folder.joinpath("manifest.json").read_bytes())
        of_these = all(
            manifest["files"][name]["sha256"] == digest for name, digest in found["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return None  # nothing measured is nothing used: a hand-off then knows no emotion
    same = of_these and found["model_id"] == manifest["model_id"]
    return found if same and found["format"] == FORMAT else None

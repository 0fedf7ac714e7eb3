"""Every file that goes into the rendered people, and so into the models: nothing else is read. Each is CC0, and no person's photograph.

The manifest of the models lists these files with their hashes; a test compares the two lists, and watches what is opened.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from .assets import PARTS, TARGETS, TEXTURES

if TYPE_CHECKING:
    from pathlib import Path

LICENCE: Final = "CC0-1.0"


def files() -> tuple[str, ...]:
    """Paths below the folder of MakeHuman's head data, sorted."""
    meshes = (f"{stem}.{end}" for stem in PARTS.values() for end in ("obj", "mhclo"))
    targets = (f"targets/{name}.npz" for name in TARGETS)
    textures = (file for file, _ in TEXTURES.values())
    return tuple(sorted({"base.obj", *targets, *meshes, *textures}))


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of each of `files`."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files()}

"""Nothing that trains the models shows a real person: what is read is listed, what is listed is CC0, and the manifest says so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from model import paths  # type: ignore[import-not-found]  # not installed: see conftest
from model.render import assets, inputs  # type: ignore[import-not-found]

from mien.infer import manifest

ROOT = Path(__file__).parents[2]
PICTURES = {
    ".jpg",
    ".jpeg",
    ".png",
    ".bmp",
    ".webp",
    ".gif",
    ".tif",
    ".tiff",
    ".mp4",
    ".npz",
    ".npy",
}
DRAWN = {"confusion.png", "reliability.png", "examples.png"}  # by sdk/model/figures.py


def stated() -> dict[str, str]:
    content = json.loads((manifest.EMBEDDED / "manifest.json").read_text())
    found: dict[str, str] = content["training_data"]["inputs"]
    return found


def test_the_manifest_lists_every_file_the_renderer_reads() -> None:
    assert set(stated()) == set(inputs.files())
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in stated().values())


def test_no_input_is_made_from_photographs_of_skin_or_eyes() -> None:
    for name in inputs.files():
        assert not name.startswith(("skins", "eyes/materials"))
        assert "skin" not in name


def test_no_picture_lies_beside_the_code_but_those_it_draws() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "sdk/model", "sdk/python"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    found = {Path(name).name for name in listed if Path(name).suffix in PICTURES}
    assert found <= DRAWN


needs_data = pytest.mark.skipif(
    not (paths.ASSETS / "base.obj").is_file(),
    reason="NOT HERE: the CC0 head data, which is not part of the project",
)


@needs_data
def test_the_hashes_are_those_of_the_head_data() -> None:
    assert inputs.hashes(paths.ASSETS) == stated()


@needs_data
def test_loading_opens_nothing_that_is_not_listed() -> None:
    """Watched from inside a fresh process: every file opened below the head data must be on the list."""
    script = """
import sys, pathlib
from model import paths
seen = set()
def look(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        seen.add(str(arguments[0]))
sys.addaudithook(look)
import cv2
real = cv2.imread
cv2.imread = lambda name, *rest: (seen.add(str(name)), real(name, *rest))[1]
from model.render import assets
assets.load(paths.ASSETS)
root = str(paths.ASSETS)
print("\\n".join(sorted(str(pathlib.Path(s).relative_to(root)) for s in seen if s.startswith(root))))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "sdk", capture_output=True, text=True, check=True,
    )  # fmt: skip
    opened = set(done.stdout.split())
    assert opened <= set(inputs.files())
    assert {f"targets/{name}.npz" for name in assets.TARGETS} <= opened

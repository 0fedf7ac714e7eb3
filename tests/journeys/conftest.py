"""Journeys run the real thing: the server in its own process, the embedded models, the sample video."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.cli.demo.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "samples/catalogue/demo.json"
PERSON = ROOT / "samples/person/person.mp4"
TWO_FACES = ROOT / "samples/person/two-faces.mp4"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A fresh real server with one site, stopped well at the end."""
    with Stage(tmp_path / "stage", CATALOGUE) as stage:
        yield stage


@pytest.fixture
def person() -> Path:
    """The sample video."""
    return PERSON

"""The bundle that ships, and a copy that a test may break."""

import shutil
from pathlib import Path

import pytest

import mien_policies
from mien_server.authorize import Bundle, load_bundle


@pytest.fixture(scope="session")
def bundle() -> Bundle:
    return load_bundle()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A copy of the bundle, to be broken."""
    copy = tmp_path / "bundle"
    shutil.copytree(mien_policies.directory(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy

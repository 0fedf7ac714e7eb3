"""Node and packages from npm, for tests: as `scripts/web.py` finds and installs them, or the test is not run and says so."""

import subprocess
from pathlib import Path

import pytest
from scripts import web

ROOT = web.ROOT
WEB = web.WEB
ENVIRONMENT = web.ENVIRONMENT


def node(folder: Path, *options: str) -> str:
    """Path of Node, with the packages of `folder` in place. `options` are npm's, such as `--omit=optional`."""
    try:
        return web.node(folder, *options)
    except web.NodeMissing as error:
        pytest.skip(f"NOT RUN: {error}")


def npm(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run npm in a folder whose packages are in place."""
    try:
        return web.npm(folder, *arguments)
    except web.NodeMissing as error:
        pytest.skip(f"NOT RUN: {error}")


def built() -> Path:
    """The built module of the web SDK."""
    try:
        web.build()
    except web.NodeMissing as error:
        pytest.skip(f"NOT RUN: {error}")
    return WEB / "dist" / "mien.js"

"""A real Chromium for tests: the machine's own where it is new enough, else the one that comes as an npm package and needs neither root nor libraries."""

import functools
import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.node import ENVIRONMENT, node

HERE = Path(__file__).parent
NAMES = ("chromium", "chromium-browser", "google-chrome")
OLDEST = 137
"""The first Chromium with Ed25519 in WebCrypto."""
UNPACKED = HERE / "node_modules" / ".chromium"
UNPACK_SECONDS = 120


@dataclass(frozen=True)
class Chromium:
    """A program, and the variables it needs."""

    program: str
    env: dict[str, str] = field(default_factory=dict)


def packages() -> str:
    """Node, with the packages of these tests in place: the browser only where the machine has none."""
    return node(HERE, *(["--omit=optional"] if _here() else []))


def chromium() -> Chromium:
    """A Chromium. Skips the test where none can be had."""
    program = packages()
    return _here() or _unpacked(program)


@functools.cache
def _here() -> Chromium | None:
    for name in NAMES:
        found = shutil.which(name)
        if found is not None and _major(found) >= OLDEST:
            return Chromium(found)
    return None


def _major(program: str) -> int:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    version = re.search(r"\b([0-9]+)\.[0-9.]+", done.stdout)
    return int(version[1]) if version else 0


@functools.cache
def _unpacked(program: str) -> Chromium:
    UNPACKED.mkdir(exist_ok=True)
    done = subprocess.run(
        [program, str(HERE / "chromium.mjs")],
        capture_output=True, text=True, check=False, timeout=UNPACK_SECONDS, env=ENVIRONMENT | {"TMPDIR": str(UNPACKED)},
    )  # fmt: skip
    if done.returncode:
        pytest.skip("NOT RUN: no Chromium (install `chromium`, or run `npm ci --prefix tests/web` with access to the npm registry)")  # fmt: skip
    told = json.loads(done.stdout)
    return Chromium(told["program"], told["env"])

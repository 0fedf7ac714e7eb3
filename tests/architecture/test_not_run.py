"""A test that could not run is listed and fails the run, except in the tier that expects it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parent.parent / "conftest.py"
NEEDS_MORE = (
    "import pytest\ndef test_more():\n    pytest.skip('NOT RUN: no node (run `make setup-dev`)')\n"
)
SILENT = "import pytest\ndef test_silent():\n    pytest.skip('not today')\n"
ELSEWHERE = "import pytest\ndef test_more():\n    pytest.skip('NOT HERE: an outside table')\n"
GREEN = "def test_green():\n    assert True\n"


def run(folder: Path, tests: str, tiers: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST.read_text())
    (folder / "test_it.py").write_text(tests + GREEN)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        # No plugin is needed for what is looked at here, and loading them all takes most of the time.
        env={**os.environ, "MIEN_TIERS": tiers, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )


@pytest.mark.parametrize(
    ("tests", "tiers", "status"),
    [
        ("", "all", 0),
        (NEEDS_MORE, "all", 1),
        (NEEDS_MORE, "core", 0),
        (SILENT, "core", 1),
        (ELSEWHERE, "all", 0),
    ],
)
def test_what_did_not_run_decides_the_exit_status(
    tmp_path: Path, tests: str, tiers: str, status: int
) -> None:
    done = run(tmp_path, tests, tiers)
    assert done.returncode == status, done.stdout


def test_the_summary_names_the_test_and_the_command_that_mends_it(tmp_path: Path) -> None:
    done = run(tmp_path, NEEDS_MORE, "all")
    assert "NOT RUN" in done.stdout
    assert "test_it.py::test_more: no node (run `make setup-dev`)" in done.stdout


def test_what_is_no_part_of_the_project_is_listed(tmp_path: Path) -> None:
    done = run(tmp_path, ELSEWHERE, "all")
    assert "NOT HERE" in done.stdout
    assert "test_it.py::test_more: an outside table" in done.stdout

"""`make sample NAME=service-desk` runs by itself, and the agent sees what the customers let through and nothing else."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples/service-desk"


def test_the_service_desk_holds_and_shows_what_was_let_through(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SAMPLE)],
        capture_output=True, text=True, check=False, cwd=tmp_path, stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert "✗" not in said
    assert "Would you like a person to take over?" in said
    assert "you looked downcast" in said
    assert "you looked frustrated and annoyed" in said
    _, _, desk = said.partition("the agent's terminal")
    rows = [
        [cell.strip() for cell in line.strip("│ ").split("│")]
        for line in desk.splitlines()
        if line.startswith("│")
    ]
    seen = {row[0]: tuple(row[1:4]) for row in rows if len(row) == 5}
    assert seen == {
        "Ada": ("wants a person", "-", "gentle: softly and with time"),
        "Ben": ("wants a person", "frustrated", "calm: to the point"),
        "Cleo": ("wants a person", "-", "plain: as with anybody"),
    }
    table = desk[: desk.index("Ada takes the yes back")]
    for word in ("sadness", "anger", "downcast", "annoyed", "sub_"):
        assert word not in table
    assert re.search(r"All \d+ checks held", said)


def test_a_sample_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(
        (ROOT / "Makefile").read_text().replace("sample: setup", "sample:")
    )
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    done = subprocess.run(
        ["make", "-s", "sample", "NAME=nothing"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "service-desk" in done.stderr

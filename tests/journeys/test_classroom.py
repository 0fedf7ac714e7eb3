"""`make sample NAME=classroom` runs by itself: the law's no is shown, what takes over works, and the teacher sees no pupil."""

import os
import re
import subprocess
import sys
from pathlib import Path

SAMPLE = Path(__file__).resolve().parents[2] / "samples/classroom"


def test_the_classroom_holds_and_shows_what_it_may(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SAMPLE)],
        capture_output=True, text=True, check=False, cwd=tmp_path, stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    said = done.stdout
    assert done.returncode == 0, said + done.stderr
    assert "✗" not in said
    assert re.search(r"refused: .*AI Act 5\(1\)\(f\)", said)
    flat = " ".join(said.replace("│", " ").split())
    assert "You said that you are not at your best, so this one is a little easier." in flat
    assert "You look confused, so this one is a little easier." in flat
    _, _, teacher = said.partition("the teacher's terminal")
    table = teacher[: teacher.index("Emma takes her yes back")]
    assert re.search(r"(fractions|angles) +│ 10 ", table)
    for word in ("sub_", "Pupil", "sadness", "confused"):
        assert word not in table
    assert re.search(r"All \d+ checks held", said)

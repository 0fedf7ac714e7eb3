"""`mien demo` ends by itself, says what held, and fails by name when something does not."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a copy of what it needs, so that the checkout's own `var` stays as it is."""
    (folder / "samples").symlink_to(ROOT / "samples")
    return subprocess.run(
        [sys.executable, "-m", "mien.cli", "demo", *arguments],
        capture_output=True, text=True, check=False, cwd=folder, stdin=subprocess.DEVNULL,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip


def test_the_demo_holds(tmp_path: Path) -> None:
    done = demo(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert "make serve" in done.stdout
    again = subprocess.run(
        [sys.executable, "-m", "mien.cli", "demo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert again.returncode == 0, again.stdout + again.stderr


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    done = demo(tmp_path, "--video", "nowhere.mp4")
    assert done.returncode == 1
    assert "nowhere.mp4" in done.stdout


def test_a_file_that_is_no_video_is_named_and_nothing_else_is_claimed(tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("not a video")
    done = demo(tmp_path, "--video", "words.mp4")
    assert done.returncode == 1
    assert "video-unreadable" in done.stdout
    assert "did not hold" in done.stdout


def test_a_camera_is_not_read_when_nobody_says_yes(tmp_path: Path) -> None:
    done = demo(tmp_path, "--camera", "0")
    assert done.returncode == 1
    assert "the person said no" in done.stdout

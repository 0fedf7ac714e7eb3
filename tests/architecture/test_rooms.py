"""ARCHITECTURE.md and the folders are the same set of rooms."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SIDES = {
    "The device": ROOT / "sdk/python/mien",
    "The server": ROOT / "server/mien_server",
    "The policies": ROOT / "policies/mien_policies",
}


BUILT = ROOT / "server" / "mien_server" / "web"
"""What `make web` leaves, where it was run: files, and no room."""


def headings() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    side = ""
    for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines():
        if title := re.match(r"## ([^:]+)", line):
            side = title[1]
        elif room := re.match(r"### (\w+)$", line):
            found.setdefault(side, set()).add(room[1])
    return found


@pytest.mark.parametrize("side", SIDES)
def test_each_room_has_its_heading_and_each_heading_its_room(side: str) -> None:
    folders = {
        path.parent.name if path.is_file() else path.name
        for path in SIDES[side].iterdir()
        if path.is_dir()
        and any(child.is_file() for child in path.iterdir())
        and not path.name.startswith("_")
        and path != BUILT
    }
    assert headings()[side] == folders

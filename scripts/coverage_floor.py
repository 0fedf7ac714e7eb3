"""Hold the coverage that a test run left in `.coverage` against the floors: lines and branches together.

The rooms that keep promises are covered whole; everything together at least 95 per cent.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WHOLE = (
    "sdk/python/mien/wire",
    "sdk/python/mien/seal",
    "server/mien_server/unseal",
    "server/mien_server/authorize",
    "server/mien_server/record",
    "server/mien_server/audit",
)
OVERALL = 95.0


def main() -> int:
    """Print a line for each floor that does not hold. Returns the exit status."""
    files = measured()
    low = [
        f"{name}: {percent(summaries(files, name)):.1f} % covered, the floor is 100 %"
        for name in WHOLE
        if percent(summaries(files, name)) < 100  # noqa: PLR2004
    ]
    total = percent(summaries(files, ""))
    if total < OVERALL:
        low.append(f"everything: {total:.1f} % covered, the floor is {OVERALL:.0f} %")
    for line in low:
        print(f"coverage: {line}; see `.venv/bin/coverage report`", file=sys.stderr)
    print(f"coverage: {total:.1f} % of lines and branches")
    return 1 if low else 0


def measured() -> Mapping[str, Any]:
    """The measurement by file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(report)]
        subprocess.run(command, check=True, cwd=ROOT)
        found: dict[str, Any] = json.loads(report.read_text())["files"]
    return found


def summaries(files: Mapping[str, Any], place: str) -> list[Mapping[str, int]]:
    """The summaries of all files below `place`."""
    return [data["summary"] for name, data in files.items() if place in name.replace("\\", "/")]


def percent(found: list[Mapping[str, int]]) -> float:
    """Covered lines and branches of all, in per cent; 100 of nothing."""
    total = sum(one["num_statements"] + one.get("num_branches", 0) for one in found)
    covered = sum(one["covered_lines"] + one.get("covered_branches", 0) for one in found)
    return 100 * covered / total if total else 100.0


if __name__ == "__main__":
    sys.exit(main())

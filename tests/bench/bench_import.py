"""`import mien`: milliseconds and modules, against importing what any module of frozen dataclasses needs."""

import json
import statistics
import subprocess
import sys

ROUNDS = 15
FLOOR = "import dataclasses, types, typing"
OURS = "import mien"
CODE = "import sys, time; before = len(sys.modules); start = time.perf_counter(); {statement}; print((time.perf_counter() - start) * 1000, len(sys.modules) - before)"


def once(statement: str) -> tuple[float, int]:
    """Milliseconds and new modules of one import in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(statement=statement)],
        capture_output=True,
        text=True,
        check=True,
    )
    ms, modules = done.stdout.split()
    return float(ms), int(modules)


def run() -> dict[str, object]:
    """Alternate both and compare medians."""
    once(OURS)
    pairs = [(once(OURS), once(FLOOR)) for _ in range(ROUNDS)]
    ours = statistics.median(pair[0][0] for pair in pairs)
    floor = statistics.median(pair[1][0] for pair in pairs)
    return {
        "name": "import",
        "value": round(ours, 2),
        "unit": "ms",
        "baseline": round(floor, 2),
        "baseline_name": FLOOR,
        "ratio": round(ours / floor, 2),
        "modules": pairs[0][0][1],
    }


if __name__ == "__main__":
    print(json.dumps(run()))

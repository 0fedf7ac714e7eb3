"""`python -m tests.bench NAME`: run one measurement of `bench_<name>.py`; its JSON line comes last."""

import importlib
import json
import os
import sys
from pathlib import Path

PREFIX = "bench_"


def names() -> list[str]:
    """What can be measured."""
    return sorted(
        path.stem.removeprefix(PREFIX).replace("_", "-")
        for path in Path(__file__).parent.glob(f"{PREFIX}*.py")
    )


def main(arguments: list[str]) -> int:
    """Measure, print, say how it went."""
    if len(arguments) != 1 or arguments[0] not in names():
        print(f"usage: make bench NAME={'|'.join(names())}", file=sys.stderr)
        return 2
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as `mien serve` does
    measure = importlib.import_module(f"tests.bench.{PREFIX}{arguments[0].replace('-', '_')}")
    print(json.dumps(measure.run()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

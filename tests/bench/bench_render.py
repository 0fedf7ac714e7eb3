"""Rendered people a second on two processes: needs a C compiler and the CC0 head data beside the project (`ASSETS=dir`)."""

import multiprocessing
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "sdk"))  # `sdk/model` is never installed

COUNT = 240
PROCESSES = 2
AIM = 30.0


def _one(index: int) -> int:
    from model.render import shards  # type: ignore[import-not-found]  # not installed

    return len(shards.one(3, index)[0])


def run() -> dict[str, object]:
    """Render people of a seed that no training uses."""
    import cv2
    from model import paths  # type: ignore[import-not-found]  # not installed
    from model.render import assets, scene

    cv2.setNumThreads(1)
    scene.constants(assets.load(paths.ASSETS))  # before the fork: shared by both
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        pool.map(_one, range(8))
        start = time.perf_counter()
        pool.map(_one, range(COUNT), chunksize=10)
        seconds = time.perf_counter() - start
    return {
        "name": "render",
        "value": round(COUNT / seconds, 1),
        "unit": "images/s",
        "baseline": AIM,
        "baseline_name": "the least we want",
        "ratio": round(COUNT / seconds / AIM, 2),
        "processes": PROCESSES,
    }

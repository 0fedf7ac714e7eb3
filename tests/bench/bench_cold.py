"""Milliseconds from `session` to the first reading of a face: libraries, models, source, first picture. In fresh processes, the median of several.

The first *label* follows a second later by promise (windows are never shorter), so what is measured is the first picture read. The client is imported before; OpenCV and ONNX
Runtime are not, they load only when a session begins. The baseline, in the same run, is importing the libraries alone.
"""

import statistics
import subprocess
import sys
from pathlib import Path

VIDEO = Path(__file__).resolve().parents[2] / "samples/person/person.mp4"
RUNS = 9
READ = """
import time
from mien.client.session import local_session
start = time.perf_counter()
with local_session({video!r}, ask=lambda words: True, paced=False) as session:
    reading = next(iter(session))
assert reading.now is not None, reading
print((time.perf_counter() - start) * 1000)
"""
LIBRARIES = """
import time; start = time.perf_counter()
import cv2, numpy, onnxruntime
print((time.perf_counter() - start) * 1000)
"""


def timed(script: str) -> float:
    """What a fresh process prints."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def run() -> dict[str, object]:
    """Fresh processes, one after the other."""
    read = READ.format(video=str(VIDEO))
    rows = [(timed(LIBRARIES), timed(read)) for _ in range(RUNS)]
    libraries, session = (statistics.median(column) for column in zip(*rows, strict=True))
    return {
        "name": "cold",
        "value": round(session, 1),
        "unit": "ms",
        "baseline": round(libraries, 1),
        "baseline_name": "importing numpy, OpenCV and ONNX Runtime",
        "ratio": round(session / libraries, 3),
        "runs": RUNS,
    }

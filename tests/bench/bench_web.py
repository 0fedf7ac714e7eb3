"""The camera in a browser: milliseconds a picture in the built worker, beside `@vladmandic/face-api` on the same pictures in the same page in turns.

In a real Chromium without a graphics card, both in WebAssembly on one thread; theirs by its WebGL too, where the browser has that, and the quicker one counts. Beside it
what is loaded when, in bytes as they travel, and the seconds from the camera's start to the first label, with nothing cached and no network between.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from scripts import web
from tests.web.browser import chromium
from tests.web.filmed import PURPOSES, RUNTIME, Scene, clip, film, ran

HERE = Path(__file__).parent / "web"
BLOCK, BLOCKS, WARM = 20, 6, 10
STEP = 5
SMILE = (150, 100)
WORDS = {"surprised": "surprise", "happy": "joy", "sad": "sadness", "neutral": "neutral"}
"""Theirs for what the sample person shows."""


def run() -> dict[str, object]:
    """Drive the browser, read the build."""
    web.build()
    program = web.node(HERE)
    scene = Scene(clip("person", STEP, count=BLOCK * BLOCKS))
    browser = chromium()
    with tempfile.TemporaryDirectory() as folder:
        film(clip("person", 1, *SMILE), Path(folder) / "camera.mjpeg")
        asked = {
            "program": browser.program, "env": browser.env, "camera": str(Path(folder) / "camera.mjpeg"), "purposes": PURPOSES,
            "block": BLOCK, "blocks": BLOCKS, **scene.told(Path(folder) / "pictures.raw"),
        }  # fmt: skip
        told = json.loads(ran([program, str(HERE / "driver.ts")], json.dumps(asked), dict(os.environ), 900))  # fmt: skip
    return reported(told)


def reported(told: dict[str, Any]) -> dict[str, object]:
    """Medians, what counts, and the comparison."""
    ours = statistics.median(told["ours"][WARM:])
    theirs = {name: statistics.median(spent[WARM:]) for name, spent in told["theirs"].items()}
    best = min(theirs, key=lambda name: theirs[name])
    return {
        "name": "web",
        "value": round(ours, 2),
        "unit": "ms_per_frame",
        "baseline": round(theirs[best], 2),
        "baseline_name": f"face-api 1.7.15, tiny detector and expression, {best}",
        "ratio": round(ours / theirs[best], 3),
        "quickest_tenth": round(statistics.quantiles(told["ours"][WARM:], n=10)[0], 2),
        "face_api_ms": {name: round(value, 2) for name, value in theirs.items()},
        "frames": len(told["ours"]),
        "same_word": {
            "mien": right(told["words"]["ours"]),
            **{f"face-api {name}": right([WORDS.get(w, w) for w in words]) for name, words in told["words"]["theirs"].items()},
        },
        "seconds_from_start": {what: round(ms / 1000, 2) for what, ms in told["start"].items()},
        **loaded(),
        "chromium": told["version"],
    }  # fmt: skip


def right(words: list[str | None]) -> float:
    """Share of the pictures in which the word is the one that the rendered person shows most."""
    rows = (web.ROOT / "samples/person/truth.csv").read_text().splitlines()[1:]
    truth = [row.split(",")[2] for row in rows][::STEP][: len(words)]
    return round(statistics.mean(one == other for one, other in zip(words, truth, strict=True)), 3)


def loaded() -> dict[str, object]:
    """What the build weighs on the way: the loader, and what only the camera loads."""
    built = json.loads((web.SERVED / "manifest.json").read_text())
    files, loader = built["files"], built["entries"]["loader"]

    def travels(when: str, how: str) -> int:
        return sum(file[how] or file["bytes"] for file in files.values() if file["when"] == when)

    return {
        "loader_gzip_bytes": files[loader]["gzip"],
        "camera_bytes": {how: travels("camera", how) for how in ("br", "gzip", "bytes")},
        "after_yes_bytes": {how: travels("yes", how) for how in ("br", "gzip", "bytes")},
        "frame_bytes": {how: travels("frame", how) for how in ("br", "gzip", "bytes")},
        "runtime_bytes": RUNTIME.stat().st_size,
    }

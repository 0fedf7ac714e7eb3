"""The camera in a browser: milliseconds a picture in the built worker, beside `@vladmandic/face-api` on the same pictures in the same page in turns.

In a real Chromium without a graphics card, both in WebAssembly with SIMD on one thread (without a card their WebGL is eight times slower). Beside it what is loaded when, in bytes as they travel, and the seconds from the camera's start to the first label, with nothing cached and no network between.
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
from tests.web.frames.shop import Shop, stage

HERE = Path(__file__).parent / "web"
BLOCK, BLOCKS, WARM = 20, 6, 10
STEP = 5
SMILE = (150, 100)
CATALOGUE = web.ROOT / "samples" / "catalogue" / "demo.json"
WORDS = {"surprised": "surprise", "happy": "joy", "sad": "sadness", "neutral": "neutral"}
"""Theirs for what the sample person shows."""


def run() -> dict[str, object]:
    """Drive the browser, read the build."""
    web.build()
    program = web.node(HERE)
    scene = Scene(clip("person", STEP, count=BLOCK * BLOCKS))
    browser = chromium()
    with tempfile.TemporaryDirectory() as folder, Shop() as shop, stage(Path(folder) / "stage", CATALOGUE, shop.origin) as server:  # fmt: skip
        shop.pages["/"] = shop.page(server)
        film(clip("person", 1, *SMILE), Path(folder) / "camera.mjpeg")
        asked = {
            "program": browser.program, "env": browser.env, "camera": str(Path(folder) / "camera.mjpeg"), "purposes": PURPOSES,
            "block": BLOCK, "blocks": BLOCKS, "shop": f"{shop.origin}/", **scene.told(Path(folder) / "pictures.raw"),
        }  # fmt: skip
        told = json.loads(ran([program, str(HERE / "driver.ts")], json.dumps(asked), dict(os.environ), 900))  # fmt: skip
    return reported(told)


def reported(told: dict[str, Any]) -> dict[str, object]:
    """Medians, what counts, and the comparison."""
    ours, theirs = (told["spent"][who][WARM:] for who in ("ours", "theirs"))
    value, baseline = statistics.median(ours), statistics.median(theirs)
    return {
        "name": "web",
        "value": round(value, 2),
        "unit": "ms_per_frame",
        "baseline": round(baseline, 2),
        "baseline_name": "face-api 1.7.15, its quick detector and its expression network",
        "ratio": round(value / baseline, 3),
        "quickest_tenth": [
            round(statistics.quantiles(some, n=10)[0], 2) for some in (ours, theirs)
        ],
        "frames": len(told["spent"]["ours"]),
        "same_word": {
            "mien": right(told["words"]["ours"]),
            "face-api": right([WORDS.get(word, word) for word in told["words"]["theirs"]]),
        },
        "seconds_from_start": {what: round(ms / 1000, 2) for what, ms in told["start"].items()},
        "seconds_to_first_label": {
            f"from the {what}": round(ms / 1000, 2) for what, ms in told["yes"].items()
        },
        **loaded(),
        "chromium": told["version"],
    }


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

"""What mien costs a page: the shop's first page with mien and without, by fresh visitors of a real Chromium in turns. The median of several.

`with` is a visitor of whom nothing is known: loader and one order. `standing` is one whose yes stands: the frame, the client and an order by it, with what
browsers keep from the page before. The baseline, in the same run, is the same page of the same shop without mien.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from scripts import web
from tests.web.browser import chromium, packages
from tests.web.filmed import ran
from tests.web.test_shop import sample

HERE = Path(__file__).parent / "web"
RUNS = 9


def run() -> dict[str, object]:
    """Open both shops, drive the browser."""
    web.build()
    browser = chromium()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            sample(folder / "without", "shop", "--without") as without,
            sample(folder / "shop", "shop") as shop,
        ):
            asked = {
                "program": browser.program, "env": browser.env, "without": without()["url"], "shop": shop()["url"], "mien": shop()["mien"], "runs": RUNS,
            }  # fmt: skip
            told = json.loads(ran([packages(), str(HERE / "page.ts")], json.dumps(asked), dict(os.environ), 900))  # fmt: skip
    return reported(told)


def reported(told: dict[str, Any]) -> dict[str, object]:
    """Medians, and what mien adds."""
    costs = {
        name: {what: round(statistics.median(each[what] for each in runs), 1) for what in runs[0]}
        for name, runs in told.items()
        if name != "version"
    }
    bare, ours = costs["without"], costs["with"]
    return {
        "name": "page",
        "value": round(ours["main_ms"] - bare["main_ms"], 1),
        "unit": "ms_of_the_main_thread",
        "baseline": bare["main_ms"],
        "baseline_name": "the same page without mien",
        "ratio": round(ours["main_ms"] / bare["main_ms"], 3),
        "added": {what: round(ours[what] - bare[what], 1) for what in bare},
        "added_with_a_consent": {what: round(costs["standing"][what] - bare[what], 1) for what in bare},
        "costs": costs,
        "runs": RUNS,
        "chromium": told["version"],
    }  # fmt: skip

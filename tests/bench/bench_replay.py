"""`mien policy replay`: logged decisions decided again a second, from a real database of sealed leaves, on two cores; beside opening them only.

Making the database is not in the timing. The people of the log are spread over a few places, so their questions repeat, times apart: `distinct` says how often.
"""

import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from tests.bench.logged import fill, settings

from mien_server import record
from mien_server.cli.policy.past import replay_log
from mien_server.errands import administer, open_keys
from mien_server.pipeline.opened import BATCH, Opener, kept
from mien_server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LEAVES = 100_000
ROUNDS = 3
FLOOR = "reading, opening and parsing the same leaves, one process"


def run() -> dict[str, object]:
    """Alternate rounds of one process, two processes and the floor; medians."""
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    try:
        found = settings(work)
        distinct = fill(found, open_keys(found), LEAVES)
        rounds = [(_replayed(found, 1), _replayed(found, 2), _opened(found)) for _ in range(ROUNDS)]
    finally:
        shutil.rmtree(work)
    one, two, floor = (statistics.median(each) for each in zip(*rounds, strict=True))
    return {
        "name": "replay", "value": round(max(one, two)), "unit": "decisions/s", "baseline": round(floor),
        "baseline_name": FLOOR, "ratio": round(max(one, two) / floor, 2), "one_process": round(one),
        "two_processes": round(two), "leaves": LEAVES, "distinct": distinct,
    }  # fmt: skip


def _replayed(found: Settings, processes: int) -> float:
    """Decisions a second, with everything: starting processes, loading the bundle, reading, opening, deciding."""
    from mien_server.cli.policy import past

    past._desk.cache_clear()
    start = time.perf_counter()
    done = replay_log(found, None, processes=processes)
    seconds = time.perf_counter() - start
    assert done.fates["again"] == LEAVES
    return LEAVES / seconds


def _opened(found: Settings) -> float:
    opener, first, count = Opener(open_keys(found)), 0, 0
    start = time.perf_counter()
    while batch := administer(found, lambda t, f=first: kept(t, f, BATCH)):  # type: ignore[misc]
        for each in batch:
            opening = opener.open(each)
            assert opening is not None
            count += len([record.judged_of(one) for one in json.loads(opening.record)["asked"]])
        first = batch[-1].index + 1
    return count / (time.perf_counter() - start)

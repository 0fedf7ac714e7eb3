"""The sweep: rows deleted a second, and what that does to envelopes that arrive meanwhile, against the same load without it."""

import os
import sqlite3
import threading
import time
from pathlib import Path

from tests.bench.bench_labels import full
from tests.bench.compared import Requests, enrolled, ours, workplace
from tests.bench.enrolled import Device
from tests.bench.load import Result, cores, drive, paced
from tests.bench.vault import beside, multiply

DEVICES = 16
ROWS = 200_000
RATE = 150
"""Envelopes a second: what 9,600 people send who are seen all the time."""
SECONDS = 15
SWEEP_SECONDS = 5
PATIENCE = 600


def run() -> dict[str, object]:
    """The load alone, then beside a sweep; the report."""
    _, core = cores()
    if core is not None:
        os.sched_setaffinity(0, {core})
    with workplace() as work, ours(work, MIEN_SWEEP_SECONDS=str(SWEEP_SECONDS)) as (target, key):
        devices = enrolled(target, key, DEVICES)
        fresh = Requests("/v1/labels", Device.envelope, devices, key)
        drive(target, Requests("/v1/labels", full, devices, key)(4 * DEVICES))
        drive(target, fresh(400))
        alone = paced(target, fresh(RATE * SECONDS), RATE)
        with beside(work) as database:
            ended = int(time.time()) - 1
            for device in devices:
                multiply(database, device, ROWS // DEVICES, until=ended)
            made = _ended(database, ended)
        requests = fresh(RATE * SECONDS)
        watch = _Watch(work, ended)
        _wait_for_the_first(work, ended, made)
        watch.start()
        swept = paced(target, requests, RATE)
        watch.join()
        return _report(alone, swept, watch, made)


class _Watch(threading.Thread):
    """Counts what is left until nothing is."""

    def __init__(self, work: Path, ended: int) -> None:
        super().__init__()
        self._work, self._ended = work, ended
        self.first = self.last = self.until = 0.0
        self.rows = 0

    def run(self) -> None:
        with beside(self._work) as database:
            self.rows, self.first = _ended(database, self._ended), time.perf_counter()
            give_up = self.first + PATIENCE
            while _ended(database, self._ended) and time.perf_counter() < give_up:
                time.sleep(0.05)
            self.last = time.perf_counter()


def _wait_for_the_first(work: Path, ended: int, made: int) -> None:
    """Return when the next round has begun."""
    with beside(work) as database:
        until = time.monotonic() + PATIENCE
        while _ended(database, ended) == made and time.monotonic() < until:
            time.sleep(0.02)


def _ended(database: sqlite3.Connection, ended: int) -> int:
    found: int = database.execute(
        "SELECT count(*) FROM record WHERE retain_until <= ?", (ended,)
    ).fetchone()[0]
    return found


def _report(alone: Result, swept: Result, watch: _Watch, made: int) -> dict[str, object]:
    return {
        "name": "sweep", "rows_per_s": round(watch.rows / max(watch.last - watch.first, 1e-6)), "rows": made, "labels": made * 64,
        "load": RATE, "p50_ms": round(swept.percentile(0.5), 2), "p99_ms": round(swept.percentile(0.99), 2),
        "p50_ms_without": round(alone.percentile(0.5), 2), "p99_ms_without": round(alone.percentile(0.99), 2),
        "sweep_s": round(watch.last - watch.first, 2), "load_s": round(swept.seconds, 1),
        "statuses": {str(status): count for status, count in (alone.statuses + swept.statuses).items()},
    }  # fmt: skip

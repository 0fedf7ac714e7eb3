"""The memory of one worker over a million labels: the most it ever held, and whether it grows."""

import os

from tests.bench.bench_labels import FULL, full
from tests.bench.compared import Requests, enrolled, ours, workplace
from tests.bench.load import cores, drive
from tests.bench.vault import held_mb, peak_mb

LABELS = 1_000_000
DEVICES = 64
QUARTERS = 4
AIM_MB = 300
BATCH = 500
"""Envelopes made at once: the load's own memory stays small too."""


def run() -> dict[str, object]:
    """Full envelopes until there are a million labels; the report."""
    _, core = cores()
    if core is not None:
        os.sched_setaffinity(0, {core})
    with workplace() as work, ours(work) as (target, key):
        fresh = Requests("/v1/labels", full, enrolled(target, key, DEVICES), key)
        start, quarters, sent = held_mb(target.pid), [], 0
        seconds = 0.0
        for quarter in range(1, QUARTERS + 1):
            while sent * FULL < LABELS * quarter / QUARTERS:
                result = drive(target, fresh(BATCH))
                if set(result.statuses) != {200}:
                    msg = f"not every answer was 200: {dict(result.statuses)}"
                    raise RuntimeError(msg)
                sent += BATCH
                seconds += result.seconds
            quarters.append(round(held_mb(target.pid), 1))
        return {
            "name": "memory", "peak_mb": round(peak_mb(target.pid), 1), "aim_mb": AIM_MB, "start_mb": round(start, 1),
            "quarters_mb": quarters, "growth_mb": round(quarters[-1] - quarters[0], 1), "labels": sent * FULL,
            "labels_per_s": round(sent * FULL / seconds),
        }  # fmt: skip

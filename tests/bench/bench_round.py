"""A round of 1,000 updates: how long closing it takes, what it holds in memory, and what an update is on the wire.

Everybody enrols and sends through the pipeline, on an SQLite file; the updates are long enough to count and differ. Closing opens each, asks policy and ledger about
each person, draws the noise, looks at the holdout and writes the release, the ledger and the log.
"""

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from tests.server.rounding import HOLDOUT, SIZE, contributors, open_round, statement
from tests.server.world import NOON, StillClock, World, shop

from mien.wire.canonical import encode
from mien.wire.signatures import Kind
from mien_server.values import Terms

UPDATES = 1000
AIM_S = 2.0
AIM_MB = 200
AIM_BYTES = 64 * 1024
ROUNDS = 3
TERMS = Terms(
    clip_millionths=1_000_000, noise_thousandths=6000, delta_one_in=1_000_000, cap_millionths=6_000_000, per_year=12,
    floor=100, cohort=UPDATES, quota=UPDATES,
)  # fmt: skip


def run() -> dict[str, object]:
    """Measure in a process of its own, so that what it holds is its own."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_round"],
        capture_output=True, text=True, check=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    report: dict[str, object] = json.loads(found.stdout.splitlines()[-1])
    return report


async def measure(directory: Path) -> dict[str, object]:
    """Three rounds of the same people."""
    world = World(
        directory, clock=StillClock(NOON), site=shop(contributes=True), holdout=lambda: HOLDOUT
    )
    async with world:
        phones = await contributors(world, UPDATES)
        rng = np.random.default_rng(1)
        drawn = rng.normal(size=(UPDATES, SIZE))
        updates = (0.9 * drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        seconds, cpu, takes, size = [], [], [], 0
        for _ in range(ROUNDS):
            doc = await open_round(world, TERMS, 7 * 86_400)
            for phone, numbers in zip(phones, updates, strict=True):
                text = phone.signed(Kind.UPDATE, statement(phone, doc, numbers))
                size = len(encode({"jws": text}))
                began = time.perf_counter()
                await world.pipeline.update(world.site, text)
                takes.append(time.perf_counter() - began)
            before = _mb()
            began, worked = time.perf_counter(), time.process_time()
            ended = await world.pipeline.close_round(doc.round)
            seconds.append(time.perf_counter() - began)
            cpu.append(time.process_time() - worked)
            if ended.participants != UPDATES:
                msg = f"{ended.participants} of {UPDATES} were in the sum"
                raise RuntimeError(msg)
        takes.sort()
        return {
            "name": "round", "updates": UPDATES, "close_s": round(sorted(seconds)[1], 2), "close_worst_s": round(max(seconds), 2), "close_cpu_s": round(sorted(cpu)[1], 2),
            "aim_s": AIM_S, "peak_mb": round(_mb()), "before_close_mb": round(before), "aim_mb": AIM_MB, "update_bytes": size,
            "aim_bytes": AIM_BYTES, "take_p50_ms": round(takes[len(takes) // 2] * 1000, 2),
            "database_mb": round((directory / "mien.db").stat().st_size / 1e6, 1),
        }  # fmt: skip


def _mb() -> float:
    """The most memory that this process had so far, everything it imported included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(measure(Path(folder)))))

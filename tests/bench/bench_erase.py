"""`/v1/erasures`: from the statement to the acknowledgement, by when nothing of the person is used any more; and the seconds until all is gone.

Each person has 100,000 labels. One after the other asks to be forgotten while the server completes the erasures before.
"""

import json
import os
import sqlite3
import time
from pathlib import Path

import httpx
from tests.bench.bench_labels import full
from tests.bench.compared import Requests, enrolled, ours, workplace
from tests.bench.enrolled import Device
from tests.bench.load import Target, cores, drive
from tests.bench.vault import RUN_LABELS, beside, multiply

from mien.wire.signatures import unverified

PEOPLE = 120
LABELS = 100_000
WARM = 5
PAUSE = 0.1
"""Seconds between two statements: people do not ask in chorus."""
PATIENCE = 600
AIM_MS = 25


def run() -> dict[str, object]:
    """Enrol, fill, erase; the report."""
    _, core = cores()
    if core is not None:
        os.sched_setaffinity(0, {core})
    with workplace() as work, ours(work) as (target, key):
        devices = enrolled(target, key, PEOPLE + WARM)
        drive(target, Requests("/v1/labels", full, devices, key)(len(devices)))
        with beside(work) as database:
            for device in devices:
                multiply(database, device, LABELS // RUN_LABELS)
            held = _rows(database)
        headers = {"Mien-Site-Key": key, "Content-Type": "application/json"}
        with httpx.Client(base_url=target.url, headers=headers, timeout=60) as client:
            for device in devices[:WARM]:
                _erase(client, device)
            asked = [_erase(client, device) for device in devices[WARM:]]
            took = [_complete(client, name) - began for name, began, _ in asked]
        return _report(target, work, held, [ms for _, _, ms in asked], took)


def _report(
    target: Target, work: Path, held: int, latencies: list[float], took: list[float]
) -> dict[str, object]:
    with beside(work) as database:
        left = _rows(database)
    ordered, whole = sorted(latencies), sorted(took)
    return {
        "name": "erase", "p99_ms": round(ordered[round(0.99 * (len(ordered) - 1))], 2), "aim_ms": AIM_MS,
        "p50_ms": round(ordered[len(ordered) // 2], 2), "max_ms": round(ordered[-1], 2),
        "complete_p50_s": round(whole[len(whole) // 2], 2), "complete_max_s": round(whole[-1], 2),
        "erasures": len(latencies), "labels_each": LABELS, "rows_before": held, "rows_after": left, "cpu_s": round(target.cpu(), 1),
    }  # fmt: skip


def _erase(client: httpx.Client, device: Device) -> tuple[str, float, float]:
    """The erasure's name, when it was asked for, and the milliseconds until it was acknowledged."""
    time.sleep(PAUSE)
    body = device.erasure(int(time.time()))
    began = time.perf_counter()
    answer = client.post("/v1/erasures", content=body)
    ms = (time.perf_counter() - began) * 1000
    answer.raise_for_status()
    if client.post("/v1/labels", content=device.envelope(int(time.time()))).is_success:
        msg = "a label was accepted after the acknowledgement of an erasure"
        raise RuntimeError(msg)
    return answer.json()["erasure"], began, ms


def _complete(client: httpx.Client, name: str) -> float:
    """When the second certificate was there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = client.get(f"/v1/erasures/{name}")
        answer.raise_for_status()
        certificate = unverified(json.loads(answer.content)["certificate"])
        if certificate["stage"] == "completed":
            return time.perf_counter()
        time.sleep(PAUSE)
    msg = "an erasure did not complete in time"
    raise RuntimeError(msg)


def _rows(database: sqlite3.Connection) -> int:
    found: int = database.execute("SELECT count(*) FROM record").fetchone()[0]
    return found

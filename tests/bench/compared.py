"""The server and the bare endpoint, one after the other in alternating rounds, on one core; the load on the other."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.bench.enrolled import Device, enrol
from tests.bench.load import Result, Target, cores, drive, report, request, served

ROOT = Path(__file__).resolve().parents[2]
MIEN = Path(sys.executable).with_name("mien")
ROUNDS = 5
WARM = 400
DEVICES = 16
SITE = "bench"


def compare(
    name: str, path: str, body: Callable[[Device, int], bytes], count: int, *, labelled: bool
) -> dict[str, object]:
    """Alternate rounds of `count` requests to `path`; the report. With `labelled`, devices have sent labels before."""
    _, core = cores()
    if core is not None:
        os.sched_setaffinity(0, {core})
    with _workplace() as work, _ours(work) as (target, key), _bare(work) as bare:
        headers = {"Mien-Site-Key": key}
        with httpx.Client(base_url=target.url, timeout=30) as client:
            devices = [enrol(client, SITE, key) for _ in range(DEVICES)]
        if labelled:
            drive(target, _requests("/v1/labels", Device.envelope, devices, 4 * DEVICES, headers))
        for warm in (target, bare):
            drive(warm, _requests(path, body, devices, WARM, headers))
        ours, plain = _rounds(target, bare, lambda: _requests(path, body, devices, count, headers))
        size = len(body(devices[0], int(time.time())))
        return report(
            name,
            ours,
            plain,
            body_bytes=size,
            devices=DEVICES,
            baseline_name="bare FastAPI, same body and model",
        )


def _rounds(
    target: Target, bare: Target, fresh: Callable[[], list[bytes]]
) -> tuple[list[Result], list[Result]]:
    ours, plain = [], []
    for _ in range(ROUNDS):
        requests = fresh()
        plain.append(drive(bare, requests))
        ours.append(drive(target, requests))
    return ours, plain


def _requests(
    path: str,
    body: Callable[[Device, int], bytes],
    devices: Sequence[Device],
    count: int,
    headers: dict[str, str],
) -> list[bytes]:
    now = int(time.time())
    return [request(path, body(devices[i % len(devices)], now), headers) for i in range(count)]


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder on the disk of the repository: what is measured includes its fsync."""
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    try:
        yield work
    finally:
        shutil.rmtree(work)


@contextmanager
def _bare(work: Path) -> Iterator[Target]:
    folder = work / "bare"
    folder.mkdir()
    with served([sys.executable, "-m", "tests.bench.bare"], folder, {}) as target:
        yield target


@contextmanager
def _ours(work: Path) -> Iterator[tuple[Target, str]]:
    environment = {
        "MIEN_DATABASE": f"sqlite:///{work / 'mien.db'}", "MIEN_KEYS": str(work / "keys"),
        "MIEN_RATE_PER_SITE": "1000000", "MIEN_RATE_PER_ADDRESS": "1000000",
    }  # fmt: skip
    catalogue = work / "catalogue.json"
    catalogue.write_text(json.dumps(_catalogue()))
    _mien(["keys", "init"], environment)
    added = _mien([
        "site", "add", SITE, "--sector", "retail", "--role", "customer", "--jurisdiction", "EU-DE", "--controller", "Bench",
        "--contact", "bench@mien.example", "--catalogue", str(catalogue), "--impact-assessment", "--json",
    ], environment)  # fmt: skip
    with served([str(MIEN), "serve", "--port", "0", "--ready-file"], work, environment) as target:
        yield target, json.loads(added)["publishable_key"]


def _mien(arguments: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(
        [str(MIEN), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def _catalogue() -> dict[str, object]:
    offers = [
        {"id": f"offer-{i}", "title": f"Offer {i}", "price": 1000 + 100 * i, "tags": [f"tag-{i % 5}"], "stock": 9}
        for i in range(20)
    ]  # fmt: skip
    return {"offers": offers, "affinities": {"joy": {"tag-1": 0.6}, "sadness": {"tag-2": 0.5}}}

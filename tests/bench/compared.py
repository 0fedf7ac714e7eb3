"""The server and the bare endpoint, one after the other in alternating rounds, on one core; the load on the other."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
    name: str,
    path: str,
    body: Callable[[Device, int], bytes],
    count: int,
    *,
    labelled: bool = False,
    more: Callable[[Target, "Requests", float], Mapping[str, object]] = lambda *_: {},
) -> dict[str, object]:
    """Alternate rounds of `count` requests to `path`; the report. With `labelled`, devices have sent labels before.

    `more` measures on: it is given our server, what makes further requests, and the rate that was reached.
    """
    _, core = cores()
    if core is not None:
        os.sched_setaffinity(0, {core})
    with workplace() as work, ours(work) as (target, key), _bare(work) as bare:
        devices = enrolled(target, key, DEVICES)
        fresh = Requests(path, body, devices, key)
        if labelled:
            drive(target, Requests("/v1/labels", Device.envelope, devices, key)(4 * DEVICES))
        for warm in (target, bare):
            drive(warm, fresh(WARM))
        measured, plain = _rounds(target, bare, lambda: fresh(count))
        found = report(
            name,
            measured,
            plain,
            body_bytes=len(body(devices[0], int(time.time()))),
            devices=DEVICES,
            baseline_name="bare FastAPI, same body and model",
        )
        return {**found, **more(target, fresh, statistics.median(one.rate for one in measured))}


@dataclass(frozen=True)
class Requests:
    """Makes fresh requests of some devices, one after the other."""

    path: str
    body: Callable[[Device, int], bytes]
    devices: Sequence[Device]
    key: str

    def __call__(self, count: int) -> list[bytes]:
        """That many, as they go over the wire."""
        now, devices = int(time.time()), self.devices
        headers = {"Mien-Site-Key": self.key}
        return [
            request(self.path, self.body(devices[i % len(devices)], now), headers)
            for i in range(count)
        ]


def enrolled(target: Target, key: str, count: int) -> list[Device]:
    """New people with a device each."""
    with httpx.Client(base_url=target.url, timeout=30) as client:
        return [enrol(client, SITE, key) for _ in range(count)]


def _rounds(
    target: Target, bare: Target, fresh: Callable[[], list[bytes]]
) -> tuple[list[Result], list[Result]]:
    measured, plain = [], []
    for _ in range(ROUNDS):
        requests = fresh()
        plain.append(drive(bare, requests))
        measured.append(drive(target, requests))
    return measured, plain


@contextmanager
def workplace() -> Iterator[Path]:
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
def ours(work: Path, **settings: str) -> Iterator[tuple[Target, str]]:
    """Our server with one site, and the site's publishable key. `settings` are further variables of its environment."""
    environment = {
        "MIEN_DATABASE": f"sqlite:///{work / 'mien.db'}", "MIEN_KEYS": str(work / "keys"),
        "MIEN_RATE_PER_SITE": "1000000", "MIEN_RATE_PER_ADDRESS": "1000000", "MIEN_RATE_PER_SUBJECT": "1000000",
        **settings,
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

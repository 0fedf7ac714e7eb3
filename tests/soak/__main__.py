"""`python -m tests.soak [PART ...]`: kills, race, privacy, fuzz. Each part replaces its own entry of docs/reference/soak.json; the last line says how it went."""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.postgres import Cluster
from tests.server.test_fuzz import fuzz
from tests.soak import kills, privacy, race
from tests.soak.nodes import Place

from mien_server.adapt.auditing import Plan

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "docs/reference/soak.json"
SEED = 20261126
KILLS, PEOPLE, DECISIONS, NODES, FUZZED = 25, 1_000, 200_000, 3, 100_000
AUDITED = Plan(canaries=776, runs=13, rounds=12, noise=6.0, guessed=0.1)
"""Ten thousand canaries of the default rounds, a year of them."""


def main() -> int:
    """Run the parts, write the report, say whether every promise held."""
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "kills_sqlite": lambda: _kills("sqlite"), "kills_postgresql": lambda: _kills("postgresql"),
        "race": _race, "privacy": _privacy, "fuzz": lambda: fuzz(FUZZED, SEED),
    }  # fmt: skip
    chosen = argparse.ArgumentParser()
    chosen.add_argument("parts", nargs="*", choices=list(parts))
    wanted = chosen.parse_args().parts or list(parts)
    report: dict[str, Any] = {}
    for name in wanted:
        began = time.monotonic()
        result = parts[name]()
        # Read only now: another part may have been run beside this one, and written.
        report = json.loads(REPORT.read_text()) if REPORT.exists() else {}
        report[name] = {**result, "seconds": round(time.monotonic() - began, 1), **_circumstances()}
        REPORT.write_text(json.dumps(report, indent=2) + "\n")
    faults = [fault for name in wanted for fault in report[name]["faults"]]
    print(json.dumps({"parts": wanted, "faults": len(faults)}))
    return 1 if faults else 0


def _kills(store: str) -> dict[str, Any]:
    with _work() as work:
        if store == "sqlite":
            place = Place.made(work / "place", f"sqlite:///{work}/mien.db")
            return asdict(kills.run(place, KILLS, SEED, _tell))
        with _cluster() as cluster:
            place = Place.made(work / "place", cluster.create())
            return asdict(kills.run(place, KILLS, SEED, _tell))


def _race() -> dict[str, Any]:
    with _work() as work, _cluster(track_commit_timestamp="on") as cluster:
        place = Place.made(work / "place", cluster.create())
        return asdict(race.run(place, NODES, PEOPLE, DECISIONS, SEED, _tell))


def _privacy() -> dict[str, Any]:
    return asdict(privacy.run(AUDITED, SEED, _tell))


@contextmanager
def _cluster(**settings: Any) -> Iterator[Cluster]:
    cluster = Cluster(**settings)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.close()


@contextmanager
def _work() -> Iterator[Path]:
    """A folder on the disk of the repository: its sync is what is waited for."""
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="soak-", dir=ROOT / "var"))
    try:
        yield work
    finally:
        shutil.rmtree(work)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _circumstances() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seed": str(SEED),
    }


if __name__ == "__main__":
    sys.exit(main())

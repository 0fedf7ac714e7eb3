"""The audit log at a million entries: appended, published, proved and verified, each beside the plain hashing that nobody gets around.

Everything goes through the server's own code and a durable SQLite file; what is verified is an export on the disk, by the command an officer runs.
"""

import asyncio
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tests.bench import logged
from tests.bench.vault import held_mb
from tests.server.world import NOON, ORIGIN, World

from mien.wire import proof
from mien.wire.canonical import b64
from mien_server import audit, record
from mien_server.authorize import Authorizer, load_bundle
from mien_server.keys import Keyring
from mien_server.machine import SystemEntropy

ROOT = Path(__file__).resolve().parents[2]
SIZE = int(os.environ.get("BENCH_SIZE", "1000000"))
PUBLISHED = 100_000
"""Leaves that are added durably, sequenced and signed, as a server does it."""
AT_ONCE = 256
"""Of them committed together: what one transaction of a busy server holds."""
BULK = 8192
PROOFS = 500
KINDS = 300
"""Different decisions that the records are made of; each has a time and a nonce of its own."""


def run() -> dict[str, object]:
    """All of it, once; the report."""
    (ROOT / "var").mkdir(mode=0o700, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "var"))
    try:
        published, row_bytes = asyncio.run(_published(work / "published"))
        world = World(_directory(work / "large"))
        bulk, proof_ms, quick_ms = asyncio.run(_large(world))
        folder = work / "export"
        public_bytes = asyncio.run(_export(world, folder))
        with_all = _verified(folder, world.keys)
        opened_bytes = (folder / audit.OPENED).stat().st_size
        (folder / audit.OPENED).unlink()
        hashes = _verified(folder, world.keys)
        floor = _floor()
    finally:
        shutil.rmtree(work)
    return {
        "name": "audit", "value": round(with_all["seconds"], 2), "unit": "s", "baseline": round(floor, 2),
        "baseline_name": "hashing as many entries and nodes, one process, nothing else",
        "ratio": round(with_all["seconds"] / floor, 2), "entries": SIZE,
        "verify_s": round(with_all["seconds"], 2), "verify_cpu_s": round(with_all["cpu"], 2), "verify_peak_mb": with_all["peak_mb"], "opened": with_all["opened"],
        "verify_hashes_s": round(hashes["seconds"], 2), "verify_hashes_cpu_s": round(hashes["cpu"], 2), "verify_hashes_peak_mb": hashes["peak_mb"],
        "append_per_s": round(bulk), "publish_per_s": round(published), "proof_ms": round(proof_ms, 3), "proof_quick_ms": round(quick_ms, 3),
        "bytes_per_entry": round(public_bytes / SIZE, 1), "opened_bytes_per_entry": round(opened_bytes / SIZE, 1),
        "database_bytes_per_entry": round(row_bytes, 1),
    }  # fmt: skip


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


# ---- published, as a server does ----
async def _published(directory: Path) -> tuple[float, float]:
    """Leaves a second that were added durably, sequenced and signed; bytes of the database for each."""
    async with World(_directory(directory)) as world:
        batches = [_sealed(first) for first in range(0, PUBLISHED, AT_ONCE)]
        start = time.perf_counter()
        for leaves in batches:
            await world.store.transact(lambda t, some=leaves: [t.leaves.add(each) for each in some])
            await world.pipeline.sequence()
            await world.pipeline.checkpoint()
        seconds = time.perf_counter() - start
        await world.store.scrub()
        count = await world.store.transact(lambda t: t.tiles.size())
        return count / seconds, world.database.stat().st_size / count


def _sealed(first: int) -> list[Any]:
    """Leaves under a person's key, made before the clock runs."""
    entropy = SystemEntropy()
    vault = record.Vault.of("shop", "sub_bench", bytes(32))
    kinds = _kinds()
    return [
        record.seal_leaf(vault, kinds[number % KINDS], NOON, NOON + 86_400, entropy)
        for number in range(first, min(first + AT_ONCE, PUBLISHED))
    ]


# ---- a million ----
async def _large(world: World) -> tuple[float, float, float]:
    """Entries appended a second in bulk; the median and the quickest tenth of the time of a proof in the log that makes, in ms."""
    async with world:
        seconds = 0.0
        for first in range(0, SIZE, BULK):
            entries = [_entry(number) for number in range(first, min(first + BULK, SIZE))]
            start = time.perf_counter()
            await world.store.transact(lambda t, some=entries: audit.append(t.tiles, some))
            seconds += time.perf_counter() - start
        rng = np.random.default_rng(7)
        times = []
        for index in rng.integers(SIZE, size=PROOFS):
            start = time.perf_counter()
            await world.store.transact(
                lambda t, at=int(index): audit.tlog_proof(t.tiles, at, ORIGIN, world.keys.log)
            )
            times.append(time.perf_counter() - start)
        return (
            SIZE / seconds,
            1000 * statistics.median(times),
            1000 * statistics.quantiles(times, n=10)[0],
        )


def _nonce(number: int) -> bytes:
    return hashlib.sha256(b"bench %d" % number).digest()


def _record(number: int) -> bytes:
    """A decision's record, at a second of its own."""
    kind = _kinds()[number % KINDS]
    head, _, tail = kind.partition(b',"at":')
    return b'%s,"at":%d%s' % (head, NOON + number, tail[tail.index(b",") :])


def _entry(number: int) -> bytes:
    return audit.entry(proof.leaf_of(_nonce(number), _record(number)), NOON + number)


_KINDS: list[bytes] = []


def _kinds() -> list[bytes]:
    """Records of real decisions on varied questions."""
    if not _KINDS:
        rng = np.random.default_rng(5)
        authorizer = Authorizer(load_bundle())
        keys: Any = _Keys()
        people = [logged._person(keys, SystemEntropy(), number) for number in range(30)]
        for number in range(KINDS):
            who = people[number % len(people)]
            question = logged._question(rng, who, NOON)
            _KINDS.append(logged._record(who, question, authorizer.decide(question)))
    return _KINDS


class _Keys:
    """As much of the keys as people are made with."""

    def epoch(self) -> int:
        return 1

    def kek(self, _epoch: int) -> bytes:
        return bytes(32)


async def _export(world: World, folder: Path) -> int:
    """Write the export an officer would; the bytes of its public files."""
    written = 0
    async with world:
        note = await world.pipeline.checkpoint()
        vkey = proof.note_key(ORIGIN, world.keys.log.verify_key())
        files = await world.store.transact(lambda t: list(audit.files(t.tiles, note, vkey)))
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written += len(data)
    with (folder / audit.OPENED).open("wb") as opened:
        opened.writelines(_lines())
    return written


def _lines() -> Iterator[bytes]:
    for number in range(SIZE):
        line = b'{"index":%d,"nonce":"%s","record":%s}\n'
        yield line % (number, b64(_nonce(number)).encode(), _record(number))


def _verified(folder: Path, keys: Keyring) -> dict[str, Any]:
    """The command, from its start to its end; the most memory one of its processes held."""
    vkey = proof.note_key(ORIGIN, keys.log.verify_key())
    command = [sys.executable, "-m", "mien.cli", "audit", "verify", str(folder), "--key", vkey, "--json"]  # fmt: skip
    before, start = _cpu(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        watch = _Watch(process.pid)
        watch.start()
        assert process.stdout is not None
        answer = json.loads(process.stdout.read())
    seconds = time.perf_counter() - start
    watch.join()
    assert answer["ok"], answer["findings"]
    assert answer["size"] == SIZE
    return {"seconds": seconds, "cpu": _cpu() - before, "peak_mb": round(watch.peak), "opened": answer["opened"]}  # fmt: skip


def _cpu() -> float:
    """Seconds of processor that all ended children took, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Watch(threading.Thread):
    """The most memory that a process and its children together held, in MB, until it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid
        self.peak = 0.0

    def run(self) -> None:
        while held := self._held():
            self.peak = max(self.peak, held)
            time.sleep(0.05)

    def _held(self) -> float:
        try:
            children = Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split()
            return sum(map(held_mb, [self._pid, *map(int, children)]))
        except (OSError, StopIteration):
            return 0.0


def _floor() -> float:
    """Seconds to hash so many entries and the nodes over them."""
    entry, node = bytes(41), bytes(65)
    sha256 = hashlib.sha256
    start = time.perf_counter()
    for _ in range(SIZE):
        sha256(entry).digest()
        sha256(node).digest()
    return time.perf_counter() - start

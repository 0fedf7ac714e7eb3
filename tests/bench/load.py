"""A load generator for loopback: keep-alive connections, each with one request under way, over prepared bytes. And what starts servers for it."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

CONNECTIONS = 32
START_SECONDS = 60


@dataclass
class Result:
    """What one round gave."""

    seconds: float
    statuses: Counter[int]
    latencies: list[float] = field(repr=False)
    cpu: float = 0.0
    """Seconds of CPU the server used meanwhile; unlike the rate it hardly depends on what else this machine does."""

    @property
    def rate(self) -> float:
        """Answers of 200 a second."""
        return self.statuses[200] / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the server's CPU for one answer."""
        return self.cpu / max(1, self.statuses.total()) * 1e6

    def percentile(self, share: float) -> float:
        """Latency in milliseconds below which this share lies."""
        return sorted(self.latencies)[int(share * (len(self.latencies) - 1))] * 1000


def request(path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
    lines += [
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last one is complete."""

    def __init__(self, work: Iterator[bytes], result: Result, done: asyncio.Future[None]) -> None:
        self._work, self._result, self._done = work, result, done
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        status = int(head[9:12])
        self._result.statuses[status] += 1
        self._result.latencies.append(time.perf_counter() - self._sent)
        self._answered(status)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(error or ConnectionError("the server closed the connection"))

    def _answered(self, _status: int) -> None:
        self._next()

    def _next(self) -> None:
        wanted = next(self._work, None)
        if wanted is None:
            if not self._done.done():
                self._done.set_result(None)
            self._transport.close()
            return
        self._send(wanted)

    def _send(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._sent = time.perf_counter()
        self._transport.write(wanted)  # type: ignore[attr-defined]


async def _drive(url: str, requests: Sequence[bytes], connections: int) -> Result:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    result, work = Result(0, Counter(), []), iter(requests)
    futures = [loop.create_future() for _ in range(connections)]
    began = time.perf_counter()
    for done in futures:
        await loop.create_connection(
            partial(Client, work, result, done), parts.hostname or "", parts.port or 0
        )
    await asyncio.gather(*futures)
    result.seconds = time.perf_counter() - began
    return result


@dataclass(frozen=True)
class Target:
    """A server under measurement."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU it has used so far, all threads together (Linux; 0 elsewhere)."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drive(target: Target, requests: Sequence[bytes], connections: int = CONNECTIONS) -> Result:
    """Send all `requests`; how fast they were answered."""
    before = target.cpu()
    result = uvloop.run(_drive(target.url, requests, connections))
    result.cpu = target.cpu() - before
    return result


def paced(
    target: Target, requests: Sequence[bytes], rate: float, connections: int = CONNECTIONS
) -> Result:
    """Send `requests` at `rate` a second, whether or not earlier ones are answered. Latencies count from when each was due, so waiting is not hidden."""
    before = target.cpu()
    result = uvloop.run(_pace(target.url, requests, rate, connections))
    result.cpu = target.cpu() - before
    return result


async def _pace(url: str, requests: Sequence[bytes], rate: float, connections: int) -> Result:
    parts = urlsplit(url)
    result, began = Result(0, Counter(), []), time.perf_counter()
    due = iter([(began + i / rate, each) for i, each in enumerate(requests)])

    async def send() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for at, wanted in due:
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            writer.write(wanted)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            result.statuses[int(head[9:12])] += 1
            result.latencies.append(time.perf_counter() - at)
        writer.close()

    await asyncio.gather(*(send() for _ in range(connections)))
    result.seconds = time.perf_counter() - began
    return result


@cache
def cores() -> tuple[int | None, int | None]:
    """A core for the server and one for the load; None where there is only one. As found at first: whoever binds itself to one sees no other."""
    found = sorted(os.sched_getaffinity(0))
    return (found[0], found[1]) if len(found) > 1 else (None, None)


@contextmanager
def served(command: Sequence[str], work: Path, environment: Mapping[str, str]) -> Iterator[Target]:
    """Run a server on its own core until the block is left."""
    ready = work / "ready.json"
    ready.unlink(missing_ok=True)
    core, _ = cores()
    process = subprocess.Popen(
        [*command, str(ready)], env={**os.environ, **environment}, cwd=Path(__file__).resolve().parents[2],
        preexec_fn=None if core is None else lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - no threads yet
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Target(_url(process, ready), process.pid)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _url(process: subprocess.Popen[bytes], ready: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("the server did not start; its reason is above")
        time.sleep(0.02)
    url: str = json.loads(ready.read_text())["url"]
    return url


def report(
    name: str, ours: Sequence[Result], bare: Sequence[Result], **more: object
) -> dict[str, object]:
    """The JSON line of a comparison: medians over the rounds, and the ratio."""
    value, baseline = (statistics.median(one.rate for one in rounds) for rounds in (ours, bare))
    cpu, cpu_baseline = (statistics.median(one.cpu_us for one in rounds) for rounds in (ours, bare))
    failed = sum((one.statuses for one in ours), Counter())
    if set(failed) != {200}:
        print(f"not every answer was 200: {dict(failed)}", file=sys.stderr)
    return {
        "name": name, "value": round(value, 1), "unit": "requests/s", "baseline": round(baseline, 1),
        "ratio": round(value / baseline, 3), "p50_ms": round(statistics.median(r.percentile(0.5) for r in ours), 2),
        "p99_ms": round(statistics.median(r.percentile(0.99) for r in ours), 2), "cpu_us": round(cpu), "baseline_cpu_us": round(cpu_baseline), "cpu_ratio": round(cpu_baseline / max(cpu, 1), 3),
        "connections": CONNECTIONS,
        "statuses": {str(status): count for status, count in failed.items()}, "rounds": len(ours), **more,
    }  # fmt: skip

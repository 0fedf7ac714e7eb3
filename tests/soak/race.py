"""Withdrawals racing decisions on several nodes over one PostgreSQL: nothing may be used after its person took it back, in the order of commits.

A trigger (of this test, not of the product) notes the transaction of every leaf of the log, and PostgreSQL the time of every commit
(`track_commit_timestamp`). A use holds its person's row for share and a withdrawal for update, so of these two commits one comes wholly before the
other. Afterwards each person exports what was decided about them: every *allow* must have been committed before their withdrawal.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

import asyncpg
import httpx
import numpy as np
import uvloop
from tests.bench.enrolled import Device, enrol
from tests.bench.load import Client, Result, request
from tests.soak.nodes import SITE, Node, Place

from mien.wire.canonical import unb64
from mien.wire.proof import leaf_of

CONNECTIONS = 8
"""Connections to each node."""
CHUNK = 4000
"""Requests made at once: a ranking is good for two minutes."""
USES = ("record", "use")
BUSY = 503
RETRY_SECONDS = 1.0
_NOTE = """
CREATE TABLE IF NOT EXISTS noted_commit (leaf bytea NOT NULL, xid xid8 NOT NULL);
CREATE OR REPLACE FUNCTION note_commit() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO noted_commit VALUES (NEW.hash, pg_current_xact_id()); RETURN NULL; END';
CREATE OR REPLACE TRIGGER note_commit AFTER INSERT ON leaf FOR EACH ROW EXECUTE FUNCTION note_commit();
"""
_COMMITS = "SELECT leaf, pg_xact_commit_timestamp(xid::xid) FROM noted_commit"


@dataclass
class Raced:
    """What was decided, and what was found. `faults` is empty when the promise held."""

    nodes: int
    people: int
    asked: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    allowed: int = 0
    denied: int = 0
    withdrawn: int = 0
    closest_us: int = 0
    """Microseconds between a last use and the withdrawal after it, at the closest."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def run(  # noqa: PLR0917 - how large
    place: Place,
    nodes: int,
    people: int,
    decisions: int,
    seed: int,
    tell: Callable[[str], None] = print,
) -> Raced:
    """Race `people` withdrawals against `decisions` decisions on `nodes` servers of `place`, whose database is a PostgreSQL."""
    asyncio.run(_prepare(place.database))
    raced, began = Raced(nodes, people), time.monotonic()
    with ExitStack() as stack:
        running = [stack.enter_context(place.node()) for _ in range(nodes)]
        with place.client(running[0]) as client:
            devices = [enrol(client, SITE, place.key) for _ in range(people)]
        statuses: Counter[int] = Counter()
        for requests in _chunks(place, devices, decisions, seed):
            statuses += uvloop.run(_drive([node.url for node in running], requests)).statuses
            raced.asked += len(requests)
            tell(f"race: {raced.asked} of {decisions + people} requests")
        raced.statuses = {str(status): count for status, count in sorted(statuses.items())}
        _judge(place, running[0], devices, _Commits(place.database), raced)
    raced.seconds = round(time.monotonic() - began, 1)
    return raced


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SHOW track_commit_timestamp") != "on":
            raise RuntimeError("start the database with track_commit_timestamp=on")
        await connection.execute(_NOTE)
    finally:
        await connection.close()


class _Commits:
    """When leaves were committed. Servers go on deciding while they are judged: rankings that got no reward are learned from, which is a use."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[bytes, datetime] = {}

    def of(self, leaf: bytes) -> datetime:
        """The time of its commit. Raises `KeyError` for a leaf that was never written."""
        if leaf not in self._known:
            self._known = asyncio.run(self._read())
        return self._known[leaf]

    async def _read(self) -> dict[bytes, datetime]:
        connection = await asyncpg.connect(self._url)
        try:
            return {row[0]: row[1] for row in await connection.fetch(_COMMITS)}
        finally:
            await connection.close()


def _chunks(
    place: Place, devices: Sequence[Device], decisions: int, seed: int
) -> Iterator[list[bytes]]:
    """The requests in random order, each device's withdrawal at a random place among its own."""
    draw = np.random.default_rng(seed)
    headers = {"Mien-Site-Key": place.key}
    order = draw.permutation(np.arange(decisions) % len(devices))
    withdraws_at = draw.integers(0, max(1, decisions // len(devices)), len(devices))
    sent = [0] * len(devices)
    chunk: list[bytes] = []
    for turn, index in enumerate(order.tolist()):
        now, device = int(time.time()), devices[index]
        if sent[index] == withdraws_at[index]:
            chunk.append(request("/v1/withdrawals", device.withdrawal(now), headers))
        sent[index] += 1
        path, body = ("/v1/rank", device.rank) if turn % 2 else ("/v1/labels", device.envelope)
        chunk.append(request(path, body(now), headers))
        if len(chunk) >= CHUNK:
            yield chunk
            chunk = []
    yield chunk


class _Patient(Client):
    """Sends again, as devices do, what a busy server had no time for: the same bytes, which count once."""

    def _answered(self, status: int) -> None:
        if status == BUSY:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._send, self._wanted)
        else:
            self._next()


async def _drive(urls: Sequence[str], requests: Sequence[bytes]) -> Result:
    loop = asyncio.get_running_loop()
    result, work = Result(0, Counter(), []), iter(requests)
    futures = []
    for url in urls:
        parts = urlsplit(url)
        for _ in range(CONNECTIONS):
            futures.append(loop.create_future())
            await loop.create_connection(
                partial(_Patient, work, result, futures[-1]), parts.hostname or "", parts.port or 0
            )
    await asyncio.gather(*futures)
    return result


def _judge(
    place: Place,
    node: Node,
    devices: Sequence[Device],
    commits: _Commits,
    raced: Raced,
) -> None:
    with place.client(node) as client:
        gaps = [_judge_one(client, device, commits, raced) for device in devices]
    raced.closest_us = min((gap for gap in gaps if gap is not None), default=0)


def _judge_one(client: httpx.Client, device: Device, commits: _Commits, raced: Raced) -> int | None:
    """Whether every use of this person was committed before their withdrawal; the microseconds between the last use and it."""
    said = device.export(int(time.time()))
    answer = client.get("/v1/me", headers={"Authorization": f"Mien-Statement {said}"})
    used, taken_back = [], []
    for each in device.exported(answer.raise_for_status().json())["decisions"]:
        content = json.loads(each["record"])
        at = commits.of(leaf_of(unb64(each["nonce"]), each["record"].encode()))
        if content["action"] in USES:
            raced.allowed += content["allow"]
            raced.denied += not content["allow"]
            used += [at] if content["allow"] else []
        taken_back += [at] if content["action"] == "withdraw" else []
    if len(taken_back) != 1:
        raced.faults.append(f"{len(taken_back)} withdrawals of one person in the log")
        return None
    raced.withdrawn += 1
    after = sum(at >= taken_back[0] for at in used)
    if after:
        raced.faults.append(f"{after} uses committed after the withdrawal")
    last = max((at for at in used if at < taken_back[0]), default=None)
    return None if last is None else round((taken_back[0] - last).total_seconds() * 1e6)

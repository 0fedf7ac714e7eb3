"""Acknowledged means durable: seen at the system calls of a real server, because a killed process proves nothing (the kernel keeps what was not synced)."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from tests.bench.enrolled import enrol
from tests.postgres import Cluster
from tests.soak.nodes import SITE, Node, Place
from tests.tracing import NotHere, Trace, traced
from tests.tracing.order import Exchange, exchanges

from mien_server.stores.postgres import SESSION

LABELS = 5
_CARELESS = """
from mien_server.stores import sqlite
sqlite._PRAGMAS = tuple(each.replace("= FULL", "= OFF") for each in sqlite._PRAGMAS)
from mien.cli import main
main()
"""
"""A server that never waits for the disk."""


@contextmanager
def watched(place: Place, command: Sequence[str], ready: Path) -> Iterator[tuple[Trace, Node]]:
    """A node under the tracer."""
    try:
        with traced(command, place.environment) as trace:
            until = time.monotonic() + 120
            while not ready.exists():
                assert trace.status is None, "the server ended"
                assert time.monotonic() < until, "the server did not start"
                time.sleep(0.05)
            yield trace, place.found(ready)
    except NotHere as reason:
        pytest.skip(f"NOT HERE: {reason}")


def labelled(place: Place, command: Sequence[str], ready: Path) -> list[Exchange]:
    """What the kernel saw of five envelopes, sent one after the other and acknowledged."""
    with watched(place, command, ready) as (trace, node), place.client(node) as client:
        device = enrol(client, SITE, place.key)
        for _ in range(LABELS):
            body = device.envelope(int(time.time()))
            answer = client.post(
                "/v1/labels", content=body, headers={"Content-Type": "application/json"}
            )
            assert answer.status_code == 200
    return exchanges(
        trace.calls,
        request=lambda data: data.startswith(b"POST /v1/labels"),
        answer=lambda data: data.startswith(b"HTTP/1.1 200"),
        log=lambda name: name.endswith("-wal"),
    )


def test_every_acknowledgement_follows_a_sync(tmp_path: Path) -> None:
    place = Place.made(tmp_path / "place", f"sqlite:///{tmp_path}/mien.db")
    seen = labelled(place, *place.serve_command())
    assert [each.synced for each in seen] == [True] * LABELS


def test_the_tracer_sees_a_server_that_does_not_wait(tmp_path: Path) -> None:
    place = Place.made(tmp_path / "place", f"sqlite:///{tmp_path}/mien.db")
    command, ready = place.serve_command()
    seen = labelled(place, [sys.executable, "-c", _CARELESS, *command[1:]], ready)
    assert [each.synced for each in seen] == [False] * LABELS


# ---- PostgreSQL ----
ROWS = 5


def committed(before: str) -> list[Exchange]:
    """What the kernel saw of a PostgreSQL that committed five transactions of one connection, after `before` was said on it."""
    cluster = Cluster()
    try:
        with traced(cluster.command(), **cluster.how) as trace:
            asyncio.run(_write(cluster.url(), before))
    except NotHere as reason:
        pytest.skip(f"NOT HERE: {reason}")
    finally:
        cluster.close()
    return exchanges(
        trace.calls,
        request=lambda data: data.startswith(b"Q") and data[5:] == b"COMMIT\x00",
        answer=lambda data: b"COMMIT\x00" in data,
        log=lambda name: "/pg_wal/" in name,
    )


async def _write(url: str, before: str) -> None:
    connection = await _connected(url)
    for name, value in SESSION.items():
        await connection.execute(f"SET {name} = '{value}'")
    await connection.execute("CREATE TABLE row (id int)")
    await connection.execute(before)
    for number in range(ROWS):
        await connection.execute("BEGIN")
        await connection.execute("INSERT INTO row VALUES ($1)", number)
        await connection.execute("COMMIT")
    await connection.close()


async def _connected(url: str) -> asyncpg.Connection:
    until = time.monotonic() + 60
    while True:
        try:
            return await asyncpg.connect(url)
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < until, "the database did not start"
            await asyncio.sleep(0.1)


def test_every_commit_of_postgresql_follows_a_sync() -> None:
    seen = committed("SELECT 1")
    assert [each.synced for each in seen] == [True] * ROWS


def test_the_tracer_sees_a_postgresql_that_does_not_wait() -> None:
    seen = committed("SET synchronous_commit = off")
    assert False in [each.synced for each in seen]

"""What a witness has seen is on the disk before it answers: seen at the system calls of a real one."""

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from tests.server.logs_made import SmallLog, new_home
from tests.tracing import NotHere, traced
from tests.tracing.order import Exchange, exchanges

CHECKPOINTS = 5
_COMMAND = "from mien.cli import main\nmain()\n"
_CARELESS = f"""
import sqlite3
from mien_server.witness import memory
real = memory.Memory._open
def careless(self):
    database = real(self)
    database.execute("PRAGMA synchronous = OFF")
    return database
memory.Memory._open = careless
{_COMMAND}"""
"""A witness that never waits for the disk."""


def asked(tmp_path: Path, program: str) -> list[Exchange]:
    """What the kernel saw of five checkpoints, sent one after the other and cosigned."""
    log = SmallLog().grow(1)
    new_home(tmp_path / "w")
    ready = tmp_path / "ready.json"
    command = [
        sys.executable, "-c", program, "witness", "serve", str(tmp_path / "w"), "--log", log.vkey,
        "--port", "0", "--ready-file", str(ready),
    ]  # fmt: skip
    try:
        with traced(command, dict(os.environ)) as trace:
            _wait(ready)
            _ask(json.loads(ready.read_text())["url"], log)
    except NotHere as reason:
        pytest.skip(f"NOT HERE: {reason}")
    return exchanges(
        trace.calls,
        request=lambda data: data.startswith(b"POST /add-checkpoint"),
        answer=lambda data: data.startswith(b"HTTP/1.1 200"),
        log=lambda name: name.endswith("-wal"),
    )


def _wait(ready: Path) -> None:
    until = time.monotonic() + 120
    while not ready.exists():
        assert time.monotonic() < until, "the witness did not start"
        time.sleep(0.05)


def _ask(url: str, log: SmallLog) -> None:
    with httpx.Client(timeout=60) as client:
        held = 0
        for _ in range(CHECKPOINTS):
            body = log.asks(held)
            assert client.post(f"{url}/add-checkpoint", content=body).status_code == 200
            held = log.tiles.size()
            log.grow(3)


@pytest.mark.parametrize(("program", "synced"), [(_COMMAND, True), (_CARELESS, False)])
def test_every_cosignature_follows_a_sync(tmp_path: Path, program: str, synced: bool) -> None:
    """And the tracer sees a witness that does not wait."""
    seen: Sequence[Exchange] = asked(tmp_path, program)
    assert [each.synced for each in seen] == [synced] * CHECKPOINTS

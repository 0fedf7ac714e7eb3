"""Stopping: told once, the server finishes what it began and loses nothing it acknowledged; told twice, it ends at once, and loses nothing either."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.served import PUBLISHABLE, Served
from tests.server.world import Phone

Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path, new_url: Callable[[], str]) -> Iterator[Serve]:
    """Starts a server on an empty database of either kind."""
    with ExitStack() as stack:

        def served(**more: str) -> Served:
            return stack.enter_context(Served(tmp_path / "served", new_url(), more))

        yield served


@pytest.fixture
def _file_only(database_kind: str) -> None:
    assert database_kind == "sqlite"


class Load:
    """Phones that send as fast as they are answered, and remember what was acknowledged."""

    def __init__(self, served: Served, people: int) -> None:
        self.served = served
        self.phones = [served.enrolled() for _ in range(people)]
        self.acknowledged: list[tuple[Phone, int]] = []
        self.statuses: set[int] = set()
        self._on = asyncio.Event()

    async def run(self, during: Callable[[], Any]) -> None:
        """Send until nobody answers any more; `during` is called once the load is on."""
        sending = [asyncio.create_task(self._send(phone)) for phone in self.phones]
        await self._on.wait()
        during()
        await asyncio.gather(*sending)

    async def _send(self, phone: Phone) -> None:
        async with httpx.AsyncClient(
            base_url=self.served.address, headers=PUBLISHABLE, timeout=20
        ) as client:
            while True:
                body = self.served.envelope(phone)
                try:
                    answer = await client.post("/v1/labels", json=body)
                except httpx.HTTPError:
                    return
                self.statuses.add(answer.status_code)
                if answer.status_code == 200:
                    self.acknowledged.append((phone, body["seq"]))
                if len(self.acknowledged) >= 5 * len(self.phones):
                    self._on.set()

    def lost(self) -> list[tuple[str, int]]:
        """What was acknowledged and is not in the database."""
        return [(p.id, seq) for p, seq in self.acknowledged if not self.served.kept(p, seq)]


def test_what_was_acknowledged_is_there_after_a_stop_under_load(serve: Serve) -> None:
    served = serve()
    load = Load(served, 6)
    asyncio.run(load.run(served.tell))
    assert served.ended() == 0
    assert load.statuses <= {200}
    assert len(load.acknowledged) >= 30
    assert load.lost() == []
    assert served.administer(lambda t: t.leaves.pending_count()) == 0  # promised, so sequenced


def test_told_twice_it_ends_at_once_and_loses_nothing(serve: Serve) -> None:
    served = serve(MIEN_DRAIN_SECONDS="60")
    load = Load(served, 4)

    def twice() -> None:
        served.tell()
        time.sleep(0.2)
        served.tell()

    asyncio.run(load.run(twice))
    assert served.ended(5) == -signal.SIGTERM
    assert load.lost() == []
    served.start()  # and it starts again from there
    assert served.send(load.phones[0]).status_code == 200


@pytest.mark.sqlite
@pytest.mark.usefixtures("_file_only")
def test_readiness_ends_at_once_while_everything_else_is_still_answered(serve: Serve) -> None:
    served = serve(MIEN_DRAIN_SECONDS="2")
    phone = served.enrolled()
    assert served.get("/readyz").status_code == 200
    served.tell()
    time.sleep(0.05)
    told = served.get("/readyz")
    assert (told.status_code, told.json()["code"]) == (503, "not-ready")
    assert "stopping" in told.json()["detail"]
    assert served.get("/healthz").status_code == 200
    assert served.send(phone).status_code == 200
    assert served.ended() == 0


def _begun(served: Served, body: bytes, sent: int) -> socket.socket:
    """A request of which only the first bytes of the body were sent."""
    host, _, port = served.address.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    head = (
        "POST /v1/labels HTTP/1.1\r\nhost: x\r\nmien-site-key: pk_shop\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[:sent])
    return connection


@pytest.mark.sqlite
@pytest.mark.usefixtures("_file_only")
def test_request_that_was_begun_is_finished(serve: Serve) -> None:
    served = serve()
    phone = served.enrolled()
    body = json.dumps(served.envelope(phone)).encode()
    with _begun(served, body, 100) as connection:
        time.sleep(0.2)
        served.tell()
        time.sleep(0.5)
        connection.sendall(body[100:])
        assert connection.recv(64).startswith(b"HTTP/1.1 200")
    assert served.ended() == 0
    assert served.kept(phone, phone.seq)


@pytest.mark.sqlite
@pytest.mark.usefixtures("_file_only")
def test_request_that_never_ends_does_not_hold_the_stop(serve: Serve) -> None:
    served = serve(MIEN_STOP_SECONDS="1", MIEN_BODY_SECONDS="60")
    body = json.dumps(served.envelope(served.enrolled())).encode()
    with _begun(served, body, 100):
        time.sleep(0.2)
        began = time.monotonic()
        served.tell()
        assert served.ended(10) == 0
        assert time.monotonic() - began < 5
    assert served.lines()[-1]["event"] == "stopped"

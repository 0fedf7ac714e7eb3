"""Callers that are slow, silent or too many: none of them takes a place for long, and nobody else notices."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.server.served import Served

HEAD = b"POST /v1/rank HTTP/1.1\r\nhost: x\r\nmien-site-key: pk_shop\r\ncontent-type: application/json\r\n"
Connect = Callable[[], socket.socket]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with little patience and few places."""
    more = {
        "MIEN_BODY_SECONDS": "0.6", "MIEN_HEAD_SECONDS": "0.6", "MIEN_IDLE_SECONDS": "1", "MIEN_MAX_CONNECTIONS": "8",
    }  # fmt: skip
    with Served(tmp_path_factory.mktemp("connections") / "served", "", more) as served:
        yield served


@pytest.fixture
def connect(served: Served) -> Iterator[Connect]:
    """Opens connections; closes them at the end."""
    host, _, port = served.address.removeprefix("http://").partition(":")
    with ExitStack() as stack:

        def connected() -> socket.socket:
            made = socket.create_connection((host, int(port)), timeout=10)
            return stack.enter_context(made)

        yield connected


def _rest(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    found = b""
    while data := connection.recv(65536):
        found += data
    return found


def _alive(connection: socket.socket) -> bool:
    """Read one answer of `/healthz`, and leave the connection open."""
    found = b""
    while not found.endswith(b'{"alive":true}'):
        data = connection.recv(65536)
        if not data:
            return False
        found += data
    return found.startswith(b"HTTP/1.1 200")


def test_body_that_comes_too_slowly_is_refused_and_the_connection_closed(connect: Connect) -> None:
    connection = connect()
    began = time.monotonic()
    connection.sendall(HEAD + b"content-length: 1000\r\n\r\n{")
    answer = _rest(connection)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"body-too-slow"' in answer
    assert 0.5 < time.monotonic() - began < 5


def test_drops_now_and_then_do_not_lengthen_the_time_for_a_body(connect: Connect) -> None:
    connection = connect()
    began = time.monotonic()
    connection.sendall(HEAD + b"content-length: 1000\r\n\r\n")
    connection.settimeout(0.2)
    answer = b""
    while not answer and time.monotonic() - began < 8:
        connection.sendall(b" ")
        try:
            answer = connection.recv(65536)
        except TimeoutError:
            continue
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nhost: "])
def test_connection_that_sends_no_head_is_closed(connect: Connect, sent: bytes) -> None:
    began = (
        time.monotonic()
    )  # before the server's clock starts, which is when it sees the connection
    connection = connect()
    connection.sendall(sent)
    assert _rest(connection) == b""
    assert 0.5 < time.monotonic() - began < 5


def test_head_that_comes_in_drops_is_not_waited_for(connect: Connect) -> None:
    connection = connect()
    began = time.monotonic()
    connection.settimeout(0.1)
    closed = False
    while not closed and time.monotonic() - began < 8:
        try:
            connection.sendall(b"G" if time.monotonic() - began < 0.1 else b"x")
            closed = connection.recv(1) == b""
        except TimeoutError:
            continue
        except ConnectionError:
            closed = True
    assert closed
    assert time.monotonic() - began < 3


def test_connection_is_kept_between_requests_but_not_for_ever(connect: Connect) -> None:
    connection = connect()
    for _ in range(3):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        assert _alive(connection)
        time.sleep(0.3)
    began = time.monotonic()
    assert _rest(connection) == b""
    assert time.monotonic() - began < 3


def test_second_head_on_a_connection_has_no_more_time_than_the_first(connect: Connect) -> None:
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
    assert _alive(connection)
    began = time.monotonic()
    connection.sendall(b"GET /healthz HT")
    assert _rest(connection) == b""
    assert time.monotonic() - began < 3


def test_one_connection_too_many_is_told_so_and_the_others_go_on(
    served: Served, connect: Connect
) -> None:
    first = connect()
    first.sendall(HEAD + b"content-length: 1000\r\n\r\n")
    held = [connect() for _ in range(7)]
    time.sleep(0.1)
    answer = _rest(connect())
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"application/problem+json" in answer
    assert b'"not-ready"' in answer
    for each in held:
        each.close()
    time.sleep(0.1)
    assert served.get("/healthz").status_code == 200

"""The one room on the network, against real sockets: what may leave, and what a server that is down, slow or talking nonsense can do."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from mien.client import SystemClock
from mien.errors import (
    RequestInvalid,
    RequestRefused,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
)
from mien.send import (
    NoticeQuery,
    Patience,
    ProofQuery,
    Sender,
    ServiceQuery,
    Statement,
)
from mien.testing import FakeClock
from mien.values import Label, Scores
from mien.wire.canonical import encode
from mien.wire.keys import SigningKey
from mien.wire.messages import (
    Accepted,
    ConsentAnswer,
    Notice,
    ProofAnswer,
    RankAnswer,
    RankRequest,
    RewardRequest,
    SignedAnswer,
)
from mien.wire.signatures import Kind, sign

QUICK = Patience(tries=1, connect=0.5, read=0.3, whole=0.8)
TWICE = Patience(tries=3, connect=0.5, read=0.3, whole=0.8)
OK = b'{"accepted":true,"duplicate":false}'
REWARD = RewardRequest(site="shop", event="evt_" + "a" * 26, reward=10)


def http(status: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Behaviour = Callable[[socket.socket], None]


class Listener:
    """A real server on loopback that does as it is told, once for each connection."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.heard: list[bytes] = []
        self._behaviours = list(behaviours)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with link:
                self.heard.append(_request(link))
                act = self._behaviours[0] if len(self._behaviours) == 1 else self._behaviours.pop(0)
                with suppress(OSError):
                    act(link)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def _request(link: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += link.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    size = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < size:
        body += link.recv(65536)
    return head + b"\r\n\r\n" + body


@contextmanager
def listening(*behaviours: Behaviour) -> Iterator[Listener]:
    listener = Listener(*behaviours)
    try:
        yield listener
    finally:
        listener.close()


def says(data: bytes) -> Behaviour:
    return lambda link: link.sendall(data)


def sender(url: str, clock: Any = None) -> Sender:
    return Sender(url, "pk_test", clock or SystemClock(), bytes)


def ask(url: str, patience: Patience = QUICK) -> SignedAnswer:
    return sender(url).send(ServiceQuery(), SignedAnswer, patience)


# ---- what may leave ----
class Bigger(ServiceQuery):
    """A subclass that smuggles."""

    secret: str = "joy"


@pytest.mark.parametrize(
    "thing",
    [
        Label("joy", 1, 9), Scores((1.0,), 0, 0), {"jws": "a.b.c"}, b"bytes", "text", None, Bigger(),
        Accepted(), SignedAnswer(jws="a.b.c"),
    ],
)  # fmt: skip
def test_nothing_outside_the_union_becomes_a_request(thing: Any) -> None:
    with pytest.raises(RequestInvalid):
        sender("http://127.0.0.1:1").send(thing, Accepted)


def test_an_instance_that_skipped_the_checks_is_checked() -> None:
    smuggled = ServiceQuery().model_copy(update={"secret": "joy"})
    unchecked = RankRequest.model_construct(
        v=1,
        site="shop",
        request="joy " * 10,
        page="home",
        places=5,
        candidates=None,
        asker=None,
        mac=None,
    )
    extra = REWARD.model_copy(update={"reward": 101})
    with pytest.raises(RequestInvalid):
        sender("http://127.0.0.1:1").send(unchecked, RankAnswer)
    with pytest.raises(RequestInvalid):
        sender("http://127.0.0.1:1").send(extra, Accepted)
    with pytest.raises((RequestInvalid, ServerUnreachable)):
        sender("http://127.0.0.1:1").send(smuggled, SignedAnswer, QUICK)


@pytest.mark.parametrize(
    "kind", [Kind.RECEIPT, Kind.CAPABILITY, Kind.SERVICE, Kind.CERTIFICATE, Kind.KEY_POSSESSION]
)
def test_only_statements_of_a_person_are_statements(kind: Kind) -> None:
    jws = sign(kind, {"a": 1}, SigningKey.generate())
    with pytest.raises(RequestInvalid):
        sender("http://127.0.0.1:1").send(Statement(jws=jws), ConsentAnswer)


def test_the_caller_must_expect_the_answer_that_comes() -> None:
    with pytest.raises(TypeError):
        sender("http://127.0.0.1:1").send(ServiceQuery(), Accepted)


def test_a_request_carries_its_few_headers_and_nothing_else() -> None:
    with listening(says(http("200 OK", OK))) as server:
        sender(server.url).send(REWARD, Accepted, QUICK)
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    names = {line.split(b":")[0].lower() for line in head.split(b"\r\n")[1:]}
    assert names == {
        b"host", b"accept", b"accept-encoding", b"connection", b"user-agent", b"content-type", b"content-length",
        b"mien-site-key",
    }  # fmt: skip
    assert b"User-Agent: mien\r\n" in head  # no version of anything on this device
    assert body == encode(REWARD.model_dump(mode="json"))


def test_the_environments_proxies_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with listening(says(http("200 OK", OK))) as server:
        assert sender(server.url).send(REWARD, Accepted, QUICK).accepted


def test_no_cookie_is_taken() -> None:
    with listening(says(http("200 OK", OK, "Set-Cookie: id=canary; Path=/"))) as server:
        link = sender(server.url)
        link.send(REWARD, Accepted, QUICK)
        link.send(REWARD, Accepted, QUICK)
    assert b"canary" not in b"".join(server.heard)


# ---- what can come back ----
GARBAGE = {
    "no HTTP": b"\x00\x01\x02 hello\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n",
    "HTML": http("200 OK", b"<html>sign in to the hotel</html>", kind="text/html"),
    "no JSON": http("200 OK", b"{"),
    "a list": http("200 OK", b"[]"),
    "an unknown field": http("200 OK", b'{"jws":"a.b.c","more":1}'),
    "a field twice": http("200 OK", b'{"jws":"a.b.c","jws":"a.b.c"}'),
    "a number for a word": http("200 OK", b'{"jws":1}'),
    "a wrong encoding": http("200 OK", b'{"jws":"\xff"}'),
    "a redirect": http("302 Found", b"", "Location: http://127.0.0.1:1/elsewhere"),
    "a permanent redirect": http("308 Permanent Redirect", b"", "Location: https://evil.example/"),
    "an error page": http("500 Internal Server Error", b"<html>", kind="text/html"),
    "a damaged problem": http("400 Bad Request", b'{"code":1}', kind="application/problem+json"),
    "too much": http("200 OK", b'{"jws":"' + b"a" * 2_000_000 + b'"}'),
    "a lying length": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{}",
}  # fmt: skip


@pytest.mark.parametrize("garbage", GARBAGE)
def test_an_answer_that_is_none_is_refused(garbage: str) -> None:
    with listening(says(GARBAGE[garbage])) as server, pytest.raises(ServerAnswerInvalid):
        ask(server.url)
    assert len(server.heard) == 1  # and it was not asked again


def test_a_problem_is_told_with_its_code_and_laws() -> None:
    problem = encode({
        "type": "/errors/policy-denied", "title": "t", "status": 403, "detail": "not\x1b[31m here\nnow",
        "code": "policy-denied", "laws": ["EU AI Act 5(1)(f)"], "instance": "x",
    })  # fmt: skip
    answer = http("403 Forbidden", problem, kind="application/problem+json")
    with listening(says(answer)) as server, pytest.raises(RequestRefused) as refused:
        ask(server.url)
    assert (refused.value.problem, refused.value.status) == ("policy-denied", 403)
    assert refused.value.laws == ("EU AI Act 5(1)(f)",)
    assert "\x1b" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ServerUnreachable):
        ask(url)


def test_a_server_that_hangs_up() -> None:
    with (
        listening(lambda _link: None) as server,
        pytest.raises((ServerUnreachable, ServerAnswerInvalid)),
    ):
        ask(server.url)


def silent(link: socket.socket) -> None:
    link.settimeout(5)
    link.recv(1)  # until the other side gives up


def dripping(link: socket.socket) -> None:
    link.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
    )
    while True:
        link.sendall(b" ")
        time.sleep(0.05)  # quicker than the timeout between two pieces: only the deadline ends it


@pytest.mark.parametrize("slow", [silent, dripping])
def test_a_server_that_takes_forever_is_left(slow: Behaviour) -> None:
    with listening(slow) as server, pytest.raises(ServerUnreachable):
        ask(server.url)


# ---- trying again ----
def test_a_read_is_tried_again_until_it_works() -> None:
    clock = FakeClock()
    answer = http("200 OK", b'{"jws":"a.b.c"}')
    with listening(lambda _link: None, silent, says(answer)) as server:
        server._behaviours = [says(http("503 Busy", b"")), silent, says(answer)]
        found = sender(server.url, clock).send(ServiceQuery(), SignedAnswer, TWICE)
    assert found.jws == "a.b.c"
    assert len(server.heard) == 3
    assert len(clock.slept) == 2


def test_waits_grow_and_are_jittered() -> None:
    clock = FakeClock()
    always = [b"\xff" * 4, b"\x00" * 4, b"\x80\x00\x00\x00"]
    busy = Sender("http://127.0.0.1:1", "pk", clock, lambda _n: always.pop(0))
    with pytest.raises(ServerUnreachable):
        busy.send(ServiceQuery(), SignedAnswer, Patience(tries=4, connect=0.2, base=0.5))
    assert clock.slept == [pytest.approx(1.0), 0.0, pytest.approx(2.0)]


def test_retry_after_is_honoured() -> None:
    clock = FakeClock()
    busy = says(http("429 Too Many", b"", "Retry-After: 7"))
    with listening(busy, says(http("200 OK", OK))) as server:
        sender(server.url, clock).send(REWARD, Accepted, TWICE)
    assert clock.slept == [7.0]


def test_retry_after_beyond_patience_is_the_callers_to_wait() -> None:
    clock = FakeClock()
    with (
        listening(says(http("503 Busy", b"", "Retry-After: 600"))) as server,
        pytest.raises(ServerBusy) as busy,
    ):
        sender(server.url, clock).send(REWARD, Accepted, TWICE)
    assert busy.value.retry_after == 600
    assert clock.slept == []


@pytest.mark.parametrize("header", ["soon", "-5", "1e9", "Wed, 21 Oct 2026 07:28:00 GMT", "²"])
def test_an_odd_retry_after_is_a_moment(header: str) -> None:
    clock = FakeClock()
    with listening(
        lambda link: link.sendall(
            http("503 Busy", b"", f"Retry-After: {header}").replace(
                header.encode(), header.encode("latin-1")
            )
        ),
        says(http("200 OK", OK)),
    ) as server:
        sender(server.url, clock).send(REWARD, Accepted, TWICE)
    assert clock.slept == [1.0]


def test_what_may_have_been_done_is_not_done_twice() -> None:
    jws = sign(Kind.CONSENT, {"a": 1}, SigningKey.generate())
    with listening(silent) as server, pytest.raises(ServerUnreachable):
        sender(server.url, FakeClock()).send(Statement(jws=jws), ConsentAnswer, TWICE)
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    ("query", "answer", "path"),
    [
        (NoticeQuery(site="shop", locale="de"), Notice, b"GET /v1/sites/shop/notices/de HTTP/1.1"),
        (
            ProofQuery(leaf="A" * 43),
            ProofAnswer,
            b"GET /audit/proof?leaf=" + b"A" * 43 + b" HTTP/1.1",
        ),
    ],
)
def test_questions_go_where_they_belong(query: Any, answer: Any, path: bytes) -> None:
    with listening(says(http("200 OK", b"{}"))) as server, pytest.raises(ServerAnswerInvalid):
        sender(server.url).send(query, answer, QUICK)
    assert server.heard[0].startswith(path + b"\r\n")

"""P1, attacked: every byte between device and server is recorded below HTTP, and every byte must be accounted for."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from pydantic import BaseModel

from mien import Claims, Client
from mien.cli.demo.scenes import spoken
from mien.cli.demo.stage import SITE, Stage
from mien.errors import MienError, RequestInvalid
from mien.send import Sender
from mien.values import EXPRESSIONS, POLARITIES, STATES, Label
from mien.wire.canonical import decode, unb64
from mien.wire.messages import (
    Accepted,
    Envelope,
    HelpRequest,
    RankRequest,
    RewardRequest,
    SignedAnswer,
    parse,
)

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "samples/catalogue/demo.json"
PERSON = ROOT / "samples/person/person.mp4"
BODIES: dict[str, type[BaseModel]] = {
    "/v1/labels": Envelope,
    "/v1/rank": RankRequest,
    "/v1/rewards": RewardRequest,
    "/v1/help": HelpRequest,
    "/v1/consents": SignedAnswer,
    "/v1/capabilities": SignedAnswer,
    "/v1/withdrawals": SignedAnswer,
    "/v1/erasures": SignedAnswer,
}
READS = {"/.well-known/mien", f"/v1/sites/{SITE}/notices/en", "/v1/me"}
HEADERS = {
    "host", "accept", "accept-encoding", "connection", "user-agent", "content-length",
    "content-type", "mien-site-key", "authorization",
}  # fmt: skip


LEARNED: list[Any] = []
"""What the device kept of the person's face, as it kept it before the withdrawal."""
BASE64 = re.compile(rb"[A-Za-z0-9_-]{40,}")


@dataclass
class Tap:
    """A TCP relay that keeps what the device said."""

    target: tuple[str, int]
    said: list[bytearray] = field(default_factory=list)
    _ends: list[socket.socket] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                device, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            self._ends += [device, server]
            said = bytearray()
            self.said.append(said)
            threading.Thread(target=relay, args=(device, server, said), daemon=True).start()
            threading.Thread(target=relay, args=(server, device, bytearray()), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for end in (self._listener, *self._ends):
            end.close()


def relay(source: socket.socket, sink: socket.socket, seen: bytearray) -> None:
    while True:
        try:
            data = source.recv(65536)
            seen += data
            if not data:
                break
            sink.sendall(data)
        except OSError:
            break
    with suppress(OSError):  # the other direction ended it
        sink.shutdown(socket.SHUT_WR)


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def requests(stream: bytes) -> list[Request]:
    """The requests a connection carried; raises when a byte is left over."""
    found = []
    while stream:
        head, separator, rest = stream.partition(b"\r\n\r\n")
        assert separator, "bytes that are no request"
        first, *lines = head.decode("ascii").split("\r\n")
        method, path, _version = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        size = int(headers.get("content-length", "0"))
        found.append(Request(method, urlsplit(path).path, headers, rest[:size]))
        stream = rest[size:]
    return found


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("recorded") / "stage", CATALOGUE) as stage:
        yield stage


@pytest.fixture(scope="module")
def tap(stage: Stage) -> Iterator[Tap]:
    parts = urlsplit(stage.url)
    tap = Tap((parts.hostname or "", parts.port or 0))
    threading.Thread(target=tap.serve, daemon=True).start()
    yield tap
    tap.close()


@pytest.fixture(scope="module")
def session(stage: Stage, tap: Tap) -> list[Request]:
    """A whole session through the tap: consent, reading, ranking, reward, export, withdrawal, erasure."""
    home = stage.folder / "device"
    with Client(tap.url, SITE, key=stage.publishable, trust=stage.trust, home=home) as client:
        client.rank()
        client.help()
        client.notice("en")
        client.consent(
            purposes=["personalize_offers", "adapt_service", "declare_mood"],
            claims=Claims(("EU-DE",), age_band="adult"),
        )
        client.calibrate(PERSON, paced=False)
        with client.session(PERSON, paced=False) as reading:
            labels = [step.label for step in reading if step.label and reading.agree()]
        assert labels
        LEARNED.append(client._keep.personal())
        client.declare("joy")
        client.flush()
        client.reward(client.rank())
        client.help()
        client.help(human=True, pass_on=True)
        client.export()
        client.withdraw()
        client.erase()
    return [request for said in tap.said for request in requests(bytes(said))]


def test_every_byte_of_a_session_is_accounted_for(session: list[Request]) -> None:
    for request in session:
        assert set(request.headers) <= HEADERS, request.headers.keys() - HEADERS
        if request.method == "GET":
            assert request.path in READS or request.path.startswith(("/audit/", "/v1/erasures/"))
            assert request.body == b""
        else:
            parse(
                BODIES[request.path], decode(request.body)
            )  # closed messages: nothing can hide in a field
    assert {request.path for request in session} >= {
        "/v1/labels",
        "/v1/rank",
        "/v1/help",
        "/v1/consents",
        "/v1/erasures",
    }


def test_labels_leave_only_in_envelopes_of_one_size(session: list[Request]) -> None:
    envelopes = [parse(Envelope, decode(r.body)) for r in session if r.path == "/v1/labels"]
    assert len(envelopes) >= 3
    assert len({len(envelope.ct) for envelope in envelopes}) == 1
    assert len({envelope.ct for envelope in envelopes}) == len(envelopes)
    assert [e.seq for e in envelopes] == sorted({e.seq for e in envelopes})


def test_no_word_of_the_vocabulary_is_in_the_stream(session: list[Request]) -> None:
    stream = b"".join(request.body for request in session) + b"".join(
        value.encode() for request in session for value in request.headers.values()
    )
    words = {*EXPRESSIONS, *STATES, *POLARITIES} - {"none"}
    assert [word for word in words if spoken(word, stream)] == []
    inside = b"".join(unb64(run.decode()) for run in BASE64.findall(stream) if spelt(run))
    assert len(inside) > 3 * 1653, "the sealed parts were not looked into"
    long_words = {word for word in words if len(word) > 4}  # three bytes turn up in noise
    assert [word for word in long_words if word.encode() in inside] == []


def test_nothing_that_was_learned_of_the_face_leaves(session: list[Request]) -> None:
    learned = LEARNED[-1]
    assert learned["agreed"] >= 10
    texts = [learned["rest"]["middle"], *(each["embedding"] for each in learned["answers"])]
    stream = b"".join(request.body for request in session)
    inside = b"".join(unb64(run.decode()) for run in BASE64.findall(stream) if spelt(run))
    for text in texts:
        halves = unb64(text)
        wide = np.frombuffer(halves, "<f2").astype("<f4").tobytes()
        assert text[8:24].encode() not in stream
        assert halves[12:24] not in stream + inside
        assert wide[24:40] not in stream + inside


def spelt(run: bytes) -> bool:
    """Whether a run of letters is base64url of something."""
    try:
        unb64(run.decode())
    except RequestInvalid:
        return False
    return True


def test_the_search_for_words_would_find_one() -> None:
    assert spoken("joy", b'{"expression":"joy"}')
    assert not spoken("joy", b'{"ct":"AAjoyAA"}')


def test_rank_says_the_same_with_and_without_consent(session: list[Request]) -> None:
    ranks = [decode(request.body) for request in session if request.path == "/v1/rank"]
    without, *_, with_consent = ranks
    assert without["asker"] is None
    assert with_consent["asker"] is not None
    ignored = {"asker", "mac", "request"}
    assert {k: v for k, v in without.items() if k not in ignored} == {
        k: v for k, v in with_consent.items() if k not in ignored
    }


def test_asking_for_help_says_the_same_with_and_without_consent(session: list[Request]) -> None:
    without, known, pressed = (
        decode(request.body) for request in session if request.path == "/v1/help"
    )
    assert without["asker"] is None
    assert known["asker"] is not None
    ignored = {"asker", "mac", "request"}
    assert {k: v for k, v in without.items() if k not in ignored} == {
        k: v for k, v in known.items() if k not in ignored
    }
    changed = {name for name in pressed if pressed[name] != known[name]}
    assert changed - ignored == {"human", "pass_on"}  # two presses, and nothing else


def test_send_refuses_anything_outside_the_union(stage: Stage) -> None:
    from mien.client import SystemClock

    sender = Sender(stage.url, stage.publishable, SystemClock(), bytes, None)
    with pytest.raises((MienError, TypeError)):
        sender.send(Label(expression="joy", ended_at=1, confidence=9), Accepted)  # type: ignore[arg-type]

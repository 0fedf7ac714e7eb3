"""Taking part in rounds: what leaves the device, what it counts itself, and which heads it believes."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.sdk.conftest import GERMANY

from mien import Client
from mien.adapt import SIZE, Head
from mien.adapt.budget import Ledger
from mien.client.shared import keep_head
from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    HeadInvalid,
    RequestInvalid,
    ServerAnswerInvalid,
    ServerUnreachable,
)
from mien.testing import FakeClock, FakeEyes, FakeServer
from mien.values import Scores
from mien.wire import messages as m
from mien.wire.canonical import b64, unb64
from mien.wire.curve import epsilon_of
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.signatures import Kind, sign, unverified
from mien.wire.updates import context, open_head, open_rounds, open_update

BASE = np.linspace(-1, 1, SIZE).astype("<f4")
ROUND = "rnd_" + "a" * 26
NEXT = "rnd_" + "b" * 26
YES = ["personalize_offers", "contribute"]


class Learning(FakeEyes):
    """Eyes whose network has a last layer."""

    @property
    def head(self) -> Any:
        return BASE


class Rounds(httpx.BaseTransport):
    """A server that holds a round; everything else is the fake server's."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.key = OpenKey.generate()
        self.doc = _round(self.key)
        self.open = [self.doc]
        self.ended: list[m.EndedDoc] = []
        self.head = self.doc.head
        self.heads: dict[int, str] = {}
        self.taken: list[m.UpdateStatement] = []
        self.answer: Callable[[], httpx.Response] = lambda: httpx.Response(
            200, json={"accepted": True, "duplicate": False}
        )
        self.at = 0
        self.heard: list[tuple[str, bytes]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.heard.append((path, request.read()))
        if path == "/v1/rounds":
            doc = m.Rounds(
                site=self.server.site, at=int(self.server.clock.now()) + self.at, head=self.head, open=self.open,
                ended=self.ended,
            )  # fmt: skip
            return httpx.Response(
                200, json={"jws": sign(Kind.ROUNDS, m.dump(doc), self.server.signing)}
            )
        if path.startswith("/v1/heads/"):
            return httpx.Response(200, json={"jws": self.heads[int(path.rpartition("/")[2])]})
        if path == "/v1/updates":
            return self._take(json.loads(request.read())["jws"])
        return self.server.handle_request(request)

    def _take(self, jws: str) -> httpx.Response:
        self.taken.append(m.parse(m.UpdateStatement, _payload(jws)))
        return self.answer()

    def opened(self) -> "np.ndarray[Any, Any]":
        """The numbers of the latest update."""
        said = self.taken[-1]
        where = context(said.site, said.subject, said.round, said.head.sha256)
        return np.frombuffer(open_update(unb64(said.sealed), self.key, *where), "<f4")

    def release(self, numbers: Any, version: int, **other: Any) -> m.HeadRef:
        """A signed head, and the name that rounds give it."""
        content = np.asarray(numbers, "<f4").tobytes()
        sha256 = b64(hashlib.sha256(content).digest())
        given = {
            "task": "expression", "model": 1, "version": version, "sha256": sha256, "weights": b64(content), "round": ROUND,
            "restores": None, "at": 0, **other,
        }  # fmt: skip
        key = given.pop("key", self.server.signing)
        self.heads[version] = sign(Kind.HEAD, m.dump(m.HeadDoc.model_validate(given)), key)
        return m.HeadRef(version=version, sha256=sha256)


def _payload(jws: str) -> Any:

    return unverified(jws)


def _round(key: OpenKey, **other: Any) -> m.RoundDoc:
    given = {
        "round": ROUND, "task": "expression", "model": 1,
        "head": {"version": 0, "sha256": b64(hashlib.sha256(BASE.tobytes()).digest())},
        "clip_millionths": 1_000_000, "noise_thousandths": 6000, "delta_one_in": 1_000_000, "cap_millionths": 6_000_000,
        "per_year": 12, "floor": 100, "cohort": 300, "seal": key.seal_key().text(), "opened_at": 1, "closes_at": 2**32 - 1,
    }  # fmt: skip
    return m.RoundDoc.model_validate({**given, **other})


@pytest.fixture
def rounds(server: FakeServer) -> Rounds:
    return Rounds(server)


@pytest.fixture
def learner(rounds: Rounds, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Somebody who said yes and corrected a few moments."""
    with rounds.server.client(home, eyes=Learning(model=1)) as client:
        monkeypatch.setattr(client._sender, "transport", rounds)
        client.notice()
        client.consent(purposes=YES, claims=GERMANY)
        rounds.heard.clear()
        rng = np.random.default_rng(3)
        examples = rng.normal(size=(12, 96)).astype(np.float32), np.arange(12) % 8
        monkeypatch.setattr(client, "_examples", lambda *_: examples)
        yield client


def test_one_clipped_update_leaves_sealed_to_the_round(learner: Client, rounds: Rounds) -> None:
    (done,) = learner.contribute()
    assert (done.round, done.sent, done.why) == (ROUND, True, "")
    numbers = rounds.opened()
    assert numbers.shape == (SIZE,)
    assert 0 < np.linalg.norm(numbers.astype(float)) <= 1
    assert rounds.taken[0].head == rounds.doc.head
    spent = learner.budget()
    assert (spent.rounds, spent.waiting) == (1, 1)
    assert spent.epsilon == pytest.approx(0.69, abs=0.01)
    # Once each: the next call does not even ask.
    (again,) = learner.contribute()
    assert (again.sent, again.why, len(rounds.taken)) == (False, "update-twice", 1)


@pytest.mark.parametrize(("outcome", "left"), [("released", 1), ("rolled_back", 1), ("too_few", 0), ("aborted", 0)])  # fmt: skip
def test_the_count_is_settled_by_how_a_round_ended(
    learner: Client, rounds: Rounds, outcome: Any, left: int
) -> None:
    learner.contribute()
    rounds.open = []
    rounds.ended = [m.EndedDoc(round=ROUND, outcome=outcome)]
    assert learner.contribute() == ()
    assert (learner.budget().rounds, learner.budget().waiting) == (left, 0)


def test_a_round_of_which_nothing_is_heard_waits_and_counts(
    learner: Client, rounds: Rounds
) -> None:
    """While it closes, and after its owner died, it is in neither list; only a list that may leave it out makes it spent."""
    learner.contribute()
    before = learner.budget().epsilon
    rounds.open = []
    others = [m.EndedDoc(round="rnd_" + "c" * 26, outcome="aborted")] * m.MAX_ENDED_ROUNDS
    rounds.ended = others[1:]
    learner.contribute()
    assert (learner.budget().rounds, learner.budget().waiting) == (1, 1)
    rounds.ended = others
    learner.contribute()
    assert (learner.budget().rounds, learner.budget().waiting) == (1, 0)
    assert learner.budget().epsilon == before


def test_nothing_is_sent_without_the_purpose(rounds: Rounds, home: Path) -> None:
    with rounds.server.client(home, eyes=Learning(model=1)) as client:
        client._sender.transport = rounds
        with pytest.raises(ConsentMissing):
            client.contribute()
        client.notice()
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
        with pytest.raises(ConsentMissing, match="contribute"):
            client.contribute()
        assert rounds.taken == []


def test_after_a_withdrawal_nothing_leaves(learner: Client, rounds: Rounds) -> None:
    learner.withdraw(["contribute"])
    with pytest.raises(ConsentMissing):
        learner.contribute()
    assert rounds.taken == []


def test_the_devices_own_count_stops_before_the_cap(learner: Client, rounds: Rounds) -> None:
    rounds.open = [_round(rounds.key, cap_millionths=800_000)]
    assert learner.contribute()[0].sent
    rounds.open = [_round(rounds.key, cap_millionths=800_000, round=NEXT)]
    (done,) = learner.contribute()
    assert (done.sent, done.why, len(rounds.taken)) == (False, "budget-spent", 1)


def test_a_server_that_asks_for_more_than_the_device_gives_gets_nothing(
    learner: Client, rounds: Rounds
) -> None:
    """Little noise, a generous cap, a lax delta: the server's terms are counted against the device's own."""
    rounds.open = [
        _round(rounds.key, noise_thousandths=500, cap_millionths=10**9, delta_one_in=1000)
    ]
    (done,) = learner.contribute()
    assert (done.sent, done.why, rounds.taken) == (False, "budget-spent", [])
    rounds.open = [_round(rounds.key, delta_one_in=1000)]
    assert not learner.contribute(cap=0.5)[
        0
    ].sent  # .33 at one in a thousand, .69 at one in a million
    assert learner.contribute(cap=0.7)[0].sent


def test_the_count_outlives_an_erasure_and_holds_nothing_else(
    learner: Client, rounds: Rounds
) -> None:
    learner.contribute()
    learner.erase()
    assert learner.standing().state == "none"
    assert learner.budget().rounds == 1
    kept: Any = learner._keep.document("budget")
    assert set(kept) == {"v", "about", "spent", "waiting"}
    assert rounds.taken[0].subject not in json.dumps(kept)


def test_an_answer_that_was_lost_counts_and_is_asked_for_again(
    learner: Client, rounds: Rounds
) -> None:
    def lost() -> httpx.Response:
        raise httpx.ReadTimeout("lost")

    rounds.answer = lost
    with pytest.raises(ServerUnreachable):
        learner.contribute()
    assert learner.budget().rounds == 1
    rounds.answer = lambda: _problem(409, "update-twice")
    (done,) = learner.contribute()
    assert (done.sent, done.why, learner.budget().rounds) == (False, "update-twice", 1)


@pytest.mark.parametrize("code", ["round-full", "round-over", "head-stale", "budget-spent"])
def test_what_the_server_refuses_is_not_counted(learner: Client, rounds: Rounds, code: str) -> None:
    rounds.answer = lambda: _problem(409, code)
    (done,) = learner.contribute()
    assert (done.sent, done.why, learner.budget().rounds) == (False, code, 0)


def _in_turn(*answers: httpx.Response) -> Callable[[], httpx.Response]:
    left = list(answers)
    return lambda: left.pop(0)


AFTER_A_DOUBT: dict[str, Callable[[], tuple[httpx.Response, ...]]] = {
    "a gateway hid that it was taken": lambda: (httpx.Response(502), _problem(409, "envelope-replayed")),
    "the round ended before the second try": lambda: (httpx.Response(503), _problem(409, "round-over")),
    "a nonce that was seen": lambda: (_problem(409, "envelope-replayed"),),
    "a fault": lambda: (_problem(500, "server-fault"),),
}  # fmt: skip


@pytest.mark.parametrize("case", AFTER_A_DOUBT)
def test_what_may_have_been_taken_is_counted(learner: Client, rounds: Rounds, case: str) -> None:
    rounds.answer = _in_turn(*AFTER_A_DOUBT[case]())
    assert not learner.contribute()[0].sent
    assert (learner.budget().rounds, learner.budget().waiting) == (1, 1)


def test_a_refusal_after_a_lost_answer_is_of_the_second_update(
    learner: Client, rounds: Rounds
) -> None:
    def lost() -> httpx.Response:
        raise httpx.ReadTimeout("lost")

    rounds.answer = lost
    with pytest.raises(ServerUnreachable):
        learner.contribute()
    rounds.answer = lambda: _problem(409, "round-over")
    assert learner.contribute()[0].why == "round-over"
    assert (learner.budget().rounds, learner.budget().waiting) == (1, 1)


def test_two_clients_of_one_home_lose_no_count(
    learner: Client, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One settles what it read while the other is about to send: the count is read and written under one lock."""
    learner.contribute()
    rounds.open, rounds.ended = [], [m.EndedDoc(round=ROUND, outcome="released")]
    settled, other = Ledger.settled, threading.Thread(
        target=lambda: learner._count(lambda found: found.joined(NEXT, 6000))
    )  # fmt: skip

    def slow(self: Ledger, *arguments: Any, **named: Any) -> Ledger:
        other.start()
        other.join(0.2)
        return settled(self, *arguments, **named)

    monkeypatch.setattr(Ledger, "settled", slow)
    learner.contribute()
    other.join()
    assert (learner.budget().rounds, learner.budget().waiting) == (2, 1)


def test_a_no_of_the_server_ends_what_stands_here(learner: Client, rounds: Rounds) -> None:
    rounds.answer = lambda: _problem(403, "consent-missing")
    with pytest.raises(ConsentMissing):
        learner.contribute()
    assert learner.budget().rounds == 0
    assert "contribute" not in learner.standing().purposes


def _problem(status: int, code: str) -> httpx.Response:
    body = {"type": "about:blank", "title": code, "status": status, "detail": "no", "code": code}
    return httpx.Response(status, json=body, headers={"content-type": "application/problem+json"})


def test_nobody_who_said_nothing_or_reads_otherwise_takes_part(
    learner: Client, rounds: Rounds, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds.open = [_round(rounds.key, model=2)]
    assert learner.contribute()[0].why == "another-network"
    rounds.open = [rounds.doc]
    monkeypatch.setattr(learner, "_examples", lambda *_: None)
    assert learner.contribute()[0].why == "nothing-learned"
    assert (rounds.taken, learner.budget().rounds) == ([], 0)


# ---- heads ----
def test_it_trains_from_the_head_that_was_released(learner: Client, rounds: Rounds) -> None:
    named = rounds.release(BASE + 1, 1)
    rounds.open = [_round(rounds.key, head=m.dump(named))]
    assert learner.contribute()[0].sent
    assert rounds.taken[0].head == named
    kept = learner.shared_head()
    assert kept is not None
    assert np.frombuffer(kept, "<f4").tolist() == (BASE + 1).tolist()


@pytest.mark.parametrize("kept", [False, True])
def test_another_network_begins_from_its_own_last_layer_under_a_later_number(
    learner: Client, rounds: Rounds, *, kept: bool
) -> None:
    """Nobody signed that head: it is the network's own, and the old network's of this number is not fetched."""
    if kept:
        old = rounds.release(BASE + 1, 4)
        rounds.head = old
        learner.refresh_head()
        rounds.heads[4] = sign(Kind.HEAD, {**_payload(rounds.heads[4]), "model": 9}, rounds.server.signing)  # fmt: skip
        keep_head(learner._keep, rounds.heads[4], 9)
    base = m.HeadRef(version=4, sha256=rounds.doc.head.sha256)
    rounds.head, rounds.open = base, [_round(rounds.key, head=m.dump(base))]
    rounds.heads = {}
    assert learner.refresh_head() == 4
    assert learner.contribute()[0].sent


def test_a_damaged_head_is_fetched_anew(learner: Client, rounds: Rounds) -> None:
    rounds.head = rounds.release(BASE + 1, 1)
    forged = Rounds(rounds.server)
    forged.release(BASE + 2, 1, key=SigningKey.generate())
    keep_head(learner._keep, forged.heads[1], 1)
    with pytest.raises(HeadInvalid):
        learner.shared_head()
    assert learner.refresh_head() == 1
    assert learner.shared_head() == (BASE + 1).astype("<f4").tobytes()


BAD_HEADS: dict[str, Callable[[Rounds], m.HeadRef]] = {
    "forged": lambda r: r.release(BASE + 4, 1, key=SigningKey.generate()),
    "of another network": lambda r: r.release(BASE + 4, 1, model=2),
    "another than named": lambda r: r.release(BASE + 2, 1).model_copy(update={"sha256": b64(bytes(32))}),
    "without its own hash": lambda r: r.release(BASE, 1, sha256=b64(bytes(32))).model_copy(update={"sha256": b64(bytes(32))}),
    "another version": lambda r: r.release(BASE + 3, 7).model_copy(update={"version": _again(r, 7, 1)}),
}  # fmt: skip


def _again(rounds: Rounds, found: int, version: int) -> int:
    rounds.heads[version] = rounds.heads[found]
    return version


@pytest.mark.parametrize("case", BAD_HEADS)
def test_a_head_that_is_not_what_it_should_be_is_not_used(
    learner: Client, rounds: Rounds, case: str
) -> None:
    named = BAD_HEADS[case](rounds)
    rounds.open = [_round(rounds.key, head=m.dump(named))]
    with pytest.raises(HeadInvalid):
        learner.contribute()
    assert (rounds.taken, learner.shared_head()) == ([], None)


def test_it_never_goes_back_to_an_older_version(learner: Client, rounds: Rounds) -> None:
    second, first = rounds.release(BASE + 2, 2), rounds.release(BASE + 1, 1)
    rounds.open = [_round(rounds.key, head=m.dump(second))]
    learner.contribute()
    rounds.open = [_round(rounds.key, round=NEXT, head=m.dump(first))]
    with pytest.raises(HeadInvalid, match="has seen 2"):
        learner.contribute()
    # Going back is a new version.
    third = rounds.release(BASE + 1, 3, round=None, restores=1)
    rounds.open = [_round(rounds.key, round=NEXT, head=m.dump(third))]
    assert learner.contribute()[0].sent


def test_rounds_are_believed_when_signed_for_this_site_and_now(
    rounds: Rounds, clock: FakeClock
) -> None:
    now, trust = int(clock.now()), rounds.server.signing.verify_key()
    doc = m.Rounds(site="shop", at=now, head=rounds.head, open=[], ended=[])
    text = sign(Kind.ROUNDS, m.dump(doc), rounds.server.signing)
    assert open_rounds(text, trust, "shop", now) == doc
    with pytest.raises(ServerAnswerInvalid, match="another site"):
        open_rounds(text, trust, "other", now)
    with pytest.raises(ServerAnswerInvalid, match="signed"):
        open_rounds(text, SigningKey.generate().verify_key(), "shop", now)
    with pytest.raises(ClockSkewed):
        open_rounds(text, trust, "shop", now + 121)
    head = sign(Kind.SERVICE, m.dump(doc), rounds.server.signing)
    with pytest.raises(HeadInvalid):
        open_head(head, trust, rounds.head, 1)


def test_sessions_read_with_the_head_that_was_refreshed(learner: Client, rounds: Rounds) -> None:
    moved = BASE + np.linspace(0, 0.5, SIZE)
    rounds.head = rounds.release(moved, 4)
    assert learner.refresh_head() == 4
    assert learner.refresh_head() == 4
    learner._own.begin(1, BASE)
    seen = np.random.default_rng(5).normal(size=96).astype(np.float32)
    scores = Scores((0.125,) * 8, 0.0, 0.0, embedding=tuple(seen.tolist()))
    read, own = learner._own.read(scores)
    expected = Head(moved.astype(np.float32)).probabilities(seen)
    assert read.expressions == pytest.approx(expected.tolist(), abs=1e-6)
    assert not own  # it is everybody's, not the person's
    # Of another network it is not used.
    learner._own.begin(2, BASE)
    assert learner._own.read(scores) == (scores, False)


def test_nothing_else_leaves_the_device(learner: Client, rounds: Rounds) -> None:
    """Every request of taking part: no number of the update in the clear, and the same size whatever was learned."""
    learner.contribute()
    rounds.open = [_round(rounds.key, round=NEXT)]
    learner._examples = lambda *_: (np.ones((1, 96), np.float32), np.array([3]))  # type: ignore[method-assign]
    learner.contribute()
    paths = [path for path, _body in rounds.heard]
    assert set(paths) <= {"/v1/rounds", "/v1/updates", "/v1/capabilities"}
    bodies = [body for path, body in rounds.heard if path == "/v1/updates"]
    assert len(bodies) == 2
    assert len({len(body) for body in bodies}) == 1
    assert len(bodies[0]) < 64 * 1024
    for body in bodies:
        payload = unverified(json.loads(body)["jws"])
        assert set(payload) == {"v", "site", "subject", "at", "nonce", "round", "head", "sealed"}
        assert rounds.opened().tobytes()[:16] not in unb64(payload["sealed"])


# ---- the count ----
def test_the_count_is_read_back_and_nothing_else_is() -> None:
    ledger = Ledger(((4000, 2),), ((ROUND, 6000, True),))
    assert Ledger.read(ledger.document()) == ledger
    assert Ledger.read(None) == Ledger()
    for wrong in ({}, {**ledger.document(), "more": 1}, {**ledger.document(), "spent": [{"noise_thousandths": 0, "count": 1}]}):  # fmt: skip
        with pytest.raises(RequestInvalid):
            Ledger.read(wrong)


def test_it_says_what_the_servers_ledger_says() -> None:
    mu = float(np.sqrt(2 / 16 + 1 / 36))
    ledger = Ledger(((4000, 2),), ((ROUND, 6000, False),))
    assert ledger.epsilon() == pytest.approx(epsilon_of(mu, 1e-6), rel=1e-12)
    twelve = replace(Ledger(), spent=((6000, 12),))
    assert twelve.epsilon() == pytest.approx(2.641, abs=0.001)
    assert Ledger().epsilon() == 0.0


def test_a_withdrawal_by_another_client_empties_this_ones_memory(
    learner: Client, rounds: Rounds, home: Path
) -> None:
    learner._own.remember(7, np.zeros(96, np.float32))
    learner.standing()
    assert len(learner._own._moments) == 1
    with rounds.server.client(home) as other:
        other.withdraw()
    learner.standing()
    assert len(learner._own._moments) == 0

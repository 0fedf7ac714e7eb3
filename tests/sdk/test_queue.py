"""From labels to the server: at a steady beat, in order, over outages and restarts, and what is lost is told."""

from pathlib import Path
from typing import Any

import pytest

from mien import Claims, Client
from mien.errors import (
    AuditError,
    EnvelopeInvalid,
    RequestRefused,
    ServerAnswerInvalid,
    ServerBusy,
    ServerUnreachable,
)
from mien.keep import Keep
from mien.testing import FakeClock, FakeServer, film
from mien.wire import proof
from mien.wire.canonical import decode, encode
from mien.wire.messages import Envelope, RankRequest, parse

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")
DAY = 86_400


def envelopes(server: FakeServer) -> list[Envelope]:
    return [
        parse(Envelope, decode(body)) for _m, path, body in server.requests if path == "/v1/labels"
    ]


def read(client: Client, *scenes: str, seconds: float = 5.0, beat: float = 2.0) -> list[str]:
    with client.session(film(*scenes, seconds=seconds), beat=beat) as session:
        return [reading.label.expression for reading in session if reading.label]


def problem(code: str, status: int) -> tuple[int, dict[str, str], bytes]:
    body = {"type": "x", "title": "t", "status": status, "detail": "d", "code": code, "laws": []}
    return status, {"content-type": "application/problem+json"}, encode(body)


def test_every_label_arrives_once_and_in_order(consented: Client, server: FakeServer) -> None:
    said = read(consented, "joy", "sadness", "neutral")
    consented.flush()
    assert [label.expression for label in server.labels()] == said
    assert len(said) == 14
    ends = [label.ended_at for label in server.labels()]
    assert ends == sorted(set(ends))
    numbers = [envelope.seq for envelope in envelopes(server)]
    assert numbers == sorted(set(numbers))


def test_the_beat_goes_on_when_nothing_is_seen(consented: Client, server: FakeServer) -> None:
    with consented.session(film((), seconds=9), beat=2.0) as session:
        assert not [reading for reading in session if reading.label]
    consented.flush()
    sent = envelopes(server)
    assert len(sent) == 5
    assert len({len(encode(e.model_dump(mode="json"))) for e in sent}) == 1
    assert server.labels() == []


def test_labels_wait_offline_and_arrive_in_order_after_a_restart(
    consented: Client, server: FakeServer, home: Path
) -> None:
    server.down = True
    said = read(consented, "joy", "sadness")
    assert consented.standing().waiting == 5
    with pytest.raises(ServerUnreachable):
        consented.flush()
    server.down = False
    again = server.client(home)
    flushed = again.flush()
    assert (flushed.sent, flushed.waiting, dict(flushed.lost)) == (5, 0, {})
    assert [label.expression for label in server.labels()] == said


def test_trouble_is_told_and_the_reading_goes_on(consented: Client, server: FakeServer) -> None:
    server.down = True
    with consented.session(film("joy", seconds=5), beat=1.0) as session:
        labels = [reading.label for reading in session if reading.label]
    assert isinstance(session.trouble, ServerUnreachable)
    assert len(labels) == 4


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((503, {"retry-after": "60"}, b""), ServerBusy),
        ((200, {"content-type": "text/html"}, b"<html>"), ServerAnswerInvalid),
        (problem("server-fault", 500), RequestRefused),
        (problem("site-unknown", 401), RequestRefused),
        (problem("clock-skewed", 400), RequestRefused),
    ],
)
def test_nothing_is_lost_while_the_server_is_wrong(
    consented: Client,
    server: FakeServer,
    reply: tuple[int, dict[str, str], bytes],
    error: type[Exception],
) -> None:
    server.down = True
    consented.declare("joy")
    server.down = False
    server.replies = [reply]
    with pytest.raises(error):
        consented.flush()
    assert consented.standing().waiting == 1
    assert consented.flush().sent == 1
    assert len(server.labels()) == 1


@pytest.mark.parametrize("code", ["envelope-replayed", "envelope-invalid", "request-invalid"])
def test_what_the_server_will_never_take_is_dropped_and_told(
    consented: Client, server: FakeServer, code: str
) -> None:
    server.down = True
    consented.declare("joy")
    consented.declare("sadness")
    server.down = False
    server.replies = [problem(code, 409)]
    flushed = consented.flush()
    assert (flushed.sent, flushed.waiting, dict(flushed.lost)) == (1, 0, {code: 1})
    assert [label.expression for label in server.labels()] == ["sadness"]


def test_an_envelope_that_waits_longer_than_its_key_dies(
    consented: Client, server: FakeServer, clock: FakeClock, home: Path
) -> None:
    server.down = True
    consented.declare("joy")
    clock.move(3 * DAY)
    server.down = False
    flushed = consented.flush()
    assert (flushed.sent, flushed.waiting, dict(flushed.lost)) == (0, 0, {"seal-key-expired": 1})
    consented.declare("sadness")  # today's key was fetched meanwhile
    assert [label.expression for label in server.labels()] == ["sadness"]


def test_a_key_the_server_never_had_is_told_and_todays_is_fetched(
    consented: Client, server: FakeServer
) -> None:
    server.down = True
    consented.declare("joy")
    server.down = False
    server.opening.clear()
    flushed = consented.flush()
    assert dict(flushed.lost) == {"seal-key-unknown": 1}
    consented.declare("sadness")
    assert [label.expression for label in server.labels()] == ["sadness"]


def test_without_any_living_key_labels_are_lost_and_told(
    consented: Client, server: FakeServer, clock: FakeClock
) -> None:
    clock.move(100)
    server.down = True
    clock.set_wall(clock.now() + 3 * DAY)  # offline for days: the capability is dead as well
    with pytest.raises(ServerUnreachable):
        consented.declare("joy")
    assert consented.standing().waiting == 0


def test_a_crash_between_sending_and_noting_it_sends_the_same_again(
    consented: Client, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keep, "sent", lambda _keep, _number: None)
    consented.declare("joy")
    monkeypatch.undo()
    flushed = consented.flush()
    assert flushed.sent == 1
    assert len(server.labels()) == 1
    first, second = envelopes(server)
    assert first == second


def test_a_damaged_envelope_is_dropped_and_told(
    consented: Client, server: FakeServer, home: Path
) -> None:
    server.down = True
    consented.declare("joy")
    consented.declare("sadness")
    server.down = False
    first = min(home.glob("*/*.envelope"))
    first.write_bytes(first.read_bytes()[:-1])
    flushed = consented.flush()
    assert (flushed.sent, dict(flushed.lost)) == (1, {"damaged": 1})


# ---- ranking, declaring, rights ----
def test_a_declared_mood_changes_the_ranking_and_says_why(
    consented: Client, server: FakeServer
) -> None:
    before = consented.rank()
    label = consented.declare("joy")
    assert (label.source, label.model) == ("declared", 0)
    after = consented.rank()
    assert not before.used_emotion
    assert after.used_emotion
    assert after.why == "You seemed to show joy."
    assert [p.offer.id for p in after.places][:2] == ["kite", "drum"]
    prices = {p.offer.id: p.offer.price for p in before.places}
    assert {p.offer.id: p.offer.price for p in after.places} == prices


def test_without_consent_the_request_has_the_same_shape(client: Client, server: FakeServer) -> None:
    client.rank()
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=GERMANY)
    client.rank()
    without, with_consent = [
        decode(body) for _m, path, body in server.requests if path == "/v1/rank"
    ]
    assert without.keys() == with_consent.keys()
    assert without["asker"] is None
    assert with_consent["asker"] is not None
    assert without["places"] == with_consent["places"]


def test_rewards_go_to_whom_it_was_ranked_for(consented: Client, server: FakeServer) -> None:
    mine = consented.rank()
    consented.reward(mine, place=2, reward=50)
    consented.withdraw()
    nobodys = consented.rank()
    consented.notice()
    consented.consent(purposes=["personalize_offers"], claims=GERMANY)
    consented.reward(nobodys)
    assert server.rewards == [(mine.event, 2, 50, True), (nobodys.event, 1, 100, False)]


def test_a_why_for_somebody_else_does_not_open(consented: Client, server: FakeServer) -> None:
    real = server._rank
    old: Any = real(parse_rank(consented, server))
    server._rank = lambda request: real(request).model_copy(update={"sealed_why": old.sealed_why})  # type: ignore[method-assign]
    with pytest.raises(EnvelopeInvalid):
        consented.rank()


def parse_rank(client: Client, server: FakeServer) -> RankRequest:
    """The last request for a ranking that the client made."""
    client.rank()
    body = [body for _m, path, body in server.requests if path == "/v1/rank"][-1]
    return parse(RankRequest, decode(body))


def test_export_and_correction(consented: Client, server: FakeServer) -> None:
    consented.declare("anger")
    held = consented.export()
    assert [kept["expression"] for kept in held["labels"]] == ["anger"]
    consented.correct(held["labels"][0]["record"], "joy")
    (label,) = server.labels()
    assert (label.expression, label.ended_at) == ("joy", held["labels"][0]["ended_at"])
    assert [kept["expression"] for kept in consented.export()["labels"]] == ["joy"]


def test_the_proof_of_a_receipt_and_of_nothing_else(consented: Client, server: FakeServer) -> None:
    consented.notice()
    receipt = consented.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert consented.proof(receipt).index == 0
    other = receipt.model_copy(
        update={"promise": receipt.promise.model_copy(update={"origin": "other.example/log"})}
    )
    with pytest.raises(AuditError):
        consented.proof(other)
    real = server._proof
    server._proof = lambda leaf: real(server.leaves[0])  # type: ignore[method-assign]
    with pytest.raises(AuditError):
        consented.proof(receipt)
    server._proof = real  # type: ignore[method-assign]
    server.log = type(server.log).generate()
    service = consented._service(fresh=True)
    assert proof.parse_note_key(service.audit_key)[1] == server.log.verify_key()
    server.leaves.clear()
    with pytest.raises(RequestRefused):
        consented.proof(receipt, wait=1.0)

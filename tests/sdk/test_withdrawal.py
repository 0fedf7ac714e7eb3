"""A no at any time: in force here within one picture, online or not, and told to the server as soon as it can be reached."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from mien import Claims, Client
from mien.errors import ConsentMissing, ReceiptInvalid, RequestInvalid, ServerUnreachable
from mien.testing import FakeClock, FakeEyes, FakeServer, film
from mien.wire.keys import SigningKey
from mien.wire.signatures import Kind

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")


def test_withdrawal_stops_the_camera_within_one_picture(
    consented: Client, eyes: FakeEyes, server: FakeServer
) -> None:
    pictures = film("joy", seconds=60)
    with consented.session(pictures) as session:
        readings = iter(session)
        for _ in range(15):
            next(readings)
        consented.withdraw()
        looked = eyes.looked
        with pytest.raises(ConsentMissing):
            next(readings)
        with pytest.raises(StopIteration):
            next(readings)
    assert eyes.looked == looked == 15
    assert next(pictures).index == 15  # not one picture more was taken
    assert server.labels() == []


def test_it_stops_offline_as_well_and_is_told_later(
    consented: Client, server: FakeServer, home: Path
) -> None:
    server.down = True
    with consented.session(film("joy", seconds=60), beat=1.0) as session:
        readings = iter(session)
        for _ in range(35):
            next(readings)
        assert consented.withdraw() is None
        with pytest.raises(ConsentMissing):
            next(readings)
    standing = consented.standing()
    assert standing.withdrawing == ("personalize_offers", "declare_mood")
    assert standing.state == "withdrawn"
    assert standing.purposes == ()
    assert standing.waiting == 0  # labels that waited are gone
    again = server.client(home)  # and so it stays after a restart
    with pytest.raises(ConsentMissing):
        again.session(film("joy"))
    with pytest.raises(ServerUnreachable):
        again.flush()
    server.down = False
    assert again.flush().sent == 0
    assert again.standing().withdrawing == ()
    assert [known.purposes for known in server.people.values()] == [[]]


def test_a_withdrawal_goes_out_before_anything_else(consented: Client, server: FakeServer) -> None:
    server.down = True
    consented.withdraw()
    server.down = False
    server.requests.clear()
    consented.notice()
    consented.consent(purposes=["personalize_offers"], claims=GERMANY)
    paths = [
        path
        for _m, path, _b in server.requests
        if path.startswith("/v1/") and "notices" not in path
    ]
    assert paths[:2] == ["/v1/withdrawals", "/v1/consents"]
    assert consented.standing().withdrawing == ()
    assert consented.standing().purposes == ("personalize_offers",)


def test_another_thread_may_withdraw(consented: Client) -> None:
    seen = 0
    with consented.session(film("joy", seconds=60)) as session, suppress(ConsentMissing):
        for _ in session:
            seen += 1
            if seen == 10:
                thread = threading.Thread(target=consented.withdraw)
                thread.start()
                thread.join()
    assert seen == 10
    assert consented.standing().purposes == ()


def test_another_process_may_withdraw(consented: Client, home: Path, server: FakeServer) -> None:
    """What is on disk decides, whoever wrote it."""
    code = (
        "import sys; from pathlib import Path; from mien.testing import FakeServer\n"
        "server = FakeServer(); server.down = True\n"
        "assert server.client(Path(sys.argv[1])).withdraw() is None\n"
    )
    seen = 0
    with consented.session(film("joy", seconds=60)) as session, suppress(ConsentMissing):
        for _ in session:
            seen += 1
            if seen == 10:
                subprocess.run([sys.executable, "-c", code, str(home)], check=True)
    assert seen == 10
    assert consented.standing().purposes == ()


class Meanwhile(httpx.BaseTransport):
    """The way to the server; something happens after `path` was answered there and before the answer arrives here."""

    def __init__(self, server: FakeServer, path: str, act: Callable[[], object]) -> None:
        self._server, self._path, self._act = server, path, act

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._server.handle_request(request)
        if request.url.path == self._path:
            self._server.down = True
            self._act()
        return answer


def test_a_no_wins_over_a_yes_still_being_answered(
    consented: Client, server: FakeServer, home: Path
) -> None:
    asking = server.client(home, transport=Meanwhile(server, "/v1/consents", consented.withdraw))
    asking.notice()
    asking.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert asking.standing().purposes == ()
    with pytest.raises(ConsentMissing):
        asking.session(film("joy"))
    server.down = False
    asking.flush()
    assert [known.purposes for known in server.people.values()] == [[]]


def test_an_erasure_wins_over_a_yes_still_being_answered(
    consented: Client, server: FakeServer, home: Path
) -> None:
    asking = server.client(home, transport=Meanwhile(server, "/v1/consents", consented.erase))
    asking.notice()
    asking.consent(purposes=["personalize_offers"], claims=GERMANY)
    with pytest.raises(ConsentMissing):
        asking.session(film("joy"))
    server.down = False
    asking.flush()
    assert server.people == {}
    assert asking.standing().subject is None


def test_a_second_withdrawal_wins_over_the_answer_to_the_first(
    client: Client, server: FakeServer, home: Path
) -> None:
    client.notice()
    client.consent(
        purposes=["personalize_offers", "adapt_service", "adapt_lessons"], claims=GERMANY
    )
    way = Meanwhile(server, "/v1/withdrawals", lambda: client.withdraw(["adapt_service"]))
    other = server.client(home, transport=way)
    other.withdraw(["personalize_offers"])
    assert other.standing().purposes == ("adapt_lessons",)
    assert other.standing().capability_seconds == 0


def test_a_purpose_taken_back_offline_stays_so_before_the_server_hears_of_it(
    client: Client, server: FakeServer
) -> None:
    client.notice()
    client.consent(purposes=["personalize_offers", "adapt_service"], claims=GERMANY)
    server.down = True
    assert client.withdraw(["adapt_service"]) is None
    server.down = False
    with pytest.raises(ConsentMissing):  # the capability that is fetched first still names it
        client.session(film("joy"), purposes=["adapt_service"])


def test_labels_from_before_a_no_do_not_go_out_under_a_new_yes(
    consented: Client, server: FakeServer, home: Path
) -> None:
    """A removed file may be back after a power cut."""
    server.down = True
    consented.declare("joy")
    (waiting,) = home.glob("*/*.envelope")
    sealed = waiting.read_bytes()
    consented.withdraw()
    waiting.write_bytes(sealed)
    waiting.chmod(0o600)
    server.down = False
    consented.notice()
    consented.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert consented.flush().sent == 0
    assert server.labels() == []


def test_one_purpose_may_go_and_another_stay(client: Client, server: FakeServer) -> None:
    client.notice()
    client.consent(purposes=["personalize_offers", "adapt_service"], claims=GERMANY)
    receipt = client.withdraw(["personalize_offers"])
    assert receipt is not None
    assert receipt.purposes == ["adapt_service"]
    assert client.standing().purposes == ("adapt_service",)
    with pytest.raises(ConsentMissing):
        client.session(film("joy"), purposes=["personalize_offers"])
    with client.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_offline_even_the_purpose_that_stays_waits_for_the_server(
    client: Client, server: FakeServer
) -> None:
    client.notice()
    client.consent(purposes=["personalize_offers", "adapt_service"], claims=GERMANY)
    server.down = True
    client.withdraw(["personalize_offers"])
    with pytest.raises((ConsentMissing, ServerUnreachable)):
        client.session(film("joy"))
    server.down = False
    client.flush()
    with client.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_a_withdrawal_may_be_said_twice(consented: Client, server: FakeServer) -> None:
    first = consented.withdraw()
    sent = len(server.requests)
    assert first is not None
    assert consented.withdraw() == first  # the same receipt, and nothing more is sent
    assert len(server.requests) == sent
    assert consented.standing().withdrawing == ()


def test_offline_it_may_be_said_twice_as_well_and_is_told_once(
    consented: Client, server: FakeServer
) -> None:
    server.down = True
    assert consented.withdraw() is None
    assert consented.withdraw() is None
    server.down = False
    receipt = consented.withdraw()
    assert receipt is not None
    assert receipt.outcome == "withdrawn"
    assert sum(path == "/v1/withdrawals" for _m, path, _b in server.requests) == 1


def test_where_nothing_was_given_there_is_nothing_to_take_back(
    client: Client, server: FakeServer
) -> None:
    assert client.withdraw() is None
    assert server.requests == []
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert client.withdraw(["adapt_lessons"]) is None
    assert client.standing().purposes == ("personalize_offers",)
    assert client.standing().state == "given"
    for wrong in (["spy"], []):
        with pytest.raises(RequestInvalid):
            client.withdraw(wrong)


def test_a_yes_whose_answer_was_lost_is_taken_back_all_the_same(
    client: Client, server: FakeServer
) -> None:
    """The server heard it, this device does not know: the person's no must reach it."""
    client.notice()
    real = server._consent
    server._consent = lambda jws: real(jws).model_copy(update={"receipt": "a.b.c"})  # type: ignore[method-assign]
    with pytest.raises(ReceiptInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    server._consent = real  # type: ignore[method-assign]
    assert [known.purposes for known in server.people.values()] == [["personalize_offers"]]
    receipt = client.withdraw()
    assert receipt is not None
    assert receipt.outcome == "withdrawn"
    assert [known.purposes for known in server.people.values()] == [[]]


def test_what_another_device_took_back_ends_here_too(
    consented: Client, server: FakeServer, clock: FakeClock
) -> None:
    for known in server.people.values():
        known.purposes.clear()
    clock.move(250)
    with pytest.raises(ConsentMissing):
        consented.session(film("joy"))
    assert consented.standing().purposes == ()


def test_labels_refused_because_consent_is_gone_are_dropped(
    consented: Client, server: FakeServer
) -> None:
    server.down = True
    consented.declare("joy")
    consented.declare("sadness")
    assert consented.standing().waiting == 2
    server.down = False
    for known in server.people.values():
        known.purposes.clear()
    with pytest.raises(ConsentMissing):
        consented.flush()
    assert consented.standing().waiting == 0
    assert server.labels() == []


# ---- erasure ----
def test_erasure_leaves_nothing_of_the_person(
    consented: Client, server: FakeServer, home: Path
) -> None:
    consented.declare("joy")
    certificate = consented.erase()
    assert certificate is not None
    assert consented.certificate(certificate.erasure).stage == "completed"
    left = sorted(path.name for path in home.rglob("*") if path.is_file())
    assert left == ["lock", "lock", "master.key", "service.document"]
    assert consented.standing().subject is None
    assert consented.recovery_code is None
    assert server.people == {}
    assert consented.rank().used_emotion is False


def test_erasure_offline_stops_everything_and_is_told_later(
    consented: Client, server: FakeServer, home: Path
) -> None:
    server.down = True
    assert consented.erase() is None
    with pytest.raises(ConsentMissing):
        consented.session(film("joy"))
    again = server.client(home)
    assert again.standing().erasing
    server.down = False
    again.flush()
    assert again.standing().subject is None
    assert server.people == {}


def test_a_person_erased_elsewhere_still_gets_a_ranking(
    consented: Client, server: FakeServer
) -> None:
    subject = consented.standing().subject
    assert subject is not None
    server.people.clear()
    server.erased["ers_x"] = subject
    ranking = consented.rank()
    assert ranking.places
    assert not ranking.used_emotion
    with pytest.raises(ConsentMissing):
        consented.session(film("joy"))


def test_a_forged_certificate_erases_nothing_here(consented: Client, server: FakeServer) -> None:
    server.forge = lambda kind, _p: SigningKey.generate() if kind is Kind.CERTIFICATE else None
    with pytest.raises(ReceiptInvalid):
        consented.erase()
    assert consented.standing().erasing
    server.forge = None
    consented.flush()
    assert consented.standing().subject is None

"""Who speaks for a person: a second device by a code that works once, a lost device removed, the recovery code, and nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mien import Claims, Client, consent
from mien.consent import new_link, read_code, read_link
from mien.errors import (
    ConsentError,
    ConsentMissing,
    RequestInvalid,
    RequestRefused,
    ServerUnreachable,
)
from mien.testing import FakeClock, FakeServer, film
from mien.wire.canonical import decode
from mien.wire.messages import LINK_SECONDS
from mien.wire.signatures import unverified

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")


@pytest.fixture
def other(server: FakeServer, tmp_path: Path) -> Iterator[Client]:
    with server.client(tmp_path / "other") as other:
        yield other


def read(client: Client) -> bool:
    with client.session(film("joy", seconds=2)) as session:
        return any(reading.label for reading in session)


def test_a_second_device_joins_by_a_code_and_may_then_do_everything(
    consented: Client, other: Client, clock: FakeClock
) -> None:
    code = consented.link_code()
    assert [len(group) for group in code.split("-")] == [4] * 10
    receipt = other.join(code.replace("-", " ").upper())
    assert receipt.subject == consented.standing().subject == other.standing().subject
    assert other.standing().purposes == consented.standing().purposes
    assert other.standing().state == "given"
    assert other.standing().expires_at == consented.standing().expires_at
    assert read(other)
    assert {key.role for key in other.key_set()} == {"device", "recovery"}
    assert [key.here for key in other.key_set()].count(True) == 1
    assert other.withdraw() is not None
    clock.move(250)
    with pytest.raises(ConsentMissing):
        consented.session(film("joy"))
    assert consented.standing().purposes == ()


def test_a_code_works_once(
    consented: Client, other: Client, server: FakeServer, tmp_path: Path
) -> None:
    code = consented.link_code()
    other.join(code)
    third = server.client(tmp_path / "third")
    with pytest.raises(ConsentMissing, match="used, ran out"):
        third.join(code)
    assert third.standing().subject is None


def test_a_code_runs_out(consented: Client, other: Client, clock: FakeClock) -> None:
    code = consented.link_code()
    clock.move(LINK_SECONDS)
    with pytest.raises(ConsentMissing, match="used, ran out"):
        other.join(code)


def test_a_new_code_takes_the_place_of_the_old(consented: Client, other: Client) -> None:
    old, new = consented.link_code(), consented.link_code()
    assert old != new
    with pytest.raises(ConsentMissing):
        other.join(old)
    other.join(new)


@pytest.mark.parametrize("code", ["", "abcd", "a" * 32, "a" * 41, "1890-" * 10, "ä" * 40])
def test_what_is_no_code_is_not_sent(client: Client, server: FakeServer, code: str) -> None:
    with pytest.raises(RequestInvalid):
        client.join(code)
    assert server.requests == []


def test_a_guessed_code_joins_nobody(consented: Client, other: Client, server: FakeServer) -> None:
    """Who knows the subject but not the secret of a code that is out."""
    consented.link_code()
    subject = consented.standing().subject
    assert subject is not None
    with pytest.raises(ConsentMissing):
        other.join(new_link(subject, bytes(9)))
    assert len(server.people[subject].streams) == 1


def test_a_code_names_its_subject_and_its_key_comes_from_all_of_it() -> None:
    one, two = "sub_" + "a" * 26, "sub_" + "b" * 25 + "a"
    secret = bytes(range(9))
    assert read_link(new_link(one, secret))[0] == one
    keys = {read_link(new_link(who, secret))[1].verify_key().id for who in (one, two)}
    assert len(keys) == 2


def test_a_device_with_a_person_joins_nobody_else(consented: Client, other: Client) -> None:
    other.notice()
    other.consent(purposes=["personalize_offers"], claims=GERMANY)
    with pytest.raises(ConsentError, match="already has a person"):
        other.join(consented.link_code())


def test_the_code_is_nowhere_on_the_wire_and_nowhere_on_disk(
    consented: Client, server: FakeServer, home: Path
) -> None:
    code = consented.link_code()
    plain = code.replace("-", "")
    sent = b"".join(body for _m, _p, body in server.requests).lower()
    assert plain.encode() not in sent
    assert plain[26:].encode() not in sent
    for path in home.rglob("*"):
        assert not path.is_file() or plain.encode() not in path.read_bytes()


def test_nobody_makes_a_code_before_there_is_a_person(client: Client) -> None:
    with pytest.raises(ConsentMissing):
        client.link_code()


# ---- a lost device ----
def test_a_lost_device_is_removed_and_can_say_nothing_more(
    consented: Client, other: Client, clock: FakeClock
) -> None:
    other.join(consented.link_code())
    (lost,) = [key.id for key in other.key_set() if key.role == "device" and not key.here]
    receipt = other.remove_key(lost)
    assert receipt.purposes == list(other.standing().purposes)
    assert lost not in {key.id for key in other.key_set()}
    with pytest.raises(RequestRefused):
        consented.export()
    clock.move(250)
    with pytest.raises(ConsentMissing, match="was removed"):
        consented.session(film("joy"))
    assert consented.standing().purposes == ()
    assert read(other)


def test_a_removed_device_does_not_claim_to_have_taken_back_what_it_could_not(
    consented: Client, other: Client, server: FakeServer
) -> None:
    """Here it is in force; there the yes stands for the other devices, and the person is told so."""
    other.join(consented.link_code())
    (lost,) = [key.id for key in other.key_set() if key.role == "device" and not key.here]
    other.remove_key(lost)
    with pytest.raises(ConsentMissing, match="on another device"):
        consented.withdraw()
    assert consented.standing().withdrawing == ()  # it is not tried for ever
    assert [bool(known.purposes) for known in server.people.values()] == [True]
    with pytest.raises(ConsentMissing, match="on another device"):
        consented.erase()
    assert consented.standing().subject is None  # nothing is left here
    assert len(server.people) == 1


def test_the_key_of_this_very_device_stays(consented: Client, server: FakeServer) -> None:
    person = consented._refresh()
    assert person is not None
    sent = len(server.requests)
    with pytest.raises(RequestInvalid, match="this very device"):
        consented.remove_key(person.device)
    with pytest.raises(RequestInvalid):
        consented.remove_key("no key")
    assert len(server.requests) == sent


def test_a_key_that_is_not_there_is_not_removed(consented: Client) -> None:
    with pytest.raises(RequestRefused):
        consented.remove_key("A" * 22)


# ---- the recovery code ----
def test_a_recovered_device_knows_how_things_stand(
    consented: Client, other: Client, clock: FakeClock
) -> None:
    code = consented.recovery_code
    assert code is not None
    ends = consented.standing().expires_at
    clock.move(100)
    other.recover(code)
    assert other.standing().expires_at == ends
    consented.withdraw()


def test_a_device_that_recovers_after_a_withdrawal_may_nothing(
    consented: Client, other: Client
) -> None:
    code = consented.recovery_code
    assert code is not None
    consented.withdraw()
    other.recover(code)
    assert (other.standing().state, other.standing().purposes) == ("withdrawn", ())
    with pytest.raises(ConsentMissing):
        other.session(film("joy"))


def test_the_two_kinds_of_code_do_not_open_each_other(consented: Client, other: Client) -> None:
    recovery = consented.recovery_code
    assert recovery is not None
    link = consented.link_code()
    with pytest.raises(RequestInvalid):
        other.recover(link)
    with pytest.raises(RequestInvalid):
        other.join(recovery)
    secret = read_code(recovery)
    keys = {
        consent.recovery_key(secret).verify_key().id,
        consent.guardian_key(secret, "shop", "sub_" + "a" * 26).verify_key().id,
    }
    assert len(keys) == 2


# ---- one person, two sites ----
def test_two_sites_know_nothing_of_each_other(home: Path, clock: FakeClock) -> None:
    """The same person on the same device: nothing that is sent or stored at one site occurs at the other."""
    servers = [FakeServer(clock, site=site) for site in ("shop", "school")]
    said = []
    for server in servers:
        client = server.client(home)
        client.notice()
        client.consent(purposes=["personalize_offers", "declare_mood"], claims=GERMANY)
        client.declare("joy")
        client.link_code()
        client.rank()
        said.append((client.standing().subject, _identifying(server)))
    assert said[0][0] != said[1][0]
    assert not said[0][1] & said[1][1]
    assert all(len(words) > 10 for _subject, words in said)


def _identifying(server: FakeServer) -> set[str]:
    """Every string of some length that the device sent to this server, in statements as well."""
    found: set[str] = set()
    for _method, _path, body in server.requests:
        if body:
            value = decode(body)
            found |= _strings(value)
            if "jws" in value:
                found |= _strings(unverified(value["jws"]))
    return {word for word in found if len(word) >= 16} - {"personalize_offers"}


def _strings(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        return set().union(*(_strings(item) for item in value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*(_strings(item) for item in value)) if value else set()
    return set()


def test_offline_there_is_no_code(consented: Client, server: FakeServer) -> None:
    server.down = True
    with pytest.raises(ServerUnreachable):
        consented.link_code()

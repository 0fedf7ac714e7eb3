"""A child's consent: the guardian signs exactly what the child asks for, with a key of their own, after seeing the same notice."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien import Claims, Client, Guardian, Release
from mien.client import new_guardian_code
from mien.consent import GuardianRequest, guardian_key, notice_hash
from mien.errors import (
    ConsentMissing,
    MienError,
    NoticeStale,
    RequestInvalid,
    RequestRefused,
    SignatureInvalid,
)
from mien.testing import FakeClock, FakeServer, film
from mien.wire.canonical import decode, encode
from mien.wire.keys import SigningKey
from mien.wire.messages import APPROVAL_SECONDS
from mien.wire.signatures import Kind, sign, unverified

CHILD = Claims(jurisdictions=("US-CA",), age_band="under_13", role="student", sector="education")
OFFERS = ["personalize_offers"]
CODE = "aaaa-" * 7 + "aaab"
sites = st.from_regex(r"[a-z][a-z0-9-]{1,40}", fullmatch=True)
subjects = st.from_regex(r"sub_[a-z2-7]{26}", fullmatch=True)


@pytest.fixture
def guardian(server: FakeServer) -> Iterator[Guardian]:
    with elder(server, CODE) as guardian:
        yield guardian


def elder(server: FakeServer, code: str, **more: Any) -> Guardian:
    given: dict[str, Any] = {"key": server.key, "trust": server.trust, "clock": server.clock}
    return Guardian(
        "https://fake.example", server.site, code=code, transport=server, **given | more
    )


def asked(client: Client, purposes: list[str] | None = None) -> str:
    client.notice()
    return client.guardian_request(purposes=purposes or OFFERS, claims=CHILD)


def approved(guardian: Guardian, request: str) -> str:
    guardian.notice(request)
    return guardian.approve(request)


def posts(server: FakeServer) -> list[str]:
    return [path for method, path, _body in server.requests if method == "POST"]


def test_a_child_says_yes_with_their_guardian(
    client: Client, guardian: Guardian, server: FakeServer
) -> None:
    request = asked(client)
    assert posts(server) == []  # asking a guardian tells no server
    answer = approved(guardian, request)
    assert posts(server) == []
    receipt = client.consent(purposes=OFFERS, claims=CHILD, guardian=answer)
    assert receipt.outcome == "given"
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    said = unverified(decode(body)["jws"])
    assert [key["role"] for key in said["keys"]] == ["device", "recovery", "guardian"]
    assert len({key["sign"] for key in said["keys"]}) == 3
    assert {key.role for key in client.key_set()} == {"device", "recovery", "guardian"}
    with client.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_the_request_says_what_the_consent_will_say_and_no_more(client: Client) -> None:
    request = decode(asked(client).encode())
    assert set(request) == set(GuardianRequest.model_fields)
    shown = client._shown
    assert shown is not None
    assert request["notice_sha256"] == notice_hash(shown)
    assert (request["purposes"], request["age_band"]) == (OFFERS, "under_13")


def test_the_guardian_sees_the_same_notice_before_they_sign(
    client: Client, guardian: Guardian, server: FakeServer
) -> None:
    request = asked(client)
    with pytest.raises(ConsentMissing, match="was not shown the notice"):
        guardian.approve(request)
    assert notice_hash(guardian.notice(request)) == guardian.read(request).notice_sha256
    server.notice_version = "2"
    with pytest.raises(NoticeStale):
        guardian.notice(request)


def test_a_verifiers_word_goes_along(
    client: Client, guardian: Guardian, server: FakeServer
) -> None:
    answer = approved(guardian, asked(client))
    client.consent(purposes=OFFERS, claims=CHILD, guardian=answer, verification="a.b.c")
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    assert unverified(decode(body)["jws"])["guardian"]["verification"] == "a.b.c"


def consent(client: Client, answer: str, purposes: list[str] | None = None) -> None:
    client.consent(purposes=purposes or OFFERS, claims=CHILD, guardian=answer)


def test_the_guardian_is_not_the_child(client: Client, server: FakeServer) -> None:
    """Neither by the device's key nor by the child's own recovery code."""
    request = asked(client)
    person = client._refresh()
    assert person is not None
    assert person.recovery is not None
    with elder(server, person.recovery) as self_made:
        self_made.notice(request)
        with pytest.raises(RequestInvalid, match="child's own recovery code"):
            self_made.approve(request)
    forged = encode({
        "v": 1, "sign": person.sign.verify_key().text(),
        "approval": sign(Kind.GUARDIAN_APPROVAL, {}, person.sign),
    }).decode()  # fmt: skip
    with pytest.raises(RequestInvalid, match="this device's own"):
        consent(client, forged)
    assert posts(server) == []


OTHERS: dict[str, Callable[[dict[str, Any]], None]] = {
    "another site": lambda request: request.update(site="other"),
    "another child": lambda request: request.update(subject="sub_" + "a" * 26),
    "another device": lambda request: request.update(device="A" * 22),
    "another notice": lambda request: request.update(notice_sha256="A" * 43),
    "other purposes": lambda request: request.update(purposes=["adapt_service"]),
    "another age": lambda request: request.update(age_band="16_to_17"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_an_approval_of_something_else_is_none(
    client: Client, guardian: Guardian, server: FakeServer, other: str
) -> None:
    request = decode(asked(client).encode())
    OTHERS[other](request)
    text = encode(request).decode()
    guardian._shown.add(request["notice_sha256"])  # a guardian's program that shows nothing
    with pytest.raises((SignatureInvalid, RequestInvalid)):
        consent(client, guardian.approve(text))
    assert posts(server) == []
    assert client.standing().purposes == ()


def test_fewer_purposes_than_approved_are_fine_and_more_are_not(
    client: Client, guardian: Guardian
) -> None:
    answer = approved(guardian, asked(client, ["personalize_offers", "adapt_service"]))
    with pytest.raises(SignatureInvalid):
        consent(client, answer, purposes=["personalize_offers", "declare_mood"])
    consent(client, answer, purposes=["adapt_service"])
    assert client.standing().purposes == ("adapt_service",)


@pytest.mark.parametrize("seconds", [APPROVAL_SECONDS + 1, -1000])
def test_an_approval_is_good_for_a_day(
    client: Client, server: FakeServer, clock: FakeClock, seconds: int
) -> None:
    request = asked(client)
    then = FakeClock(clock.now() - seconds)
    with elder(server, CODE, clock=then) as guardian, pytest.raises(RequestInvalid, match="a day"):
        consent(client, approved(guardian, request))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "yes", '{"v":1,"sign":"x","approval":"y"}', "é" * 9]
)
def test_what_is_no_answer_is_refused(client: Client, server: FakeServer, text: str) -> None:
    asked(client)
    with pytest.raises(RequestInvalid):
        consent(client, text)
    assert posts(server) == []


def test_an_answer_signed_by_another_key_than_it_names_is_refused(
    client: Client, guardian: Guardian
) -> None:
    answer = decode(approved(guardian, asked(client)).encode())
    answer["sign"] = SigningKey.generate().verify_key().text()
    with pytest.raises(SignatureInvalid):
        consent(client, encode(answer).decode())


def test_a_request_for_another_site_is_not_even_shown(client: Client, server: FakeServer) -> None:
    request = asked(client)
    with (
        Guardian(
            "https://fake.example",
            "school",
            key="pk_x",
            trust=server.trust,
            code=CODE,
            transport=server,
        ) as there,
        pytest.raises(RequestInvalid, match="another site"),
    ):
        there.notice(request)


def test_no_key_of_a_guardian_links_two_children_or_two_sites(tmp_path: Path) -> None:
    """The same code everywhere: what lies in the clear in the key sets is different each time."""
    seen: list[str] = []
    clock = FakeClock()
    for site in ("shop", "school"):
        server = FakeServer(clock, site=site)
        for number in (1, 2):
            with (
                server.client(tmp_path / f"{site}{number}") as client,
                elder(server, CODE) as guardian,
            ):
                request = asked(client)
                consent(client, approved(guardian, request))
                seen += [key.id for key in client.key_set() if key.role == "guardian"]
                assert guardian.export(subject_of(client))["subject"] == subject_of(client)
    assert len(seen) == len(set(seen)) == 4


@given(st.sets(st.tuples(sites, subjects), min_size=2, max_size=5))
def test_a_guardian_has_a_key_for_each_child_and_site(pairs: set[tuple[str, str]]) -> None:
    keys = {guardian_key(bytes(20), *pair).verify_key().public for pair in pairs}
    assert len(keys) == len(pairs)
    assert keys == {guardian_key(bytes(20), *pair).verify_key().public for pair in pairs}


# ---- acting for the child ----
@pytest.fixture
def child(client: Client, guardian: Guardian) -> Client:
    consent(client, approved(guardian, asked(client)))
    return client


def subject_of(client: Client) -> str:
    subject = client.standing().subject
    assert subject is not None
    return subject


def test_a_guardian_takes_the_yes_back_and_the_child_s_device_stops(
    child: Client, guardian: Guardian, clock: FakeClock
) -> None:
    receipt = guardian.withdraw(subject_of(child))
    assert (receipt.outcome, receipt.by, receipt.purposes) == ("revoked", "guardian", [])
    clock.move(250)
    with pytest.raises(ConsentMissing):
        child.session(film("joy"))
    assert child.standing().purposes == ()
    assert guardian.withdraw(subject_of(child)).purposes == []  # twice is once


def test_a_guardian_sees_and_erases(child: Client, guardian: Guardian, server: FakeServer) -> None:
    subject = subject_of(child)
    assert guardian.export(subject)["subject"] == subject
    certificate = guardian.erase(subject)
    assert guardian.certificate(certificate.erasure).stage == "completed"
    assert server.people == {}


def test_a_stranger_with_a_guardians_code_of_their_own_may_nothing(
    child: Client, server: FakeServer
) -> None:
    subject = subject_of(child)
    with elder(server, new_guardian_code()) as stranger:
        for attempt in (stranger.withdraw, stranger.export, stranger.erase):
            with pytest.raises(RequestRefused):
                attempt(subject)
    assert child.export()["subject"] == subject


def test_a_guardian_believes_the_trusted_server_only(child: Client, server: FakeServer) -> None:
    wrong = SigningKey.generate().verify_key().text()
    with elder(server, CODE, trust=wrong) as wary, pytest.raises(MienError, match="trusted key"):
        wary.withdraw(subject_of(child))


# ---- the written release ----
def test_a_release_is_the_text_that_was_shown_and_the_name_that_was_typed(
    client: Client, server: FakeServer, clock: FakeClock
) -> None:
    client.notice()
    client.consent(purposes=OFFERS, claims=CHILD, release=Release("Ada Lovelace", int(clock.now())))
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    said = unverified(decode(body)["jws"])["release"]
    assert said["name"] == "Ada Lovelace"
    assert said["at"] == int(clock.now())
    assert len(said["text_sha256"]) == 43


NO_NAMES = [
    "",
    "A",
    "A\nB",
    "x" * 121,
    "  ",
    "\u200b\u200b",
    "\u2060" * 9,
    "Ann\u200b Bell",
    "12",
    "..",
    " Ann Bell",
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_release_needs_a_name(client: Client, server: FakeServer, name: str) -> None:
    client.notice()
    with pytest.raises(RequestInvalid, match="a name in letters"):
        client.consent(purposes=OFFERS, claims=CHILD, release=Release(name, 1))
    assert posts(server) == []


def test_where_the_notice_has_no_release_none_is_signed(client: Client, server: FakeServer) -> None:
    real = server._notice
    server._notice = lambda locale: real(locale).model_copy(update={"release": ""})  # type: ignore[method-assign]
    client.notice()
    with pytest.raises(RequestInvalid, match="no release"):
        client.consent(purposes=OFFERS, claims=CHILD, release=Release("Ada Lovelace", 1))


def test_a_name_is_not_shown_in_a_traceback() -> None:
    assert "Ada" not in repr(Release("Ada Lovelace", 1))

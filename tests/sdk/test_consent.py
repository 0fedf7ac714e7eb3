"""Asking, answering, joining: what the person said is what is signed, and only the trusted server's answer counts."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from mien import Claims, Client
from mien.consent import new_code, notice_hash, read_code
from mien.errors import (
    CapabilityInvalid,
    ClockSkewed,
    ConsentError,
    ConsentMissing,
    ConsentRefused,
    NoticeStale,
    ReceiptInvalid,
    RequestInvalid,
    RequestRefused,
    ServerAnswerInvalid,
    SettingsError,
)
from mien.testing import FakeClock, FakeEyes, FakeServer, film
from mien.wire.canonical import b64, decode
from mien.wire.keys import SigningKey
from mien.wire.signatures import Kind, unverified

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")


def test_nothing_is_asked_of_the_server_before_the_notice(
    client: Client, server: FakeServer
) -> None:
    with pytest.raises(ConsentMissing):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert server.requests == []


def test_the_statement_names_exactly_what_was_shown_and_said(
    client: Client, server: FakeServer
) -> None:
    notice = client.notice("en")
    receipt = client.consent(purposes=["adapt_service"], claims=GERMANY, method="kiosk")
    body = next(body for _m, path, body in server.requests if path == "/v1/consents")
    said = unverified(decode(body)["jws"])
    assert said["notice_sha256"] == notice_hash(notice) == receipt.notice_sha256
    assert said["purposes"] == ["adapt_service"] == receipt.purposes
    assert said["method"] == "kiosk"
    assert said["claims"]["jurisdictions"] == ["EU-DE"]
    assert [key["role"] for key in said["keys"]] == ["device", "recovery"]


def test_the_recovery_code_is_given_once_and_kept_nowhere(
    client: Client, server: FakeServer, home: Path
) -> None:
    client.notice()
    client.consent(purposes=["personalize_offers"], claims=GERMANY)
    code = client.recovery_code
    assert code is not None
    assert len(code.split("-")) == 8
    again = server.client(home)
    assert again.recovery_code is None
    assert again.standing().purposes == ("personalize_offers",)
    again.notice()
    again.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert again.recovery_code is None


def test_a_lost_answer_does_not_lose_the_recovery_code(
    client: Client, server: FakeServer, home: Path
) -> None:
    client.notice()
    real = server._consent
    server._consent = lambda jws: real(jws).model_copy(update={"receipt": "a.b.c"})  # type: ignore[method-assign]
    with pytest.raises(ReceiptInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    subject = client.standing().subject
    server._consent = real  # type: ignore[method-assign]
    again = server.client(home)
    again.notice()
    again.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert again.recovery_code is not None
    assert again.standing().subject == subject


def test_consent_survives_a_restart(consented: Client, server: FakeServer, home: Path) -> None:
    again = server.client(home)
    with again.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)


def test_a_changed_notice_must_be_shown_again(client: Client, server: FakeServer) -> None:
    client.notice()
    server.notice_version = "2"
    with pytest.raises(NoticeStale):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    client.notice()
    assert client.consent(purposes=["personalize_offers"], claims=GERMANY).outcome == "given"


def test_a_refusal_names_the_law_and_opens_nothing(
    client: Client, server: FakeServer, eyes: FakeEyes
) -> None:
    server.deny = {"personalize_offers": "EU AI Act 5(1)(f)"}
    client.notice()
    with pytest.raises(ConsentRefused) as refused:
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert refused.value.laws == ("EU AI Act 5(1)(f)",)
    assert client.standing().purposes == ()
    with pytest.raises(ConsentMissing):
        client.session(film("joy"))
    assert eyes.loaded == 0
    server.deny = {}
    assert client.consent(purposes=["personalize_offers"], claims=GERMANY).outcome == "given"
    assert client.recovery_code is not None


def test_a_refusal_for_two_reasons_says_which_is_whose(client: Client, server: FakeServer) -> None:
    server.deny = {"personalize_offers": "EU AI Act 5(1)(f)", "adapt_service": "policy:not-here"}
    client.notice()
    with pytest.raises(ConsentRefused) as refused:
        client.consent(purposes=["personalize_offers", "adapt_service"], claims=GERMANY)
    assert refused.value.laws == ("EU AI Act 5(1)(f)", "policy:not-here")
    assert "adapt_service: This fake forbids adapt_service." in str(refused.value)
    client.consent(purposes=["declare_mood"], claims=GERMANY)
    with pytest.raises(ConsentRefused):
        client.consent(purposes=["adapt_service"], claims=GERMANY)
    assert client.standing().purposes == ("declare_mood",)  # what stood stands as it was


def test_a_yes_in_part_names_what_was_refused_and_opens_the_rest_only(
    client: Client, server: FakeServer
) -> None:
    server.deny = {"personalize_offers": "EU AI Act 5(1)(f)"}
    client.notice()
    receipt = client.consent(purposes=["personalize_offers", "declare_mood"], claims=GERMANY)
    assert (receipt.outcome, receipt.purposes, receipt.laws) == ("given", ["declare_mood"], [])
    (refused,) = receipt.refused
    assert (refused.purpose, refused.laws) == ("personalize_offers", ["EU AI Act 5(1)(f)"])
    assert client.standing().purposes == ("declare_mood",)
    with pytest.raises(ConsentMissing):
        client.session(film("joy"))


def test_a_withdrawal_names_what_stood_and_was_taken_back(consented: Client) -> None:
    receipt = consented.withdraw()
    assert receipt is not None
    assert sorted(receipt.withdrawn) == ["declare_mood", "personalize_offers"]
    assert receipt.purposes == []


@pytest.mark.parametrize("purposes", [[], ["spy"], ["personalize_offers", "personalize_offers"]])
def test_purposes_are_known_words_each_once(client: Client, purposes: list[str]) -> None:
    client.notice()
    with pytest.raises(RequestInvalid):
        client.consent(purposes=purposes, claims=GERMANY)


def forged(field: str, value: Any) -> Any:
    def forge(kind: Kind, payload: dict[str, Any]) -> None:
        if kind is Kind.RECEIPT:
            payload[field] = value

    return forge


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site", "other-shop"),
        ("subject", "sub_" + "a" * 26),
        ("statement_sha256", b64(bytes(32))),
        ("outcome", "blessed"),
        ("purposes", ["spy"]),
        ("surprise", 1),
    ],
)
def test_a_receipt_for_something_else_is_no_receipt(
    client: Client, server: FakeServer, field: str, value: Any
) -> None:
    client.notice()
    server.forge = forged(field, value)
    with pytest.raises(ReceiptInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert client.standing().purposes == ()


def test_a_receipt_of_another_key_is_no_receipt(client: Client, server: FakeServer) -> None:
    client.notice()
    stranger = SigningKey.generate()
    server.forge = lambda kind, _payload: stranger if kind is Kind.RECEIPT else None
    with pytest.raises(ReceiptInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    with pytest.raises(ConsentMissing):
        client.session(film("joy"))


def test_a_statement_of_another_kind_is_no_receipt(client: Client, server: FakeServer) -> None:
    client.notice()
    real = server._answer_to

    def swapped(*arguments: Any, **more: Any) -> Any:
        answer: Any = real(*arguments, **more)
        return answer.model_copy(update={"receipt": answer.capability})

    server._answer_to = swapped  # type: ignore[method-assign]
    with pytest.raises(ReceiptInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)


def test_a_forged_capability_in_the_answer_is_refused_before_it_is_kept(
    client: Client, server: FakeServer
) -> None:
    client.notice()
    stranger = SigningKey.generate()
    server.forge = lambda kind, _payload: stranger if kind is Kind.CAPABILITY else None
    with pytest.raises(CapabilityInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    with pytest.raises(ConsentMissing):
        client.session(film("joy"))


def test_a_server_with_another_key_is_not_believed(client: Client, server: FakeServer) -> None:
    client.notice()
    server.forge = lambda kind, _payload: SigningKey.generate() if kind is Kind.SERVICE else None
    with pytest.raises(ServerAnswerInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)


def test_another_sites_notice_is_not_shown(client: Client, server: FakeServer) -> None:
    real = server._notice
    server._notice = lambda locale: real(locale).model_copy(update={"site": "other"})  # type: ignore[method-assign]
    with pytest.raises(ServerAnswerInvalid):
        client.notice()


def test_a_wrong_clock_is_named(client: Client, server: FakeServer, clock: FakeClock) -> None:
    server.clock = FakeClock(clock.now() + 1000)
    client.notice()
    with pytest.raises((ClockSkewed, RequestRefused)) as refused:
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert "clock" in str(refused.value)


# ---- recovery ----
def test_a_new_device_joins_by_the_code_and_may_then_do_everything(
    consented: Client, server: FakeServer, tmp_path: Path
) -> None:
    code = consented.recovery_code
    assert code is not None
    other = server.client(tmp_path / "other", eyes=FakeEyes())
    receipt = other.recover(code.replace("-", " ").upper())
    assert receipt.subject == consented.standing().subject == other.standing().subject
    with other.session(film("joy", seconds=2)) as session:
        assert any(reading.label for reading in session)
    assert other.withdraw() is not None
    with consented.session(film("joy", seconds=2)) as session, suppress(ConsentMissing):
        list(session)
    assert isinstance(session.trouble, ConsentMissing)  # the first device hears of it when it sends
    assert consented.standing().purposes == ()


@pytest.mark.parametrize("code", ["", "abcd", "zzzz-" * 7 + "0000", "a" * 40, "zc5o-" * 8])
def test_a_wrong_code_joins_nobody(client: Client, code: str) -> None:
    with pytest.raises((RequestInvalid, RequestRefused)):
        client.recover(code)
    assert client.standing().subject is None


def test_a_device_with_a_person_joins_nobody_else(consented: Client) -> None:
    with pytest.raises(ConsentError):
        consented.recover(new_code(bytes(20)))


def test_codes_read_as_they_are_written() -> None:
    for number in range(20):
        secret = bytes([number * 7 % 256]) * 20
        assert read_code(new_code(secret)) == secret


# ---- addresses ----
@pytest.mark.parametrize(
    "address",
    [
        "http://mien.example", "ftp://mien.example", "mien.example", "https://", "https://user:pass@mien.example",
        "https://mien.example?x=1", "http://localhost.example", "http://10.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_encrypted_is_refused(
    address: str, server: FakeServer, home: Path
) -> None:
    with pytest.raises(SettingsError):
        Client(address, "shop", key="pk_x", trust=server.trust, home=home)


@pytest.mark.parametrize("site", ["../shop", "Shop", "a", "shop/..", ""])
def test_a_site_id_is_no_path(site: str, server: FakeServer, home: Path) -> None:
    with pytest.raises(RequestInvalid):
        Client("https://mien.example", site, key="pk_x", trust=server.trust, home=home)
    assert not home.exists()

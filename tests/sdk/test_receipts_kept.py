"""What a device keeps of every answer: enough to show and check it years later, encrypted, bounded, gone with the person."""

from pathlib import Path

import pytest

from mien import Claims, Client
from mien.consent import OpenedReceipt, ReceiptFile, notice_hash, open_receipt_file
from mien.errors import ConsentRefused, KeepUnreadable, ReceiptInvalid
from mien.keep import RECEIPT_LIMIT
from mien.testing import FakeServer
from mien.wire.keys import SigningKey, VerifyKey
from mien.wire.messages import KeyChange, WithdrawalStatement
from mien.wire.signatures import Kind

GERMANY = Claims(jurisdictions=("EU-DE",), age_band="adult")


def opened(server: FakeServer, file: ReceiptFile) -> OpenedReceipt:
    return open_receipt_file(file, VerifyKey.from_text(server.trust))


def outcomes(server: FakeServer, client: Client) -> list[str]:
    return [opened(server, file).receipt.outcome for file in client.receipts()]


def test_every_answer_is_kept_and_checks_offline(
    client: Client, server: FakeServer, home: Path
) -> None:
    assert client.receipts() == ()
    notice = client.notice("de")
    client.consent(purposes=["personalize_offers"], claims=GERMANY)
    client.notice("en")
    client.consent(purposes=["personalize_offers"], claims=GERMANY)
    client.withdraw()
    server.down = True
    files = server.client(home).receipts()  # after a restart, asking nobody
    assert [opened(server, file).receipt.outcome for file in files] == [
        "given",
        "renewed",
        "withdrawn",
    ]
    first = opened(server, files[0])
    assert first.trusted
    assert first.server == "https://fake.example"
    assert first.notice is not None
    assert notice_hash(first.notice) == notice_hash(notice)
    assert first.notice.locale == "de"
    assert isinstance(opened(server, files[2]).said, WithdrawalStatement)
    assert files[2].notice is None


def test_a_refusal_is_kept_as_well(client: Client, server: FakeServer) -> None:
    server.deny = {"personalize_offers": "EU AI Act 5(1)(f)"}
    client.notice()
    with pytest.raises(ConsentRefused):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    (file,) = client.receipts()
    assert opened(server, file).receipt.laws == ["EU AI Act 5(1)(f)"]


def test_changes_of_keys_are_kept_with_who_signed_them(
    consented: Client, server: FakeServer, tmp_path: Path
) -> None:
    other = server.client(tmp_path / "other")
    other.join(consented.link_code())
    (joined,) = other.receipts()
    said = opened(server, joined).said
    assert isinstance(said, KeyChange)
    assert said.add is not None
    assert joined.signer != said.add.sign  # the link code's key signed, the device's joined
    (lost,) = [key.id for key in other.key_set() if key.role == "device" and not key.here]
    other.remove_key(lost)
    assert len(other.receipts()) == 2


def test_a_forged_answer_is_not_kept(client: Client, server: FakeServer) -> None:
    client.notice()
    stranger = SigningKey.generate()
    server.forge = lambda kind, _payload: stranger if kind is Kind.RECEIPT else None
    with pytest.raises(ReceiptInvalid):
        client.consent(purposes=["personalize_offers"], claims=GERMANY)
    assert client.receipts() == ()


def test_they_are_bounded_and_the_oldest_go(consented: Client, server: FakeServer) -> None:
    for number in range(RECEIPT_LIMIT + 5):
        consented._keep.keep_receipt({"number": number})
    kept = consented._keep.receipts()
    assert len(kept) == RECEIPT_LIMIT
    assert kept[-1] == {"number": RECEIPT_LIMIT + 4}
    assert kept[0] == {"number": 5}
    with pytest.raises(KeepUnreadable, match="another version"):
        consented.receipts()


def test_they_go_with_the_person(consented: Client, home: Path) -> None:
    assert list(home.rglob("*.receipt"))
    consented.withdraw()
    assert consented.receipts()  # a withdrawal leaves them: they are the person's proof
    consented.erase()
    assert not list(home.rglob("*.receipt"))
    assert consented.receipts() == ()


def test_an_answer_that_comes_after_the_erasure_is_not_kept(consented: Client) -> None:
    file = consented._keep.receipts()[0]
    consented.erase()
    consented._keep.keep_receipt(file)
    assert consented.receipts() == ()


def test_nothing_in_them_is_readable_on_disk(consented: Client, home: Path) -> None:
    subject = consented.standing().subject
    assert subject is not None
    for path in home.rglob("*.receipt"):
        data = path.read_bytes()
        assert subject.encode() not in data
        assert b"purposes" not in data

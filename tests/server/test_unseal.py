"""The door: what is authentic, fresh and for this site comes in; the rest is refused by name."""

import hashlib
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import (
    ClockSkewed,
    EnvelopeInvalid,
    EnvelopeReplayed,
    RequestInvalid,
    SignatureInvalid,
)
from mien.values import Label
from mien.wire import seal, slots
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import (
    Asker,
    CapabilityRequest,
    CorrectionStatement,
    Envelope,
    KeyChange,
    KeyDoc,
    KeyPossession,
    RankRequest,
    WithdrawalStatement,
    authenticate,
    dump,
    envelope_context,
    parse,
)
from mien.wire.seal import Use
from mien.wire.signatures import Kind, sign
from mien_server import unseal

NOW = 1_795_348_800
OPEN = OpenKey.generate()
STREAM = bytes(range(32))
SUBJECT = "sub_" + "a" * 26
DEVICE = b64(bytes(16))
LABELS = (
    Label("joy", NOW - 2, confidence=9),
    Label("sadness", NOW - 1, confidence=3, second="fear"),
)


def envelope(seq: int = 5, *, mac_key: bytes = STREAM) -> Envelope:
    context = envelope_context("shop", SUBJECT, DEVICE, seq, "2026-11-22")
    ct = seal.seal(slots.pack(LABELS, NOW - 60), OPEN.seal_key(), Use.ENVELOPE, *context)
    return Envelope(
        site="shop", subject=SUBJECT, device=DEVICE, seq=seq, kid="2026-11-22", ct=b64(ct),
        mac=b64(seal.mac(mac_key, Use.ENVELOPE, *context, ct)),
    )  # fmt: skip


def test_an_envelope_opens() -> None:
    assert unseal.open_envelope(envelope(), STREAM, OPEN).labels() == LABELS


@pytest.mark.parametrize(
    "moved",
    [
        {"seq": 6},
        {"site": "other"},
        {"subject": "sub_" + "b" * 26},
        {"device": b64(b"\x01" * 16)},
        {"kid": "2026-11-21"},
        {"mac": b64(bytes(32))},
    ],
)
def test_an_envelope_moved_elsewhere_does_not_open(moved: dict[str, Any]) -> None:
    with pytest.raises(EnvelopeInvalid):
        unseal.open_envelope(envelope().model_copy(update=moved), STREAM, OPEN)


def test_the_context_is_bound_by_the_seal_too() -> None:
    """Whoever knows the stream key still cannot move a sealed envelope to another number."""
    made = envelope()
    context = envelope_context("shop", SUBJECT, DEVICE, 6, "2026-11-22")
    mac = seal.mac(STREAM, Use.ENVELOPE, *context, unb64(made.ct))
    with pytest.raises(EnvelopeInvalid):
        unseal.open_envelope(made.model_copy(update={"seq": 6, "mac": b64(mac)}), STREAM, OPEN)


def test_another_stream_key_or_server_key() -> None:
    with pytest.raises(EnvelopeInvalid, match="authenticated"):
        unseal.open_envelope(envelope(mac_key=bytes(32)), STREAM, OPEN)
    with pytest.raises(EnvelopeInvalid, match="does not open"):
        unseal.open_envelope(envelope(), STREAM, OpenKey.generate())


@settings(deadline=None)
@given(st.integers(0, len(unb64(envelope().ct)) * 8 - 1))
def test_any_flipped_bit_is_seen(bit: int) -> None:
    made = envelope()
    ct = bytearray(unb64(made.ct))
    ct[bit // 8] ^= 1 << bit % 8
    with pytest.raises(EnvelopeInvalid):
        unseal.open_envelope(made.model_copy(update={"ct": b64(bytes(ct))}), STREAM, OPEN)


@pytest.mark.parametrize("change", [-1, 1, 400, 10_000])
def test_truncated_and_oversized_envelopes_are_no_envelopes(change: int) -> None:
    value = dump(envelope())
    ct = unb64(value["ct"]) + bytes(10_000)
    value["ct"] = b64(ct[: len(ct) - 10_000 + change])
    with pytest.raises(RequestInvalid, match="ct"):
        parse(Envelope, value)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(RequestInvalid, match="Envelope"):
        parse(Envelope, {**dump(envelope()), "note": "joy"})


# ---- the replay window ----
def under(seq: int) -> Envelope:
    return envelope().model_copy(update={"seq": seq})


def test_the_same_again_is_a_duplicate() -> None:
    for seq in (5, 9 - unseal.WINDOW):
        made = under(seq)
        assert unseal.seen_before(made, 9, unseal.digest_of(made))


def test_what_was_accepted_before_an_update_is_a_duplicate_after_it() -> None:
    """Servers once kept a hash of the MAC and the sealed slots."""
    made = under(5)
    kept = hashlib.sha256(f"{made.mac}.{made.ct}".encode()).digest()
    assert unseal.seen_before(made, 9, kept)
    with pytest.raises(EnvelopeReplayed, match="another envelope"):
        unseal.seen_before(under(5), 9, kept)


def test_another_under_the_same_number_is_refused() -> None:
    with pytest.raises(EnvelopeReplayed, match="another envelope"):
        unseal.seen_before(under(5), 9, unseal.digest_of(under(5)))


def test_late_within_the_window_is_fine_and_before_it_is_not() -> None:
    assert not unseal.seen_before(under(5), 4 + unseal.WINDOW, None)
    with pytest.raises(EnvelopeReplayed, match="too old"):
        unseal.seen_before(under(5), 5 + unseal.WINDOW, None)


def test_digests_tell_envelopes_apart() -> None:
    assert unseal.digest_of(envelope()) != unseal.digest_of(envelope())


# ---- statements ----
KEY = SigningKey.generate()


def by_person(**other: Any) -> Any:
    return {"site": "shop", "subject": SUBJECT, "at": NOW, "nonce": b64(os.urandom(16)), **other}


def read(
    text: Any,
    *,
    key: Any = None,
    site: Any = "shop",
    now: Any = NOW,
    kind: Any = Kind.CAPABILITY_REQUEST,
) -> Any:
    return unseal.read_statement(
        text, kind, CapabilityRequest, (key or KEY).verify_key(), site, now
    )


def statement(**other: Any) -> str:
    return sign(Kind.CAPABILITY_REQUEST, dump(CapabilityRequest(**by_person(**other))), KEY)


def test_a_statement_is_read() -> None:
    assert read(statement()).subject == SUBJECT


@pytest.mark.parametrize("skew", [-120, 0, 120])
def test_two_minutes_are_fine(skew: int) -> None:
    assert read(statement(), now=NOW + skew)


@pytest.mark.parametrize("skew", [-121, 121, 10**6])
def test_more_is_skewed(skew: int) -> None:
    with pytest.raises(ClockSkewed):
        read(statement(), now=NOW + skew)


def test_signature_comes_before_site_and_clock() -> None:
    foreign = statement(site="other")
    with pytest.raises(SignatureInvalid):
        read(foreign, key=SigningKey.generate(), now=0)
    with pytest.raises(RequestInvalid, match="another site"):
        read(foreign, now=0)


def test_a_statement_of_another_kind_is_worth_nothing() -> None:
    other = sign(
        Kind.WITHDRAWAL, dump(WithdrawalStatement(**by_person(purposes=["contribute"]))), KEY
    )
    with pytest.raises(SignatureInvalid):
        read(other)


def change(key: SigningKey, **said: Any) -> KeyChange:
    shared = by_person()
    possession = sign(Kind.KEY_POSSESSION, dump(KeyPossession(**{**shared, **said})), key)
    doc = KeyDoc(role="recovery", sign=key.verify_key().text())
    return KeyChange(**shared, add=doc, possession=possession)


def test_a_new_key_must_want_to_join() -> None:
    key = SigningKey.generate()

    def check(said: KeyChange) -> None:
        assert said.add is not None
        unseal.check_possession(said, said.add, NOW)

    check(change(key))
    with pytest.raises(SignatureInvalid, match="another subject"):
        check(change(key, subject="sub_" + "b" * 26))
    with pytest.raises(SignatureInvalid, match="another subject"):
        check(change(key, nonce=b64(bytes(16))))
    stolen = change(key).model_copy(
        update={"add": KeyDoc(role="recovery", sign=SigningKey.generate().verify_key().text())}
    )
    with pytest.raises(SignatureInvalid):
        check(stolen)


# ---- the rest of the stream ----
def key_doc(secret: bytes, *, subject: str = SUBJECT) -> KeyDoc:
    context = (b"shop", subject.encode(), DEVICE.encode())
    return KeyDoc(
        role="device", sign=KEY.verify_key().text(), seal=OPEN.seal_key().text(), stream_kid="2026-11-22",
        sealed_stream_key=b64(seal.seal(secret, OPEN.seal_key(), Use.STREAM_KEY, *context)),
    )  # fmt: skip


def test_stream_keys_are_bound_to_their_subject() -> None:
    doc = key_doc(STREAM)
    assert unseal.open_stream_key(doc, "shop", SUBJECT, DEVICE, OPEN) == STREAM
    with pytest.raises(EnvelopeInvalid):
        unseal.open_stream_key(doc, "shop", "sub_" + "b" * 26, DEVICE, OPEN)


def test_a_stream_key_has_32_bytes() -> None:
    sealed = seal.seal(
        b"short", OPEN.seal_key(), Use.STREAM_KEY, b"shop", SUBJECT.encode(), DEVICE.encode()
    )
    doc = key_doc(STREAM).model_copy(update={"sealed_stream_key": b64(sealed)})
    with pytest.raises(EnvelopeInvalid, match="32 bytes"):
        unseal.open_stream_key(doc, "shop", SUBJECT, DEVICE, OPEN)


def correction(record: str, said: str) -> CorrectionStatement:
    label = LABELS[0]
    plain = label.ended_at.to_bytes(4, "big") + slots.pack_slot(label, label.ended_at)
    context = (b"shop", SUBJECT.encode(), record.encode())
    sealed = seal.seal(plain, OPEN.seal_key(), Use.CORRECTION, *context)
    return CorrectionStatement(**by_person(record=said, kid="2026-11-22", sealed=b64(sealed)))


def test_a_correction_is_for_its_record() -> None:
    record, other = "rec_" + "a" * 26, "rec_" + "b" * 26
    assert unseal.open_correction(correction(record, record), OPEN) == LABELS[0]
    with pytest.raises(EnvelopeInvalid):
        unseal.open_correction(correction(record, other), OPEN)


def request(at: int = NOW, use: Use = Use.RANK) -> RankRequest:
    asker = Asker(subject=SUBJECT, device=DEVICE, at=at)
    made = RankRequest(site="shop", request=b64(bytes(16)), asker=asker, mac=b64(bytes(32)))
    return authenticate(made, STREAM, use)


def test_requests_are_authenticated_for_one_use_and_time() -> None:
    unseal.check_request(request(), STREAM, Use.RANK, NOW)
    for bad in (request(use=Use.REWARD), request().model_copy(update={"places": 6})):
        with pytest.raises(EnvelopeInvalid):
            unseal.check_request(bad, STREAM, Use.RANK, NOW)
    with pytest.raises(ClockSkewed):
        unseal.check_request(request(at=NOW - 121), STREAM, Use.RANK, NOW)
    with pytest.raises(EnvelopeInvalid, match="not authenticated"):
        unseal.check_request(
            RankRequest(site="shop", request=b64(bytes(16))), STREAM, Use.RANK, NOW
        )

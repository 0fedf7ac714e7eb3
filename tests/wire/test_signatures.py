"""A statement is worth something as one kind, under one key, unaltered. Single forgeries are in the vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import MienError, RequestInvalid
from mien.wire.canonical import b64, encode
from mien.wire.keys import SigningKey
from mien.wire.signatures import MAX_CHARS, Kind, sign, signer, unverified, verify

KEY = SigningKey.from_secret(bytes(range(32)))
PAYLOAD = {"v": 1, "text": "grüß dich", "list": [1, None, True]}
SIGNED = sign(Kind.CONSENT, PAYLOAD, KEY)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.mark.parametrize("signed_as", Kind)
@pytest.mark.parametrize("read_as", Kind)
def test_a_signature_is_worth_something_as_its_own_kind_only(
    signed_as: Kind, read_as: Kind
) -> None:
    text = sign(signed_as, PAYLOAD, KEY)
    if signed_as is read_as:
        assert verify(text, read_as, KEY.verify_key()) == PAYLOAD
    else:
        with pytest.raises(MienError):
            verify(text, read_as, KEY.verify_key())


@given(st.integers(0, len(SIGNED) - 1), st.sampled_from([*ALPHABET, ".", "=", " ", "\n", "é"]))
def test_any_changed_character_is_noticed(at: int, letter: str) -> None:
    changed = SIGNED[:at] + letter + SIGNED[at + 1 :]
    if changed != SIGNED:
        with pytest.raises(MienError):
            verify(changed, Kind.CONSENT, KEY.verify_key())


@given(st.integers(0, len(SIGNED) - 1))
def test_any_cut_is_noticed(end: int) -> None:
    with pytest.raises(MienError):
        verify(SIGNED[:end], Kind.CONSENT, KEY.verify_key())


def test_the_signer_and_the_payload_can_be_looked_at_before() -> None:
    assert signer(SIGNED) == KEY.verify_key().id
    assert unverified(SIGNED) == PAYLOAD


@pytest.mark.parametrize("header", [{}, {"kid": 5}, {"kid": None}])
def test_a_statement_that_names_no_signer_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(RequestInvalid):
        signer(f"{b64(encode(header))}.{b64(encode(PAYLOAD))}.AA")


def test_a_statement_has_a_largest_size() -> None:
    with pytest.raises(RequestInvalid):
        verify(sign(Kind.CONSENT, {"x": "y" * MAX_CHARS}, KEY), Kind.CONSENT, KEY.verify_key())


def test_fractions_are_not_signed() -> None:
    with pytest.raises(RequestInvalid):
        sign(Kind.CONSENT, {"x": 0.5}, KEY)


def test_the_payload_is_signed_in_its_canonical_form() -> None:
    one = sign(Kind.CONSENT, {"b": 1, "a": 2}, KEY)
    assert one == sign(Kind.CONSENT, {"a": 2, "b": 1}, KEY)

"""Sealing binds the context, padding hides the length, MACs divide their parts. Single attacks are in the vectors."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import EnvelopeInvalid, RequestInvalid
from mien.wire.keys import OpenKey, SealKey
from mien.wire.seal import (
    MAC_BYTES,
    OVERHEAD,
    Use,
    check_mac,
    mac,
    open_sealed,
    pad,
    seal,
    unpad,
)

OPEN = OpenKey.from_secret(bytes(range(96)))
PARTS = st.lists(st.binary(max_size=8), max_size=3)
USES = st.sampled_from(Use)


@settings(max_examples=50)
@given(st.binary(max_size=600), USES, PARTS)
def test_what_is_sealed_opens_in_its_context(plain: bytes, use: Use, context: list[bytes]) -> None:
    sealed = seal(plain, OPEN.seal_key(), use, *context)
    assert len(sealed) == len(plain) + OVERHEAD
    assert open_sealed(sealed, OPEN, use, *context) == plain


@settings(max_examples=50)
@given(USES, PARTS, USES, PARTS)
def test_and_in_no_other(
    use: Use, context: list[bytes], other_use: Use, other: list[bytes]
) -> None:
    sealed = seal(b"plain", OPEN.seal_key(), use, *context)
    if (use, context) != (other_use, other):
        with pytest.raises(EnvelopeInvalid):
            open_sealed(sealed, OPEN, other_use, *other)


@settings(max_examples=100)
@given(st.data())
def test_any_flipped_bit_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(b"plain", OPEN.seal_key(), Use.WHY))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(EnvelopeInvalid):
        open_sealed(bytes(sealed), OPEN, Use.WHY)


@pytest.mark.parametrize("size", [0, 1, 1119, 1120, 1135, 1136])
def test_any_cut_is_noticed(size: int) -> None:
    with pytest.raises(EnvelopeInvalid):
        open_sealed(seal(b"plain", OPEN.seal_key(), Use.WHY)[:size], OPEN, Use.WHY)


def test_another_key_does_not_open() -> None:
    with pytest.raises(EnvelopeInvalid):
        open_sealed(seal(b"plain", OPEN.seal_key(), Use.WHY), OpenKey.generate(), Use.WHY)


def test_sealing_twice_gives_two_things() -> None:
    assert seal(b"plain", OPEN.seal_key(), Use.WHY) != seal(b"plain", OPEN.seal_key(), Use.WHY)


@pytest.mark.parametrize("tail", [bytes(32), b"\x01" + bytes(31)])
def test_a_key_whose_x25519_half_has_small_order_is_refused(tail: bytes) -> None:
    # RFC 9180 section 7.1.4: the all-zero shared secret must be refused
    weak = SealKey(OPEN.seal_key().public[:-32] + tail)
    with pytest.raises(RequestInvalid):
        seal(b"plain", weak, Use.WHY)


@given(st.binary(min_size=1, max_size=40), USES, PARTS)
def test_a_mac_authenticates_its_parts(key: bytes, use: Use, parts: list[bytes]) -> None:
    tag = mac(key, use, *parts)
    assert len(tag) == MAC_BYTES
    check_mac(tag, key, use, *parts)
    with pytest.raises(EnvelopeInvalid):
        check_mac(tag, key, use, *parts, b"")


@given(st.binary(max_size=300), st.sampled_from([1, 16, 256, 4096]))
def test_padding_comes_off_and_hides_the_length(data: bytes, block: int) -> None:
    padded = pad(data, block)
    assert len(padded) % block == 0
    assert len(padded) < len(data) + 4 + block
    assert unpad(padded) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"\0", b"\0\0\0", b"\0\0\0\1", b"\0\0\0\1xy", b"\0\0\0\0\1", b"\xff\xff\xff\xffx"],
)
def test_what_was_not_padded_so_is_refused(data: bytes) -> None:
    with pytest.raises(EnvelopeInvalid):
        unpad(data)

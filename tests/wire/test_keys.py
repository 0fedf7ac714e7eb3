"""Keys keep their encodings, refuse what is no key, and show no secret."""

import hashlib

import pytest

from mien.errors import RequestInvalid, SignatureInvalid
from mien.wire.canonical import b64
from mien.wire.keys import OpenKey, SealKey, SigningKey, VerifyKey, derive, key_id

# RFC 8032 section 7.1, test 2
RFC8032_SECRET = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
RFC8032_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
RFC8032_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_signing_is_that_of_rfc_8032() -> None:
    key = SigningKey.from_secret(RFC8032_SECRET)
    assert key.verify_key() == VerifyKey(RFC8032_PUBLIC)
    assert key.sign(b"\x72") == RFC8032_SIGNATURE
    key.verify_key().verify(RFC8032_SIGNATURE, b"\x72")


@pytest.mark.parametrize(
    "signature", [b"", RFC8032_SIGNATURE[:63], RFC8032_SIGNATURE + b"\0", bytes(64)]
)
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        VerifyKey(RFC8032_PUBLIC).verify(signature, b"\x72")


def test_a_signature_is_of_one_message() -> None:
    with pytest.raises(SignatureInvalid):
        VerifyKey(RFC8032_PUBLIC).verify(RFC8032_SIGNATURE, b"\x73")


# The eight points of small order and their second spellings: with the identity as key, R = identity and S = 0 sign every message.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("sign", [0, 0x80])
@pytest.mark.parametrize("public", SMALL_ORDER)
def test_a_key_under_which_anybody_could_sign_is_no_key(public: str, sign: int) -> None:
    data = bytearray.fromhex(public)
    data[31] |= sign
    with pytest.raises(RequestInvalid):
        VerifyKey(bytes(data))


def test_a_key_that_is_no_point_verifies_nothing() -> None:
    with pytest.raises(SignatureInvalid):
        VerifyKey(b"\x02" + bytes(31)).verify(b"\x01" + bytes(63), b"any message")


def test_keys_come_back_from_their_encodings() -> None:
    sign, opens = SigningKey.generate(), OpenKey.generate()
    assert SigningKey.from_secret(sign.secret()).verify_key() == sign.verify_key()
    assert VerifyKey.from_text(sign.verify_key().text()) == sign.verify_key()
    assert OpenKey.from_secret(opens.secret()).seal_key() == opens.seal_key()
    assert SealKey.from_text(opens.seal_key().text()) == opens.seal_key()
    assert (len(opens.secret()), len(opens.seal_key().public)) == (96, 1216)


def test_two_generated_keys_differ() -> None:
    assert SigningKey.generate().secret() != SigningKey.generate().secret()
    assert OpenKey.generate().secret() != OpenKey.generate().secret()


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_wrong_sizes_are_no_keys(size: int) -> None:
    for make in (SigningKey.from_secret, OpenKey.from_secret, VerifyKey, SealKey):
        with pytest.raises(RequestInvalid):
            make(bytes(size))


def test_an_ml_kem_key_out_of_range_is_no_sealing_key() -> None:
    # FIPS 203 section 7.2: coefficients must be below q
    with pytest.raises(RequestInvalid):
        SealKey(b"\xff" * 1216).hybrid()


def test_a_key_id_is_the_first_half_of_a_hash() -> None:
    assert key_id(b"x") == b64(hashlib.sha256(b"x").digest()[:16])
    assert VerifyKey(RFC8032_PUBLIC).id == key_id(RFC8032_PUBLIC)


def test_a_printed_key_shows_no_secret() -> None:
    sign, opens = SigningKey.from_secret(RFC8032_SECRET), OpenKey.generate()
    assert repr(sign) == "SigningKey()"
    assert repr(opens) == "OpenKey()"


def test_derivation_is_hkdf_of_rfc_5869() -> None:
    # RFC 5869 appendix A.3: SHA-256, no salt, no info
    expected = (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
    assert derive(b"\x0b" * 22, "", 42).hex() == expected


def test_derived_keys_differ_by_use() -> None:
    assert derive(bytes(32), "one") != derive(bytes(32), "two")
    assert len(derive(bytes(32), "one")) == 32

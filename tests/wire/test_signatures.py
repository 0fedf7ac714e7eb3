"""A statement is worth something as one kind, under one key, unaltered. Single forgeries are in the vectors."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import MienError, RequestInvalid, SignatureInvalid
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


HEADER = {"alg": "Ed25519", "kid": KEY.verify_key().id, "typ": str(Kind.CONSENT)}
NAMES = ("alg", "kid", "typ", "jwk", "jku", "x5c", "x5u", "x5t", "crit", "b64", "zip", "cty", "enc", "exp", "iss", "nonce")  # fmt: skip
WORDS = ("none", "None", "NONE", "HS256", "HS512", "RS256", "ES256", "EdDSA", "Ed448", "ed25519", "Ed25519 ", "", "JWT", "../../dev/null")  # fmt: skip
values = st.one_of(
    st.none(), st.booleans(), st.integers(0, 9), st.sampled_from(WORDS), st.text(max_size=8),
    st.lists(st.sampled_from(NAMES), max_size=2), st.just({"kty": "OKP", "crv": "Ed25519", "x": KEY.verify_key().text()}),
)  # fmt: skip


def forged(header: bytes, payload: bytes = encode(PAYLOAD)) -> str:
    """A header somebody wrote, over a signature that is right: the right key signed these very bytes."""
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(KEY.sign(signed.encode()))}"


def test_the_forger_can_make_what_is_accepted() -> None:
    assert verify(forged(encode(HEADER)), Kind.CONSENT, KEY.verify_key()) == PAYLOAD


@given(st.dictionaries(st.sampled_from(NAMES), values, min_size=1, max_size=4), st.sets(st.sampled_from(list(HEADER))))  # fmt: skip
def test_no_header_but_the_one_expected_is_accepted(
    changes: dict[str, object], removed: set[str]
) -> None:
    header = {name: value for name, value in (HEADER | changes).items() if name not in removed}
    if header != HEADER:
        with pytest.raises(MienError):
            verify(forged(encode(header)), Kind.CONSENT, KEY.verify_key())


@pytest.mark.parametrize("name", HEADER)
@pytest.mark.parametrize("last", [True, False])
def test_a_header_that_says_one_thing_twice_is_refused(name: str, last: bool) -> None:
    """Whichever of the two a reader would take."""
    wrong, right = encode({name: "none"})[1:-1], encode(HEADER)[1:-1]
    header = b"{" + b",".join([wrong, right] if last else [right, wrong]) + b"}"
    with pytest.raises(RequestInvalid):
        verify(forged(header), Kind.CONSENT, KEY.verify_key())


@pytest.mark.parametrize("header", [b"[]", b"null", b'"Ed25519"', b"1", b"{", b"\xff", b"", b"{" * 200 + b"}" * 200])  # fmt: skip
def test_a_header_that_is_no_object_is_refused(header: bytes) -> None:
    with pytest.raises(RequestInvalid):
        verify(forged(header), Kind.CONSENT, KEY.verify_key())


@pytest.mark.parametrize("payload", [b"[]", b"null", b"1", b'{"a":1,"a":1}', b'{"a":1.5}', b'{"a":1e400}', b'{"a":NaN}', b'{"a":9007199254740992}', b'{"a":"\\ud800"}', b'{"a":' * 20 + b"1" + b"}" * 20])  # fmt: skip
def test_a_payload_with_two_readings_is_refused_although_it_is_signed(payload: bytes) -> None:
    with pytest.raises(RequestInvalid):
        verify(forged(encode(HEADER), payload), Kind.CONSENT, KEY.verify_key())


def test_the_public_key_is_no_secret_for_an_hmac() -> None:
    """RFC 8725 section 2.1: what a library does that lets the header choose the algorithm."""
    for alg in ("HS256", "Ed25519"):
        signed = f"{b64(encode({**HEADER, 'alg': alg}))}.{b64(encode(PAYLOAD))}"
        for secret in (KEY.verify_key().public, KEY.verify_key().text().encode()):
            text = f"{signed}.{b64(hmac.digest(secret, signed.encode(), 'sha256'))}"
            with pytest.raises(SignatureInvalid):
                verify(text, Kind.CONSENT, KEY.verify_key())


def test_a_key_in_the_header_is_not_the_key_that_counts() -> None:
    other = SigningKey.from_secret(bytes([7]) * 32)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": other.verify_key().text()}
    for header in (
        HEADER | {"jwk": jwk},
        HEADER | {"jwk": jwk, "kid": other.verify_key().id},
        HEADER | {"kid": other.verify_key().id},
        HEADER,
    ):
        signed = f"{b64(encode(header))}.{b64(encode(PAYLOAD))}"
        with pytest.raises(SignatureInvalid):
            verify(f"{signed}.{b64(other.sign(signed.encode()))}", Kind.CONSENT, KEY.verify_key())

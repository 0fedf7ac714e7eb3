"""Signed statements: JWS compact (RFC 7515) with Ed25519 (RFC 9864), one kind each, over canonical JSON.

The kind stands in the protected header as `typ`, so that a signature made for one purpose is worth nothing for another.
"""

from enum import StrEnum
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from mien.errors import RequestInvalid, SignatureInvalid
from mien.wire.canonical import b64, decode, encode, unb64
from mien.wire.keys import SigningKey, VerifyKey

ALGORITHM = "Ed25519"
MAX_CHARS = 32 * 1024


class Kind(StrEnum):
    """What a signed statement is. The words are part of the wire format."""

    CONSENT = "mien-consent+jws"
    WITHDRAWAL = "mien-withdrawal+jws"
    CAPABILITY_REQUEST = "mien-capability-request+jws"
    KEY_CHANGE = "mien-key-change+jws"
    KEY_POSSESSION = "mien-key-possession+jws"
    GUARDIAN_APPROVAL = "mien-guardian-approval+jws"
    GUARDIAN_VERIFICATION = "mien-guardian-verification+jws"
    EXPORT_REQUEST = "mien-export-request+jws"
    CORRECTION = "mien-correction+jws"
    ERASURE = "mien-erasure+jws"
    SERVICE = "mien-service+jws"
    RECEIPT = "mien-receipt+jws"
    CAPABILITY = "mien-capability+jws"
    CERTIFICATE = "mien-certificate+jws"
    EXPORT = "mien-export+jws"
    OFFICER = "mien-officer+jws"
    TICKET = "mien-ticket+jws"
    ROUNDS = "mien-rounds+jws"
    HEAD = "mien-head+jws"
    UPDATE = "mien-update+jws"


def sign(kind: Kind, payload: dict[str, Any], key: SigningKey) -> str:
    """The JWS of `payload` under `key`."""
    header = {"alg": ALGORITHM, "kid": key.verify_key().id, "typ": str(kind)}
    jwk = OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": key.verify_key().text(), "d": b64(key.secret())}
    )
    return jws.serialize_compact(header, encode(payload), jwk, algorithms=[ALGORITHM])


def verify(text: str, kind: Kind, key: VerifyKey) -> dict[str, Any]:
    """The payload, when `text` is a statement of this `kind` under `key`; `SignatureInvalid` or `RequestInvalid` otherwise."""
    header, _payload = _parts(text)
    if header != {"alg": ALGORITHM, "kid": key.id, "typ": str(kind)}:
        msg = f"not a `{kind}` signed by the expected key; ask for it again"
        raise SignatureInvalid(msg)
    jwk = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": key.text()})
    try:
        opened = jws.deserialize_compact(text, jwk, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        msg = "the signature does not verify; ask for the message again"
        raise SignatureInvalid(msg) from error
    return _object(opened.payload)


def signer(text: str) -> str:
    """The id of the key a statement names as its signer. Unverified: only good for looking the key up."""
    header, _payload = _parts(text)
    kid = header.get("kid")
    if not isinstance(kid, str):
        msg = "the statement names no key; sign it with the device key"
        raise RequestInvalid(msg)
    return kid


def unverified(text: str) -> dict[str, Any]:
    """The payload before verification: only good for finding the key that must then `verify` it."""
    _header, payload = _parts(text)
    return payload


def _parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(text) > MAX_CHARS or text.count(".") != 2:  # noqa: PLR2004 - RFC 7515 section 7.1: three parts
        msg = "not a signed statement; send JWS compact"
        raise RequestInvalid(msg)
    header, payload, _signature = text.split(".")
    return _object(unb64(header)), _object(unb64(payload))


def _object(data: bytes) -> dict[str, Any]:
    value = decode(data, limit=MAX_CHARS)
    if not isinstance(value, dict):
        msg = "a signed statement holds an object; see the reference of the wire format"
        raise RequestInvalid(msg)
    return value

"""The recovery code: 160 random bits that a person writes down. Key and subject id both come from it, so the code alone is enough to erase."""

import base64
import binascii
from typing import Final

from mien.errors import RequestInvalid
from mien.wire.keys import SigningKey, derive

CODE_BYTES: Final = 20
_GROUP: Final = 4


def new_code(random: bytes) -> str:
    """The code for 20 random bytes: eight groups of four letters and digits."""
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[i : i + _GROUP] for i in range(0, len(text), _GROUP))


def read_code(code: str) -> bytes:
    """The 20 bytes of a code as somebody typed it. Raises `RequestInvalid`."""
    plain = "".join(code.split()).replace("-", "").upper()
    try:
        secret = base64.b32decode(plain)
    except binascii.Error as error:
        msg = "not a recovery code; copy all eight groups"
        raise RequestInvalid(msg) from error
    if len(secret) != CODE_BYTES:
        msg = "a recovery code has eight groups of four; copy it whole"
        raise RequestInvalid(msg)
    return secret


def recovery_key(secret: bytes) -> SigningKey:
    """The Ed25519 key of a code's bytes (HKDF-SHA256, RFC 5869)."""
    return SigningKey.from_secret(derive(secret, "mien recovery key v1"))


def subject_of(secret: bytes) -> str:
    """The subject id of a code's bytes: 128 pseudorandom bits that tell nothing of the code."""
    text = base64.b32encode(derive(secret, "mien subject v1", 16)).decode().lower()
    return "sub_" + text.rstrip("=")

"""Codes that people write down or read out, and the keys that come from them.

A recovery code is 160 random bits: key and subject id both come from it, so the code alone is enough to erase. A guardian's code is as long and
gives a key of its own for each child and site. A link code holds the subject id and 72 random bits: it lives for minutes and adds one device.
"""

import base64
import binascii
from typing import Final

from mien.errors import RequestInvalid
from mien.wire.keys import SigningKey, derive

CODE_BYTES: Final = 20
SUBJECT_BYTES: Final = 16
LINK_SECRET_BYTES: Final = 9
_GROUP: Final = 4
_PREFIX: Final = "sub_"


def new_code(random: bytes) -> str:
    """The code for 20 random bytes: eight groups of four letters and digits."""
    return _written(random)


def read_code(code: str) -> bytes:
    """The 20 bytes of a recovery or guardian's code as somebody typed it. Raises `RequestInvalid`."""
    return _read(code, CODE_BYTES, "a recovery or guardian's code has eight groups of four")


def recovery_key(secret: bytes) -> SigningKey:
    """The Ed25519 key of a recovery code's bytes (HKDF-SHA256, RFC 5869)."""
    return SigningKey.from_secret(derive(secret, "mien recovery key v1"))


def guardian_key(secret: bytes, site: str, subject: str) -> SigningKey:
    """The Ed25519 key of a guardian's code's bytes for one child at one site: key sets lie in the clear, and nothing in them links two children or sites.

    Another than the same bytes would give as a recovery code.
    """
    # Neither a site's id nor a subject's holds a space: no two pairs give the same label.
    return SigningKey.from_secret(derive(secret, f"mien guardian key v1 {site} {subject}"))


def subject_of(secret: bytes) -> str:
    """The subject id of a recovery code's bytes: 128 pseudorandom bits that tell nothing of the code."""
    return _subject(derive(secret, "mien subject v1", SUBJECT_BYTES))


def new_link(subject: str, random: bytes) -> str:
    """The link code of a subject for 9 random bytes: ten groups of four letters and digits."""
    body = subject.removeprefix(_PREFIX).upper()
    return _written(base64.b32decode(body + "=" * (-len(body) % 8)) + random)


def read_link(code: str) -> tuple[str, SigningKey]:
    """The subject of a link code as somebody typed it, and its key. Raises `RequestInvalid`."""
    secret = _read(code, SUBJECT_BYTES + LINK_SECRET_BYTES, "a link code has ten groups of four")
    return _subject(secret[:SUBJECT_BYTES]), SigningKey.from_secret(
        derive(secret, "mien link key v1")
    )


def _subject(body: bytes) -> str:
    return _PREFIX + base64.b32encode(body).decode().lower().rstrip("=")


def _written(secret: bytes) -> str:
    text = base64.b32encode(secret).decode().lower()
    return "-".join(text[i : i + _GROUP] for i in range(0, len(text), _GROUP))


def _read(code: str, size: int, shape: str) -> bytes:
    plain = "".join(code.split()).replace("-", "").upper()
    msg = f"{shape}; copy it whole"
    try:
        secret = base64.b32decode(plain)
    except (binascii.Error, ValueError) as error:
        raise RequestInvalid(msg) from error
    if len(secret) != size:
        raise RequestInvalid(msg)
    return secret

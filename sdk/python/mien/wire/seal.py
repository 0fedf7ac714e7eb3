"""Sealing: HPKE (RFC 9180) with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; padding; message authentication.

The context (who, what for, which sequence number) is bound in HPKE's `info`, so a sealed message moved to another context does not open.
"""

import hashlib
import hmac
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from mien.errors import EnvelopeInvalid, RequestInvalid
from mien.wire.canonical import frame
from mien.wire.keys import OpenKey, SealKey

SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
OVERHEAD = 1120 + 16
"""Bytes sealing adds: the encapsulation (ML-KEM 1,088 and X25519 32) and the AES-GCM tag."""
MAC_BYTES = 32


class Use(StrEnum):
    """What something is sealed or authenticated for. The words are part of the wire format."""

    ENVELOPE = "mien envelope v1"
    STREAM_KEY = "mien stream key v1"
    CORRECTION = "mien correction v1"
    WHY = "mien why v1"
    LESSON = "mien lesson v1"
    ANSWERS = "mien answers v1"
    EXPORT = "mien export v1"
    RANK = "mien rank v1"
    REWARD = "mien reward v1"
    ASK_HELP = "mien ask help v1"
    HELP = "mien help v1"
    TICKET = "mien ticket v1"
    UPDATE = "mien update v1"


def seal(plaintext: bytes, key: SealKey, use: Use, *context: bytes) -> bytes:
    """`plaintext` sealed to `key` for one use in one context: `OVERHEAD` bytes longer.

    Raises `RequestInvalid` for a key nothing can be sealed to, such as one whose X25519 half has small order (RFC 9180 section 7.1.4).
    """
    try:
        return SUITE.encrypt(plaintext, key.hybrid(), frame(use.encode(), *context))
    except ValueError as error:
        msg = "nothing can be sealed to this key; make a new one"
        raise RequestInvalid(msg) from error


def open_sealed(sealed: bytes, key: OpenKey, use: Use, *context: bytes) -> bytes:
    """What `seal` sealed for the same use and context. Raises `EnvelopeInvalid`."""
    try:
        return SUITE.decrypt(sealed, key.hybrid(), frame(use.encode(), *context))
    except (InvalidTag, ValueError) as error:
        msg = "the sealed message does not open with this key and context; seal it again"
        raise EnvelopeInvalid(msg) from error


def mac(key: bytes, use: Use, *parts: bytes) -> bytes:
    """HMAC-SHA256 (RFC 2104) over the use and the framed parts: 32 bytes."""
    return hmac.digest(key, frame(use.encode(), *parts), hashlib.sha256)


def check_mac(tag: bytes, key: bytes, use: Use, *parts: bytes) -> None:
    """Return when `tag` authenticates the parts; raise `EnvelopeInvalid` otherwise. Compares in constant time."""
    if not hmac.compare_digest(tag, mac(key, use, *parts)):
        msg = "the message is not authenticated by this device's stream key; enrol again"
        raise EnvelopeInvalid(msg)


def pad(data: bytes, block: int) -> bytes:
    """`data` behind its length in four bytes, filled with zeros to a multiple of `block`: the size on the wire tells only the block."""
    framed = frame(data)
    return framed + bytes(-len(framed) % block)


def unpad(data: bytes) -> bytes:
    """What `pad` padded. Raises `EnvelopeInvalid` for anything else, non-zero filling included."""
    end = 4 + int.from_bytes(data[:4], "big")
    if len(data) < end or any(data[end:]):
        msg = "the padding is damaged; ask for the message again"
        raise EnvelopeInvalid(msg)
    return data[4:end]

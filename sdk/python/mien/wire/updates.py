"""Updates of the shared head: 776 numbers in one form and size, sealed to a round's key and bound to person, round and head.

A plaintext is `pad` of: rows and columns (two bytes each, big-endian), then the numbers row after row (32 bits, little-endian). Whether they are finite and
short enough, only whoever opens them can see: the owner of the round, who drops what is not and says why.
"""

from typing import Final

from mien.errors import RequestInvalid
from mien.wire.canonical import b64
from mien.wire.keys import OpenKey, SealKey
from mien.wire.messages import HEAD_BYTES, UPDATE_PLAIN
from mien.wire.seal import Use, open_sealed, pad, seal, unpad

ROWS: Final = 97
COLUMNS: Final = 8
_SHAPE: Final = ROWS.to_bytes(2, "big") + COLUMNS.to_bytes(2, "big")


def context(site: str, subject: str, round_id: str, head_sha256: str) -> tuple[bytes, ...]:
    """What an update is bound to in HPKE's info: moved to another person, round or head it does not open."""
    return site.encode(), subject.encode(), round_id.encode(), head_sha256.encode()


def pack(numbers: bytes) -> bytes:
    """3,104 bytes of a vector as a plaintext of `UPDATE_PLAIN` bytes. Raises `RequestInvalid` for another length."""
    if len(numbers) != HEAD_BYTES:
        msg = f"an update has {HEAD_BYTES} bytes; train it anew from the head of the round"
        raise RequestInvalid(msg)
    return pad(_SHAPE + numbers, UPDATE_PLAIN)


def unpack(plain: bytes) -> bytes:
    """What `pack` packed. Raises `EnvelopeInvalid` for damaged padding, `RequestInvalid` for numbers of another shape."""
    body = unpad(plain)
    if body[:4] != _SHAPE or len(body) != 4 + HEAD_BYTES:
        msg = f"an update has {ROWS} rows and {COLUMNS} columns of 32 bits; train it anew from the head of the round"
        raise RequestInvalid(msg)
    return body[4:]


def seal_update(numbers: bytes, key: SealKey, *where: bytes) -> str:
    """A vector sealed to a round's key as base64url; `where` is its `context`. Raises `RequestInvalid`."""
    return b64(seal(pack(numbers), key, Use.UPDATE, *where))


def open_update(sealed: bytes, key: OpenKey, *where: bytes) -> bytes:
    """The 3,104 bytes of a sealed update. Raises `EnvelopeInvalid` (another key or context, damaged), `RequestInvalid` (another shape)."""
    return unpack(open_sealed(sealed, key, Use.UPDATE, *where))

"""Updates of the shared head: 776 numbers in one form and size, sealed to a round's key and bound to person, round and head.

A plaintext is `pad` of: rows and columns (two bytes each, big-endian), then the numbers row after row (32 bits, little-endian). Whether they are finite and
short enough, only whoever opens them can see: the owner of the round, who drops what is not and says why.
"""

import hashlib
from typing import Final

from mien.errors import (
    ClockSkewed,
    HeadInvalid,
    RequestInvalid,
    ServerAnswerInvalid,
    SignatureInvalid,
)
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SealKey, VerifyKey
from mien.wire.messages import (
    CLOCK_SKEW,
    HEAD_BYTES,
    HEAD_COLUMNS,
    HEAD_ROWS,
    UPDATE_PLAIN,
    HeadDoc,
    HeadRef,
    Rounds,
    parse,
)
from mien.wire.seal import Use, open_sealed, pad, seal, unpad
from mien.wire.signatures import Kind, verify

_SHAPE: Final = HEAD_ROWS.to_bytes(2, "big") + HEAD_COLUMNS.to_bytes(2, "big")


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
        msg = f"an update has {HEAD_ROWS} rows and {HEAD_COLUMNS} columns of 32 bits; train it anew from the head of the round"
        raise RequestInvalid(msg)
    return body[4:]


def seal_update(numbers: bytes, key: SealKey, *where: bytes) -> str:
    """A vector sealed to a round's key as base64url; `where` is its `context`. Raises `RequestInvalid`."""
    return b64(seal(pack(numbers), key, Use.UPDATE, *where))


def open_update(sealed: bytes, key: OpenKey, *where: bytes) -> bytes:
    """The 3,104 bytes of a sealed update. Raises `EnvelopeInvalid` (another key or context, damaged), `RequestInvalid` (another shape)."""
    return unpack(open_sealed(sealed, key, Use.UPDATE, *where))


# ---- what a device is shown ----
def open_rounds(text: str, trust: VerifyKey, site: str, now: int) -> Rounds:
    """The rounds of a site, when `trust` signed them for it about now. Raises `ServerAnswerInvalid` (forged, another site's) or `ClockSkewed`."""
    try:
        found = parse(Rounds, verify(text, Kind.ROUNDS, trust))
    except (SignatureInvalid, RequestInvalid) as error:
        msg = "the rounds are not signed by the trusted key; check the server address and the trust key"
        raise ServerAnswerInvalid(msg) from error
    if found.site != site:
        msg = "the rounds are of another site; ask again"
        raise ServerAnswerInvalid(msg)
    if abs(found.at - now) > CLOCK_SKEW:
        msg = f"the rounds were signed more than {CLOCK_SKEW} seconds ago, or the clocks differ; set the clock and ask again"
        raise ClockSkewed(msg)
    return found


def open_head(text: str, trust: VerifyKey, named: HeadRef, model: int) -> bytes:
    """The 3,104 bytes of the head that was named, for this network, when `trust` signed them. Raises `HeadInvalid`."""
    try:
        found = parse(HeadDoc, verify(text, Kind.HEAD, trust))
    except (SignatureInvalid, RequestInvalid) as error:
        msg = "the shared head is not signed by the trusted key; do not use it"
        raise HeadInvalid(msg) from error
    content = unb64(found.weights)
    if (found.version, found.sha256, found.model) != (named.version, named.sha256, model):
        msg = "the shared head is another than the one named, or of another network; do not use it"
        raise HeadInvalid(msg)
    if hashlib.sha256(content).digest() != unb64(named.sha256):
        msg = "the shared head does not have its own hash; do not use it"
        raise HeadInvalid(msg)
    return content

"""What devices send under their stream key: envelopes of labels, corrections, and authenticated requests."""

import hashlib
from typing import Final

from mien.errors import EnvelopeInvalid, EnvelopeReplayed
from mien.values import Label
from mien.wire.canonical import unb64
from mien.wire.keys import OpenKey
from mien.wire.messages import (
    Authenticated,
    CorrectionStatement,
    Envelope,
    KeyDoc,
    envelope_context,
)
from mien.wire.seal import MAC_BYTES, Use, check_mac, open_sealed
from mien.wire.slots import Sheet, read, unpack_slot
from mien_server.unseal.statements import check_clock

WINDOW: Final = 1024
"""Sequence numbers that may arrive late: one at or below the highest minus this is refused."""
STREAM_KEY_BYTES: Final = 32
_BASE: Final = 4


def open_envelope(envelope: Envelope, stream_key: bytes, open_key: OpenKey) -> Sheet:
    """The slots of an envelope, authenticated first (encrypt-then-MAC), then opened. Raises `EnvelopeInvalid`."""
    context = envelope_context(
        envelope.site, envelope.subject, envelope.device, envelope.seq, envelope.kid
    )
    sealed = unb64(envelope.ct)
    check_mac(unb64(envelope.mac), stream_key, Use.ENVELOPE, *context, sealed)
    return read(open_sealed(sealed, open_key, Use.ENVELOPE, *context))


def digest_of(envelope: Envelope) -> bytes:
    """What tells the same envelope sent again from another one under its number: its MAC, over all that was sealed and under which number.

    It says so only of an envelope whose MAC was checked.
    """
    return unb64(envelope.mac)


def seen_before(envelope: Envelope, highest: int, seen: bytes | None) -> bool:
    """Whether this very envelope was accepted before (a resend, to be answered again). `seen` is the digest of what was accepted under its number.

    Raises `EnvelopeReplayed` when its number was used for another one, or lies before the window (RFC 4303 section 3.4.3 has the idea).
    """
    if seen is not None:
        if seen in {digest_of(envelope), _first_digest(envelope)}:
            return True
        msg = "this sequence number was used for another envelope; never seal two under one number"
        raise EnvelopeReplayed(msg)
    if envelope.seq <= highest - WINDOW:
        msg = "this sequence number is too old; continue above the last one accepted"
        raise EnvelopeReplayed(msg)
    return False


def _first_digest(envelope: Envelope) -> bytes:
    """What the first servers kept instead of `digest_of`: a resend may come after the server was updated."""
    return hashlib.sha256(f"{envelope.mac}.{envelope.ct}".encode()).digest()


def open_stream_key(doc: KeyDoc, site: str, subject: str, device: str, open_key: OpenKey) -> bytes:
    """The 32-byte stream key that a device made and sealed at enrolment. Raises `EnvelopeInvalid`."""
    context = (site.encode(), subject.encode(), device.encode())
    key = open_sealed(unb64(doc.sealed_stream_key or ""), open_key, Use.STREAM_KEY, *context)
    if len(key) != STREAM_KEY_BYTES:
        msg = f"a stream key has {STREAM_KEY_BYTES} bytes; make a new one"
        raise EnvelopeInvalid(msg)
    return key


def open_correction(statement: CorrectionStatement, open_key: OpenKey) -> Label:
    """What a stored label should have said: base time (4 bytes) and slot (8 bytes). Raises `EnvelopeInvalid`."""
    context = (statement.site.encode(), statement.subject.encode(), statement.record.encode())
    plain = open_sealed(unb64(statement.sealed), open_key, Use.CORRECTION, *context)
    return unpack_slot(plain[_BASE:], int.from_bytes(plain[:_BASE], "big"))


def check_request(message: Authenticated, stream_key: bytes, use: Use, now: int) -> None:
    """Return when the asking device authenticated this request within two minutes of `now`; raise `EnvelopeInvalid` or `ClockSkewed` otherwise."""
    tag = unb64(message.mac or "")
    if message.asker is None or len(tag) != MAC_BYTES:
        msg = "the request is not authenticated; send the MAC of the asking device"
        raise EnvelopeInvalid(msg)
    check_mac(tag, stream_key, use, message.signable())
    check_clock(message.asker.at, now)

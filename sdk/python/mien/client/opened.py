"""What came sealed, opened."""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, Final

from mien.consent import Speaker
from mien.errors import ServerAnswerInvalid, SignatureInvalid
from mien.wire import messages
from mien.wire.canonical import decode, encode, unb64
from mien.wire.keys import VerifyKey
from mien.wire.seal import Use, open_sealed, unpad
from mien.wire.signatures import Kind, verify

SIGNATURE: Final = "signature"
"""Where an export carries its signature; everything else in it is what was signed, but for what this device added."""
ON_THIS_DEVICE: Final = "on_this_device"
"""Where a device adds what it alone knows. The server never had it, so it signed none of it."""
_EXPORT_BYTES: Final = 1 << 30
"""An export is compressed: what is larger than this when unpacked was made to fill memory."""


def exported(answer: messages.ExportAnswer, asked: Speaker, trust: VerifyKey) -> dict[str, Any]:
    """An export with its `signature`, opened by the key of who asked for it, and verified with the server's.

    Raises `EnvelopeInvalid`, `RequestInvalid`, `ServerAnswerInvalid`, or `SignatureInvalid`: this is not what the server says it holds.
    """
    context = (asked.site.encode(), asked.subject.encode())
    plain = open_sealed(unb64(answer.sealed), asked.seal, Use.EXPORT, *context)
    found = decode(_inflated(unpad(plain), _EXPORT_BYTES), limit=_EXPORT_BYTES)
    if not isinstance(found, dict):
        msg = "the export is no object; ask again"
        raise ServerAnswerInvalid(msg)
    found[SIGNATURE] = answer.signature
    stated = check_export(found, trust)
    if (stated.site, stated.subject) != (asked.site, asked.subject):
        msg = "the export is signed as somebody else's; ask again"
        raise SignatureInvalid(msg)
    return found


def check_export(export: Mapping[str, Any], trust: VerifyKey) -> messages.ExportSeal:
    """Whose an export is and when it was made, when the server with this key signed every word of it. Needs no server.

    What a device added under `on_this_device` is no part of what was signed, and is not looked at.

    Raises `SignatureInvalid` when one word is another than was signed, or no signature of this key is there; `RequestInvalid` for what is no export.
    """
    content = {n: value for n, value in export.items() if n not in {SIGNATURE, ON_THIS_DEVICE}}
    signature = export.get(SIGNATURE)
    if not isinstance(signature, str):
        msg = "the export holds no `signature`; download it again"
        raise SignatureInvalid(msg)
    stated = messages.parse(messages.ExportSeal, verify(signature, Kind.EXPORT, trust))
    if hashlib.sha256(encode(content)).digest() != unb64(stated.sha256):
        msg = "the export is not what the server signed; download it again, and keep this one as evidence"
        raise SignatureInvalid(msg)
    return stated


def _inflated(packed: bytes, limit: int) -> bytes:
    """One whole zlib stream (RFC 1950) of at most `limit` bytes unpacked, and nothing behind it. Never unpacks more than `limit` and one byte."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(packed, limit + 1)
    except zlib.error as error:
        msg = "the export does not unpack; ask again"
        raise ServerAnswerInvalid(msg) from error
    if len(plain) > limit:
        msg = f"the export has more than {limit} bytes; ask whoever runs the server"
        raise ServerAnswerInvalid(msg)
    if not stream.eof or stream.unused_data:
        msg = "the export is cut off or has something behind it; ask again"
        raise ServerAnswerInvalid(msg)
    return plain

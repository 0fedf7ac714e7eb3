"""What came sealed, opened."""

import zlib
from typing import Any, Final

from mien.consent import Speaker
from mien.errors import ServerAnswerInvalid
from mien.wire import messages
from mien.wire.canonical import decode, unb64
from mien.wire.seal import Use, open_sealed, unpad

_EXPORT_BYTES: Final = 1 << 30
"""An export is compressed: what is larger than this when unpacked was made to fill memory."""


def exported(answer: messages.ExportAnswer, asked: Speaker) -> dict[str, Any]:
    """An export, opened by the key of who asked for it. Raises `EnvelopeInvalid`, `RequestInvalid` or `ServerAnswerInvalid`."""
    context = (asked.site.encode(), asked.subject.encode())
    plain = open_sealed(unb64(answer.sealed), asked.seal, Use.EXPORT, *context)
    found = decode(_inflated(unpad(plain), _EXPORT_BYTES), limit=_EXPORT_BYTES)
    if not isinstance(found, dict):
        msg = "the export is no object; ask again"
        raise ServerAnswerInvalid(msg)
    return found


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

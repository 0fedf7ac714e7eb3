"""What came sealed, opened."""

from typing import Any, Final

from mien.consent import Speaker
from mien.errors import ServerAnswerInvalid
from mien.wire import messages
from mien.wire.canonical import decode, unb64
from mien.wire.seal import Use, open_sealed, unpad

_EXPORT_BYTES: Final = messages.MAX_EXPORT_CHARS


def exported(answer: messages.ExportAnswer, asked: Speaker) -> dict[str, Any]:
    """An export, opened by the key of who asked for it. Raises `EnvelopeInvalid`, `RequestInvalid` or `ServerAnswerInvalid`."""
    context = (asked.site.encode(), asked.subject.encode())
    plain = open_sealed(unb64(answer.sealed), asked.seal, Use.EXPORT, *context)
    found = decode(unpad(plain), limit=_EXPORT_BYTES)
    if not isinstance(found, dict):
        msg = "the export is no object; ask again"
        raise ServerAnswerInvalid(msg)
    return found

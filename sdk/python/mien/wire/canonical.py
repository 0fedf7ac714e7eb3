"""JSON with exactly one spelling (RFC 8785, JCS), and a reader that accepts nothing ambiguous.

>>> encode({"b": 1, "a": "x"})
b'{"a":"x","b":1}'

Numbers are integers only: floats have no place in what is signed. Bytes travel as base64url without padding (RFC 7515 section 2).
"""

import base64
import binascii
import json
from typing import Any, NoReturn

import rfc8785

from mien.errors import RequestInvalid

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16


def encode(value: Any) -> bytes:
    """Canonical bytes of a JSON value without floats. Raises `RequestInvalid`."""
    _refuse_floats(value, 0)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        msg = f"this value has no canonical form: {error}"
        raise RequestInvalid(msg) from error


def decode(data: bytes, *, limit: int = MAX_BYTES) -> Any:
    """The JSON value in `data`. Refuses duplicate keys, floats, NaN, wrong UTF-8, deep nesting and more than `limit` bytes (`RequestInvalid`)."""
    if len(data) > limit:
        msg = f"the message has more than {limit} bytes; send less"
        raise RequestInvalid(msg)
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_no_float,
            parse_constant=_no_float,
        )
    except RecursionError as error:
        msg = "the message is nested too deeply; flatten it"
        raise RequestInvalid(msg) from error
    except ValueError as error:
        msg = "the message is not JSON; see the reference of the wire format"
        raise RequestInvalid(msg) from error
    _refuse_floats(value, 0)
    return value


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The bytes of unpadded base64url. Raises `RequestInvalid` on any other spelling of the same bytes."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        msg = "not base64url; encode without padding"
        raise RequestInvalid(msg) from error
    if (
        b64(data) != text
    ):  # one value, one spelling: otherwise a signed text could be altered unnoticed
        msg = "not canonical base64url; encode without padding or spare bits"
        raise RequestInvalid(msg)
    return data


def frame(*parts: bytes) -> bytes:
    """Parts joined unambiguously: each behind its length as four big-endian bytes."""
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _refuse_floats(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        msg = "the message is nested too deeply; flatten it"
        raise RequestInvalid(msg)
    if isinstance(value, float):
        msg = "the message holds a fraction; use integers in the stated unit"
        raise RequestInvalid(msg)
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item, depth + 1)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "the message names a field twice; name each once"
        raise RequestInvalid(msg)
    return found


def _no_float(_text: str) -> NoReturn:
    msg = "the message holds a fraction or no number; use integers in the stated unit"
    raise RequestInvalid(msg)

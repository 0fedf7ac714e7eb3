"""JSON with exactly one spelling (RFC 8785, JCS), and a reader that accepts nothing ambiguous.

>>> encode({"b": 1, "a": "x"})
b'{"a":"x","b":1}'

Numbers are integers only: floats have no place in what is signed. Bytes travel as base64url without padding (RFC 7515 section 2).
"""

import binascii
import json
import re
import string
from typing import Any, NoReturn

import msgspec
import rfc8785

from mien.errors import RequestInvalid

MAX_BYTES = 256 * 1024
MAX_DEPTH = 16
MAX_INTEGER = 2**53 - 1
"""RFC 7493 section 2.2: larger ones are changed by readers that know doubles only."""
_PLAIN = msgspec.json.Encoder(order="sorted")
"""Spells a value as RFC 8785 does where names are ASCII: integers and texts have one spelling in both, and it is written in C."""
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/\0\0\0")
_LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
_LAST = (_LETTERS, "", _LETTERS[::16], _LETTERS[::4])
"""Letters that a base64url text may end with, by what its length leaves after whole fours: those of which the bits that stand for no byte are 0."""
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 16
"""What `_DIGITS` makes of an integer that may be beyond `MAX_INTEGER`, or of so many digits in a text."""
_FORMLESS = (
    "this value has no canonical form; use objects, lists, texts, integers, true, false and null"
)
_SURROGATE = re.compile("[\ud800-\udfff]")


def encode(value: Any) -> bytes:
    """Canonical bytes of a JSON value without floats. Raises `RequestInvalid`."""
    if _check(value, 0):
        return _PLAIN.encode(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise RequestInvalid(_FORMLESS) from error


def spell(value: Any) -> bytes:
    """Canonical bytes of a value that needs no looking at: made here, of ASCII names, whole texts and small integers. Four times as fast as `encode`.

    Never for what came from outside unchecked.
    """
    return _PLAIN.encode(value)


def decode(data: bytes, *, limit: int = MAX_BYTES) -> Any:
    """The JSON value in `data`.

    Refuses duplicate keys, fractions, NaN, integers beyond 2^53 - 1, wrong UTF-8, half surrogate pairs, nesting deeper than `MAX_DEPTH` and
    more than `limit` bytes (`RequestInvalid`).
    """
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
    _check(value, 0)
    return value


def decode_spelled(data: bytes, *, limit: int = MAX_BYTES) -> Any:
    """The JSON value of which `data` is the canonical spelling. Refuses what `decode` does, and every other spelling (`RequestInvalid`).

    What is ASCII and spells itself again can hold no duplicate key, fraction or half character; then only depth and integers are looked at. Eight times
    as fast as `decode` and `encode`.
    """
    if len(data) <= limit and _is_plain(data):
        try:
            value = _READER.decode(data)
        except msgspec.MsgspecError:
            pass  # the slow way says what is wrong
        else:
            # Spaces, and what was named twice, are not spelled again: then the bytes differ.
            if _PLAIN.encode(value) == data:
                return value
    value = decode(data, limit=limit)
    if encode(value) != data:
        msg = "the message is not in its canonical spelling (RFC 8785); encode it again"
        raise RequestInvalid(msg)
    return value


def _is_plain(data: bytes) -> bool:
    """Whether these bytes are ASCII, and hold neither a nesting nor an integer that takes a closer look."""
    return (
        data.isascii()
        and data.count(b"[") + data.count(b"{") <= MAX_DEPTH
        and _LONG_NUMBER not in data.translate(_DIGITS)
    )


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The bytes of unpadded base64url. Raises `RequestInvalid` on any other spelling of the same bytes."""
    try:
        # What is no letter of this alphabet becomes one that base64 refuses.
        spelled = text.encode("ascii").translate(_FROM_URL)
        data = binascii.a2b_base64(spelled + b"=" * (-len(spelled) % 4), strict_mode=True)
    except ValueError as error:
        msg = "not base64url; encode without padding"
        raise RequestInvalid(msg) from error
    # One value, one spelling: otherwise a signed text could be altered unnoticed.
    if text[-1:] not in _LAST[len(text) % 4]:
        msg = "not canonical base64url; encode without padding or spare bits"
        raise RequestInvalid(msg)
    return data


def frame(*parts: bytes) -> bytes:
    """Parts joined unambiguously: each behind its length as four big-endian bytes."""
    return b"".join([len(part).to_bytes(4, "big") + part for part in parts])


def _check(value: Any, depth: int) -> bool:
    """Whether every name is ASCII: then code points sort as the UTF-16 units of RFC 8785 do. Raises `RequestInvalid` for what is not canonical."""
    if depth > MAX_DEPTH:
        msg = "the message is nested too deeply; flatten it"
        raise RequestInvalid(msg)
    plain = True
    if isinstance(value, dict):
        for name, item in value.items():
            plain &= _check_name(name)
            plain &= _check(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            plain &= _check(item, depth + 1)
    else:
        _check_scalar(value)
    return plain


def _check_name(name: Any) -> bool:
    if type(name) is str and name.isascii():
        return True
    _check_scalar(name)
    return False


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            msg = "the message holds half a character; send whole Unicode"
            raise RequestInvalid(msg)
    elif isinstance(value, float):
        msg = "the message holds a fraction; use integers in the stated unit"
        raise RequestInvalid(msg)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            msg = "the message holds an integer beyond 2^53 - 1, which not every reader keeps; use a text"
            raise RequestInvalid(msg)
    elif value is not None:  # bytes, times and the like have no one spelling here
        raise RequestInvalid(_FORMLESS)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "the message names a field twice; name each once"
        raise RequestInvalid(msg)
    return found


def _no_float(_text: str) -> NoReturn:
    msg = "the message holds a fraction or no number; use integers in the stated unit"
    raise RequestInvalid(msg)


_READER = msgspec.json.Decoder(float_hook=_no_float)
"""Reads in C what `decode_spelled` then spells again."""

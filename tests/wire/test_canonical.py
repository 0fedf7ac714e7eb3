"""Laws of the canonical encoding over generated values; single scenarios are in the vectors."""

import json
import string
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import RequestInvalid
from mien.wire.canonical import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_INTEGER,
    b64,
    decode,
    decode_spelled,
    encode,
    frame,
    unb64,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-MAX_INTEGER, MAX_INTEGER)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_encoded_is_read_back_and_encodes_the_same(value: object) -> None:
    data = encode(value)
    assert decode(data) == value
    assert encode(decode(data)) == data


@given(VALUES)
def test_another_spelling_of_the_same_value_has_the_same_encoding(value: object) -> None:
    spelled = json.dumps(value, indent=1, ensure_ascii=True).encode()
    assert encode(decode(spelled)) == encode(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        value = decode(data)
    except RequestInvalid:
        return
    assert decode(encode(value)) == value


def spelled(data: bytes) -> object:
    """What `decode_spelled` must give, the long way."""
    value = decode(data)
    if encode(value) != data:
        raise RequestInvalid("another spelling")
    return value


JSONISH = st.text(st.sampled_from('{}[]",:0123456789-.eE \\\nabtrufalsn\u00e9'), max_size=40)
"""What is nearly JSON, and sometimes is."""


@given(
    st.one_of(
        VALUES.map(encode),
        VALUES.map(lambda value: json.dumps(value).encode()),
        VALUES.map(lambda value: json.dumps(value, separators=(",", ":")).encode()),
        JSONISH.map(str.encode),
        st.binary(max_size=60),
    )
)
def test_the_quick_way_to_one_spelling_takes_and_refuses_what_the_long_way_does(
    data: bytes,
) -> None:
    try:
        expected = spelled(data)
    except RequestInvalid:
        with pytest.raises(RequestInvalid):
            decode_spelled(data)
        return
    found = decode_spelled(data)
    assert found == expected
    assert encode(found) == data


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}', b'{"b":1,"a":2}', b'{"a":1.0}', b'{"a":1e3}', b'{"a":-0}', b"[NaN]", b'{"a": 1}', b'{"a":"\\u0041"}',
        b'{"a":"\\/"}', b'{"a":9007199254740993}', b"[" * 18 + b"]" * 18, b"[" * 5000, b'"\\ud800"', b"\x00[\x00]", b"", b" 1", b"[1]\n",
        b"1" * 5000,
    ],
)  # fmt: skip
def test_other_spellings_are_refused(data: bytes) -> None:
    with pytest.raises(RequestInvalid):
        decode_spelled(data)


@pytest.mark.parametrize(
    "data",
    [
        b"null", b'{"a":[1,2,{"b":"\xc3\xa9"}]}', b'"1234567890123456789"', b"[" * 17 + b"]" * 17, b"[[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]",
        b"9007199254740991",
    ],
)  # fmt: skip
def test_what_takes_a_closer_look_is_taken_all_the_same(data: bytes) -> None:
    assert encode(decode_spelled(data)) == data
    with pytest.raises(RequestInvalid):
        decode_spelled(data, limit=3)


@pytest.mark.parametrize(
    "value",
    [
        1.5, float("nan"), float("inf"), -0.0, {"a": [1.0]}, b"bytes", {1, 2}, object(), {1: 2}, MAX_INTEGER + 1, -MAX_INTEGER - 1, [10**5000],
        "\udfff", {"\ud800": 1}, ["ok", {"deep": "\ud83d"}],
        # what an encoder of JSON might find a text for by itself
        datetime(2026, 11, 27, tzinfo=UTC), UUID(int=1), Decimal(1), bytearray(b"x"), frozenset(), {"a": {"b": memoryview(b"x")}},
    ],
)  # fmt: skip
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(RequestInvalid):
        encode(value)


def test_a_refusal_repeats_nothing_of_the_value() -> None:
    with pytest.raises(RequestInvalid) as caught:
        encode({"name": {"maria@example.com"}})
    assert "maria" not in str(caught.value)


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_depth_is_limited_on_both_sides() -> None:
    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(RequestInvalid):
        encode(nested(MAX_DEPTH + 1))
    with pytest.raises(RequestInvalid):
        decode(json.dumps(nested(MAX_DEPTH + 1)).encode())
    with pytest.raises(RequestInvalid, match="nested"):
        decode(b"[" * 100_000)


def test_size_is_limited() -> None:
    whole = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert decode(whole) == "x" * (MAX_BYTES - 2)
    with pytest.raises(RequestInvalid, match=str(MAX_BYTES)):
        decode(whole + b" ")
    with pytest.raises(RequestInvalid, match="3 bytes"):
        decode(b"1234", limit=3)


@given(st.binary())
def test_base64url_comes_back(data: bytes) -> None:
    assert unb64(b64(data)) == data


@given(st.text(max_size=12))
def test_base64url_has_one_spelling(text: str) -> None:
    try:
        data = unb64(text)
    except RequestInvalid:
        return
    assert b64(data) == text


def test_bits_that_stand_for_no_byte_are_zero() -> None:
    letters = string.ascii_letters + string.digits + "-_"
    for length, spare in ((2, 4), (3, 2)):
        texts = [f"{'A' * (length - 2)}{a}{b}" for a in letters for b in letters]
        assert sum(_reads(text) for text in texts) == len(texts) >> spare
    assert not any(_reads(text) for text in (*letters, "AAAAA", "AA==", "AAA=", "AA A", "AA\n"))


def _reads(text: str) -> bool:
    try:
        return b64(unb64(text)) == text
    except RequestInvalid:
        return False


@given(st.lists(st.binary(max_size=5), max_size=5), st.lists(st.binary(max_size=5), max_size=5))
def test_frames_of_different_parts_differ(one: list[bytes], other: list[bytes]) -> None:
    assert (frame(*one) == frame(*other)) == (one == other)


@given(
    st.dictionaries(
        st.text(), st.text() | st.booleans() | st.none() | st.integers(-9, 9), max_size=5
    )
)
def test_the_spelling_is_that_of_rfc_8785(value: dict[str, object]) -> None:
    plain = {f"a{i}": item for i, item in enumerate(value.values())}
    either: list[Any] = [value, plain, [plain, (plain,)]]
    for each in either:
        assert encode(each) == rfc8785.dumps(each)


@pytest.mark.parametrize("text", ['\x7f\x00\x1f\b\t\n\f\r"\\/', "\u2028\u00e9\U0001f600", "<&'>"])
def test_texts_are_spelled_as_in_rfc_8785(text: str) -> None:
    assert encode({"a": text}) == rfc8785.dumps({"a": text})

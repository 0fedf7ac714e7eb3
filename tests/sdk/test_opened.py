"""An export arrives packed: it is unpacked whole, up to a limit, or refused."""

import contextlib
import hashlib
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien import Client
from mien.client import opened
from mien.client.opened import check_export, exported
from mien.consent import Voice
from mien.errors import EnvelopeInvalid, RequestInvalid, ServerAnswerInvalid, SignatureInvalid
from mien.testing import FakeServer
from mien.wire.canonical import b64, encode, spell
from mien.wire.keys import OpenKey, SealKey, SigningKey
from mien.wire.messages import MAX_EXPORT_CHARS, ExportAnswer, ExportSeal, dump
from mien.wire.seal import Use, pad, seal
from mien.wire.signatures import Kind, sign, unverified

VOICE = Voice("shop", "sub_" + "a" * 26, SigningKey.generate(), OpenKey.generate())


SERVER = SigningKey.from_secret(bytes(range(32)))
TRUST = SERVER.verify_key()


def stated(content: bytes, **other: Any) -> str:
    """What a server signs that holds `content`."""
    given = {"site": VOICE.site, "subject": VOICE.subject, "at": 1, "sha256": b64(hashlib.sha256(content).digest())}  # fmt: skip
    return sign(Kind.EXPORT, dump(ExportSeal(**{**given, **other})), SERVER)


def answer(packed: bytes, signature: str | None = None) -> ExportAnswer:
    """What a server sends that seals `packed`, and signs what is in it."""
    context = (VOICE.site.encode(), VOICE.subject.encode())
    sealed = seal(pad(packed, 4096), VOICE.seal.seal_key(), Use.EXPORT, *context)
    if signature is None:
        content = b""
        with contextlib.suppress(zlib.error):
            content = zlib.decompressobj().decompress(packed, 1 << 28)
        signature = stated(content)
    return ExportAnswer(sealed=b64(sealed), signature=signature)


def opened_of(answer: ExportAnswer) -> dict[str, Any]:
    """What the device gets, without the signature that comes with it."""
    found = exported(answer, VOICE, TRUST)
    assert found.pop("signature") == answer.signature
    return found


def test_years_of_labels_fit() -> None:
    """More characters than an answer may have, in a quarter of them or less."""
    label = {
        "class": "label", "retain_until": 1_792_592_000, "window": 1, "expression": "joy", "second": None, "state": None, "polarity": None,
        "valence": 7, "arousal": 3, "confidence": 12, "source": "face", "model": 3,
    }  # fmt: skip
    held = {
        "labels": [
            label | {"record": f"rec_{n:026}", "ended_at": 1_790_000_000 + n}
            for n in range(300_000)
        ]
    }
    plain = spell(held)
    packed = answer(zlib.compress(plain, 1))
    assert len(plain) > MAX_EXPORT_CHARS
    assert len(packed.sealed) < MAX_EXPORT_CHARS / 4
    assert opened_of(packed) == held


@given(st.dictionaries(st.text(max_size=5), st.integers(0, 9) | st.text(max_size=20), max_size=5))
def test_what_was_packed_comes_out(held: dict[str, Any]) -> None:
    assert opened_of(answer(zlib.compress(encode(held)))) == held


GOOD = zlib.compress(encode({"v": 1}))
DAMAGED: dict[str, bytes] = {
    "not packed": encode({"v": 1}),
    "nothing": b"",
    "cut off": GOOD[:-1],
    "cut in half": GOOD[: len(GOOD) // 2],
    "something behind it": GOOD + b"\0",
    "a second stream behind it": GOOD + GOOD,
    "a wrong checksum": GOOD[:-1] + bytes([GOOD[-1] ^ 1]),
    "the raw form": zlib.compress(encode({"v": 1}), wbits=-15),
    "a list": zlib.compress(encode([1])),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_does_not_unpack_is_refused(name: str) -> None:
    with pytest.raises(ServerAnswerInvalid):
        exported(answer(DAMAGED[name]), VOICE, TRUST)


@pytest.mark.parametrize("content", [b"", b"{", b'{"v":1,"v":2}', b"[" * 5000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(RequestInvalid):
        exported(answer(zlib.compress(content)), VOICE, TRUST)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MiB of nothing in 64 KiB; the limit is lowered so that the test does not take the memory that it saves."""
    monkeypatch.setattr(opened, "_EXPORT_BYTES", 1 << 20)
    bomb = zlib.compress(b'{"a":"' + b" " * (1 << 26) + b'"}')
    assert len(bomb) < 1 << 17
    asked: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self) -> None:
            self.stream = real()

        def decompress(self, data: bytes, most: int) -> bytes:
            plain = self.stream.decompress(data, most)
            asked.append(len(plain))
            return plain

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    with pytest.raises(ServerAnswerInvalid, match="more than 1048576 bytes"):
        exported(answer(bomb, "a.b.c"), VOICE, TRUST)
    assert asked == [(1 << 20) + 1]


@pytest.mark.parametrize("more", [0, 1])
def test_the_limit_is_the_last_byte(monkeypatch: pytest.MonkeyPatch, more: int) -> None:
    monkeypatch.setattr(opened, "_EXPORT_BYTES", 100)
    text = encode({"a": "x" * (92 + more)})
    assert len(text) == 100 + more
    ask: Callable[[], dict[str, Any]] = lambda: exported(answer(zlib.compress(text)), VOICE, TRUST)  # noqa: E731
    if more:
        with pytest.raises(ServerAnswerInvalid):
            ask()
    else:
        assert len(ask()["a"]) == 92


def test_another_s_export_does_not_open() -> None:
    other = Voice("shop", "sub_" + "b" * 26, VOICE.sign, VOICE.seal)
    with pytest.raises(EnvelopeInvalid):
        exported(answer(GOOD), other, TRUST)


def unpacked(jws: str) -> ExportAnswer:
    """An answer as it was before exports were packed, for the device that asks."""
    asked = unverified(jws)
    context = (asked["site"].encode(), asked["subject"].encode())
    plain = pad(encode({"subject": asked["subject"]}), 4096)
    sealed = b64(seal(plain, SealKey.from_text(asked["seal"]), Use.EXPORT, *context))
    return ExportAnswer(sealed=sealed, signature=stated(plain))


def test_a_server_that_does_not_pack_is_told_so(consented: Client, server: FakeServer) -> None:
    server._export = unpacked  # type: ignore[method-assign]
    with pytest.raises(ServerAnswerInvalid, match="does not unpack"):
        consented.export()


# ---- signed ----
def test_the_signature_is_of_every_word() -> None:
    held = {"v": 2, "site": "shop", "labels": [{"record": "rec_a", "valence": -3}], "note": "ü"}
    found = exported(answer(zlib.compress(encode(held))), VOICE, TRUST)
    assert check_export(found, TRUST).at == 1
    assert check_export(json.loads(json.dumps(found, indent=7)), TRUST).subject == VOICE.subject
    changed: list[dict[str, Any]] = [
        {**found, "v": 3}, {**found, "more": 1}, {**found, "labels": []}, {k: v for k, v in found.items() if k != "note"},
        {**found, "labels": [{"record": "rec_a", "valence": 3}]}, {**found, "signature": None}, {k: v for k, v in found.items() if k != "signature"},
    ]  # fmt: skip
    for each in changed:
        with pytest.raises(SignatureInvalid):
            check_export(each, TRUST)


def test_another_key_or_another_statement_signs_nothing() -> None:
    content = encode({"v": 2})
    other = SigningKey.generate()
    with pytest.raises(SignatureInvalid):
        exported(answer(zlib.compress(content)), VOICE, other.verify_key())
    receipt = sign(Kind.RECEIPT, {"v": 1}, SERVER)
    with pytest.raises(SignatureInvalid):
        exported(answer(zlib.compress(content), receipt), VOICE, TRUST)


@pytest.mark.parametrize("other", [{"site": "other"}, {"subject": "sub_" + "b" * 26}])
def test_an_export_signed_as_another_s_is_refused(other: dict[str, str]) -> None:
    content = encode({"v": 2})
    with pytest.raises(SignatureInvalid, match="somebody else"):
        exported(answer(zlib.compress(content), stated(content, **other)), VOICE, TRUST)


def test_a_signature_of_other_content_is_refused() -> None:
    packed = zlib.compress(encode({"v": 2}))
    with pytest.raises(SignatureInvalid, match="not what the server signed"):
        exported(answer(packed, stated(encode({"v": 1}))), VOICE, TRUST)

"""Writes our own vectors again from fixed seeds: `python tests/vectors/make.py`. What is published elsewhere (README.md says what) is not ours to write.

HPKE draws fresh randomness each time it seals, so what is sealed in `seal.json` is kept as long as it still opens, and made anew only when it does not.
"""

import base64
import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from mien.errors import EnvelopeInvalid
from mien.values import EXPRESSIONS, Label
from mien.wire import messages, proof, seal, signatures, slots, updates
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien_server import audit

HERE = Path(__file__).parent
SIGN = SigningKey.from_secret(bytes(range(32)))
OTHER_SIGN = SigningKey.from_secret(bytes(range(1, 33)))
XWING_SEED = bytes(range(32))
OPEN = OpenKey.from_secret(hashlib.shake_256(XWING_SEED).digest(96))
STREAM_KEY = bytes(range(64, 96))
BASE = 1_795_000_000
SUBJECT = "sub_" + "abcdefghijklmnopqrstuvwxyz"
DEVICE = SIGN.verify_key().id
ORIGIN = "shop.example/audit"
Vector = dict[str, Any]


def write(name: str, about: str, vectors: Iterable[Vector]) -> None:
    rows = list(vectors)
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(names), name
    lines = ",\n".join("    " + json.dumps(row, ensure_ascii=True) for row in rows)
    head = json.dumps(about)
    (HERE / name).write_text(f'{{\n  "about": {head},\n  "vectors": [\n{lines}\n  ]\n}}\n')


# ---- canonical JSON ----
def canonical() -> Iterable[Vector]:
    good: dict[str, Any] = {
        "keys in order of UTF-16 code units": {
            "\ufb33": 1,
            "\U0001f600": 2,
            "b": 3,
            "a": 4,
            "A": 5,
            "\r": 6,
            "1": 7,
        },
        "nothing is escaped that need not be": {"text": "\u20ac\u00e9/\u007f\u2028"},
        "what must be escaped has its short form": {"text": '\b\t\n\f\r"\\\u0001\u001f'},
        "largest and smallest integers": [2**53 - 1, -(2**53) + 1, 0],
        "literals": [None, True, False],
        "empty things": [{}, [], ""],
    }
    for name, value in good.items():
        yield {
            "name": name,
            "op": "encode",
            "value": value,
            "bytes": b64(encode(value)),
            "failure": None,
        }
    yield _decode(
        "spaces and order do not matter to the reader",
        b' { "b" : 1 , "a" : [ true ] } ',
        {"b": 1, "a": [True]},
    )
    bad = {
        "a field twice": b'{"a":1,"a":1}',
        "a field twice by escape": b'{"a":1,"\\u0061":1}',
        "a fraction": b'{"a":1.0}',
        "an exponent": b'{"a":1e2}',
        "NaN": b'{"a":NaN}',
        "infinity": b"[-Infinity]",
        "wrong UTF-8": b'{"a":"\xff"}',
        "overlong UTF-8": b'{"a":"\xc0\xaf"}',
        "a byte order mark": b'\xef\xbb\xbf{"a":1}',
        "half a surrogate pair": b'{"a":"\\ud800"}',
        "an integer beyond 2^53": b'{"a":9007199254740993}',
        "trailing data": b'{"a":1}x',
        "a trailing comma": b"[1,]",
        "nothing": b"",
        "nested 17 deep": b"[" * 18 + b"]" * 18,
    }
    for name, data in bad.items():
        yield {"name": name, "op": "decode", "bytes": b64(data), "failure": "request-invalid"}
    for name, text, data in (
        ("no bytes", "", b""), ("one byte", "_w", b"\xff"), ("two bytes", "-_8", b"\xfb\xff"), ("three bytes", "AAEC", b"\x00\x01\x02"),
    ):  # fmt: skip
        yield {
            "name": f"base64url of {name}",
            "op": "unb64",
            "text": text,
            "bytes_hex": data.hex(),
            "failure": None,
        }
    for name, text in {
        "padding": "_w==", "spare bits": "_x", "the other alphabet": "+/8", "one character": "A", "a space": "AA EC", "a line feed": "AAEC\n", "not ASCII": "AA\u00e9C",
    }.items():  # fmt: skip
        yield {
            "name": f"base64url with {name}",
            "op": "unb64",
            "text": text,
            "failure": "request-invalid",
        }


def _decode(name: str, data: bytes, value: Any) -> Vector:
    return {"name": name, "op": "decode", "bytes": b64(data), "value": value, "failure": None}


# ---- slots ----
PLAIN = Label("neutral", BASE, 0)
FULL = Label("joy", BASE + 65_535, 15, window=64, second="contempt", state="fatigued", polarity="surprise", valence=15, arousal=-15, source="text", model=255)  # fmt: skip


def slot_vectors() -> Iterable[Vector]:
    labels = {
        "all at their smallest": [PLAIN],
        "all at their largest": [FULL],
        "zero valence is not absent valence": [replace(PLAIN, valence=0, arousal=0), PLAIN],
        "each expression": [replace(PLAIN, expression=word) for word in EXPRESSIONS],
        "no label": [],
        "sixty-four labels": [replace(PLAIN, ended_at=BASE + i, model=i) for i in range(64)],
    }
    for name, row in labels.items():
        plain = slots.pack(row, BASE)
        yield {"name": name, "op": "both", "base": BASE, "labels": [asdict(each) for each in row], "plain": b64(plain), "failure": None}  # fmt: skip
    wrong = {
        "sixty-five labels": [PLAIN] * 65,
        "an unknown expression": [replace(PLAIN, expression="boredom")],
        "mixed with itself": [replace(PLAIN, second="neutral")],
        "an unknown state": [replace(PLAIN, state="sleepy")],
        "confidence 16": [replace(PLAIN, confidence=16)],
        "valence 16": [replace(PLAIN, valence=16)],
        "window 0": [replace(PLAIN, window=0)],
        "window 65": [replace(PLAIN, window=65)],
        "model 256": [replace(PLAIN, model=256)],
        "ended before the base": [replace(PLAIN, ended_at=BASE - 1)],
        "ended 65,536 s after the base": [replace(PLAIN, ended_at=BASE + 65_536)],
    }
    for name, row in wrong.items():
        yield {"name": name, "op": "pack", "base": BASE, "labels": [asdict(each) for each in row], "failure": "label-invalid"}  # fmt: skip
    good = slots.pack([FULL], BASE)
    spoiled = {
        "one byte short": good[:-1],
        "one byte long": good + b"\0",
        "another version": b"\x02" + good[1:],
        "bits in a dummy": good[:13] + b"\0\0\0\0\0\0\0\x20" + good[21:],
        "a bit in the spare ones": _flip(good, 12, 1),
        "present bit missing": _flip(good, 5, 0x80),
        "second expression 9 of 8": good[:5] + _bits(good[5:13], 56, 4, 9) + good[13:],
        "source 3 of 3": good[:5] + _bits(good[5:13], 29, 2, 3) + good[13:],
        "mixed with itself in bits": good[:5] + _bits(good[5:13], 56, 4, 2) + good[13:],
        "not zero before a later label": good[:13] + b"\0\0\0\0\0\0\0\x01" + good[21:],
    }
    for name, plain in spoiled.items():
        yield {"name": name, "op": "unpack", "plain": b64(plain), "failure": "envelope-invalid"}


def _flip(data: bytes, at: int, mask: int) -> bytes:
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def _bits(slot: bytes, shift: int, width: int, value: int) -> bytes:
    number = int.from_bytes(slot, "big") & ~(((1 << width) - 1) << shift) | value << shift
    return number.to_bytes(8, "big")


# ---- sealing ----
def seals() -> Iterable[Vector]:
    kept = _kept()
    context = messages.envelope_context("shop", SUBJECT, DEVICE, 1, "2026-11-22")
    cases = {
        "an envelope": (seal.Use.ENVELOPE, context, slots.pack([FULL], BASE)),
        "a stream key": (
            seal.Use.STREAM_KEY,
            (b"shop", SUBJECT.encode(), DEVICE.encode()),
            STREAM_KEY,
        ),
        "nothing in no context": (seal.Use.WHY, (), b""),
    }
    made = {
        name: kept.get(name) or b64(seal.seal(plain, OPEN.seal_key(), use, *parts))
        for name, (use, parts, plain) in cases.items()
    }
    for name, (use, parts, plain) in cases.items():
        yield _sealed(name, use, parts, plain, made[name], None)
    whole = unb64(made["an envelope"])
    wrong = {
        "cut by one byte": whole[:-1],
        "one byte more": whole + b"\0",
        "shorter than the encapsulation": whole[:100],
        "nothing at all": b"",
        "flipped in the ML-KEM part": _flip(whole, 0, 1),
        "flipped in the X25519 part": _flip(whole, 1119, 1),
        "X25519 part all zero": whole[:1088] + bytes(32) + whole[1120:],
        "flipped in the ciphertext": _flip(whole, 1120, 1),
        "flipped in the tag": _flip(whole, len(whole) - 1, 1),
    }
    for name, sealed in wrong.items():
        yield _sealed(name, seal.Use.ENVELOPE, context, b"", b64(sealed), "envelope-invalid")
    for name, other in {
        "of another sequence number": messages.envelope_context(
            "shop", SUBJECT, DEVICE, 2, "2026-11-22"
        ),
        "of another site": messages.envelope_context("shop2", SUBJECT, DEVICE, 1, "2026-11-22"),
        "with a part missing": context[:-1],
        "with parts run together": (b"".join(context),),
    }.items():
        yield _sealed(
            f"opened in the context {name}",
            seal.Use.ENVELOPE,
            other,
            b"",
            b64(whole),
            "envelope-invalid",
        )
    yield _sealed(
        "opened for another use", seal.Use.EXPORT, context, b"", b64(whole), "envelope-invalid"
    )


def _sealed(  # noqa: PLR0917 - a row
    name: str, use: str, context: tuple[bytes, ...], plain: bytes, sealed: str, failure: str | None
) -> Vector:
    return {
        "name": name, "xwing_seed": b64(XWING_SEED), "secret": b64(OPEN.secret()), "use": str(use), "context": [b64(part) for part in context],
        "sealed": sealed, "plain": b64(plain), "failure": failure,
    }  # fmt: skip


def _kept() -> dict[str, str]:
    """What an earlier run sealed, where it still opens to the same."""
    path = HERE / "seal.json"
    rows = json.loads(path.read_text())["vectors"] if path.exists() else []
    found = {}
    for row in rows:
        context = [unb64(part) for part in row["context"]]
        try:
            plain = seal.open_sealed(unb64(row["sealed"]), OPEN, seal.Use(row["use"]), *context)
        except EnvelopeInvalid:
            continue
        if b64(plain) == row["plain"]:
            found[row["name"]] = row["sealed"]
    return found


def macs() -> Iterable[Vector]:
    context = messages.envelope_context("shop", SUBJECT, DEVICE, 1, "2026-11-22")
    parts = [*context, b"ciphertext"]
    tag = seal.mac(STREAM_KEY, seal.Use.ENVELOPE, *parts)

    def row(  # noqa: PLR0917 - a row
        name: str, key: bytes, use: str, of: list[bytes], tag: bytes, failure: str | None
    ) -> Vector:
        return {"name": name, "key": b64(key), "use": use, "parts": [b64(part) for part in of], "mac": b64(tag), "failure": failure}  # fmt: skip

    yield row("an envelope", STREAM_KEY, seal.Use.ENVELOPE, parts, tag, None)
    yield row("no parts", STREAM_KEY, seal.Use.RANK, [], seal.mac(STREAM_KEY, seal.Use.RANK), None)
    failure = "envelope-invalid"
    yield row("another use", STREAM_KEY, seal.Use.RANK, parts, tag, failure)
    yield row("another key", bytes(32), seal.Use.ENVELOPE, parts, tag, failure)
    yield row(
        "two parts run together",
        STREAM_KEY,
        seal.Use.ENVELOPE,
        [parts[0] + parts[1], *parts[2:]],
        tag,
        failure,
    )
    yield row("parts in another order", STREAM_KEY, seal.Use.ENVELOPE, parts[::-1], tag, failure)
    yield row("a flipped bit", STREAM_KEY, seal.Use.ENVELOPE, parts, _flip(tag, 31, 0x80), failure)
    yield row("a cut tag", STREAM_KEY, seal.Use.ENVELOPE, parts, tag[:16], failure)
    yield row("an empty tag", STREAM_KEY, seal.Use.ENVELOPE, parts, b"", failure)


# ---- signatures ----
def statements() -> Iterable[Vector]:
    payload = {"v": 1, "site": "shop", "at": BASE}
    good = signatures.sign(signatures.Kind.WITHDRAWAL, payload, SIGN)
    head, body, signature = good.split(".")
    key = SIGN.verify_key()
    header = {"alg": "Ed25519", "kid": key.id, "typ": "mien-withdrawal+jws"}

    def row(name: str, jws: str, failure: str | None, **more: Any) -> Vector:
        return {
            "name": name, "secret": b64(SIGN.secret()), "public": key.text(), "kind": "mien-withdrawal+jws", "jws": jws, "payload": payload,
            "failure": failure, **more,
        }  # fmt: skip

    def forged(
        header: dict[str, Any],
        payload: Any = payload,
        by: SigningKey = SIGN,
        raw: bytes | None = None,
    ) -> str:
        signed = f"{b64(encode(header))}.{b64(encode(payload) if raw is None else raw)}"
        return f"{signed}.{b64(by.sign(signed.encode()))}"

    yield row("a withdrawal", good, None)
    bad = "signature-invalid"
    yield row("another kind", forged({**header, "typ": "mien-erasure+jws"}), bad)
    yield row("no kind", forged({"alg": "Ed25519", "kid": key.id}), bad)
    yield row("algorithm none", f"{b64(encode({**header, 'alg': 'none'}))}.{body}.", bad)
    yield row("the deprecated algorithm name EdDSA", forged({**header, "alg": "EdDSA"}), bad)
    yield row(
        "an HMAC keyed with the public key", _hmac_forged({**header, "alg": "HS256"}, payload), bad
    )
    yield row("a header that says more", forged({**header, "jwk": {"kty": "OKP"}}), bad)
    yield row("a critical header", forged({**header, "crit": ["exp"]}), bad)
    yield row("signed by another key under this key's name", forged(header, by=OTHER_SIGN), bad)
    yield row("the name of another key", forged({**header, "kid": OTHER_SIGN.verify_key().id}), bad)
    yield row(
        "another payload under the old signature",
        f"{head}.{b64(encode({**payload, 'at': BASE + 1}))}.{signature}",
        bad,
    )
    yield row("a flipped signature", f"{head}.{body}.{b64(_flip(unb64(signature), 0, 1))}", bad)
    yield row("no signature", f"{head}.{body}.", bad)
    yield row("a cut signature", f"{head}.{body}.{b64(unb64(signature)[:63])}", bad)
    yield row("S beyond the group order", f"{head}.{body}.{b64(_unreduced(unb64(signature)))}", bad)
    malformed = "request-invalid"
    yield row("two parts", f"{head}.{body}", malformed)
    yield row("four parts", f"{good}.", malformed)
    yield row("padding", f"{head}=.{body}.{signature}", malformed)
    yield row("a payload that is a list", forged(header, [payload]), malformed)
    yield row("a payload with a field twice", forged(header, raw=b'{"v":1,"v":1}'), malformed)
    yield row("a payload with a fraction", forged(header, raw=b'{"v":1.5}'), malformed)
    yield row("a payload that is no JSON", forged(header, raw=b"{"), malformed)
    yield row("a space in front", f" {good}", malformed)
    yield row("a line feed behind", f"{good}\n", "signature-invalid")


def _hmac_forged(header: dict[str, Any], payload: Any) -> str:
    import hmac

    signed = f"{b64(encode(header))}.{b64(encode(payload))}"
    return f"{signed}.{b64(hmac.digest(SIGN.verify_key().public, signed.encode(), 'sha256'))}"


def _unreduced(signature: bytes) -> bytes:
    """The same signature with S + L: RFC 8032 section 5.1.7 demands that it be refused."""
    order = 2**252 + 27742317777372353535851937790883648493
    return signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(
        32, "little"
    )


# ---- checkpoints and proofs ----
class Memory:
    """Tiles in memory."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.entries: dict[int, tuple[bytes, ...]] = {}
        self.count = 0

    def tile(self, level: int, number: int) -> bytes:
        return self.tiles.get((level, number), b"")

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        self.tiles[level, number] = hashes

    def entry_tile(self, number: int) -> tuple[bytes, ...]:
        return self.entries.get(number, ())

    def put_entry_tile(self, number: int, entries: tuple[bytes, ...]) -> None:
        self.entries[number] = entries

    def size(self) -> int:
        return self.count

    def grow(self, before: int, size: int) -> None:
        assert self.count == before
        self.count = size


def log(size: int) -> Memory:
    """A log of made-up leaves."""
    tiles = Memory()
    audit.append(
        tiles, [audit.entry(hashlib.sha256(b"leaf %d" % i).digest(), BASE + i) for i in range(size)]
    )
    return tiles


def checkpoints() -> Iterable[Vector]:
    note = audit.checkpoint(log(300), ORIGIN, SIGN)
    body, _, signed = note.partition("\n\n")
    origin, _size, root = body.split("\n")
    vkey = proof.note_key(ORIGIN, SIGN.verify_key())
    other = audit.sign(proof.Checkpoint(ORIGIN, 300, bytes(32)), OTHER_SIGN).partition("\n\n")[2]
    raw = base64.b64decode(signed.split(" ")[2])

    def resigned(text: str) -> str:
        data = proof.note_id(ORIGIN, SIGN.verify_key()) + SIGN.sign(text.encode())
        return f"{text}\n\u2014 {ORIGIN} {base64.b64encode(data).decode()}\n"

    def row(
        name: str, text: str, failure: str | None = "checkpoint-invalid", origin: str = ORIGIN
    ) -> Vector:
        return {"name": name, "vkey": vkey, "origin": origin, "note": text, "size": 300, "root": root, "failure": failure}  # fmt: skip

    yield row("a log of 300 entries", note, None)
    yield row(
        "with the signature of a witness", note + "\u2014 witness.example AAAAAAECAwQ=\n", None
    )
    yield row("with an older key of the same name", note + other, None)
    yield row("signed by another key only", f"{body}\n\n{other}")
    yield row(
        "signed twice, once wrongly",
        note + f"\u2014 {ORIGIN} {base64.b64encode(_flip(raw, 40, 1)).decode()}\n",
    )
    yield row("asked for another log", note, origin="other.example/audit")
    yield row("another size under the old signature", note.replace("\n300\n", "\n301\n"))
    yield row(
        "another root under the old signature",
        note.replace(root, base64.b64encode(bytes(32)).decode()),
    )
    yield row("an extension line, signed", resigned(f"{origin}\n300\n{root}\nextra\n"))
    yield row("a leading zero, signed", resigned(f"{origin}\n0300\n{root}\n"))
    yield row("a negative size, signed", resigned(f"{origin}\n-1\n{root}\n"))
    yield row("a size of other digits, signed", resigned(f"{origin}\n\u0663\u0660\u0660\n{root}\n"))
    yield row("a size beyond 63 bits, signed", resigned(f"{origin}\n9223372036854775808\n{root}\n"))
    yield row(
        "a root of 31 bytes, signed",
        resigned(f"{origin}\n300\n{base64.b64encode(bytes(31)).decode()}\n"),
    )
    yield row("a root with spare bits, signed", resigned(f"{origin}\n300\n{'A' * 42}B=\n"))
    yield row("a name with a space, signed", resigned(f"shop example\n300\n{root}\n"))
    yield row("carriage returns", note.replace("\n", "\r\n"))
    yield row("no final newline", note[:-1])
    yield row("no signature", f"{body}\n\n")
    yield row("no blank line", note.replace("\n\n", "\n"))
    yield row("a line after the signatures", note + "more\n")
    yield row("a hyphen for the dash", note.replace("\u2014", "-"))
    yield row("a signature without a key id", note.replace(signed, f"\u2014 {ORIGIN} AAAA\n"))
    yield row("nothing", "")


def proofs() -> Iterable[Vector]:
    tiles = log(300)
    text = audit.tlog_proof(tiles, 123, ORIGIN, SIGN)
    vkey = proof.note_key(ORIGIN, SIGN.verify_key())
    entry, neighbour = tiles.entry_tile(0)[123], tiles.entry_tile(0)[124]
    lines = text.split("\n")

    def row(
        name: str, text: str, failure: str | None = "proof-invalid", entry: bytes = entry
    ) -> Vector:
        return {"name": name, "vkey": vkey, "entry": b64(entry), "proof": text, "index": 123, "failure": failure}  # fmt: skip

    yield row("entry 123 of 300", text, None)
    yield row("with opaque extra data", text.replace("\nindex", "\nextra AAEC\nindex", 1), None)
    yield row("the neighbouring entry", text, entry=neighbour)
    yield row("the neighbouring index", text.replace("index 123", "index 124"))
    yield row("an index beyond the log", text.replace("index 123", "index 300"))
    yield row("a leading zero", text.replace("index 123", "index 0123"))
    yield row("no index", text.replace("index 123\n", ""))
    yield row("another version", text.replace("@v1", "@v2"))
    yield row("a hash missing", "\n".join(lines[:2] + lines[3:]))
    yield row("a hash twice", "\n".join(lines[:3] + lines[2:]))
    yield row("two hashes changed places", "\n".join([*lines[:2], lines[3], lines[2], *lines[4:]]))
    yield row(
        "a flipped hash",
        text.replace(lines[2], base64.b64encode(_flip(base64.b64decode(lines[2]), 0, 1)).decode()),
    )
    yield row(
        "a hash with spare bits", text.replace(lines[2], lines[2][:42] + _spare(lines[2][42]) + "=")
    )
    yield row("a hash of 31 bytes", text.replace(lines[2], base64.b64encode(bytes(31)).decode()))
    yield row("extra data that is no base64", text.replace("\nindex", "\nextra !\nindex", 1))
    yield row("nothing", "")
    yield row("the header only", "c2sp.org/tlog-proof@v1\n\n")
    yield row("a forged checkpoint", text.replace("\n300\n", "\n301\n"), "checkpoint-invalid")
    yield row("no checkpoint", text.partition("\n\n")[0] + "\n\n", "checkpoint-invalid")


def _spare(letter: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(letter) | 1]


def leaves() -> Iterable[Vector]:
    record = encode({"v": 1, "action": "use", "allow": True, "policies": [], "laws": [], "bundle_sha256": b64(bytes(32)), "site": "shop",
                     "subject": SUBJECT, "purpose": None, "at": BASE})  # fmt: skip
    nonce = bytes(range(32))
    leaf = proof.leaf_of(nonce, record)
    yield {
        "name": "a decision", "nonce": b64(nonce), "record": record.decode(), "leaf": b64(leaf), "at": BASE, "entry": b64(proof.entry_of(leaf, BASE)),
        "leaf_hash": b64(proof.leaf_hash(proof.entry_of(leaf, BASE))), "failure": None,
    }  # fmt: skip
    yield {"name": "a nonce of 31 bytes", "nonce": b64(nonce[:31]), "record": record.decode(), "failure": "proof-invalid"}  # fmt: skip


# ---- updates of the shared head ----
ROUND = "rnd_" + "abcdefghijklmnopqrstuvwxyz"
HEAD_SHA256 = b64(hashlib.sha256(bytes(range(8))).digest())


def numbers() -> bytes:
    """776 numbers that 32 bits hold exactly."""
    return b"".join(struct.pack("<f", (i % 97 - 48) / 64) for i in range(776))


def update_vectors() -> Iterable[Vector]:
    good = numbers()
    plain = updates.pack(good)
    shape = plain[4:8]
    where = updates.context("shop", SUBJECT, ROUND, HEAD_SHA256)
    other = updates.context("shop", SUBJECT, "rnd_" + "b" * 26, HEAD_SHA256)
    cases = (
        ("776 numbers", plain, where, None),
        ("rows and columns changed places", seal.pad(shape[2:] + shape[:2] + good, 4096), where, "request-invalid"),
        ("one number less", seal.pad(shape + good[4:], 4096), where, "request-invalid"),
        ("one number more", seal.pad(shape + good + bytes(4), 4096), where, "request-invalid"),
        ("no shape", seal.pad(good, 4096), where, "request-invalid"),
        ("something behind the numbers", plain[:-1] + b"\1", where, "envelope-invalid"),
        ("opened as an update of another round", plain, other, "envelope-invalid"),
    )  # fmt: skip
    path = HERE / "updates.json"
    there = (
        {row["name"]: row for row in json.loads(path.read_text())["vectors"]}
        if path.exists()
        else {}
    )
    for name, packed, opened_as, failure in cases:
        yield {
            "name": name, "secret": b64(OPEN.secret()), "context": [part.decode() for part in opened_as], "numbers": b64(good),
            "sealed": _sealed_update(there.get(name), packed, where), "failure": failure,
        }  # fmt: skip


def _sealed_update(row: Vector | None, packed: bytes, where: tuple[bytes, ...]) -> str:
    """What lies there, as long as it opens to the same; else sealed anew."""
    if row is not None:
        try:
            if seal.open_sealed(unb64(row["sealed"]), OPEN, seal.Use.UPDATE, *where) == packed:
                return str(row["sealed"])
        except EnvelopeInvalid:
            pass
    return b64(seal.seal(packed, OPEN.seal_key(), seal.Use.UPDATE, *where))


def main() -> None:
    write(
        "canonical.json",
        "RFC 8785 encoding, strict decoding, base64url in its one spelling.",
        canonical(),
    )
    write("slots.json", "Labels as bits.", slot_vectors())
    write(
        "seal.json",
        "HPKE with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; the context in info.",
        seals(),
    )
    write("mac.json", "HMAC-SHA256 over the use and the framed parts.", macs())
    write(
        "signatures.json",
        "JWS compact with Ed25519, one kind each, over canonical JSON.",
        statements(),
    )
    write("updates.json", "Updates of the shared head, sealed to a round.", update_vectors())
    write("checkpoint.json", "C2SP signed notes of the audit log.", checkpoints())
    write("tlog_proof.json", "c2sp.org/tlog-proof@v1.", proofs())
    write("leaf.json", "From a decision record to the leaf, the entry and its hash.", leaves())


if __name__ == "__main__":
    main()

"""Another HPKE implementation (@hpke/core with X-Wing, in Node) seals what we open and opens what we sealed; the layouts are written again in JavaScript."""

import functools
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.node import node

from mien.errors import EnvelopeInvalid
from mien.values import Label
from mien.wire import messages, seal, slots
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
SEED = bytes(range(32))
STREAM_KEY = bytes(range(100, 132))
BASE = 1_795_000_000
LABELS = (
    Label("joy", BASE + 7, 12, window=3, second="surprise", state="engaged", polarity="positive", valence=11, arousal=-4, model=3),
    Label("neutral", BASE + 65_535, 0, window=64, source="declared"),
    Label("contempt", BASE, 15, state="fatigued", polarity="surprise", valence=-15, arousal=15, source="text", model=255),
)  # fmt: skip
SUBJECT = "sub_" + "a" * 26
DEVICE = b64(bytes(16))
ASKED = {
    "base": BASE, "site": "shop", "subject": SUBJECT, "device": DEVICE, "seq": 2**53 - 1, "kid": "2026-11-22", "stream_key": b64(STREAM_KEY),
}  # fmt: skip


def open_key() -> OpenKey:
    """Our form of an X-Wing key: SHAKE256 of the 32-byte seed gives the ML-KEM seed and the X25519 key (draft-connolly-cfrg-xwing-kem, 5.2)."""
    return OpenKey.from_secret(hashlib.shake_256(SEED).digest(96))


def ask(**asked: Any) -> dict[str, Any]:
    done = subprocess.run(
        [node(HERE), "seal.mjs"], cwd=HERE, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def as_json(label: Label) -> dict[str, Any]:
    return {name: getattr(label, name) for name in Label.__slots__}


@functools.cache
def envelope() -> messages.Envelope:
    """What Node makes for us, as the message the server parses."""
    labels = [as_json(label) for label in LABELS]
    return messages.parse(
        messages.Envelope,
        ask(op="envelope", labels=labels, seal_key=open_key().seal_key().text(), **ASKED),
    )


def test_we_open_an_envelope_that_node_sealed() -> None:
    made = envelope()
    context = messages.envelope_context(made.site, made.subject, made.device, made.seq, made.kid)
    ct = unb64(made.ct)
    seal.check_mac(unb64(made.mac), STREAM_KEY, seal.Use.ENVELOPE, *context, ct)
    plain = seal.open_sealed(ct, open_key(), seal.Use.ENVELOPE, *context)
    assert slots.unpack(plain) == LABELS
    assert plain == slots.pack(LABELS, BASE)


def test_an_envelope_of_node_does_not_open_in_another_context() -> None:
    made = envelope()
    context = messages.envelope_context("other", made.subject, made.device, made.seq, made.kid)
    with pytest.raises(EnvelopeInvalid):
        seal.open_sealed(unb64(made.ct), open_key(), seal.Use.ENVELOPE, *context)


def test_node_opens_what_we_sealed() -> None:
    context = (b"shop", SUBJECT.encode(), b"rank_x")
    plain = seal.pad(b'{"used_emotion":true}', 4096)
    sealed = seal.seal(plain, open_key().seal_key(), seal.Use.WHY, *context)
    asked = {"op": "open", "seed": b64(SEED), "use": seal.Use.WHY, "sealed": b64(sealed)}
    answer = ask(**asked, context=[b64(part) for part in context])
    assert unb64(answer["plain"]) == plain


@pytest.mark.parametrize("context", [[b"shop", b"", b"rank_x"], [b"shop"], []])
def test_node_refuses_what_we_sealed_in_another_context(context: list[bytes]) -> None:
    sealed = seal.seal(
        b"x", open_key().seal_key(), seal.Use.WHY, b"shop", SUBJECT.encode(), b"rank_x"
    )
    asked = {"op": "open", "seed": b64(SEED), "use": seal.Use.WHY, "sealed": b64(sealed)}
    assert ask(**asked, context=[b64(part) for part in context]) == {"refused": "OpenError"}

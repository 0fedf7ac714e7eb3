"""Webhooks: what the specification says is signed, and everything else refused."""

import base64
import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ClockSkewed, MienError, RequestInvalid, SignatureInvalid
from mien.wire import webhooks
from mien.wire.canonical import encode
from mien.wire.keys import SigningKey
from mien.wire.webhooks import Subject

KEY = SigningKey.from_secret(bytes(range(32)))
TRUST = KEY.verify_key().text()
AT = 1_795_348_800
NAME = "ntf_" + "a" * 26
ABOUT = Subject(site="shop", subject="sub_" + "b" * 26, at=AT, erasure="ers_" + "c" * 26)
BODY = webhooks.body_of("person.erased", ABOUT)
HEADERS = webhooks.headers_of(NAME, AT + 7, BODY, KEY)


def verified(headers: dict[str, str] = HEADERS, body: bytes = BODY, **other: Any) -> webhooks.Told:
    return webhooks.verify(headers, body, **{"key": TRUST, "site": "shop", "now": AT + 10, **other})


def signed(name: str, at: str, body: bytes, key: SigningKey = KEY) -> dict[str, str]:
    """Headers over whatever."""
    signature = base64.b64encode(key.sign(f"{name}.{at}.".encode() + body)).decode()
    return {
        "webhook-id": name, "webhook-timestamp": at, "webhook-signature": f"v1a,{signature}"
    }  # fmt: skip


def test_the_scheme_is_the_specification_s() -> None:
    """Written out by hand: `{msg_id}.{timestamp}.{payload}`, Ed25519, base64 with padding, `v1a,`."""
    scheme, _, signature = HEADERS["webhook-signature"].partition(",")
    content = f"{NAME}.{AT + 7}.".encode() + BODY
    KEY.verify_key().verify(base64.b64decode(signature, validate=True), content)
    assert (scheme, len(signature), HEADERS["webhook-timestamp"]) == ("v1a", 88, str(AT + 7))
    assert webhooks.public_text(KEY.verify_key()) == "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="  # fmt: skip
    # Ed25519 has one signature for one message (RFC 8032 section 5.1.6), so it can be written down.
    assert signature == VECTOR


VECTOR = "TUsCL0fl69pXJStT05c+k0K259Iz0lGHHbNsis+S/LFJ9y926PmL15U/YzrpVRm+pTQcXAMKWU6r/EgKpylOCQ=="


def test_a_notice_is_believed_and_read() -> None:
    told = verified()
    assert (told.type, told.timestamp, told.data) == ("person.erased", "2026-11-22T12:00:00Z", ABOUT)  # fmt: skip
    assert verified(key=webhooks.public_text(KEY.verify_key())) == told
    shouted = {name.title(): text for name, text in HEADERS.items()}
    assert verified(shouted) == told


def test_one_of_several_signatures_is_enough() -> None:
    mac = base64.b64encode(hmac.digest(b"k" * 24, BODY, hashlib.sha256)).decode()
    other = signed(NAME, str(AT + 7), BODY, SigningKey.generate())["webhook-signature"]
    both = {**HEADERS, "webhook-signature": f"v1,{mac} {other} {HEADERS['webhook-signature']}"}
    assert verified(both) == verified()
    with pytest.raises(SignatureInvalid):
        verified({**HEADERS, "webhook-signature": f"v1,{mac} {other}"})


WITHDRAWN = webhooks.body_of(
    "consent.withdrawn",
    Subject(site="shop", subject=ABOUT.subject, at=AT, purposes=["declare_mood"]),
)
FORGED: dict[str, tuple[dict[str, str], bytes, type[MienError]]] = {
    "another body": (HEADERS, WITHDRAWN, SignatureInvalid),
    "a space more": (HEADERS, BODY + b" ", SignatureInvalid),
    "another id": ({**HEADERS, "webhook-id": "ntf_x"}, BODY, SignatureInvalid),
    "a later time": ({**HEADERS, "webhook-timestamp": str(AT + 8)}, BODY, SignatureInvalid),
    "no id": ({**HEADERS, "webhook-id": ""}, BODY, RequestInvalid),
    "no signature": ({n: t for n, t in HEADERS.items() if n != "webhook-signature"}, BODY, SignatureInvalid),
    "a signature of another scheme's name": ({**HEADERS, "webhook-signature": HEADERS["webhook-signature"].replace("v1a", "v1")}, BODY, SignatureInvalid),
    "a signature that is no base64": ({**HEADERS, "webhook-signature": "v1a,***"}, BODY, SignatureInvalid),
    "an empty signature": ({**HEADERS, "webhook-signature": "v1a,"}, BODY, SignatureInvalid),
    "the full stop moved": (signed("a.b", str(AT), BODY), BODY, RequestInvalid),
    "a time that is none": (signed(NAME, "soon", BODY), BODY, ClockSkewed),
    "a time in other digits": (signed(NAME, "١٧", BODY), BODY, RequestInvalid),
    "a time without end": (signed(NAME, "1" * 5000, BODY), BODY, RequestInvalid),
    "half a character": ({**HEADERS, "webhook-id": "ntf_\ud800"}, BODY, RequestInvalid),
    "a time with a sign": (signed(NAME, f"+{AT}", BODY), BODY, ClockSkewed),
    "no JSON": (signed(NAME, str(AT), b"{"), b"{", RequestInvalid),
    "a kind that does not exist": (signed(NAME, str(AT), encode({"type": "x"})), encode({"type": "x"}), RequestInvalid),
    "a body without end": (HEADERS, BODY + b" " * webhooks.MAX_BODY, RequestInvalid),
    "signatures without end": ({**HEADERS, "webhook-signature": "v1a,AAAA " * 1000}, BODY, RequestInvalid),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_forgeries_are_refused(name: str) -> None:
    headers, body, kind = FORGED[name]
    with pytest.raises(kind):
        verified(headers, body)


def test_another_site_s_notice_is_refused() -> None:
    """One key signs for every site of a server: a notice to one, sent on to another, is worth nothing there."""
    with pytest.raises(SignatureInvalid, match="another site"):
        verified(site="clinic")


@pytest.mark.parametrize("now", [AT + 7 - 300, AT + 7 + 300])
def test_a_notice_lives_five_minutes(now: int) -> None:
    verified(now=now)
    with pytest.raises(ClockSkewed):
        verified(now=now + (1 if now > AT else -1))


@pytest.mark.parametrize("key", ["whpk_", "whpk_***", "whpk_AAAA", "", TRUST[:-1]])
def test_what_is_no_key_is_told_so(key: str) -> None:
    with pytest.raises(RequestInvalid):
        verified(key=key)


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from(["webhook-id", "Webhook-Signature", "webhook-timestamp"]), st.text(max_size=30)))  # fmt: skip
def test_garbage_is_refused_and_nothing_else_happens(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(MienError):
        verified(headers, body)


def test_no_signature_serves_two_ends() -> None:
    """The server's key signs statements too (`wire.signatures`): what is signed there begins with a JWS header and has one full stop."""
    assert b".".join([NAME.encode(), str(AT).encode(), BODY]).count(b".") >= 2
    assert not NAME.startswith("eyJ")

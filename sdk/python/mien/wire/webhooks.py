"""What a server tells a site's backend: Standard Webhooks 1.0.0 (standardwebhooks.com), with its asymmetric signature `v1a` (Ed25519).

    told = webhooks.verify(request.headers, body, key=VERIFY_KEY, site="shop", now=int(time.time()))

What is signed is `id.timestamp.body`: the body as it came, byte for byte. One key signs for every site of a server, so `verify` also wants to know
which site is listening: what was sent to another is refused.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from mien.errors import ClockSkewed, RequestInvalid, SignatureInvalid
from mien.wire.canonical import decode, encode
from mien.wire.keys import SigningKey, VerifyKey
from mien.wire.messages import Message, OpaqueId, Purpose, SiteId, SubjectId, dump, parse

TOLERANCE: Final = 300
"""Seconds that a notice may be older or younger than the receiver's clock says."""
MAX_BODY: Final = 4096
"""Bytes of a body; one of ours has a few hundred."""
KEY_PREFIX: Final = "whpk_"
_SCHEME: Final = "v1a,"
_MAX_HEADER: Final = 1024


class Subject(Message):
    """Whom a notice is about. `purposes` are those taken back, `erasure` is the id of the erasure."""

    site: SiteId
    subject: SubjectId
    at: Annotated[int, Field(ge=0)]
    purposes: list[Purpose] = Field(default_factory=list)
    erasure: OpaqueId | None = None


class Told(Message):
    """The body. `person.erased`: forget them, and all that was derived. `consent.withdrawn`: forget what was derived for these purposes.

    `timestamp` is when it happened, RFC 3339 in UTC.
    """

    type: Literal["person.erased", "consent.withdrawn"]
    timestamp: Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$")]
    data: Subject


def body_of(kind: Literal["person.erased", "consent.withdrawn"], about: Subject) -> bytes:
    """The body's bytes, as they are signed and sent."""
    timestamp = datetime.fromtimestamp(about.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return encode(dump(Told(type=kind, timestamp=timestamp, data=about)))


def headers_of(name: str, at: int, body: bytes, key: SigningKey) -> dict[str, str]:
    """The headers of an attempt at `at`. `name` stays the same however often it is tried, and holds no full stop."""
    signature = base64.b64encode(key.sign(_signed(name, str(at), body))).decode()
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": _SCHEME + signature,
    }


def public_text(key: VerifyKey) -> str:
    """The key as other libraries for Standard Webhooks want it: `whpk_` and padded base64."""
    return KEY_PREFIX + base64.b64encode(key.public).decode()


def verify(headers: Mapping[str, str], body: bytes, *, key: str, site: str, now: int) -> Told:
    """What the server with this verification key told `site`. `key` as `mien site add` prints it (base64url, or `whpk_` and base64).

    Act on an id (the header `webhook-id`) once: the same notice may come again. Raises `SignatureInvalid` (not by this key, or for another site),
    `ClockSkewed` (sent more than `TOLERANCE` seconds from `now`), `RequestInvalid` (no such notice).
    """
    given = {name.lower(): text for name, text in headers.items()}
    name, at, signatures = (
        given.get(f"webhook-{field}", "") for field in ("id", "timestamp", "signature")
    )
    if len(body) > MAX_BODY or max(len(name), len(at), len(signatures)) > _MAX_HEADER:
        msg = "larger than any notice of ours; refuse it"
        raise RequestInvalid(msg)
    _check_signature(signatures, _signed(name, at, body), _key(key))
    _check_time(at, now)
    told = parse(Told, decode(body))
    if told.data.site != site:
        msg = "this notice was sent to another site; refuse it"
        raise SignatureInvalid(msg)
    return told


def _signed(name: str, at: str, body: bytes) -> bytes:
    # Standard Webhooks, "Signature scheme": neither id nor timestamp may hold the full stop that joins them.
    if not name or "." in name + at or not (name + at).isascii():
        msg = "not a webhook: `webhook-id` or `webhook-timestamp` is missing or holds a full stop"
        raise RequestInvalid(msg)
    return f"{name}.{at}.".encode() + body


def _check_signature(signatures: str, signed: bytes, key: VerifyKey) -> None:
    """One of the signatures must be the key's; those of other schemes count for nothing."""
    for text in signatures.split(" "):
        signature = _signature(text)
        if signature is None:
            continue
        try:
            key.verify(signature, signed)
        except SignatureInvalid:
            continue
        return
    msg = "no signature of the expected key; refuse it, and check the key"
    raise SignatureInvalid(msg)


def _signature(text: str) -> bytes | None:
    if not text.startswith(_SCHEME):
        return None
    try:
        return base64.b64decode(text.removeprefix(_SCHEME), validate=True)
    except (binascii.Error, ValueError):
        return None


def _check_time(at: str, now: int) -> None:
    if not (at.isascii() and at.isdigit()) or abs(int(at) - now) > TOLERANCE:
        msg = f"sent more than {TOLERANCE} seconds from now; check the clock, or refuse it as a replay"
        raise ClockSkewed(msg)


def _key(text: str) -> VerifyKey:
    if not text.startswith(KEY_PREFIX):
        return VerifyKey.from_text(text)
    try:
        return VerifyKey(base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True))
    except (binascii.Error, ValueError) as error:
        msg = "not a key: `whpk_` and base64; copy it whole"
        raise RequestInvalid(msg) from error

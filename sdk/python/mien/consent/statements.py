"""What a person says, as signed statements. Each takes a `Stamp` (time and nonce), so that nothing here reads a clock or randomness.

`model` is the id of the model the device would read with, for the capability that is the answer; 0: it reads no faces.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mien.consent.answers import notice_hash
from mien.consent.person import Person
from mien.errors import RequestInvalid
from mien.values import Claims, Label, Release
from mien.wire import messages, updates
from mien.wire.canonical import b64
from mien.wire.keys import OpenKey, SealKey, SigningKey, VerifyKey
from mien.wire.messages import GuardianDoc, KeyDoc, Notice, ReleaseDoc, RoundDoc, dump, parse
from mien.wire.seal import Use, seal
from mien.wire.signatures import Kind, sign
from mien.wire.slots import pack_slot


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was said: unix seconds, and 16 random bytes against replay."""

    at: int
    nonce: bytes


class Speaker(Protocol):
    """Who signs: a `Person` with their device, or a `Voice`."""

    @property
    def site(self) -> str:
        """Where."""
        ...

    @property
    def subject(self) -> str:
        """About whom."""
        ...

    @property
    def sign(self) -> SigningKey:
        """The key of the subject's key set that signs."""
        ...

    @property
    def seal(self) -> OpenKey:
        """What answers are sealed to."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who speaks for a subject without being on their device: a guardian."""

    site: str
    subject: str
    sign: SigningKey
    seal: OpenKey


@dataclass(frozen=True, slots=True)
class Yes:
    """What the person said yes to, having seen `notice`, and how. `guardian` is their key and countersignature; `method` is such as `screen`."""

    notice: Notice
    purposes: Sequence[str]
    claims: Claims
    method: str
    model: int = 0
    renewal: bool = False
    release: Release | None = None
    guardian: tuple[VerifyKey, GuardianDoc] | None = None
    site_handle: str | None = None


def consent(
    person: Person,
    stamp: Stamp,
    yes: Yes,
    server: tuple[str, SealKey],
    recovery: VerifyKey | None = None,
) -> str:
    """The consent statement (GDPR 7(1)). `server` is the key id and key that the stream key is sealed to. Raises `RequestInvalid`."""
    keys = [device_key(person, server)]
    if recovery is not None:
        keys.append({"role": "recovery", "sign": recovery.text()})
    if yes.guardian is not None:
        keys.append({"role": "guardian", "sign": yes.guardian[0].text()})
    value = _by(person, stamp) | {
        "model": yes.model,
        "keys": keys,
        "notice_sha256": notice_hash(yes.notice),
        "locale": yes.notice.locale,
        "purposes": list(yes.purposes),
        "claims": dump(messages.ClaimsDoc.of(yes.claims)),
        "release": None if yes.release is None else _release(yes.notice, yes.release),
        "guardian": None if yes.guardian is None else dump(yes.guardian[1]),
        "renewal": yes.renewal,
        "method": yes.method,
        "site_handle": yes.site_handle,
    }
    return _sign(Kind.CONSENT, messages.ConsentStatement, value, person.sign)


def _release(notice: Notice, release: Release) -> dict[str, object]:
    """A name typed under the words that were shown (740 ILCS 14/15(b)(3))."""
    if not notice.release:
        msg = "this notice has no release to sign; leave `release` out"
        raise RequestInvalid(msg)
    text = b64(hashlib.sha256(notice.release.encode()).digest())
    written = {"name": release.name, "text_sha256": text, "at": release.at}
    try:
        return dump(parse(ReleaseDoc, written))
    except RequestInvalid as error:
        msg = "a written release bears a name in letters, 2 to 120 characters with nothing invisible, and when it was typed; ask for the name again"
        raise RequestInvalid(msg) from error


def device_key(person: Person, server: tuple[str, SealKey]) -> dict[str, object]:
    """The device's `KeyDoc`: its two public keys, and its stream key sealed to the server."""
    kid, key = server
    context = (person.site.encode(), person.subject.encode(), person.device.encode())
    return {
        "role": "device",
        "sign": person.sign.verify_key().text(),
        "seal": person.seal.seal_key().text(),
        "stream_kid": kid,
        "sealed_stream_key": b64(seal(person.stream_key, key, Use.STREAM_KEY, *context)),
    }


def withdraw(by: Speaker, stamp: Stamp, purposes: Sequence[str], model: int = 0) -> str:
    """Takes back these purposes (GDPR 7(3): as easy as giving)."""
    value = _by(by, stamp) | {"model": model, "purposes": list(purposes)}
    return _sign(Kind.WITHDRAWAL, messages.WithdrawalStatement, value, by.sign)


def ask_capability(person: Person, stamp: Stamp, model: int = 0) -> str:
    """Asks what this device may do now."""
    value = _by(person, stamp) | {"model": model}
    return _sign(Kind.CAPABILITY_REQUEST, messages.CapabilityRequest, value, person.sign)


def ask_export(by: Speaker, stamp: Stamp) -> str:
    """Asks for everything held (GDPR 15 and 20), sealed to who asks."""
    value = _by(by, stamp) | {"seal": by.seal.seal_key().text()}
    return _sign(Kind.EXPORT_REQUEST, messages.ExportRequest, value, by.sign)


def correct(
    person: Person, stamp: Stamp, record: str, label: Label, server: tuple[str, SealKey]
) -> str:
    """Says what a stored label should have been (GDPR 16), sealed to the server's key."""
    kid, key = server
    plain = label.ended_at.to_bytes(4, "big") + pack_slot(label, label.ended_at)
    context = (person.site.encode(), person.subject.encode(), record.encode())
    value = _by(person, stamp) | {
        "record": record,
        "kid": kid,
        "sealed": b64(seal(plain, key, Use.CORRECTION, *context)),
    }
    return _sign(Kind.CORRECTION, messages.CorrectionStatement, value, person.sign)


def contribute(person: Person, stamp: Stamp, doc: RoundDoc, numbers: bytes) -> str:
    """One clipped update (3,104 bytes) of the shared head, sealed to the round, and signed by this device. Raises `RequestInvalid`."""
    where = updates.context(person.site, person.subject, doc.round, doc.head.sha256)
    value = _by(person, stamp) | {
        "round": doc.round,
        "head": dump(doc.head),
        "sealed": updates.seal_update(numbers, SealKey.from_text(doc.seal), *where),
    }
    return _sign(Kind.UPDATE, messages.UpdateStatement, value, person.sign)


def erase(by: Speaker, stamp: Stamp) -> str:
    """Asks to be forgotten (GDPR 17)."""
    return _sign(Kind.ERASURE, messages.ErasureStatement, _by(by, stamp), by.sign)


# ---- the key set ----
@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that joins: its `KeyDoc`, its private half, and for a link key when it ends (unix seconds)."""

    doc: dict[str, object]
    key: SigningKey
    expires_at: int = 0


def add_key(person: Person, stamp: Stamp, new: NewKey, by: SigningKey, model: int = 0) -> str:
    """Adds a key to the key set, signed by a key already in it; the new one signs that it wants to join."""
    possession = _sign(Kind.KEY_POSSESSION, messages.KeyPossession, _by(person, stamp), new.key)
    value = _by(person, stamp) | {
        "model": model,
        "add": dump(parse(KeyDoc, new.doc)),
        "possession": possession,
        "expires_at": new.expires_at,
    }
    return _sign(Kind.KEY_CHANGE, messages.KeyChange, value, by)


def remove_key(person: Person, stamp: Stamp, key: str, model: int = 0) -> str:
    """Removes the key of this id, such as a lost device's."""
    value = _by(person, stamp) | {"model": model, "remove": key}
    return _sign(Kind.KEY_CHANGE, messages.KeyChange, value, person.sign)


def _by(by: Speaker, stamp: Stamp) -> dict[str, object]:
    return {
        "v": 1,
        "site": by.site,
        "subject": by.subject,
        "at": stamp.at,
        "nonce": b64(stamp.nonce),
    }


def _sign(
    kind: Kind, model: type[messages.ByPerson], value: dict[str, object], key: SigningKey
) -> str:
    return sign(kind, dump(parse(model, value)), key)

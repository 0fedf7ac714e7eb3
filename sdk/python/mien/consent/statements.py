"""What a person says, as signed statements. Each takes a `Stamp` (time and nonce), so that nothing here reads a clock or randomness."""

from collections.abc import Sequence
from dataclasses import dataclass

from mien.consent.person import Person
from mien.values import Claims, Label
from mien.wire import messages
from mien.wire.canonical import b64
from mien.wire.keys import SealKey, SigningKey, VerifyKey
from mien.wire.messages import KeyDoc, dump, parse
from mien.wire.seal import Use, seal
from mien.wire.signatures import Kind, sign
from mien.wire.slots import pack_slot


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was said: unix seconds, and 16 random bytes against replay."""

    at: int
    nonce: bytes


def consent(
    person: Person,
    stamp: Stamp,
    *,
    notice_sha256: str,
    locale: str,
    purposes: Sequence[str],
    claims: Claims,
    method: str,
    server: tuple[str, SealKey],
    recovery: VerifyKey | None = None,
    guardian: VerifyKey | None = None,
    written_release: bool = False,
    site_handle: str | None = None,
) -> str:
    """The consent statement (GDPR 7(1)): what was shown, what was said yes to, how. `server` is the key id and key that the stream key is sealed to."""
    extra = (("recovery", recovery), ("guardian", guardian))
    keys = [device_key(person, server)]
    keys += [{"role": role, "sign": key.text()} for role, key in extra if key is not None]
    value = _by(person, stamp) | {
        "keys": keys,
        "notice_sha256": notice_sha256,
        "locale": locale,
        "purposes": list(purposes),
        "claims": dump(messages.ClaimsDoc.of(claims)),
        "written_release": written_release,
        "guardian": guardian is not None,
        "method": method,
        "site_handle": site_handle,
    }
    return _sign(Kind.CONSENT, messages.ConsentStatement, value, person.sign)


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


def withdraw(person: Person, stamp: Stamp, purposes: Sequence[str]) -> str:
    """Takes back these purposes (GDPR 7(3): as easy as giving)."""
    value = _by(person, stamp) | {"purposes": list(purposes)}
    return _sign(Kind.WITHDRAWAL, messages.WithdrawalStatement, value, person.sign)


def ask_capability(person: Person, stamp: Stamp) -> str:
    """Asks what this device may do now."""
    value = _by(person, stamp)
    return _sign(Kind.CAPABILITY_REQUEST, messages.CapabilityRequest, value, person.sign)


def ask_export(person: Person, stamp: Stamp) -> str:
    """Asks for everything held (GDPR 15 and 20), sealed to this device."""
    value = _by(person, stamp) | {"seal": person.seal.seal_key().text()}
    return _sign(Kind.EXPORT_REQUEST, messages.ExportRequest, value, person.sign)


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


def erase(person: Person, stamp: Stamp) -> str:
    """Asks to be forgotten (GDPR 17)."""
    return _sign(Kind.ERASURE, messages.ErasureStatement, _by(person, stamp), person.sign)


def key_change(
    person: Person, stamp: Stamp, add: dict[str, object], new: SigningKey, by: SigningKey
) -> str:
    """Adds the key `add` (whose private half is `new`) to the key set, signed by a key already in it."""
    possession = _sign(Kind.KEY_POSSESSION, messages.KeyPossession, _by(person, stamp), new)
    value = _by(person, stamp) | {"add": dump(parse(KeyDoc, add)), "possession": possession}
    return _sign(Kind.KEY_CHANGE, messages.KeyChange, value, by)


def _by(person: Person, stamp: Stamp) -> dict[str, object]:
    return {
        "v": 1,
        "site": person.site,
        "subject": person.subject,
        "at": stamp.at,
        "nonce": b64(stamp.nonce),
    }


def _sign(
    kind: Kind, model: type[messages.ByPerson], value: dict[str, object], key: SigningKey
) -> str:
    return sign(kind, dump(parse(model, value)), key)

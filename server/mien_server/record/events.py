"""Rankings at rest. Of the features only those that are not zero are kept, as they were: what is learned can be forgotten exactly.

version 1 byte | flags 1 byte (1: used emotion) | places 1 byte | features of a row 2 bytes
per place: offer id (length 1 byte, text) | propensity 8 bytes | reward 8 bytes (NaN: none) | count 2 bytes | count x (index 2 bytes, value 8 bytes)
"""

import hashlib
import math
import struct
from typing import Final

from mien.errors import KeepUnreadable
from mien.wire.canonical import frame
from mien_server.ports import Entropy
from mien_server.record.vault import Vault, id_from
from mien_server.values import Event, SealedEvent

VERSION: Final = 1
_HEAD: Final = struct.Struct(">BBBH")
_PLACE: Final = struct.Struct(">ddH")
_FEATURE: Final = struct.Struct(">Hd")
_WHAT: Final = "event"


def event_id(site: str, request: bytes) -> str:
    """The id of the ranking that answers a request. One request, one event: sent twice, the second finds the first."""
    return id_from("evt", hashlib.sha256(frame(b"mien event v1", site.encode(), request)).digest())


def seal_event(vault: Vault, event: Event, entropy: Entropy, *, learned: bool) -> SealedEvent:
    """An event of the vault's subject."""
    content = vault.seal(_pack(event), _WHAT, event.id.encode(), entropy)
    return _at_rest(event, content, learned=learned)


def plain_event(event: Event, *, learned: bool) -> SealedEvent:
    """An event of nobody: it was made without a subject and knows no emotion."""
    if event.subject is not None or event.used_emotion:
        msg = "an event of a person is sealed; hand in the vault"
        raise ValueError(msg)
    return _at_rest(event, _pack(event), learned=learned)


def open_event(sealed: SealedEvent, vault: Vault | None) -> Event:
    """The event; `vault` is its subject's, None when it has none. Raises `KeepUnreadable`."""
    if sealed.subject is None:
        return _unpack(sealed, sealed.content)
    if vault is None:
        msg = "an event of a person does not open without their data key; it was erased"
        raise KeepUnreadable(msg)
    return _unpack(sealed, vault.open(sealed.content, _WHAT, sealed.id.encode()))


def _at_rest(event: Event, content: bytes, *, learned: bool) -> SealedEvent:
    return SealedEvent(
        event.id, event.site, event.subject, event.at, event.retain_until, content, learned,
        event.basis,
    )  # fmt: skip


def _pack(event: Event) -> bytes:
    width = len(event.features[0]) if event.features else 0
    rewards = dict(event.rewards)
    parts = [_HEAD.pack(VERSION, event.used_emotion, len(event.offers), width)]
    for place, (offer, row) in enumerate(zip(event.offers, event.features, strict=True), 1):
        name = offer.encode()
        kept = [(index, value) for index, value in enumerate(row) if value]
        reward = rewards.get(place, math.nan)
        parts.append(bytes([len(name)]) + name)
        parts.append(_PLACE.pack(event.propensities[place - 1], reward, len(kept)))
        parts.extend(_FEATURE.pack(index, value) for index, value in kept)
    return b"".join(parts)


def _unpack(sealed: SealedEvent, plain: bytes) -> Event:
    try:
        return _read(sealed, plain)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        msg = "a stored event is damaged; restore the database from a backup"
        raise KeepUnreadable(msg) from error


def _read(sealed: SealedEvent, plain: bytes) -> Event:
    version, used, places, width = _HEAD.unpack_from(plain)
    if version != VERSION:
        msg = f"a stored event is of version {version}, this server knows {VERSION}; update it"
        raise KeepUnreadable(msg)
    at = _HEAD.size
    offers, features, propensities, rewards = [], [], [], []
    for place in range(1, places + 1):
        end = at + 1 + plain[at]
        offers.append(plain[at + 1 : end].decode())
        propensity, reward, count = _PLACE.unpack_from(plain, end)
        at = end + _PLACE.size
        row = [0.0] * width
        for _ in range(count):
            index, row_value = _FEATURE.unpack_from(plain, at)
            row[index] = row_value
            at += _FEATURE.size
        features.append(tuple(row))
        propensities.append(propensity)
        if not math.isnan(reward):
            rewards.append((place, reward))
    return Event(
        id=sealed.id, site=sealed.site, subject=sealed.subject, at=sealed.at,
        retain_until=sealed.retain_until, offers=tuple(offers), features=tuple(features),
        propensities=tuple(propensities), used_emotion=bool(used), rewards=tuple(rewards),
        basis=sealed.basis,
    )  # fmt: skip

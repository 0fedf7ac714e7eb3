"""Rankings at rest. Features have 32 bits before they are learned, so that what is kept is what was learned, to the bit, and can be forgotten exactly.

version 1 byte | flags 1 byte (1: used emotion, 2: the shop's own order) | places 1 byte | features of a row 2 bytes | felt 1 byte | reward where none came 8 bytes
felt x 4 bytes
per place: offer id (length 1 byte, text) | propensity 8 bytes | reward 8 bytes (NaN: none)
features of all places, row by row, 4 bytes each

Version 1, of servers before: every feature of an older list that is not zero, by index. Such an event is read, shown to its person and deleted like any other,
and teaches nothing.
"""

import hashlib
import math
import struct
from collections.abc import Sequence
from typing import Final

from mien.errors import KeepUnreadable
from mien.wire.canonical import frame
from mien_server.ports import Entropy
from mien_server.record.vault import Vault, id_from
from mien_server.values import Event, SealedEvent

VERSION: Final = 2
_HEAD: Final = struct.Struct(">BBBHBd")
_PLACE: Final = struct.Struct(">dd")
_USED: Final = 1
_OWN: Final = 2

_FIRST_HEAD: Final = struct.Struct(">BBBH")
_FIRST_PLACE: Final = struct.Struct(">ddH")
_FIRST_FEATURE: Final = struct.Struct(">Hd")
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
    flags = _USED * event.used_emotion + _OWN * event.own
    places, felt = len(event.offers), len(event.felt)
    parts = [_HEAD.pack(VERSION, flags, places, width, felt, event.otherwise), _floats(event.felt)]
    for place, (offer, propensity) in enumerate(
        zip(event.offers, event.propensities, strict=True), 1
    ):
        name = offer.encode()
        reward = rewards.get(place, math.nan)
        parts.append(bytes([len(name)]) + name + _PLACE.pack(propensity, reward))
    parts.append(_floats([value for row in event.features for value in row]))
    return b"".join(parts)


def _floats(values: Sequence[float]) -> bytes:
    return struct.pack(f">{len(values)}f", *values)


def _unpack(sealed: SealedEvent, plain: bytes) -> Event:
    try:
        return _read(sealed, plain)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        msg = "a stored event is damaged; restore the database from a backup"
        raise KeepUnreadable(msg) from error


def _read(sealed: SealedEvent, plain: bytes) -> Event:
    if plain[0] == 1:
        return _read_first(sealed, plain)
    version, flags, places, width, felt, otherwise = _HEAD.unpack_from(plain)
    if version != VERSION:
        msg = f"a stored event is of version {version}, this server knows {VERSION}; update it"
        raise KeepUnreadable(msg)
    known = struct.unpack_from(f">{felt}f", plain, _HEAD.size)
    at = _HEAD.size + 4 * felt
    offers, propensities, rewards = [], [], []
    for place in range(1, places + 1):
        end = at + 1 + plain[at]
        offers.append(plain[at + 1 : end].decode())
        propensity, reward = _PLACE.unpack_from(plain, end)
        at = end + _PLACE.size
        propensities.append(propensity)
        if not math.isnan(reward):
            rewards.append((place, reward))
    values = struct.unpack(f">{places * width}f", plain[at:])  # to the end, and no byte more
    return Event(
        id=sealed.id, site=sealed.site, subject=sealed.subject, at=sealed.at,
        retain_until=sealed.retain_until, offers=tuple(offers),
        features=tuple(values[width * row : width * (row + 1)] for row in range(places)),
        propensities=tuple(propensities), used_emotion=bool(flags & _USED), rewards=tuple(rewards),
        basis=sealed.basis, felt=known, otherwise=otherwise, own=bool(flags & _OWN),
    )  # fmt: skip


def _read_first(sealed: SealedEvent, plain: bytes) -> Event:
    _version, used, places, width = _FIRST_HEAD.unpack_from(plain)
    at = _FIRST_HEAD.size
    offers, features, propensities, rewards = [], [], [], []
    for place in range(1, places + 1):
        end = at + 1 + plain[at]
        offers.append(plain[at + 1 : end].decode())
        propensity, reward, count = _FIRST_PLACE.unpack_from(plain, end)
        at = end + _FIRST_PLACE.size
        row = [0.0] * width
        for _ in range(count):
            index, row_value = _FIRST_FEATURE.unpack_from(plain, at)
            row[index] = row_value
            at += _FIRST_FEATURE.size
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

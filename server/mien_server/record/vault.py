"""Data keys: one per subject, 32 random bytes, wrapped by the key-encryption key of an epoch. Destroying the wrapped key erases all it sealed."""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mien.errors import KeepUnreadable
from mien.wire.canonical import frame
from mien_server.ports import Entropy

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
ID_BYTES: Final = 16
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(one + two for one in _BASE32 for two in _BASE32)
_SHIFTS: Final = tuple(range(120, -1, -10))
"""130 bits, the 128 of an id and two of filling, ten at a time."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens under one subject's data key."""

    site: str
    subject: str
    _cipher: AESGCM = field(repr=False)
    _whose: bytes = field(repr=False)

    @classmethod
    def of(cls, site: str, subject: str, key: bytes) -> "Vault":
        """The vault of a subject whose data key is `key`."""
        return cls(site, subject, AESGCM(key), frame(site.encode(), subject.encode()))

    def seal(self, plain: bytes, what: str, name: bytes, entropy: Entropy) -> bytes:
        """Nonce and ciphertext, 28 bytes longer than `plain`; bound to site, subject, `what` it is and its `name` (NIST SP 800-38D)."""
        nonce = entropy.bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._bound(what, name))

    def open(self, sealed: bytes, what: str, name: bytes) -> bytes:
        """What `seal` sealed under the same names. Raises `KeepUnreadable`."""
        try:
            return self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._bound(what, name)
            )
        except (InvalidTag, ValueError) as error:
            msg = (
                f"a stored {what} does not open; the database was altered, restore it from a backup"
            )
            raise KeepUnreadable(msg) from error

    def _bound(self, what: str, name: bytes) -> bytes:
        return b"".join((self._whose, _framed(what), len(name).to_bytes(4, "big"), name))


@lru_cache(maxsize=64)
def _framed(what: str) -> bytes:
    return frame(what.encode())


def new_key(entropy: Entropy) -> bytes:
    """A fresh data key."""
    return entropy.bytes(KEY_BYTES)


def wrap(  # noqa: PLR0917 - two keys, and whose they are
    kek: bytes, key: bytes, epoch: int, site: str, subject: str, entropy: Entropy
) -> bytes:
    """A data key under the key-encryption key of `epoch`, bound to whose it is: 60 bytes."""
    nonce = entropy.bytes(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, key, _whose(epoch, site, subject))


def unwrap(kek: bytes, wrapped: bytes, epoch: int, site: str, subject: str) -> bytes:
    """The data key that `wrap` wrapped. Raises `KeepUnreadable`."""
    try:
        return AESGCM(kek).decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _whose(epoch, site, subject)
        )
    except (InvalidTag, ValueError) as error:
        msg = "a data key does not open with the key-encryption key here; restore the key files of this database"
        raise KeepUnreadable(msg) from error


def new_id(prefix: str, entropy: Entropy) -> str:
    """A random id of 128 bits: prefix, underscore, 26 characters of base32."""
    return id_from(prefix, entropy.bytes(ID_BYTES))


def id_from(prefix: str, data: bytes) -> str:
    """An id from the first 16 bytes of `data`, in base32 (RFC 4648) without padding, small letters."""
    # The standard library's base32 is written in Python and costs more than sealing what gets the id.
    bits = int.from_bytes(data[:ID_BYTES], "big") << 2
    return f"{prefix}_{''.join([_PAIRS[bits >> shift & 0x3FF] for shift in _SHIFTS])}"


def erasure_id(statement: str) -> str:
    """The id of the erasure that a signed statement asks for: sent twice, the second finds the first."""
    return id_from("era", hashlib.sha256(b"mien erasure v1" + statement.encode()).digest())


def _whose(epoch: int, site: str, subject: str) -> bytes:
    return frame(b"mien data key v1", epoch.to_bytes(4, "big"), site.encode(), subject.encode())

"""Keys as values: Ed25519 for signing (RFC 8032), the hybrid MLKEM768-X25519 for sealing, their encodings and ids.

Private keys never leave this module as text except through `secret()`, which `mien.keep` and the server's key files encrypt or protect.
"""

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mien.errors import RequestInvalid, SignatureInvalid
from mien.wire.canonical import b64, unb64

SEAL_PUBLIC_BYTES = 1184 + 32
"""ML-KEM-768 encapsulation key (FIPS 203) then the X25519 key (RFC 7748)."""
SIGN_BYTES = 32
MLKEM_SEED_BYTES = 64
_SIGN_BIT = 1 << 255
_P = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _P - 1, _P, _P + 1, _ORDER_8, _P - _ORDER_8})
"""y coordinates of the points of small order of edwards25519: under such a "key" one signature fits many messages."""


def key_id(public: bytes) -> str:
    """Id of a public key: base64url of the first 16 bytes of its SHA-256."""
    return b64(hashlib.sha256(public).digest()[:16])


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """An Ed25519 public key, 32 bytes."""

    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) != SIGN_BYTES:
            msg = "a signing key has 32 bytes; copy it whole"
            raise RequestInvalid(msg)
        if int.from_bytes(self.public, "little") & ~_SIGN_BIT in _SMALL_ORDER:
            msg = "this signing key would accept forgeries; make a new one"
            raise RequestInvalid(msg)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From base64url. Raises `RequestInvalid`."""
        return cls(unb64(text))

    def text(self) -> str:
        """As base64url."""
        return b64(self.public)

    @property
    def id(self) -> str:
        """Short id of the key."""
        return key_id(self.public)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return when `signature` is this key's over `data`; raise `SignatureInvalid` otherwise."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, data)
        except (InvalidSignature, ValueError) as error:
            msg = "the signature does not verify; ask for the message again"
            raise SignatureInvalid(msg) from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key."""

    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """From the 32 secret bytes. Raises `RequestInvalid` for another length."""
        if len(secret) != SIGN_BYTES:
            msg = "a signing secret has 32 bytes; restore the key file"
            raise RequestInvalid(msg)
        return cls(Ed25519PrivateKey.from_private_bytes(secret))

    def secret(self) -> bytes:
        """The 32 secret bytes: to be stored encrypted or in a protected file, never logged."""
        return self._key.private_bytes_raw()

    def verify_key(self) -> VerifyKey:
        """The public half."""
        return VerifyKey(self._key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature over `data`."""
        return self._key.sign(data)


@dataclass(frozen=True, slots=True)
class SealKey:
    """A public key to seal to: ML-KEM-768 and X25519 together, 1,216 bytes."""

    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) != SEAL_PUBLIC_BYTES:
            msg = f"a sealing key has {SEAL_PUBLIC_BYTES} bytes; copy it whole"
            raise RequestInvalid(msg)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From base64url. Raises `RequestInvalid`."""
        return cls(unb64(text))

    def text(self) -> str:
        """As base64url."""
        return b64(self.public)

    def hybrid(self) -> MLKEM768X25519PublicKey:
        """As the library's key. Raises `RequestInvalid` when the bytes are not a key."""
        try:
            return _hybrid(self.public)
        except ValueError as error:
            msg = "these bytes are no sealing key; copy it whole"
            raise RequestInvalid(msg) from error


# Expanding a public key costs a third of sealing to it, and a server seals to the same devices again and again.
@lru_cache(maxsize=1024)
def _hybrid(public: bytes) -> MLKEM768X25519PublicKey:
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:-32]),
        X25519PublicKey.from_public_bytes(public[-32:]),
    )


@dataclass(frozen=True, slots=True)
class OpenKey:
    """The private half of a `SealKey`."""

    _mlkem: MLKEM768PrivateKey = field(repr=False)
    _x25519: X25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A fresh key from the operating system's randomness."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_secret(cls, secret: bytes) -> Self:
        """From 96 secret bytes: the ML-KEM seed (64), then X25519 (32). Raises `RequestInvalid` for another length."""
        if len(secret) != MLKEM_SEED_BYTES + SIGN_BYTES:
            msg = "an opening secret has 96 bytes; restore the key file"
            raise RequestInvalid(msg)
        return cls(
            MLKEM768PrivateKey.from_seed_bytes(secret[:MLKEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(secret[MLKEM_SEED_BYTES:]),
        )

    def secret(self) -> bytes:
        """The 96 secret bytes: to be stored encrypted or in a protected file, never logged."""
        return self._mlkem.private_bytes_raw() + self._x25519.private_bytes_raw()

    def seal_key(self) -> SealKey:
        """The public half."""
        return SealKey(
            self._mlkem.public_key().public_bytes_raw()
            + self._x25519.public_key().public_bytes_raw()
        )

    def hybrid(self) -> MLKEM768X25519PrivateKey:
        """As the library's key."""
        return MLKEM768X25519PrivateKey(self._mlkem, self._x25519)


def derive(secret: bytes, label: str, length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869) of `secret` for one named use; without salt, so `secret` must be uniformly random."""
    return HKDF(hashes.SHA256(), length, salt=None, info=label.encode()).derive(secret)

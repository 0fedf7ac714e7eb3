"""Proofs of consent: what was signed and what was answered, each under a key of its own.

The person's data key dies with their erasure; that they had said yes must be shown for longer (GDPR 7(1), 17(3)(e)). So a proof has its own key, and
its own end.
"""

from typing import Any, Final

from mien.errors import KeepUnreadable
from mien.wire.canonical import decode, encode
from mien_server.ports import Entropy
from mien_server.record.vault import Vault, new_id, new_key, unwrap, wrap
from mien_server.values import Evidence

_WHAT: Final = "consent evidence"
_LIMIT: Final = 256 * 1024


def seal_evidence(  # noqa: PLR0917 - whose, what, until when, and what to wrap with
    site: str, subject: str, content: dict[str, Any], at: int, retain_until: int, kek: bytes, epoch: int, entropy: Entropy
) -> Evidence:  # fmt: skip
    """The proof `content` (a JSON value) of an act at `at`, under a fresh key that is wrapped by `kek`."""
    name, key = new_id("evd", entropy), new_key(entropy)
    sealed = Vault.of(site, subject, key).seal(encode(content), _WHAT, name.encode(), entropy)
    wrapped = wrap(kek, key, epoch, site, name, entropy)
    return Evidence(name, site, subject, at, retain_until, sealed, wrapped, epoch)


def evidence_key(evidence: Evidence, kek: bytes) -> bytes:
    """The key of a proof; `kek` is the key-encryption key of its epoch. Raises `KeepUnreadable`."""
    return unwrap(kek, evidence.wrapped_key, evidence.epoch, evidence.site, evidence.id)


def open_evidence(evidence: Evidence, kek: bytes) -> dict[str, Any]:
    """What `seal_evidence` sealed. Raises `KeepUnreadable`."""
    vault = Vault.of(evidence.site, evidence.subject, evidence_key(evidence, kek))
    found = decode(vault.open(evidence.sealed, _WHAT, evidence.id.encode()), limit=_LIMIT)
    if not isinstance(found, dict):
        msg = "a proof of consent holds no object; the database was altered, restore it"
        raise KeepUnreadable(msg)
    return found

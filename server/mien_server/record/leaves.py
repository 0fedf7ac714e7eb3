"""Decisions as leaves of the log: leaf = SHA-256(nonce || record). What opens a leaf lies under the subject's key and goes with it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mien.errors import KeepUnreadable
from mien.wire.canonical import b64, frame, spell
from mien.wire.proof import leaf_of
from mien_server.ports import Entropy
from mien_server.record.questions import judged_doc
from mien_server.record.vault import Vault, new_key, wrap
from mien_server.values import Decision, SealedLeaf

HOUR: Final = 3600
NONCE_BYTES: Final = 32
TAG_BYTES: Final = 16
_WHAT: Final = "decision"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a leaf: the nonce and the canonical decision record."""

    nonce: bytes = field(repr=False)
    record: bytes = field(repr=False)

    @property
    def leaf(self) -> bytes:
        """The leaf it opens."""
        return leaf_of(self.nonce, self.record)


RECORD_VERSION: Final = 2


def decision_record(  # noqa: PLR0917 - one argument for each thing a decision is about
    action: str,
    decision: Decision,
    site: str,
    subject: str,
    purpose: str | None,
    claims: Mapping[str, Mapping[str, Any]],
) -> bytes:
    """The canonical record of a decision: what was asked and answered, under which bundle, and who claimed what (`claims` by source)."""
    # Written for every decision. All of it is words of closed vocabularies, checked ids and times.
    return spell({
        "v": RECORD_VERSION, "action": action, "allow": decision.allow,
        "policies": list(decision.policies), "laws": list(decision.laws),
        "bundle_version": decision.bundle_version,
        "bundle_sha256": b64(bytes.fromhex(decision.bundle_sha256)), "site": site,
        "subject": subject, "purpose": purpose, "at": decision.at,
        "asked": [judged_doc(each) for each in decision.asked],
        "claims": claims,
    })  # fmt: skip


def seal_leaf(
    vault: Vault, record: bytes, at: int, retain_until: int, entropy: Entropy
) -> SealedLeaf:
    """The leaf of a decision on the vault's subject."""
    opening = Opening(entropy.bytes(NONCE_BYTES), record)
    leaf = opening.leaf
    sealed = vault.seal(opening.nonce + record, _WHAT, leaf, entropy)
    return SealedLeaf(leaf, _hour(at), vault.site, vault.subject, retain_until, sealed)


def sealed_leaf_of_nobody(  # noqa: PLR0917 - what `seal_leaf` takes, the key to wrap with, and who asked
    site: str, record: bytes, at: int, retain_until: int, kek: bytes, epoch: int, entropy: Entropy, subject: str
) -> SealedLeaf:  # fmt: skip
    """The leaf of a decision on somebody of whom nothing is kept (a refused consent): under a key of its own, found by its hash or by who knows the `subject`."""
    opening = Opening(entropy.bytes(NONCE_BYTES), record)
    leaf = opening.leaf
    key = new_key(entropy)
    sealed = Vault.of(site, "", key).seal(opening.nonce + record, _WHAT, leaf, entropy)
    wrapped = wrap(kek, key, epoch, site, leaf.hex(), entropy)
    tag = refusal_tag(site, subject)
    return SealedLeaf(leaf, _hour(at), site, None, retain_until, sealed, wrapped, epoch, tag)


def refusal_tag(site: str, subject: str) -> bytes:
    """What a subject's refused consents are found by when they ask to be forgotten, 16 bytes.

    A subject is a random id of 130 bits: whoever has the hash and not the id learns nothing from it.
    """
    return hashlib.sha256(frame(b"refusal", site.encode(), subject.encode())).digest()[:TAG_BYTES]


def plain_leaf(site: str, record: bytes, at: int, entropy: Entropy) -> SealedLeaf:
    """A leaf that says nothing about anybody (an erasure was completed): its opening stays, for officers."""
    opening = Opening(entropy.bytes(NONCE_BYTES), record)
    return SealedLeaf(opening.leaf, _hour(at), site, None, FOREVER, opening.nonce + record)


def open_leaf(vault: Vault | None, leaf: SealedLeaf) -> Opening:
    """What opens a leaf; `vault` None for a plain one. Raises `KeepUnreadable` when it was altered or erased."""
    if leaf.opening is None:
        msg = "the opening of this leaf was erased; nobody can open it any more"
        raise KeepUnreadable(msg)
    plain = leaf.opening if vault is None else vault.open(leaf.opening, _WHAT, leaf.hash)
    opening = Opening(plain[:NONCE_BYTES], plain[NONCE_BYTES:])
    if opening.leaf != leaf.hash:
        msg = "the opening does not lead to its leaf; the database was altered"
        raise KeepUnreadable(msg)
    return opening


FOREVER: Final = 0xFFFF_FFFF


def _hour(at: int) -> int:
    return at - at % HOUR

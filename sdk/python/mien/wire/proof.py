"""Proofs from the audit log, verified without trusting who sent them. Pure: no clock, no file, no network.

Merkle trees are those of RFC 6962 section 2.1 (SHA-256); checkpoints are C2SP signed notes (c2sp.org/tlog-checkpoint) with an Ed25519 signature
(type 0x01); the officer's file is c2sp.org/tlog-proof@v1. Whatever has a second spelling is refused: base64 with spare bits, leading zeros,
extension lines, trailing data. Every `verify` raises and never returns a truth value.

    entry  = leaf (32 bytes) || hour (8 bytes, big-endian unix seconds)
    leaf   = SHA-256(nonce (32 bytes) || canonical decision record)
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mien.errors import CheckpointInvalid, ProofInvalid, SignatureInvalid
from mien.wire.keys import SIGN_BYTES, VerifyKey

HASH_BYTES: Final = 32
NONCE_BYTES: Final = 32
ENTRY_BYTES: Final = HASH_BYTES + 8
HOUR: Final = 3600
MAX_SIZE: Final = 2**63 - 1
"""Largest tree: what a signed 64-bit integer of a database holds."""
MAX_PROOF_HASHES: Final = 63
MAX_NOTE_CHARS: Final = 128 * 1024
"""Room for the 16 signatures that c2sp.org/signed-note asks verifiers to accept, post-quantum ones included."""
MAX_ORIGIN_CHARS: Final = 200
EMPTY_ROOT: Final = hashlib.sha256().digest()
"""RFC 6962 section 2.1: the hash of an empty list."""

ED25519: Final = b"\x01"
"""Type byte of a log's key (c2sp.org/signed-note, signature types)."""
COSIGNATURE: Final = b"\x04"
"""Type byte of a witness's key."""
ID_BYTES: Final = 4
_OWNERS: Final = {ED25519: "log", COSIGNATURE: "witness"}
_PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_NAME: Final = re.compile(r"[^\s+]+")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: its name, the number of entries, and the root of the tree over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed (c2sp.org/tlog-checkpoint, note text), final newline included."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A tlog-proof taken apart and not yet verified: place of the entry, path from its sibling up to the root, checkpoint as signed."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str


# ---- hashes ----
def leaf_of(nonce: bytes, record: bytes) -> bytes:
    """The commitment to a decision record: SHA-256(nonce || record).

    `nonce` has 32 random bytes and is kept, like the record, under the subject's key: without it the leaf says nothing. Raises `ProofInvalid`.
    """
    if len(nonce) != NONCE_BYTES:
        msg = f"a leaf is opened with a nonce of {NONCE_BYTES} bytes; copy it whole"
        raise ProofInvalid(msg)
    return hashlib.sha256(nonce + record).digest()


def entry_of(leaf: bytes, at: int) -> bytes:
    """The log entry of a leaf: the leaf and the hour of `at` (unix seconds), 40 bytes. Exact times would link entries to people.

    Raises `ProofInvalid`.
    """
    if len(leaf) != HASH_BYTES or not 0 <= at <= MAX_SIZE:
        msg = f"an entry holds a leaf of {HASH_BYTES} bytes and a time in unix seconds; see the reference of the audit log"
        raise ProofInvalid(msg)
    return leaf + (at - at % HOUR).to_bytes(8, "big")


def read_entry(entry: bytes) -> tuple[bytes, int]:
    """Leaf and hour (unix seconds) of a log entry. Raises `ProofInvalid` for whatever `entry_of` does not make."""
    leaf, at = entry[:HASH_BYTES], int.from_bytes(entry[HASH_BYTES : HASH_BYTES + 8], "big")
    if len(entry) != ENTRY_BYTES or at > MAX_SIZE or at % HOUR:
        msg = f"not an entry of {ENTRY_BYTES} bytes with a full hour; ask for it again"
        raise ProofInvalid(msg)
    return leaf, at


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a log entry: SHA-256(0x00 || entry) (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962 section 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


# ---- proofs ----
def verify_inclusion(
    entry: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """Return when `entry` stands at `index` of the tree with this `size` and `root` (RFC 9162 section 2.1.3.2); raise `ProofInvalid` otherwise."""
    _check_size(size)
    _check_path(path)
    if not 0 <= index < size:
        msg = f"no entry `{index}` in a log of {size}; ask for a proof from a newer checkpoint"
        raise ProofInvalid(msg)
    at, last, found = index, size - 1, leaf_hash(entry)
    for sibling in path:
        if last == 0:
            raise ProofInvalid(_wrong_path(index))
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _climb(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last != 0 or not hmac.compare_digest(found, root):
        raise ProofInvalid(_wrong_path(index))


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Return when the newer tree begins with all entries of the older one, unchanged (RFC 9162 section 2.1.4.2); raise `ProofInvalid` otherwise.

    Every tree begins with the empty one, and equals itself: those proofs are empty.
    """
    _check_size(old_size)
    _check_size(new_size)
    _check_path(path)
    if old_size > new_size:
        msg = f"the log has {new_size} entries and had {old_size}: entries are gone; keep both checkpoints"
        raise ProofInvalid(msg)
    if old_size in {0, new_size}:
        _check_trivial(old_size, old_root, new_size, new_root, path)
        return
    hashes = list(path)
    # RFC 9162 2.1.4.2 step 3: over a power of two, the old root is itself a node of the new tree
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofInvalid(_rewritten(old_size))
    _climb_both(old_size, old_root, new_size, new_root, hashes)


def _climb_both(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, hashes: Sequence[bytes]
) -> None:
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofInvalid(_rewritten(old_size))
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            at, last = _climb(at, last)
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    same = hmac.compare_digest(old, old_root) and hmac.compare_digest(new, new_root)
    if last != 0 or not same:
        raise ProofInvalid(_rewritten(old_size))


def _climb(at: int, last: int) -> tuple[int, int]:
    """Skip the levels at which the right edge has no sibling (RFC 9162 section 2.1.3.2, step 4.2.2)."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _check_trivial(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]
) -> None:
    expected = new_root if old_size == new_size else EMPTY_ROOT
    if path or not hmac.compare_digest(old_root, expected):
        raise ProofInvalid(_rewritten(old_size))


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_SIZE:
        msg = f"a log has at most {MAX_SIZE} entries; check the checkpoint"
        raise ProofInvalid(msg)


def _check_path(path: Sequence[bytes]) -> None:
    if len(path) > MAX_PROOF_HASHES or any(len(each) != HASH_BYTES for each in path):
        msg = f"a proof has at most {MAX_PROOF_HASHES} hashes of {HASH_BYTES} bytes; copy it whole"
        raise ProofInvalid(msg)


def _wrong_path(index: int) -> str:
    return f"the proof does not lead from entry `{index}` to the root; the entry or the proof was altered"


def _rewritten(size: int) -> str:
    return f"the first {size} entries are not those of the older checkpoint; keep both checkpoints as evidence"


# ---- keys of signed notes ----
def note_id(name: str, key: VerifyKey, kind: bytes = ED25519) -> bytes:
    """Id of an Ed25519 key in signed notes: SHA-256(name || 0x0A || type || public key)[:4] (c2sp.org/signed-note). `kind` is its type byte."""
    return hashlib.sha256(name.encode() + b"\n" + kind + key.public).digest()[:ID_BYTES]


def note_key(origin: str, key: VerifyKey, kind: bytes = ED25519) -> str:
    """A verification key as text, `<name>+<id>+<key>`: what an officer keeps to verify with. Raises `CheckpointInvalid`."""
    check_origin(origin)
    public = base64.b64encode(kind + key.public).decode("ascii")
    return f"{origin}+{note_id(origin, key, kind).hex()}+{public}"


def parse_note_key(text: str, kind: bytes = ED25519) -> tuple[str, VerifyKey]:
    """Name and key of a verification key as `note_key` writes it. Raises `CheckpointInvalid`, also for a key of another type."""
    name, _, rest = text.partition("+")
    identity, _, public = rest.partition("+")
    check_origin(name)
    data = unb64_note(public)
    if len(data) != 1 + SIGN_BYTES or data[:1] != kind:
        msg = f"not an ed25519 key of a {_OWNERS[kind]}; copy it whole, from `+` to `=`"
        raise CheckpointInvalid(msg)
    key = VerifyKey(data[1:])
    if identity != note_id(name, key, kind).hex():
        msg = f"the {_OWNERS[kind]}'s key and its id do not belong together; copy it whole"
        raise CheckpointInvalid(msg)
    return name, key


def check_origin(origin: str) -> None:
    """Return when `origin` can name a log and its key: no spaces, no plus sign (c2sp.org/signed-note); raise `CheckpointInvalid` otherwise."""
    if len(origin) > MAX_ORIGIN_CHARS or not _NAME.fullmatch(origin) or not origin.isprintable():
        msg = "a log's name has no spaces and no plus sign; use one like `shop.example/audit`"
        raise CheckpointInvalid(msg)


# ---- checkpoints ----
def parse_checkpoint(text: str, origin: str, key: VerifyKey) -> Checkpoint:
    """The checkpoint in a signed note, verified: the log's name is `origin` and `key` signed it.

    Signatures of other keys (witnesses) are ignored, as c2sp.org/signed-note asks; a wrong one under the log's own key refuses the whole note.
    Raises `CheckpointInvalid`.
    """
    body, signatures = split_note(text)
    checkpoint = parse_body(body)
    if checkpoint.origin != origin:
        msg = f"a checkpoint of `{checkpoint.origin[:80]}`, not of `{origin}`; fetch it from the right log"
        raise CheckpointInvalid(msg)
    identity = note_id(origin, key)
    own = [data for name, known, data in signatures if (name, known) == (origin, identity)]
    if not own:
        msg = f"the checkpoint of `{origin}` is not signed by the key given; compare the key's id"
        raise CheckpointInvalid(msg)
    for signature in own:
        try:
            key.verify(signature, body.encode())
        except SignatureInvalid as error:
            msg = f"the signature on the checkpoint of `{origin}` does not verify; fetch it again"
            raise CheckpointInvalid(msg) from error
    return checkpoint


def split_note(text: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """Text of the note and its signatures as name, key id, signature. The last empty line divides them (c2sp.org/signed-note)."""
    if len(text) > MAX_NOTE_CHARS or any(each < " " and each != "\n" for each in text):
        msg = "the checkpoint is too long or holds control characters; fetch it again"
        raise CheckpointInvalid(msg)
    body, divider, tail = text.rpartition("\n\n")
    if not divider or not tail.endswith("\n"):
        msg = "the checkpoint is cut short; fetch it again"
        raise CheckpointInvalid(msg)
    return body + "\n", [_read_signature(line) for line in tail[:-1].split("\n")]


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, signature = rest.partition(" ")
    if dash != "\u2014":
        msg = "a line after the checkpoint is no signature; fetch it again"
        raise CheckpointInvalid(msg)
    check_origin(name)
    data = unb64_note(signature)
    if len(data) <= ID_BYTES:
        msg = "a signature on the checkpoint is cut short; fetch it again"
        raise CheckpointInvalid(msg)
    return name, data[:ID_BYTES], data[ID_BYTES:]


def parse_body(body: str) -> Checkpoint:
    """The text of a checkpoint taken apart, nothing verified. Raises `CheckpointInvalid`."""
    lines = body[:-1].split("\n")
    if len(lines) != 3:  # noqa: PLR2004 - name, size, root; extension lines are a channel nobody audits
        msg = "a checkpoint has three lines: name, size, root; fetch it again"
        raise CheckpointInvalid(msg)
    check_origin(lines[0])
    size = parse_size(lines[1])
    root = unb64_note(lines[2])
    if len(root) != HASH_BYTES:
        msg = f"the root in the checkpoint has not {HASH_BYTES} bytes; fetch it again"
        raise CheckpointInvalid(msg)
    return Checkpoint(lines[0], size, root)


def parse_size(text: str) -> int:
    """The number of entries of a log in its one spelling: decimal, no leading zeros. Raises `CheckpointInvalid`."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        msg = "the size of the log is no whole number in its one spelling; fetch it again"
        raise CheckpointInvalid(msg)
    return int(text)


def unb64_note(text: str) -> bytes:
    """Standard base64 (RFC 4648 section 4) in its one spelling. Raises `CheckpointInvalid`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        msg = "not base64; copy the text whole"
        raise CheckpointInvalid(msg) from error
    if base64.b64encode(data).decode("ascii") != text:  # spare bits: another spelling
        msg = "not canonical base64; copy the text whole"
        raise CheckpointInvalid(msg)
    return data


# ---- the officer's file ----
def parse_tlog_proof(text: str) -> TlogProof:
    """A c2sp.org/tlog-proof@v1 taken apart, nothing verified. The optional `extra` line is read over: it is not authenticated. Raises `ProofInvalid`."""
    head, divider, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > 2 * MAX_NOTE_CHARS or not divider or lines.pop(0) != _PROOF_HEADER:
        msg = f"not a proof that begins with `{_PROOF_HEADER}`; copy the file whole"
        raise ProofInvalid(msg)
    if lines and lines[0].startswith("extra "):
        _proof_bytes(lines.pop(0).removeprefix("extra "))
    word, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
    if word != "index" or not _NUMBER.fullmatch(number):
        msg = "the proof names no entry; copy the file whole"
        raise ProofInvalid(msg)
    path = tuple(_proof_bytes(line) for line in lines)
    _check_path(path)
    return TlogProof(int(number), path, checkpoint)


def verify_tlog_proof(text: str, entry: bytes, origin: str, key: VerifyKey) -> int:
    """The index at which `entry` stands in the log `origin`, when the proof and its checkpoint hold.

    Raises `ProofInvalid` for the proof, `CheckpointInvalid` for its checkpoint.
    """
    proof = parse_tlog_proof(text)
    checkpoint = parse_checkpoint(proof.checkpoint, origin, key)
    verify_inclusion(entry, proof.index, checkpoint.size, proof.path, checkpoint.root)
    return proof.index


def _proof_bytes(text: str) -> bytes:
    try:
        return unb64_note(text)
    except CheckpointInvalid as error:
        msg = "a line of the proof is no base64; copy the file whole"
        raise ProofInvalid(msg) from error

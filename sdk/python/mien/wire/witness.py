r"""Witnesses: what they sign of a log's checkpoint, and how a log asks them. Pure: no clock, no file, no network.

A witness signs checkpoints of which each begins with all entries of the one before. Who asks for the signatures of several witnesses cannot be shown
a history of their own (c2sp.org/tlog-cosignature, Ed25519, type 0x04; c2sp.org/tlog-witness). Every check raises and never returns a truth value.

    signed     "cosignature/v1\n" "time <posix seconds>\n" <text of the checkpoint>
    signature  key id (4 bytes) || time (8 bytes, big-endian) || Ed25519 signature (64 bytes), in a line of the note
    request    "old <size>\n", a consistency proof from there (a hash a line), an empty line, the checkpoint
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from mien.errors import CheckpointInvalid, ProofInvalid, SignatureInvalid
from mien.wire.keys import SigningKey, VerifyKey
from mien.wire.proof import (
    COSIGNATURE,
    HASH_BYTES,
    MAX_NOTE_CHARS,
    MAX_PROOF_HASHES,
    MAX_SIZE,
    Checkpoint,
    note_id,
    note_key,
    parse_note_key,
    parse_size,
    split_note,
    unb64_note,
)

PATH: Final = "/add-checkpoint"
"""Where a witness is asked, below its address."""
SIZE_TYPE: Final = "text/x.tlog.size"
"""Media type of the answer that says which size a witness holds."""
MAX_REQUEST_BYTES: Final = 4 * MAX_NOTE_CHARS
"""More than the largest note and the longest proof need."""
MAX_ANSWER_BYTES: Final = 64 * 1024
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns: a name and a key, known from elsewhere."""

    name: str
    key: VerifyKey

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From the witness's verification key, `<name>+<id>+<key>`. Raises `CheckpointInvalid`."""
        return cls(*parse_note_key(text, COSIGNATURE))

    def text(self) -> str:
        """As its verification key."""
        return note_key(self.name, self.key, COSIGNATURE)

    @property
    def id(self) -> bytes:
        """Id of the key in notes."""
        return note_id(self.name, self.key, COSIGNATURE)


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosignature that was verified: whose, at what time (unix seconds), and its line of the note without the line feed."""

    witness: Witness
    at: int
    line: str


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a log asks a witness: to cosign `note`, which begins with the `old` entries the witness knows, as `path` proves."""

    old: int
    path: tuple[bytes, ...]
    note: str

    def text(self) -> str:
        """As it is posted."""
        lines = [f"old {self.old}", *(_b64(each) for each in self.path)]
        return "\n".join(lines) + "\n\n" + self.note

    @classmethod
    def parse(cls, text: str) -> Self:
        """Taken apart, nothing verified. Raises `CheckpointInvalid`, `ProofInvalid`."""
        head, divider, note = text.partition("\n\n")
        first, *rest = head.split("\n")
        word, _, size = first.partition(" ")
        if word != "old" or not divider:
            msg = "not a request of c2sp.org/tlog-witness; begin with `old` and the size the witness holds"
            raise CheckpointInvalid(msg)
        if len(rest) > MAX_PROOF_HASHES:
            msg = f"a consistency proof has at most {MAX_PROOF_HASHES} hashes; send the shortest"
            raise ProofInvalid(msg)
        return cls(parse_size(size), tuple(_hash(line) for line in rest), note)


# ---- signing ----
def signed_text(checkpoint: Checkpoint, at: int) -> bytes:
    """What a witness signs: that at `at` (unix seconds) this was the largest tree it had seen of the log. Raises `CheckpointInvalid`."""
    if not 0 <= at <= MAX_SIZE:
        msg = "a cosignature's time is in unix seconds; set the witness's clock"
        raise CheckpointInvalid(msg)
    return f"cosignature/v1\ntime {at}\n{checkpoint.body()}".encode()


def cosign(checkpoint: Checkpoint, name: str, key: SigningKey, at: int) -> str:
    """The witness's line for a note, line feed included. Only for a checkpoint that begins with all it signed before. Raises `CheckpointInvalid`."""
    signature = key.sign(signed_text(checkpoint, at))
    identity = note_id(name, key.verify_key(), COSIGNATURE)
    return f"\u2014 {name} {_b64(identity + at.to_bytes(_TIME_BYTES, 'big') + signature)}\n"


# ---- verifying ----
def cosignatures(
    note: str, checkpoint: Checkpoint, witnesses: Iterable[Witness]
) -> tuple[Cosignature, ...]:
    """The cosignatures of `witnesses` on a note, the newest of each; those of others are read over.

    `checkpoint` is what `proof.parse_checkpoint` made of the same note: this asks for no signature of the log. Raises `CheckpointInvalid`; a line
    that bears a witness's name and id and does not verify refuses the whole note (c2sp.org/signed-note).
    """
    body, lines = split_note(note)
    if body != checkpoint.body():
        msg = "the cosignatures are on another checkpoint; fetch it again"
        raise CheckpointInvalid(msg)
    found: dict[Witness, Cosignature] = {}
    known = {(each.name, each.id): each for each in witnesses}
    for name, identity, data in lines:
        witness = known.get((name, identity))
        if witness is None:
            continue
        at = _verify(witness, checkpoint, data)
        if witness not in found or found[witness].at < at:
            line = f"\u2014 {name} {_b64(identity + data)}"
            found[witness] = Cosignature(witness, at, line)
    return tuple(found.values())


def check_quorum(found: Sequence[Cosignature], quorum: int, *, since: int, until: int) -> None:
    """Return when at least `quorum` witnesses cosigned between `since` and `until` (unix seconds); raise `CheckpointInvalid` otherwise.

    A checkpoint that its witnesses signed long ago may be an old one that somebody shows again. One key counts once, whatever its names: a name is
    not part of what is signed.
    """
    signed = len({each.witness.key for each in found})
    if len({each.witness.key for each in found if since <= each.at <= until}) >= quorum:
        return
    if signed >= quorum:
        msg = f"the checkpoint was cosigned by {signed} witnesses, but not in the time asked for; it may be an old one shown again, or a clock is wrong"
        raise CheckpointInvalid(msg)
    msg = f"the checkpoint is cosigned by {signed} of the {quorum} witnesses asked for; fetch it again, or ask who runs the log"
    raise CheckpointInvalid(msg)


def _verify(witness: Witness, checkpoint: Checkpoint, data: bytes) -> int:
    at = int.from_bytes(data[:_TIME_BYTES], "big")
    if len(data) != _TIME_BYTES + _SIGNATURE_BYTES or at > MAX_SIZE:
        msg = f"the cosignature of `{witness.name}` is malformed; fetch the checkpoint again"
        raise CheckpointInvalid(msg)
    try:
        witness.key.verify(data[_TIME_BYTES:], signed_text(checkpoint, at))
    except SignatureInvalid as error:
        msg = f"the cosignature of `{witness.name}` does not verify; fetch the checkpoint again"
        raise CheckpointInvalid(msg) from error
    return at


def _hash(line: str) -> bytes:
    data = unb64_note(line)
    if len(data) != HASH_BYTES:
        msg = f"a line of the consistency proof has not {HASH_BYTES} bytes; send it again"
        raise ProofInvalid(msg)
    return data


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

"""What the log signs or hands out: checkpoints (c2sp.org/tlog-checkpoint) and officers' proofs (c2sp.org/tlog-proof@v1)."""

import base64
from typing import TYPE_CHECKING

from mien.wire.keys import SigningKey
from mien.wire.proof import Checkpoint, check_origin, note_id
from mien_server.audit.tree import Grown, Held, inclusion, root

if TYPE_CHECKING:
    from mien_server.values import Published


def checkpoint(tiles: Grown, origin: str, key: SigningKey) -> str:
    """The log's present size and root as a signed note. Raises `CheckpointInvalid` for a name that notes cannot carry.

    INVARIANT: called in the transaction that reads the tiles, so that every checkpoint is consistent with every earlier one.
    """
    size = tiles.size()
    return sign(Checkpoint(origin, size, root(tiles, size)), key)


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """A checkpoint as a note signed with Ed25519 (c2sp.org/signed-note, type 0x01); key name and origin are the same."""
    check_origin(checkpoint.origin)
    body = checkpoint.body()
    signature = note_id(checkpoint.origin, key.verify_key()) + key.sign(body.encode())
    return f"{body}\n\u2014 {checkpoint.origin} {_b64(signature)}\n"


def cosigned(note: str, published: "Published | None") -> str:
    """A note with the lines of the witnesses, when those are on the same text."""
    if published is None or not note.startswith(f"{published.body}\n"):
        return note
    return note + published.cosignatures


def tlog_proof(tiles: Grown, index: int, origin: str, key: SigningKey) -> str:
    """The proof that entry `index` is in the log, with the checkpoint it leads to. Raises `ProofInvalid` for an entry not there."""
    held = Held(tiles)
    path = inclusion(held, index, held.size())
    return proof_text(index, path, checkpoint(held, origin, key))


def proof_text(index: int, path: list[bytes], note: str) -> str:
    """A c2sp.org/tlog-proof@v1 from its parts."""
    hashes = "".join(f"{_b64(each)}\n" for each in path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

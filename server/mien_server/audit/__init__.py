"""The audit log: an append-only Merkle tree of hashes, its signed checkpoints and proofs. Pure functions over the port `Tiles`.

Takes entries (`mien.wire.proof.entry_of`), gives what anybody can verify with `mien.wire.proof`. Knows no people: an entry is a commitment and an hour.

- `tree`    append, root, inclusion and consistency over tiles
- `sign`    checkpoints and proofs as texts
- `bodies`  tiles and entry bundles as files, their paths
- `folder`  a log exported to a folder: written, and verified without a server
- `watching` a log served by somebody else: still what it was, grown
"""

from mien.wire.proof import entry_of as entry
from mien_server.audit.bodies import (
    entries_path,
    entry_tile_bytes,
    split_entries,
    tile_bytes,
    tile_path,
    tiles_of,
)
from mien_server.audit.folder import (
    CHECKPOINT,
    KEY,
    OPENED,
    Finding,
    Folder,
    Read,
    Report,
    files,
    inspect,
    opened_line,
    verify,
)
from mien_server.audit.sign import checkpoint, cosigned, proof_text, sign, tlog_proof
from mien_server.audit.tree import TILE_WIDTH, append, consistency, inclusion, root
from mien_server.audit.watching import Look, Trusted, look

__all__ = [
    "CHECKPOINT",
    "KEY",
    "OPENED",
    "TILE_WIDTH",
    "Finding",
    "Folder",
    "Look",
    "Read",
    "Report",
    "Trusted",
    "append",
    "checkpoint",
    "consistency",
    "cosigned",
    "entries_path",
    "entry",
    "entry_tile_bytes",
    "files",
    "inclusion",
    "inspect",
    "look",
    "opened_line",
    "proof_text",
    "root",
    "sign",
    "split_entries",
    "tile_bytes",
    "tile_path",
    "tiles_of",
    "tlog_proof",
    "verify",
]

"""The audit log: an append-only Merkle tree of hashes, its signed checkpoints and proofs. Pure functions over the port `Tiles`.

Takes entries (`mien.wire.proof.entry_of`), gives what anybody can verify with `mien.wire.proof`. Knows no people: an entry is a commitment and an hour.

- `tree`    append, root, inclusion and consistency over tiles
- `sign`    checkpoints and proofs as texts
- `bodies`  tiles and entry bundles as files, their paths
- `folder`  a log exported to a folder
- `inspection`  such a log, or one that a server has, checked from its files; `parts` checks one part of it
- `openings`  the opened decisions beside it
- `promises`  what receipts promised of it
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
from mien_server.audit.folder import CHECKPOINT, KEY, OPENED, Folder, Read, files, opened_line
from mien_server.audit.inspection import Inspection, Report, begun, inspect, strangers, verify
from mien_server.audit.openings import cuts, lines
from mien_server.audit.parts import PART, Asked, Finding, Seen, inspect_part
from mien_server.audit.promises import (
    Fate,
    Promised,
    Sighting,
    fates,
    hashes_of,
    read_promise,
    sightings,
)
from mien_server.audit.sign import checkpoint, cosigned, proof_text, sign, tlog_proof
from mien_server.audit.tree import TILE_WIDTH, append, consistency, inclusion, root
from mien_server.audit.watching import Look, Trusted, look

__all__ = [
    "CHECKPOINT",
    "KEY",
    "OPENED",
    "PART",
    "TILE_WIDTH",
    "Asked",
    "Fate",
    "Finding",
    "Folder",
    "Inspection",
    "Look",
    "Promised",
    "Read",
    "Report",
    "Seen",
    "Sighting",
    "Trusted",
    "append",
    "begun",
    "checkpoint",
    "consistency",
    "cosigned",
    "cuts",
    "entries_path",
    "entry",
    "entry_tile_bytes",
    "fates",
    "files",
    "hashes_of",
    "inclusion",
    "inspect",
    "inspect_part",
    "lines",
    "look",
    "opened_line",
    "proof_text",
    "read_promise",
    "root",
    "sightings",
    "sign",
    "split_entries",
    "strangers",
    "tile_bytes",
    "tile_path",
    "tiles_of",
    "tlog_proof",
    "verify",
]

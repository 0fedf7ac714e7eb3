"""Watch a log that somebody else serves: is what it shows now what it showed before, grown? Pure over a function that fetches.

Of the tiles only the few are fetched from which the proof of consistency is made; the proof holds or it does not, whoever served the tiles.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mien.errors import CheckpointInvalid, LogTampered
from mien.wire.keys import VerifyKey
from mien.wire.proof import Checkpoint, parse_checkpoint, verify_consistency
from mien.wire.witness import Cosignature, Witness, cosignatures
from mien_server.audit.folder import Folder
from mien_server.audit.tree import consistency, root


@dataclass(frozen=True, slots=True)
class Trusted:
    """What is known of a log from elsewhere: its name and key, its witnesses, and how many of them must have signed."""

    origin: str
    key: VerifyKey
    witnesses: tuple[Witness, ...] = ()
    quorum: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """A checkpoint that was verified: the note, what it says, and the cosignatures of the witnesses known."""

    note: str
    checkpoint: Checkpoint
    cosigned: tuple[Cosignature, ...]


def look(
    note: bytes, fetch: Callable[[str], bytes], trusted: Trusted, kept: Checkpoint | None
) -> Look:
    """Verify the checkpoint that a log shows, against its keys and against the one `kept` from before (None: the first look).

    `fetch` gets a tile by its path and raises when it cannot: that is passed on. Raises `CheckpointInvalid`, `LogTampered`, `ProofInvalid`.
    Whether enough witnesses signed is not asked here (`wire.witness.check_quorum`): cosignatures may come a moment later.
    """
    try:
        text = note.decode()
    except UnicodeDecodeError as error:
        msg = "what the log shows is no text; look at what answers at its address"
        raise CheckpointInvalid(msg) from error
    shown = parse_checkpoint(text, trusted.origin, trusted.key)
    cosigned = cosignatures(text, shown, trusted.witnesses)
    tiles = Folder(fetch, shown.size)
    if kept is None:
        _check_first(tiles, shown)
    else:
        _check_grown(tiles, shown, kept)
    return Look(text, shown, cosigned)


def _check_first(tiles: Folder, shown: Checkpoint) -> None:
    if root(tiles, shown.size) != shown.root:
        msg = f"the log's tiles lead to another root than it signed for {shown.size} entries; keep the checkpoint"
        raise LogTampered(msg)


def _check_grown(tiles: Folder, shown: Checkpoint, kept: Checkpoint) -> None:
    if shown.size < kept.size:
        msg = f"the log shows {shown.size} entries and had {kept.size}: entries are gone, or an old checkpoint is shown again; keep both"
        raise LogTampered(msg)
    path = consistency(tiles, kept.size, shown.size)
    verify_consistency(kept.size, kept.root, shown.size, shown.root, path)

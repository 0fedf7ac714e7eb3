"""Witnesses as an officer names them, and whether enough of them signed what is shown."""

import time
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from mien.errors import SettingsError
from mien.wire.proof import Checkpoint
from mien.wire.witness import Cosignature, Witness, check_quorum, cosignatures

AHEAD_SECONDS: Final = 300
"""By so much may a witness's clock be ahead of this one."""
Quorum = Annotated[int | None, typer.Option(min=0, metavar="N", help="How many of the witnesses must have signed the checkpoint.")]  # fmt: skip


def named(vkeys: Sequence[str], quorum: int | None) -> tuple[Witness, ...]:
    """The witnesses with these verification keys. Raises `SettingsError` when one is named twice or the quorum cannot be met, `CheckpointInvalid`."""
    known = tuple(Witness.from_text(each) for each in vkeys)
    if len({each.key for each in known}) < len(known):
        msg = "a witness is named twice; name each once"
        raise SettingsError(msg)
    if quorum is not None and quorum > len(known):
        msg = f"`{quorum}` cosignatures cannot come from {len(known)} witnesses; name more with --witness"
        raise SettingsError(msg)
    return known


def signed_by(
    note: str, checkpoint: Checkpoint, witnesses: Sequence[Witness], quorum: int, within: int | None
) -> tuple[Cosignature, ...]:
    """The cosignatures on a note, when `quorum` of `witnesses` signed it, in the last `within` seconds (None: ever). Raises `CheckpointInvalid`."""
    now = int(time.time())
    found = cosignatures(note, checkpoint, witnesses)
    since = 0 if within is None else now - within
    check_quorum(found, quorum, since=since, until=now + AHEAD_SECONDS)
    return found

"""`mien audit prove`: one decision is in the log."""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.errors import AuditError, SettingsError
from mien.wire.canonical import unb64
from mien.wire.proof import (
    HASH_BYTES,
    parse_body,
    parse_checkpoint,
    parse_note_key,
    parse_tlog_proof,
    split_note,
)
from mien.wire.witness import Witness
from mien_server import audit
from mien_server.cli.audit.files import reader, text, write
from mien_server.cli.audit.witnesses import Quorum, named, signed_by
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.pipeline import Pipeline

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def prove(
    leaf: Annotated[str, typer.Argument(help="The leaf on a receipt (base64url), or the index of an entry.")],
    folder: Annotated[Path | None, typer.Option("--from", help="An exported log; without it, the server's own.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write, such as decision.tlog-proof; standard output without it.")] = None,
    witness: Annotated[list[str] | None, typer.Option(metavar="VKEY", help="A witness that must have signed the checkpoint. Repeat for several.")] = None,
    quorum: Quorum = None,
) -> None:  # fmt: skip
    """Prove that one decision is in the log (c2sp.org/tlog-proof): the proof verifies offline with the log's key alone.

    With witnesses, a proof is given only when all of them, or --quorum, signed the checkpoint it leads to: a new decision waits a moment for that.
    """
    with told():
        wanted = leaf_or_index(leaf)
        known = named(witness or [], quorum)
        proof = _prove_here(wanted) if folder is None else _prove_from(folder, wanted)
        _check_signed(proof, known, len(known) if quorum is None else quorum)
        if out is not None:
            write(out, proof.encode())
    print(proof if out is None else f"{out}: written", end="" if out is None else "\n")


def _check_signed(proof: str, witnesses: tuple[Witness, ...], quorum: int) -> None:
    note = parse_tlog_proof(proof).checkpoint
    signed_by(note, parse_body(split_note(note)[0]), witnesses, quorum, None)


def leaf_or_index(given: str) -> str | bytes:
    """A leaf's 32 bytes, or the digits of an index. Raises `SettingsError`, `RequestInvalid`."""
    if _INDEX.fullmatch(given):
        return given
    leaf = unb64(given)
    if len(leaf) != HASH_BYTES:
        msg = f"a leaf has {HASH_BYTES} bytes; copy it whole from the receipt, or give an index"
        raise SettingsError(msg)
    return leaf


def _prove_here(wanted: str | bytes) -> str:
    from mien_server import errands
    from mien_server.settings import load

    async def proof(pipeline: "Pipeline") -> str:
        if isinstance(wanted, str):
            return await pipeline.proof_at(int(wanted))
        return (await pipeline.proof(wanted)).proof

    return errands.attend(load(os.environ), proof)


def _prove_from(folder: Path, wanted: str | bytes) -> str:
    """A proof from exported files: the checkpoint stays as it was signed. `verify` the folder first, this does not."""
    origin, key = parse_note_key(text(folder / audit.KEY).strip())
    note = text(folder / audit.CHECKPOINT)
    log = audit.Folder(reader(folder), parse_checkpoint(note, origin, key).size)
    index = int(wanted) if isinstance(wanted, str) else _find(log, wanted)
    return audit.proof_text(index, audit.inclusion(log, index, log.size()), note)


def _find(log: audit.Folder, leaf: bytes) -> int:
    for number in range(-(-log.size() // audit.TILE_WIDTH)):
        for position, entry in enumerate(log.entry_tile(number)):
            if entry[:HASH_BYTES] == leaf:
                return number * audit.TILE_WIDTH + position
    msg = "this leaf is not in the exported log; export it again or check the leaf"
    raise AuditError(msg)

"""`mien audit export`: the log as files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.wire.proof import note_key
from mien_server import audit
from mien_server.cli.audit.files import make_empty, write
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.ports import Keys, Transaction


def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    public: Annotated[bool, typer.Option("--public", help="Leave out the decisions that can be opened: hashes only.")] = False,
) -> None:  # fmt: skip
    """Write the log to FOLDER: checkpoint, tiles, entries, and the decisions that can still be opened.

    What was opened names subjects: for officers only. Files are readable by their owner alone.
    """
    with told():
        make_empty(folder)
        written = 0
        for name, data in _collect(opened=not public):
            write(folder / name, data)
            written += 1
    print(f"{folder}: {written} files; check them with `mien audit verify {folder}`")


def _collect(*, opened: bool) -> list[tuple[str, bytes]]:
    """Everything of one moment: read in one transaction, written afterwards."""
    from mien_server import errands
    from mien_server.machine import SystemClock
    from mien_server.settings import load

    settings = load(os.environ)
    keys = errands.open_keys(settings)
    now = SystemClock().now()

    def work(transaction: "Transaction") -> list[tuple[str, bytes]]:
        tiles = transaction.tiles
        note = audit.checkpoint(tiles, settings.origin, keys.log)
        note = audit.cosigned(note, transaction.published.get())
        found = list(audit.files(tiles, note, note_key(settings.origin, keys.log.verify_key())))
        if opened:
            found.append((audit.OPENED, b"".join(_openings(transaction, keys, now))))
        return found

    return errands.administer(settings, work)


def _openings(transaction: "Transaction", keys: "Keys", now: int) -> Iterator[bytes]:
    from mien_server.cli.opened import openings

    for index, opening in openings(transaction, keys, now):
        yield audit.opened_line(index, opening.nonce, opening.record)

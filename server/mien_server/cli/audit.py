"""`mien audit`: export the log, verify an export without any server, prove one decision."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from mien.errors import AuditError, SettingsError
from mien.wire.canonical import unb64
from mien.wire.proof import HASH_BYTES, note_key, parse_checkpoint, parse_note_key
from mien_server import audit
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.ports import Keys, Transaction

app = typer.Typer(no_args_is_help=True, add_completion=False)
TAMPERED: Final = 1
"""Exit code of `verify` when something is wrong with the log; 2 means that nothing could be checked."""
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on one line.")]
Key = Annotated[str | None, typer.Option("--key", metavar="VKEY", help="The log's verification key, as the controller published it.")]  # fmt: skip


# ---- export ----
@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    public: Annotated[bool, typer.Option("--public", help="Leave out the decisions that can be opened: hashes only.")] = False,
) -> None:  # fmt: skip
    """Write the log to FOLDER: checkpoint, tiles, entries, and the decisions that can still be opened.

    What was opened names subjects: for officers only. Files are readable by their owner alone.
    """
    with told():
        _make_empty(folder)
        written = 0
        for name, data in _collect(opened=not public):
            _write(folder / name, data)
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
        found = list(audit.files(tiles, note, note_key(settings.origin, keys.log.verify_key())))
        if opened:
            found.append((audit.OPENED, b"".join(_openings(transaction, keys, now))))
        return found

    return errands.administer(settings, work)


def _openings(transaction: "Transaction", keys: "Keys", now: int) -> Iterator[bytes]:
    from mien_server.cli.opened import openings

    for index, opening in openings(transaction, keys, now):
        yield audit.opened_line(index, opening.nonce, opening.record)


# ---- verify ----
@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="An exported log.")],
    key: Key = None,
    older: Annotated[Path | None, typer.Option(help="A checkpoint kept from before: the log must still begin as it said.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Check an exported log offline: every hash, the signature, the history, every opened decision.

    Ends with 0 when all is well, with 1 naming the entry when something is wrong, with 2 when nothing could be checked.
    """
    with told():
        vkey = key or _text(folder / audit.KEY).strip()
        origin, public = parse_note_key(vkey)
        before = None if older is None else _text(older)
        report = audit.inspect(_reader(folder), _names(folder), origin, public, before)
    source = "argument" if key else "export"
    if as_json:
        print(json.dumps(_as_json(report, origin, source, before is not None)))
    else:
        _show(report, vkey, source, compared=before is not None)
    if report.findings:
        raise typer.Exit(TAMPERED)


def _as_json(report: audit.Report, origin: str, source: str, compared: bool) -> dict[str, object]:
    checkpoint = report.checkpoint
    return {
        "ok": not report.findings,
        "origin": origin,
        "size": None if checkpoint is None else checkpoint.size,
        "root": None if checkpoint is None else checkpoint.root.hex(),
        "key_from": source,
        "compared_with_older": compared,
        "opened": report.opened,
        "outcomes": dict(report.outcomes),
        "findings": [{"where": each.where, "says": each.says} for each in report.findings],
    }


def _show(report: audit.Report, vkey: str, source: str, *, compared: bool) -> None:
    console = Console()
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    if report.checkpoint is not None:
        table.add_row("log", report.checkpoint.origin)
        table.add_row("entries", f"{report.checkpoint.size}, each hashed into the root")
        table.add_row("root", report.checkpoint.root.hex())
        table.add_row(
            "history",
            "begins as the older checkpoint said"
            if compared
            else "not compared: keep this checkpoint, give it as --older next time",
        )
        table.add_row(
            "opened",
            f"{report.opened} decisions, each the one that was logged" if report.opened else "none",
        )
        for word, count in sorted(report.outcomes.items()):
            table.add_row("", f"{count} {word}")
    table.add_row(
        "key",
        vkey
        if source == "argument"
        else f"{vkey} (from the export itself: compare it with the published one, or give --key)",
    )
    if report.findings:
        table = Table(
            "where",
            "what is wrong",
            title=f"{len(report.findings)} findings: do not rely on this log",
        )
        for each in report.findings:
            table.add_row(each.where, each.says)
    console.print(table)
    console.print("[red]the log does not hold[/]" if report.findings else "[green]the log holds[/]")


# ---- prove ----
# A leaf is base64url and may begin with a hyphen: what is no option is an argument.
@app.command(context_settings={"ignore_unknown_options": True})
def prove(
    leaf: Annotated[str, typer.Argument(help="The leaf on a receipt (base64url), or the index of an entry.")],
    folder: Annotated[Path | None, typer.Option("--from", help="An exported log; without it, the server's own.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write, such as decision.tlog-proof; standard output without it.")] = None,
) -> None:  # fmt: skip
    """Prove that one decision is in the log (c2sp.org/tlog-proof): the proof verifies offline with the log's key alone."""
    with told():
        wanted = leaf if _INDEX.fullmatch(leaf) else _leaf(leaf)
        text = _prove_here(wanted) if folder is None else _prove_from(folder, wanted)
        if out is not None:
            _write(out, text.encode())
    print(text if out is None else f"{out}: written", end="" if out is None else "\n")


def _leaf(text: str) -> bytes:
    leaf = unb64(text)
    if len(leaf) != HASH_BYTES:
        msg = f"a leaf has {HASH_BYTES} bytes; copy it whole from the receipt, or give an index"
        raise SettingsError(msg)
    return leaf


def _prove_here(wanted: str | bytes) -> str:
    from mien_server import errands
    from mien_server.settings import load

    settings = load(os.environ)
    keys = errands.open_keys(settings)

    def work(transaction: "Transaction") -> str:
        index = int(wanted) if isinstance(wanted, str) else _place(transaction, wanted)
        if index is None:
            msg = "this leaf has no place in the log yet; ask again in a second"
            raise AuditError(msg)
        return audit.tlog_proof(transaction.tiles, index, settings.origin, keys.log)

    return errands.administer(settings, work)


def _place(transaction: "Transaction", leaf: bytes) -> int | None:
    placed = transaction.leaves.placed(leaf)
    return None if placed is None else placed[0]


def _prove_from(folder: Path, wanted: str | bytes) -> str:
    """A proof from exported files: the checkpoint stays as it was signed. `verify` the folder first, this does not."""
    origin, key = parse_note_key(_text(folder / audit.KEY).strip())
    note = _text(folder / audit.CHECKPOINT)
    log = audit.Folder(_reader(folder), parse_checkpoint(note, origin, key).size)
    index = int(wanted) if isinstance(wanted, str) else _find(log, wanted)
    return audit.proof_text(index, audit.inclusion(log, index, log.size()), note)


def _find(log: audit.Folder, leaf: bytes) -> int:
    for number in range(-(-log.size() // audit.TILE_WIDTH)):
        for position, entry in enumerate(log.entry_tile(number)):
            if entry[:HASH_BYTES] == leaf:
                return number * audit.TILE_WIDTH + position
    msg = "this leaf is not in the exported log; export it again or check the leaf"
    raise AuditError(msg)


# ---- files ----
def _reader(folder: Path) -> "audit.Read":
    def read(name: str) -> bytes | None:
        path = folder / name
        try:
            return path.read_bytes() if path.is_file() else None
        except OSError as error:
            msg = f"`{path}` cannot be read: {(error.strerror or 'unreadable').lower()}"
            raise SettingsError(msg) from error

    return read


def _names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"`{path}` cannot be read; give a folder written by `mien audit export`"
        raise SettingsError(msg) from error


def _make_empty(folder: Path) -> None:
    try:
        _mkdir(folder)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        msg = f"`{folder}` cannot be made: {(error.strerror or 'unwritable').lower()}"
        raise SettingsError(msg) from error
    if taken is not None:
        msg = f"`{folder}` is not empty; export into a new folder, nothing is overwritten"
        raise SettingsError(msg)


def _mkdir(folder: Path) -> None:
    """A folder and what is missing above it, for its owner only (`parents=True` would make those for everybody)."""
    if not folder.is_dir():
        _mkdir(folder.parent)
        folder.mkdir(mode=0o700)


def _write(path: Path, data: bytes) -> None:
    """A new file that only its owner can read."""
    try:
        _mkdir(path.parent)
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
    except OSError as error:
        msg = f"`{path}` cannot be written: {(error.strerror or 'unwritable').lower()}"
        raise SettingsError(msg) from error

"""`mien audit verify`: everything that can be checked, without trust in any server."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from mien.wire.proof import parse_note_key
from mien_server import audit
from mien_server.cli.audit.files import names, reader, text
from mien_server.cli.told import told

TAMPERED: Final = 1
"""Exit code when something is wrong with the log; 2 means that nothing could be checked."""
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on one line.")]
Key = Annotated[str | None, typer.Option("--key", metavar="VKEY", help="The log's verification key, as the controller published it.")]  # fmt: skip


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
        vkey = key or text(folder / audit.KEY).strip()
        origin, public = parse_note_key(vkey)
        before = None if older is None else text(older)
        report = audit.inspect(reader(folder), names(folder), origin, public, before)
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

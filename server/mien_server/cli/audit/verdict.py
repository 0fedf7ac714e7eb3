"""What `mien audit verify` says of a log: a table, or one JSON object."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from mien.wire.canonical import b64
from mien.wire.keys import VerifyKey
from mien.wire.proof import note_key
from mien_server import audit


@dataclass(frozen=True, slots=True)
class Verdict:
    """A report, and what it was made with.

    `source` is where the key is from, `argument` or `export`; `compared` counts older checkpoints; `fates` are those of the promises, `wrong` what
    else does not verify, among the receipts or a witness's line; `given` says whether there were any. `cosigned` counts the witnesses that signed the
    checkpoint (None: nobody asked).
    """

    report: audit.Report
    origin: str
    key: VerifyKey
    source: str
    compared: int
    fates: tuple[audit.Fate, ...] = ()
    wrong: tuple[audit.Finding, ...] = ()
    given: bool = False
    cosigned: int | None = None

    @property
    def findings(self) -> tuple[audit.Finding, ...]:
        """All that is wrong: with the log, with the evidence, with what was promised."""
        broken = [found for fate in self.fates if (found := fate.finding())]
        return (*self.report.findings, *self.wrong, *broken)

    def tell(self, *, as_json: bool) -> None:
        """On standard output."""
        if as_json:
            print(json.dumps(self._document()))
        else:
            self._show()

    def _document(self) -> dict[str, object]:
        checkpoint = self.report.checkpoint
        return {
            "ok": not self.findings,
            "origin": self.origin,
            "size": None if checkpoint is None else checkpoint.size,
            "root": None if checkpoint is None else checkpoint.root.hex(),
            "key_from": self.source,
            "compared_with_older": self.compared > 0,
            "cosigned": self.cosigned,
            "entries": self.report.entries,
            "opened": self.report.opened,
            "outcomes": dict(self.report.outcomes),
            "promises": [_fate(each) for each in self.fates],
            "findings": [{"where": each.where, "says": each.says} for each in self.findings],
        }

    def _show(self) -> None:
        console = Console()
        table = Table(show_header=False, box=None, pad_edge=False)
        table.add_column(style="dim")
        table.add_column(overflow="fold")
        for name, words in self._rows():
            table.add_row(name, words)
        if self.findings:
            title = f"{len(self.findings)} findings: do not rely on this log"
            table = Table("where", "what is wrong", title=title)
            for each in self.findings:
                table.add_row(each.where, each.says)
        console.print(table)
        holds = "[red]the log does not hold[/]" if self.findings else "[green]the log holds[/]"
        console.print(holds)

    def _rows(self) -> Iterator[tuple[str, str]]:
        report = self.report
        if report.checkpoint is not None:
            hashed = "each hashed into the root" if report.entries else "their hashes lead to the root; with --officer the entries are checked too"  # fmt: skip
            yield "log", report.checkpoint.origin
            yield "entries", f"{report.checkpoint.size}, {hashed}"
            yield "root", report.checkpoint.root.hex()
            yield "history", self._history()
            if self.cosigned is not None:
                yield "witnesses", f"{self.cosigned} of those named signed this checkpoint"
            yield "opened", f"{report.opened} decisions, each the one that was logged" if report.opened else "none"  # fmt: skip
            for word, count in sorted(report.outcomes.items()):
                yield "", f"{count} {word}"
        if self.given:
            yield "promises", self._kept()
        vkey = note_key(self.origin, self.key)
        yield "key", vkey if self.source == "argument" else f"{vkey} (from the export itself: compare it with the published one, or give --key)"  # fmt: skip

    def _history(self) -> str:
        if self.compared:
            return "begins as the older checkpoint said"
        return "not compared: keep this checkpoint, give it as --older next time"

    def _kept(self) -> str:
        there = [each for each in self.fates if each.index is not None]
        due = len(self.fates) - len(there)
        return f"{len(there)} kept" + (f", {due} not due yet" if due else "")


def _fate(fate: audit.Fate) -> dict[str, object]:
    promised = fate.promised
    kept = "kept" if fate.index is not None else "pending"
    return {
        "source": promised.source, "leaf": b64(promised.leaf), "publish_by": _time(promised.publish_by),
        "index": fate.index, "seen_at": None if fate.seen_at is None else _time(fate.seen_at),
        "state": "broken" if fate.broken else kept,
    }  # fmt: skip


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()

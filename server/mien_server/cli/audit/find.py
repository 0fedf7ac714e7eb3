"""`mien audit find`: which decisions were made, opened for an officer."""

import csv
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, TextIO

import typer
from rich.console import Console

from mien.errors import KeepUnreadable, LogTampered, RequestInvalid, SettingsError
from mien.wire.canonical import unb64
from mien.wire.messages import LATEST, MAX_FOUND, FindAnswer, FindAsk, LogFilter, OpenedEntry, parse
from mien.wire.proof import leaf_of
from mien_server.cli.desk import Desk, ask_at
from mien_server.cli.moments import minute, moment, second
from mien_server.cli.shown import filled, progress
from mien_server.cli.told import told

SHOWN: Final = 100
"""Decisions in the table when nobody says how many."""
COLUMNS: Final = (
    "index", "leaf", "at", "site", "subject", "action", "outcome", "purpose", "laws", "policies",
    "bundle_version", "officer",
)  # fmt: skip
_FORMULA: Final = frozenset("=+-@\t\r\n")
"""First characters that spreadsheets read as the beginning of a formula (OWASP, CSV injection)."""
Progress = Callable[[int, int], None]
Server = Annotated[str | None, typer.Option(metavar="URL", help="A server to ask, with --officer; without it, the configured database.")]  # fmt: skip
OfficerOption = Annotated[Path | None, typer.Option("--officer", metavar="FILE", help="Your key file, made by `mien officer init`.")]  # fmt: skip
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="A day or an ISO 8601 time, UTC unless it says otherwise: decisions from then on.")]  # fmt: skip
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Decisions before then.")]


def find(  # noqa: PLR0917 - typer takes every option as an argument
    law: Annotated[str | None, typer.Option(help="Decisions that rest on this law or a part of it: `GDPR 9` is `GDPR 9(1)` too.")] = None,
    policy: Annotated[str | None, typer.Option(help="Decisions that this policy determined.")] = None,
    site: Annotated[str | None, typer.Option(help="Of this site.")] = None,
    action: Annotated[str | None, typer.Option(help="Of this kind, such as use, give_consent or look.")] = None,
    outcome: Annotated[str | None, typer.Option(help="`allowed` or `denied`.")] = None,
    subject: Annotated[str | None, typer.Option(help="`-`: on the person whose id is read from standard input, so that it stays out of the shell's history. They see the look in their export.")] = None,
    since: From = None,
    until: To = None,
    limit: Annotated[int | None, typer.Option(min=1, help=f"Stop after so many; {SHOWN} for the table, else all.")] = None,
    table: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write all of them to this new file, readable by its owner alone.")] = None,
    server: Server = None,
    officer: OfficerOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each decision, and a last one with the counts.")] = False,
) -> None:  # fmt: skip
    """Find logged decisions. Each page of the answer is a look, which the log keeps.

    Says how many entries it read and how many nobody can open any more. Ends with 0; with 1 when an entry should open and does not.
    """
    with told():
        wanted = _filter(
            law=law, policy=policy, site=site, action=action, outcome=outcome,
            subject=_whom(subject), since=since, until=until,
        )  # fmt: skip
        if table is not None and as_json:
            msg = "give --csv or --json, one of them"
            raise SettingsError(msg)
        most = limit or (None if table is not None or as_json else SHOWN)
        with _output(table, as_json=as_json) as rows, progress("entries") as done:
            sums = ask_at(server, officer, lambda desk: _gather(desk, wanted, most, rows, done))
        rows.end(sums)
    if sums.unreadable or sums.lost:
        raise typer.Exit(1)


def _whom(subject: str | None) -> str | None:
    if subject is None:
        return None
    if subject != "-":
        msg = "an id on the command line stays in the shell's history; give `--subject -` and write it to standard input"
        raise SettingsError(msg)
    return sys.stdin.readline().strip()


def _filter(*, since: str | None, until: str | None, **words: str | None) -> LogFilter:
    times = {
        "since": 0 if since is None else moment(since),
        "until": LATEST if until is None else moment(until),
    }
    try:
        return parse(LogFilter, {**words, **times})
    except RequestInvalid as error:
        raise SettingsError(str(error)) from error


# ---- asking ----
@dataclass(slots=True)
class Sums:
    """What was read. `complete` is false when it was stopped before the end."""

    found: int = 0
    entries: int = 0
    read: int = 0
    gone: int = 0
    unreadable: int = 0
    complete: bool = False

    @property
    def lost(self) -> int:
        """Entries that were there when reading began, and were not met."""
        return self.entries - self.read if self.complete else 0

    def add(self, page: FindAnswer) -> None:
        """Count a page."""
        self.entries += page.entries or 0
        self.read += page.read
        self.gone += page.gone
        self.unreadable += page.unreadable
        self.found += len(page.found)
        self.complete = page.next is None


async def _gather(
    desk: Desk, wanted: LogFilter, most: int | None, rows: "Rows", done: Progress
) -> Sums:
    sums = Sums()
    async for page in pages(desk, wanted, most):
        sums.add(page)
        for each in page.found:
            rows.add(each, checked(each))
        done(sums.read, sums.entries)
    return sums


async def pages(desk: Desk, wanted: LogFilter, most: int | None) -> AsyncIterator[FindAnswer]:
    """Pages until the end, or until `most` decisions are found."""
    after, left = None, most
    while left is None or left > 0:
        limit = MAX_FOUND if left is None else min(left, MAX_FOUND)
        page = await desk.ask(FindAsk(filter=wanted, after=after, limit=limit), FindAnswer)
        yield page
        after = page.next
        if after is None:
            return
        left = None if left is None else left - len(page.found)


def checked(entry: OpenedEntry) -> dict[str, Any]:
    """The record of an entry that leads to its leaf. Raises `LogTampered`, naming the entry."""
    from mien_server.pipeline.sifting import read_record

    if leaf_of(unb64(entry.nonce), entry.record.encode()) != unb64(entry.leaf):
        msg = f"entry {entry.index} does not commit to the record that was shown; keep both as evidence"
        raise LogTampered(msg)
    try:
        return read_record(entry.record.encode())
    except KeepUnreadable as error:
        msg = f"entry {entry.index} opens to no record that this program knows; update it, or keep the answer as evidence"
        raise LogTampered(msg) from error


# ---- showing ----
class Rows(Protocol):
    """Takes what was found, one by one."""

    def add(self, entry: OpenedEntry, record: dict[str, Any]) -> None:
        """Take one."""
        ...

    def end(self, sums: Sums) -> None:
        """Say how many."""
        ...


@contextmanager
def _output(path: Path | None, *, as_json: bool) -> Iterator[Rows]:
    if path is not None:
        with new_file(path) as file:
            yield CsvRows(path, file)
    else:
        yield JsonRows() if as_json else TableRows()


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A new text file for its owner alone; it is gone again when what should have been in it did not come whole. Raises `SettingsError`."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        msg = f"`{path}` cannot be written: {(error.strerror or 'unwritable').lower()}; choose a new file"
        raise SettingsError(msg) from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink()
        raise


def cells(entry: OpenedEntry, record: dict[str, Any]) -> list[str]:
    """A decision as a row under `COLUMNS`."""
    return [
        str(entry.index), entry.leaf, second(record["at"]), _text(record, "site"),
        _text(record, "subject"), record["action"], outcome_of(record), _text(record, "purpose"),
        "; ".join(record.get("laws", ())), "; ".join(record.get("policies", ())),
        _text(record, "bundle_version"), _text(record, "officer"),
    ]  # fmt: skip


def outcome_of(record: dict[str, Any]) -> str:
    """How it was decided."""
    return "allowed" if record["allow"] else "denied"


def _text(record: dict[str, Any], name: str) -> str:
    return str(record.get(name) or "")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what would begin one."""
    return f"'{cell}" if cell[:1] in _FORMULA else cell


class CsvRows:
    """Rows of RFC 4180, written as they come."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._writer = csv.writer(file)
        self._writer.writerow(COLUMNS)

    def add(self, entry: OpenedEntry, record: dict[str, Any]) -> None:
        """See `Rows`."""
        self._writer.writerow(harmless(each) for each in cells(entry, record))

    def end(self, sums: Sums) -> None:
        """See `Rows`."""
        print(f"{self._path}: {in_words(sums)}")


class JsonRows:
    """A JSON object a line, written as they come."""

    def add(self, entry: OpenedEntry, record: dict[str, Any]) -> None:
        """See `Rows`."""
        print(json.dumps({
            "index": entry.index, "leaf": entry.leaf, "hour": entry.hour, "nonce": entry.nonce, "record": record,
        }))  # fmt: skip

    def end(self, sums: Sums) -> None:
        """See `Rows`."""
        print(json.dumps({
            "found": sums.found, "entries": sums.entries, "read": sums.read, "gone": sums.gone,
            "unreadable": sums.unreadable, "complete": sums.complete,
        }))  # fmt: skip


@dataclass(slots=True)
class TableRows:
    """A table, shown when all are there."""

    rows: list[list[str]] = field(default_factory=list)

    def add(self, entry: OpenedEntry, record: dict[str, Any]) -> None:
        """See `Rows`."""
        row = [
            str(entry.index), minute(record["at"]), _text(record, "site"), record["action"],
            outcome_of(record), _text(record, "purpose"), "; ".join(record.get("laws", ())),
        ]  # fmt: skip
        self.rows.append(row)

    def end(self, sums: Sums) -> None:
        """See `Rows`."""
        console = Console()
        names = ("entry", "time (UTC)", "site", "action", "outcome", "purpose", "laws")
        console.print(filled("", names, self.rows))
        console.print(in_words(sums), soft_wrap=True)
        if self.rows:
            console.print("one of them in words: `mien audit explain ENTRY`", soft_wrap=True)


def in_words(sums: Sums) -> str:
    """What was read, and what the answer does not hold."""
    words = [f"found {sums.found} in {sums.read} of the {sums.entries} entries of these hours"]
    if sums.gone:
        words.append(f"nobody can open {sums.gone} of them any more (erased or expired)")
    if sums.unreadable:
        words.append(
            f"damaged: {sums.unreadable}, which should open and do not: a key is missing or the database was altered"
        )
    if not sums.complete:
        words.append("stopped at the limit, so there may be more: give a larger --limit")
    if sums.lost:
        words.append(
            f"entries that were not met: {sums.lost}; ask again, and report it when it stays"
        )
    return "; ".join(words)

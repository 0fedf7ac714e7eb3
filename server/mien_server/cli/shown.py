"""What commands share: a bundle or one line of what is wrong with it, tables, bars and pictures of them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape as html
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mien.errors import PolicyInvalid, SettingsError

if TYPE_CHECKING:
    from mien_server.authorize import Bundle

T = TypeVar("T")
FAULT: Final = 2
"""Exit code of `diff`, `explain` and `replay` when nothing could be found out."""
Directory = Annotated[
    Path | None, typer.Argument(help="Folder of the bundle; without it, the one that ships.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on one line.")]
CERTAIN: Final = {
    "settled": "settled law",
    "arguable": "arguable, our strict reading",
    "our-policy": "our policy, no law",
}
"""How certain a policy says that its law is, in words."""
DENIED: Final = "now denied"
ALLOWED: Final = "now allowed"
_COLOURS: Final = {DENIED: "#b3261e", ALLOWED: "#1b6e3c"}
_BAR: Final = 30


def load(directory: Path | None, code: int = 1) -> "Bundle":
    """The bundle; a fault of it ends the command with `code`."""
    from mien_server.authorize import (
        load_bundle,
    )  # the commands that only draw need no policy engine

    return or_exit(lambda: load_bundle(directory), code)


def or_exit(step: Callable[[], T], code: int = 1) -> T:
    """The result of `step`; a fault of the bundle ends the command with its one line and `code`."""
    try:
        return step()
    except PolicyInvalid as error:
        Console(stderr=True).print(f"[red]policy-invalid[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(code) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Write no line for each question that fails closed: these commands ask thousands, and count them."""
    log = logging.getLogger("mien_server.authorize.decide")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere. What is given is told how many are done so far, and of how many."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(title: str, *headings: str) -> Table:
    """A plain table whose texts fold."""
    found = Table(title=title, box=box.SIMPLE, pad_edge=False, title_justify="left")
    for heading in headings:
        found.add_column(heading, overflow="fold")
    return found


def filled(title: str, headings: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """A plain table with its rows."""
    found = table(title, *headings)
    for row in rows:
        found.add_row(*(plain(cell) for cell in row))
    return found


def plain(text: object) -> str:
    """Text without markup, for a table."""
    return escape(str(text))


# ---- bars ----
@dataclass(frozen=True, slots=True)
class Bar:
    """How many turned because of one law, or at one site."""

    name: str
    denied: int
    allowed: int


def bars(title: str, found: Sequence[Bar]) -> Table:
    """Bars for a terminal: full blocks for what would now be denied, light ones for what would now be allowed."""
    most = max((max(bar.denied, bar.allowed) for bar in found), default=0)
    shown = table(title, "", DENIED, "", ALLOWED, "")
    for bar in found:
        shown.add_row(
            plain(bar.name),
            str(bar.denied), f"[red]{'█' * _length(bar.denied, most)}[/]",
            str(bar.allowed), f"[green]{'▒' * _length(bar.allowed, most)}[/]",
        )  # fmt: skip
    return shown


def _length(count: int, most: int) -> int:
    """Blocks of a bar: at least one for anything."""
    return max(1, round(_BAR * count / most)) if count else 0


_ROW: Final = 44
_LEFT: Final = 24
_WIDTH: Final = 760
_TOP: Final = 84


def svg(title: str, words: str, found: Sequence[Bar]) -> str:
    """The same bars as a picture: two for each name, with their numbers, readable without colour and by a screen reader."""
    most = max((max(bar.denied, bar.allowed) for bar in found), default=0) or 1
    height = _TOP + _ROW * len(found) + 16
    rows = "".join(_bars_of(bar, _TOP + _ROW * i, most) for i, bar in enumerate(found))
    key = "".join(
        f'<rect x="{x}" y="54" width="12" height="12" fill="{_COLOURS[kind]}"/>'
        f'<text x="{x + 18}" y="65">{kind}</text>'
        for x, kind in ((_LEFT, DENIED), (_LEFT + 120, ALLOWED))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="{html(title)}" font-family="system-ui, sans-serif" font-size="13" fill="#1c1b1f">'
        f"<title>{html(title)}</title><desc>{html(words)}</desc>"
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="{_LEFT}" y="24" font-size="16" font-weight="600">{html(title)}</text>'
        f'<text x="{_LEFT}" y="43">{html(words)}</text>{key}{rows}</svg>\n'
    )


def _bars_of(bar: Bar, y: int, most: int) -> str:
    name = f'<text x="{_LEFT}" y="{y + 12}">{html(bar.name)}</text>'
    return name + _bar(bar.denied, DENIED, y + 17, most) + _bar(bar.allowed, ALLOWED, y + 28, most)


def _bar(count: int, kind: str, y: int, most: int) -> str:
    if not count:
        return ""
    width = max(2, round((_WIDTH - 2 * _LEFT - 90) * count / most))
    return (
        f'<rect x="{_LEFT}" y="{y}" width="{width}" height="9" fill="{_COLOURS[kind]}"/>'
        f'<text x="{_LEFT + width + 6}" y="{y + 9}" font-size="11">{count} {kind}</text>'
    )


def write(path: Path, text: str) -> None:
    """Write a new file. Raises `SettingsError` when it is there already or cannot be written."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        msg = f"`{path}` cannot be written: {(error.strerror or 'unwritable').lower()}"
        raise SettingsError(msg) from error

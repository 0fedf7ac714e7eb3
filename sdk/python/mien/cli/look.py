"""`mien look`: one's own expression, as this device reads it. Nothing is sent, nothing is kept."""

import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table

    from mien.client import Session
    from mien.label import Reading
    from mien.values import Label

ROWS: Final = 12
SAYS: Final = {
    "label": "reading",
    "gathering": "reading",
    "unsure": "not sure enough to say anything",
    "no face": "no face in the picture",
    "two faces": "more than one face: nothing is read",
    "dark": "too dark to read",
    "blank": "nothing can be told apart: is the lens covered?",
    "elsewhere": "another face than before: nothing is read",
    "affirm again": "waiting for a yes",
    "no purpose": "no purpose needs a label",
}
"""What each reason means, for people."""


def look(
    camera: Annotated[int, typer.Option(help="Number of the camera.", min=0)] = 0,
    video: Annotated[Path | None, typer.Option(help="Read a video file instead.")] = None,
) -> None:
    """Show what this device reads in your face, live. Asks first; nothing is sent and nothing is kept."""
    from rich.console import Console

    from mien.cli.ask import yes
    from mien.client import local_session

    console = Console()

    def ask(words: str) -> bool:
        console.print(words)
        return yes(console, "May this device read your expression now?")

    source = video if video is not None else camera
    with local_session(source, ask=ask) as session:
        shown = _watch(console, session)
    console.print(f"The camera is off. {shown} labels were shown, none were kept.")


def _watch(console: "Console", session: "Session") -> int:
    from rich.live import Live

    rows: deque[Label] = deque(maxlen=ROWS)
    shown = 0
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        try:
            for reading in session:
                if reading.label:
                    rows.append(reading.label)
                    shown += 1
                if reading.why == "affirm again" and not _affirmed(console, live, session):
                    break
                live.update(_table(rows, reading))
        except KeyboardInterrupt:
            pass
    if rows:
        console.print(_table(rows, None))
    return shown


def _affirmed(console: "Console", live: "Live", session: "Session") -> bool:
    from mien.cli.ask import yes

    if not sys.stdin.isatty():
        return False
    live.stop()
    if not yes(console, "You were away. Are you the person who agreed, and may it go on?"):
        return False
    session.affirm()
    live.start()
    return True


def _table(rows: "deque[Label]", reading: "Reading | None") -> "Table":
    from rich.table import Table

    caption = "a guess, and it can be wrong"
    if reading is not None:
        caption = f"{reading.at:6.1f} s  {SAYS[reading.why]}"
    table = Table(title="what this device reads", caption=caption)
    for column in ("time", "expression", "mixed with", "sure", "pleasant", "excited"):
        table.add_column(
            column, justify="left" if column in {"expression", "mixed with"} else "right"
        )
    for label in rows:
        clock = f"{label.ended_at // 60 % 60:02d}:{label.ended_at % 60:02d}"
        table.add_row(
            clock,
            label.expression,
            label.second or "",
            f"{(label.confidence + 0.5) / 16:.0%}",
            _signed(label.valence),
            _signed(label.arousal),
        )
    return table


def _signed(value: int | None) -> str:
    return "" if value is None else f"{value / 15:+.1f}"

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

    from mien.client import EyesMaker, Session
    from mien.label import Moment, Reading
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
    models: Annotated[
        Path | None, typer.Option(help="Use the models chosen in this folder (`mien models use`).")
    ] = None,
) -> None:
    """Show what this device reads in your face, live. Asks first; nothing is sent and nothing is kept."""
    from rich.console import Console

    from mien.cli.ask import yes
    from mien.client import embedded_eyes, local_session

    console = Console()

    def ask(words: str) -> bool:
        console.print(words)
        return yes(console, "May this device read your expression now?")

    source = video if video is not None else camera
    with local_session(source, ask=ask, eyes=_eyes(models) or embedded_eyes) as session:
        shown = _watch(console, session)
    console.print(f"The camera is off. {shown} labels were shown, none were kept.")


def _eyes(folder: Path | None) -> "EyesMaker | None":
    """The models chosen in `folder`, loaded when the session asks and not before; None without a folder."""
    if folder is None:
        return None
    from mien.infer import site_eyes

    return site_eyes(folder)


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

    table = Table(title="what this device reads", caption=_caption(rows, reading))
    words = {"expression", "mixed with", "state"}
    for column in ("time", "expression", "mixed with", "sure", "pleasant", "excited", "state"):
        table.add_column(column, justify="left" if column in words else "right")
    for label in rows:
        clock = f"{label.ended_at // 60 % 60:02d}:{label.ended_at % 60:02d}"
        table.add_row(
            clock,
            label.expression,
            label.second or "",
            f"{(label.confidence + 0.5) / 16:.0%}",
            _signed(label.valence),
            _signed(label.arousal),
            "" if label.state == "none" else label.state,
        )
    return table


def _caption(rows: "deque[Label]", reading: "Reading | None") -> str:
    from mien.label import NOT_VALIDATED

    if reading is None:
        return f"a guess, and it can be wrong; states are {NOT_VALIDATED}"
    lines = [f"{reading.at:6.1f} s  {SAYS[reading.why]}"]
    if reading.now:
        lines.append(f"now: {_live(reading.now)}")
    state = rows[-1].state if rows else "none"
    lines.append(f"state: {state} ({NOT_VALIDATED})")
    return "\n".join(lines)


def _live(now: "Moment") -> str:
    if now.expression is None:
        return "not sure"
    mixed = f" mixed with {now.second}" if now.second else ""
    return f"{now.expression} {now.share:.0%}{mixed} ({now.because})"


def _signed(value: int | None) -> str:
    return "" if value is None else f"{value / 15:+.1f}"

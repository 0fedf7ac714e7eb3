"""What this device learned of your face: `mien me calibrate`, `teach`, `learned` and `unlearn`. Nothing of it is sent."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.cli.link import Home, remembered

if TYPE_CHECKING:
    from rich.console import Console

    from mien.adapt import Learned
    from mien.client import Session
    from mien.values import Label

Camera = Annotated[int, typer.Option(help="Number of the camera.", min=0)]
Video = Annotated[Path | None, typer.Option(help="Read a video file instead.")]
_READS: Final = {
    "base": "the head that ships",
    "rest": "the head that ships, without what your face at rest is mistaken for",
    "own": "your own head",
}
_STOP: Final = "stop"


def calibrate(
    camera: Camera = 0,
    video: Video = None,
    seconds: Annotated[float, typer.Option(help="How long to look.", min=1, max=60)] = 4.0,
    home: Home = None,
) -> None:
    """Learn how your face looks at rest. Needs your yes to reading; kept encrypted on this device, and never sent."""
    console = _console()
    with remembered(home).client(home) as client:
        console.print("Look at the camera, calmly, without talking.")
        source = video if video is not None else camera
        found = client.calibrate(source, seconds, paced=video is None)
    lean = (
        "is mistaken for something else; that is now taken away"
        if found.leans
        else "is read as neutral"
    )
    console.print(f"Known. Your face at rest {lean}.")


def teach(camera: Camera = 0, video: Video = None, home: Home = None) -> None:
    """Say of each reading whether it is right, and if not what it should be. Enter agrees, `skip` says nothing, `stop` ends it."""
    console = _console()
    with remembered(home).client(home) as client:
        source = video if video is not None else camera
        with client.session(source, paced=video is None) as session:
            _ask(console, session)
        _show(console, client.personal())


def learned(home: Home = None) -> None:
    """What this device learned of your face, in counts, and which head reads you. Asks no server."""
    with remembered(home).client(home) as client:
        _show(_console(), client.personal())


def unlearn(home: Home = None) -> None:
    """Forget what this device learned of your face."""
    with remembered(home).client(home) as client:
        there = client.forget_personal()
    _console().print("Forgotten." if there else "Nothing was learned.")


def _ask(console: "Console", session: "Session") -> None:
    for reading in session:
        if reading.label is not None and not _answered(console, session, reading.label):
            return


def _answered(console: "Console", session: "Session", label: "Label") -> bool:
    """Ask about one label until the answer is one. False when the person wants to stop."""
    from mien.errors import LabelInvalid

    while True:
        try:
            said = console.input(f"{label.expression}? ").strip().lower()
        except EOFError:
            return False
        if said in {_STOP, "skip"}:
            return said != _STOP
        try:
            _ = session.correct(said) if said else session.agree()
        except LabelInvalid as error:
            console.print(f"{error}.", markup=False, highlight=False)
            continue
        return True


def _show(console: "Console", found: "Learned") -> None:
    rest = "known" if found.calibrated else "not known: `mien me calibrate`"
    if found.leans:
        rest += ", mistaken for something else by the head that ships"
    lines = {
        "your face at rest": rest,
        "corrected": str(found.corrected),
        "agreed": str(found.agreed),
        "kept": ", ".join(f"{number} {word}" for word, number in found.said.items()) or "nothing",
        "of the last answers": f"{found.tried}, each asked before it was learned",
        "right with the head that ships": str(found.base_right),
        "right with your own": str(found.own_right),
        "reads you now": _READS[found.reads],
    }
    for name, value in lines.items():
        console.print(f"{name}: {value}", markup=False, highlight=False)


def _console() -> "Console":
    from rich.console import Console

    return Console()

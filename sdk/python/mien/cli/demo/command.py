"""The command `mien demo`: set the stage, perform, say what to run next."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.prompt import Prompt

from mien.errors import CaptureError, MienError

if TYPE_CHECKING:
    from mien.wire.messages import Notice

FOLDER = Path("var/demo")
VIDEO = Path("samples/person/person.mp4")
CATALOGUE = Path("samples/catalogue/demo.json")


def demo(
    video: Annotated[
        Path | None, typer.Option(help="A video file instead of the sample of a rendered person.")
    ] = None,
    camera: Annotated[
        int | None, typer.Option(help="A camera's number: reads you, after asking you.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Write the reading, the bytes and the ranking as an SVG picture here."),
    ] = None,
) -> None:
    """The whole way once: consent to proof, on a real video, against a real server on loopback. Exit status 0 only if every step held."""
    console = Console(record=picture is not None, width=110 if picture else None)
    try:
        good = _play(console, _source(video, camera), picture)
    except MienError as error:
        console.print(f"[bold red]✗[/] {error.code}: {error}", highlight=False)
        good = False
    if not good:
        raise typer.Exit(1)
    console.print(
        "Next: [bold]make serve[/] keeps a server running · [bold]make demo CAMERA=0[/] reads you, after asking · docs/tutorial/first-session.md"
    )


def _play(console: Console, source: int | Path, picture: Path | None) -> bool:
    from mien.cli.demo.scenes import Play, perform
    from mien.cli.demo.screen import Screen
    from mien.cli.demo.stage import SITE, Stage
    from mien.cli.demo.wire import Recorder
    from mien.client import Client, SystemClock
    from mien.send import Sender

    real = isinstance(source, int)
    _needed(CATALOGUE)
    screen = Screen(console)
    screen.title()
    with Stage(FOLDER.resolve(), CATALOGUE.resolve()) as stage:
        wire = Recorder()
        client = Client(
            stage.url,
            SITE,
            key=stage.publishable,
            trust=stage.trust,
            home=stage.folder / "device",
            transport=wire,
        )
        with client:
            return perform(
                Play(
                    stage=stage, screen=screen, client=client, wire=wire, source=source,
                    agree=_ask if real else _rendered_person_agrees, paced=real or console.is_terminal, picture=picture,
                    sender=lambda: Sender(stage.url, stage.publishable, SystemClock(), secrets.token_bytes, wire),
                )
            )  # fmt: skip


def _source(video: Path | None, camera: int | None) -> int | Path:
    if video is not None and camera is not None:
        raise CaptureError("a video or a camera, not both; leave one out")
    if camera is not None:
        return camera
    return _needed(video or VIDEO)


def _needed(file: Path) -> Path:
    if not file.is_file():
        raise CaptureError(
            f"there is no file `{file}`; run this from the project's folder, or name another"
        )
    return file


def _rendered_person_agrees(notice: "Notice") -> bool:
    """The person in the video is rendered: the demo says yes in their place, and says so."""
    return bool(notice.purposes)


def _ask(notice: "Notice") -> bool:
    """A camera reads somebody real: they are asked, and nothing is preselected."""
    purpose = next(p for p in notice.purposes if p.id == "personalize_offers")
    words = f"{purpose.title}: do you agree? Both answers are fine"
    try:
        return Prompt.ask(words, choices=["yes", "no"]) == "yes"
    except EOFError:  # nobody is there to ask
        return False

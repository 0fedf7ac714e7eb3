"""`mien models`: what reads the pictures on this device, and a site's own models beside the embedded ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from mien.errors import ModelError, ModelMissing

if TYPE_CHECKING:
    from rich.console import Console

    from mien.infer.shelf import Shelf
    from mien.infer.site import Manifest

HELP: Final = "See, check and choose the models; bring your own detector or classifier."
MARK: Final = "trained on photographs of real people"
EMBEDDED: Final = "embedded"
Folder = Annotated[
    Path | None, typer.Option(help="Folder of the site's own models; a default one else.")
]
Name = Annotated[str | None, typer.Argument(help="Only this model; all else.")]


def app() -> typer.Typer:
    """The group of commands."""
    found = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False)
    found.command("list")(show)
    for command in (verify, pull, use, bench):
        found.command(command.__name__)(command)
    return found


def show(folder: Folder = None) -> None:
    """What is embedded, installed and known; what is in use; what each was trained on."""
    from rich.table import Table

    console = _console()
    rows = _rows(_shelf(folder))
    table = Table()
    for column in ("name", "role", "version", "licence", "state"):
        table.add_column(column)
    for row in rows:
        table.add_row(*(_plain(word) for word in row.cells))
    console.print(table)
    for row in rows:
        _say(console, f"{row.cells[0]}: {row.words}")


def verify(name: Name = None, folder: Folder = None) -> None:
    """Check manifest, hash, label map, inputs and outputs. All are looked at before the first fault ends it with status 2."""
    shelf = _shelf(folder)
    console = _console()
    faults: list[ModelError] = []
    for one in [name] if name else [EMBEDDED, *shelf.names()]:
        try:
            _load(shelf, one)
            _say(console, f"{one}: holds")
        except ModelError as error:
            _say(console, f"{one}: {error}")
            faults.append(error)
    if faults:
        raise faults[0]


def pull(
    model: Annotated[str, typer.Argument(help="A known name, or the file of a manifest.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="File or address of the model, instead of the manifest's."),
    ] = None,
    folder: Folder = None,
) -> None:
    """Get a model, check it against its manifest and install it. Nothing is installed unless all of it holds."""
    from mien.infer import shelf, site

    raw, where = _manifest(model)
    manifest = site.parse(raw, where)
    shelf.check_name(manifest, where)
    console = _console()
    blob = _blob(console, manifest, source, Path(where).parent)
    installed = _shelf(folder)
    installed.install(raw, blob, where)
    _say(console, f"Installed {manifest.name} {manifest.version} in {installed.folder}.")
    _warn(console, manifest)
    _say(console, f"To use it: mien models use {manifest.name} --as {manifest.role}")


def use(
    name: Annotated[str, typer.Argument(help="An installed model, or `embedded`.")],
    role: Annotated[
        Literal["detector", "classifier"], typer.Option("--as", help="What it is to do.")
    ],
    folder: Folder = None,
) -> None:
    """Choose what finds faces, or what reads expressions. The model is verified first; the choice is remembered."""
    shelf = _shelf(folder)
    shelf.use(name, role)
    console = _console()
    _say(console, f"In use as {role}: {name}.")
    if name != EMBEDDED:
        _warn(console, shelf.manifest(name))


def bench(
    name: Name = None,
    frames: Annotated[int, typer.Option(help="Pictures to look at.", min=1, max=10_000)] = 40,
    folder: Folder = None,
) -> None:
    """Milliseconds for a picture of 640 x 480 on one thread, the median. The last line is JSON."""
    import json

    from mien.cli.timing import measure, pictures

    shelf = _shelf(folder)
    seen, what = pictures(frames)
    console = _console()
    found = []
    for one in [name] if name else [EMBEDDED, *shelf.names()]:
        for role, milliseconds in measure(_load(shelf, one), seen):
            _say(console, f"{one} {role}: {milliseconds:.2f} ms")
            found.append({"name": one, "role": role, "ms": round(milliseconds, 3)})
    print(json.dumps({"pictures": what, "frames": len(seen), "threads": 1, "models": found}))


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the list, and what is said of the training data below it."""

    cells: tuple[str, str, str, str, str]
    words: str


def _rows(shelf: "Shelf") -> list[_Row]:
    from mien.infer.shelf import known
    from mien.infer.site import parse

    names = shelf.names()
    rows = [_embedded(shelf), *(_installed(shelf, name) for name in names)]
    for name, raw in known().items():
        if name not in names:
            rows.append(_row(parse(raw, name), f"known: mien models pull {name}"))
    return rows


def _embedded(shelf: "Shelf") -> _Row:
    import json

    from mien.infer import manifest
    from mien.infer.shelf import ROLES

    roles = "detector, classifier"
    try:
        manifest.verify(manifest.EMBEDDED)
    except ModelError as error:
        return _Row((EMBEDDED, roles, "?", "?", "cannot be used"), str(error))
    found = json.loads((manifest.EMBEDDED / "manifest.json").read_bytes())
    used = [role for role in ROLES if shelf.in_use(role) == EMBEDDED]
    state = f"in use as {' and '.join(used)}" if used else "not in use"
    cells = (EMBEDDED, roles, found["version"], "Apache-2.0", state)
    return _Row(cells, found["training_data"]["statement"])


def _installed(shelf: "Shelf", name: str) -> _Row:
    try:
        manifest = shelf.manifest(name)
        used = shelf.in_use(manifest.role) == name
        return _row(manifest, f"in use as {manifest.role}" if used else "installed")
    except ModelError as error:
        return _Row((name, "?", "?", "?", "cannot be used"), str(error))


def _row(manifest: "Manifest", state: str) -> _Row:
    cells = (manifest.name, manifest.role, manifest.version, manifest.licence, state)
    return _Row(cells, _training(manifest))


def _training(manifest: "Manifest") -> str:
    """What it was trained on; the mark first where that was real people."""
    data = manifest.training_data
    return f"! {MARK} ! {data.statement}" if data.real_people else data.statement


def _warn(console: "Console", manifest: "Manifest") -> None:
    if manifest.training_data.real_people:
        _say(console, f"{manifest.name}: {_training(manifest)}")


def _load(shelf: "Shelf", name: str) -> object:
    """The model, verified and loaded: `Eyes`, `SiteDetector` or `SiteClassifier`."""
    from mien.infer import Eyes, load_models

    return Eyes(load_models()) if name == EMBEDDED else shelf.load(name)


def _manifest(model: str) -> tuple[bytes, str]:
    """The manifest's bytes and what errors call it: a known name, else a file."""
    from mien.infer.shelf import known
    from mien.infer.site import MOST_MANIFEST

    shipped = known().get(model)
    if shipped is not None:
        return shipped, model
    return _file(Path(model), MOST_MANIFEST), model


def _blob(console: "Console", manifest: "Manifest", source: str | None, beside: Path) -> bytes:
    """The model's bytes: from the address or file that was given, else the manifest's address, else the file beside the manifest."""
    source = source or manifest.address
    if source is None:
        return _file(beside / manifest.file, manifest.bytes)
    if "://" in source:
        return _fetched(console, source, manifest)
    return _file(Path(source), manifest.bytes)


def _fetched(console: "Console", address: str, manifest: "Manifest") -> bytes:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from mien.send import fetch

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(manifest.name, total=manifest.bytes)
        return fetch(
            address, most=manifest.bytes, progress=lambda size: bar.update(task, completed=size)
        )


def _file(path: Path, most: int) -> bytes:
    """At most one byte more than may be, so that a larger file is noticed and not read."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        msg = (
            f"`{path}` is neither a known model nor a file that can be read; see `mien models list`"
        )
        raise ModelMissing(msg) from error


def _shelf(folder: Path | None) -> "Shelf":
    from mien.infer import Shelf
    from mien.keep import default_home

    return Shelf(folder or default_home() / "models")


def _plain(words: str) -> str:
    from rich.markup import escape

    return escape(words)


def _say(console: "Console", words: str) -> None:
    """One line as it is: no markup, no colours, not broken."""
    console.print(words, markup=False, highlight=False, soft_wrap=True)


def _console() -> "Console":
    from rich.console import Console

    return Console()

"""`mien database backup` and `mien database restore`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mien_server.cli.told import told


def back_up(
    path: Annotated[Path, typer.Argument(help="New file to write, readable by its owner alone.")],
) -> None:
    """Write a backup of the database to a new file, beside running servers.

    It can be read for as long as the key-encryption keys of its epoch live (30 to 61 days), and never without them. The journal is not in it: keep that
    apart, and never restore an older one.
    """
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ)
        with _bar("backup") as progress:
            errands.back_up(settings, path, progress)
    print(f"{path}: {path.stat().st_size} bytes")


def restore(
    path: Annotated[Path, typer.Argument(help="A file that `mien database backup` wrote.")],
) -> None:
    """Put a backup in the place of the database. Stop all servers first; with PostgreSQL, `MIEN_DATABASE` names an empty database.

    Withdrawals and erasures since the backup, as the journal has them, are applied before it is in place. An SQLite file that was there is kept.
    """
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ)
        with _bar("restore") as progress:
            applied, kept = errands.restore(settings, path, progress)
    print(f"restored from {path}")
    print(f"applied again from the journal: erasures {applied.erased}, withdrawals {applied.withdrawn}")  # fmt: skip
    if applied.waiting:
        print(f"waiting: {applied.waiting}, of sites that this backup does not know; register them under their old ids")  # fmt: skip
    if kept is not None:
        print(f"the old file is {kept}: delete it when it is not needed, it holds what was erased since the backup or waits to be")  # fmt: skip


def journal(
    renew: Annotated[
        bool,
        typer.Option(
            "--renew",
            help="The journal is lost for good, and this database was never restored: write it anew.",
        ),
    ] = False,
) -> None:
    """Say what the journal of withdrawals and erasures holds: numbers and times, never whose."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ)
        if renew:
            written = errands.attend(settings, lambda pipeline: pipeline.renew_journal())
            print(f"written anew: {written} entries")
        entries = errands.journal_of(settings).entries()
    print(f"journal {settings.journal_directory}")
    for kind in ("erased", "withdrawn"):
        print(f"{kind:<10} {sum(each.kind == kind for each in entries)}")
    for name, at in (("oldest", 0), ("newest", -1)):
        if entries:
            print(f"{name:<10} {datetime.fromtimestamp(entries[at].at, UTC).isoformat()}")


@contextmanager
def _bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal; where the whole is not known, what is done so far."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, DownloadColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)

        def progress(done: int, all_: int) -> None:
            bar.update(task, completed=done, total=all_ or None)

        yield progress

"""`mien rounds close|abort|restore`: ending a round from elsewhere, and going back to an earlier head."""

import os
from typing import Annotated

import typer

from mien_server.cli.told import told

Name = Annotated[str, typer.Argument(help="Id of the round; `mien rounds list` shows it.")]


def close(name: Name) -> None:
    """Have a round closed by its owner now, before its time. Within seconds it tells there how it ended."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        errands.attend(load(os.environ), lambda pipeline: pipeline.end_round(name))
    print(f"{name}: its owner closes it now")


def abort(name: Name) -> None:
    """Give a round up: nothing is released, nobody is charged, its updates are deleted."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        errands.attend(load(os.environ), lambda pipeline: pipeline.abort_round(name))
    print(f"{name}: aborted; nothing was released and nobody charged")


def restore(
    version: Annotated[int, typer.Argument(min=0, help="Number of an earlier head; 0 is the network's own last layer.")],
) -> None:  # fmt: skip
    """Put an earlier shared head back in force, as a new version. Costs nobody anything: it was public before."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        new = errands.attend(load(os.environ), lambda pipeline: pipeline.restore_head(version))
    print(f"head {new.version}: the same as head {version}")

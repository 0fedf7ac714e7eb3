"""`mien database status` and `mien database upgrade`."""

import json
import os
from typing import Annotated

import typer

from mien_server.cli.told import told

OLD = 1
"""Exit code of `status` when the tables are not those that this program needs."""


def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="Answer with one JSON object on one line.")
    ] = False,
) -> None:
    """Show the revision of the database's tables, and the one that this program needs. Changes nothing."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        found, needed = errands.revision(load(os.environ))
    if as_json:
        print(json.dumps({"revision": found, "needed": needed}))
    else:
        print(f"tables  {found or 'none yet: `mien serve` makes them'}")
        print(f"needed  {needed}")
        if found not in {None, needed}:
            print("stop all servers, make a backup, then run `mien database upgrade`")
    if found not in {None, needed}:
        raise typer.Exit(OLD)


def upgrade() -> None:
    """Bring the database's tables to the revision that this program needs. Stop all servers and make a backup first; there is no way back but that.

    Each step is one transaction: it is done whole or not at all.
    """
    with told():
        from mien_server import errands
        from mien_server.settings import load

        steps: list[str] = []

        def tell(old: str, new: str) -> None:
            steps.append(new)
            print(f"{old} -> {new}")

        newest = errands.upgrade(load(os.environ), tell)
    print(f"upgraded to {newest}" if steps else f"nothing to do: the tables are {newest}")

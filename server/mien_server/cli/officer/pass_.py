"""`mien officer pass`: a signed statement for tiles of entries, for programs that fetch many."""

from pathlib import Path
from typing import Annotated

import typer

from mien_server.cli.told import told


def pass_(
    file: Annotated[Path, typer.Argument(help="The officer's key file.")],
) -> None:
    """Print the value of an `Authorization` header that reads `/audit/tile/entries/...` for five minutes. It opens nothing, and is one look in the log."""
    with told():
        from mien.wire.messages import EntriesAsk
        from mien_server.cli.officer.key import read
        from mien_server.machine import SystemClock

        value = read(file).authorization(EntriesAsk(), SystemClock().now())
    print(value)

"""`mien officer init`: a new key of an officer."""

from pathlib import Path
from typing import Annotated

import typer

from mien_server.cli.told import told


def init(
    file: Annotated[Path, typer.Argument(help="New file for the key, readable by its owner alone.")],
    name: Annotated[str, typer.Option(help="What the log calls you: small letters, digits and hyphens. People read it in their own export; a function will do, such as privacy-1.")],
    log: Annotated[str, typer.Option(metavar="VKEY", help="The log's verification key, as the controller published it (`audit_key` in /.well-known/mien).")],
) -> None:  # fmt: skip
    """Make an officer's key for one log, on the officer's own machine. Prints the line that the server's operator adds to `MIEN_OFFICER_KEYS`.

    What is signed with it is for this log alone, and what the server answers is checked against this log's key.
    """
    with told():
        from mien_server.cli.audit.files import write
        from mien_server.cli.officer.key import OfficerKey, fresh, spelled

        content = fresh(name, log)
        key = OfficerKey.of(content)
        write(file, spelled(content))
    print(f"key    {file}   (keep it to yourself; there is no copy)")
    print(f"listed {key.listed}   (add to MIEN_OFFICER_KEYS)")

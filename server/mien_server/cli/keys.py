"""`mien keys`: the server's secrets."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mien_server.cli.told import told

app = typer.Typer(no_args_is_help=True, add_completion=False)
Directory = Annotated[
    Path | None, typer.Option("--dir", help="Directory of the key files; `MIEN_KEYS`.")
]


@app.command()
def init(directory: Directory = None) -> None:
    """Make the keys that are missing; those that are there stay. Prints the key that devices pin."""
    with told():
        from mien_server import app as server
        from mien_server.settings import load

        settings = load(os.environ, keys=directory)
        keys = server.make_keys(settings)
    print(f"keys in {settings.keys}")
    print(f"verify key  {keys.signing.verify_key().text()}")


@app.command("list")
def list_keys(directory: Directory = None) -> None:
    """List the public halves and the days of the sealing keys; never a secret."""
    with told():
        from mien.wire.messages import dump
        from mien_server import app as server
        from mien_server.settings import load

        settings = load(os.environ, keys=directory)
        keys = server.open_keys(settings)
        seals = [dump(doc) for doc in keys.seal_keys(server.SystemClock().now())]
    print(f"verify key  {keys.signing.verify_key().text()}  ({keys.signing.verify_key().id})")
    print(f"log key     {keys.log.verify_key().text()}  ({keys.log.verify_key().id})")
    print(f"epoch       {keys.epoch()}")
    for doc in seals:
        print(f"seal key    {doc['kid']}  until {doc['not_after']}")


@app.command()
def officer() -> None:
    """Make a privacy officer's token. Prints it once, and the hash for `MIEN_OFFICER_KEYS`."""
    from mien.wire.canonical import b64
    from mien_server import app as server
    from mien_server.registry import digest

    token = "of_" + b64(server.SystemEntropy().bytes(24))
    print(f"token   {token}   (not shown again)")
    print(f"sha256  {digest(token).hex()}   (add to MIEN_OFFICER_KEYS)")

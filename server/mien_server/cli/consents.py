"""`mien consents`: the privacy officer shows the proof of a consent, or declares consents invalid."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from mien_server.cli.told import told

HASH_BYTES = 32
app = typer.Typer(no_args_is_help=True, add_completion=False)
SiteArgument = Annotated[str, typer.Argument(help="Id of the site.")]


@app.command()
def evidence(
    site: SiteArgument,
    subject: Annotated[str, typer.Argument(help="Id of the person, as on their receipt.")],
    server_address: Annotated[
        str | None,
        typer.Option(
            "--server", help="Address that the files name; without it, where this server listens."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write to this new file, readable by its owner alone.")
    ] = None,
) -> None:
    """Show what proves a person's consents, as JSON: each a receipt file (statement, receipt, notice as shown) that `mien receipt verify` checks.

    Names what the person said of themselves, and the name on a written release: for officers only.
    """
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ)
        address = server_address or f"http://{settings.host}:{settings.port}"
        found = errands.attend(settings, lambda pipeline: pipeline.evidence(site, subject, address))
        text = json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        if out is None:
            print(text, end="")
            return
        _write(out, text)
    print(f"{out}: {len(found)} proofs")


@app.command()
def invalidate(
    site: SiteArgument,
    subject: Annotated[str | None, typer.Option(help="Only this person's consent.")] = None,
    notice: Annotated[
        str | None,
        typer.Option(
            help="Every consent to this notice (its SHA-256, base64url, as on a receipt)."
        ),
    ] = None,
) -> None:
    """Declare consents invalid: one person's, or all that rest on a notice that turned out to be wrong.

    Nothing is processed under them from then on and what they covered is deleted; the people can be asked again. Each is in the log.
    """
    with told():
        from mien.errors import SettingsError
        from mien.wire.canonical import unb64
        from mien_server import errands
        from mien_server.settings import load

        if (subject is None) == (notice is None):
            msg = "say whose consent is invalid: give --subject or --notice, one of them"
            raise SettingsError(msg)
        sha256 = None if notice is None else unb64(notice)
        if sha256 is not None and len(sha256) != HASH_BYTES:
            msg = "the notice's hash is 32 bytes as base64url: copy `notice_sha256` from a receipt"
            raise SettingsError(msg)
        done = errands.attend(
            load(os.environ),
            lambda pipeline: pipeline.invalidate(site, subject=subject, notice=sha256),
            restored=True,
        )
    print(f"{site}: {done} {'consent is' if done == 1 else 'consents are'} invalid")
    if done == 0:
        print("mien: nothing stood that this names; check it", file=sys.stderr)
        raise typer.Exit(1)


def _write(path: Path, text: str) -> None:
    from mien.errors import SettingsError

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        msg = f"`{path}` cannot be written: {(error.strerror or 'unwritable').lower()}; choose a new file"
        raise SettingsError(msg) from None

"""`mien me`: what is kept of you, and your rights over it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.cli.link import Home, Link, remember, remembered

if TYPE_CHECKING:
    from rich.console import Console

HELP: Final = "See, correct, download, withdraw or erase what is kept about you."
LATER: Final = "The server cannot be reached. It holds here already; the server hears of it at the next `mien me flush`."


def app() -> typer.Typer:
    """The group of commands."""
    found = typer.Typer(help=HELP, no_args_is_help=True, add_completion=False)
    for command in (show, export, correct, withdraw, erase, flush, recover):
        found.command(command.__name__)(command)
    return found


def show(home: Home = None) -> None:
    """How things stand on this device. Asks no server."""
    with remembered(home).client(home) as client:
        found = client.standing()
    lines = {
        "person": found.subject or "nobody",
        "said yes to": ", ".join(found.purposes) or "nothing",
        "taken back, not yet confirmed": ", ".join(found.withdrawing),
        "erasure not yet confirmed": "yes" if found.erasing else "",
        "may read for": f"{found.capability_seconds} s" if found.capability_seconds else "",
        "envelopes waiting": str(found.waiting),
        "lost": ", ".join(f"{number} {why}" for why, number in found.lost.items()),
    }
    console = _console()
    for name, value in lines.items():
        if value:
            console.print(f"{name}: {value}")


def export(
    out: Annotated[Path | None, typer.Option(help="Write to this new file instead.")] = None,
    home: Home = None,
) -> None:
    """Download everything the server holds about you, as JSON."""
    import json

    with remembered(home).client(home) as client:
        text = json.dumps(client.export(), indent=2, ensure_ascii=False, sort_keys=True)
    if out is None:
        print(text)
        return
    with out.open("x", encoding="utf-8") as file:
        out.chmod(0o600)
        file.write(text + "\n")
    _console().print(f"Written to {out}.")


def correct(
    record: Annotated[str, typer.Argument(help="Id of the record, from the export.")],
    expression: Annotated[str, typer.Argument(help="What it should have said, such as joy.")],
    home: Home = None,
) -> None:
    """Say what a stored label should have been."""
    with remembered(home).client(home) as client:
        client.correct(record, expression)
    _console().print("Corrected.")


def withdraw(
    purpose: Annotated[
        list[str] | None, typer.Option(help="Only this purpose; repeat for several.")
    ] = None,
    home: Home = None,
) -> None:
    """Take your yes back. In force at once, also without a connection."""
    with remembered(home).client(home) as client:
        receipt = client.withdraw(purpose)
    console = _console()
    console.print("Taken back. Nothing more is read or sent.")
    console.print(f"Receipt {receipt.receipt}." if receipt else LATER)


def erase(home: Home = None) -> None:
    """Have everything forgotten, on the server and on this device."""
    from mien.cli.ask import yes

    console = _console()
    if not yes(console, "Everything about you is deleted, here and there. Go on?"):
        console.print("Nothing was deleted.")
        return
    with remembered(home).client(home) as client:
        certificate = client.erase()
    if certificate is None:
        console.print(LATER)
        return
    console.print(f"Erased. Certificate {certificate.erasure}: {certificate.stage}.")


def flush(home: Home = None) -> None:
    """Send what waits: a withdrawal or erasure first, then sealed envelopes."""
    with remembered(home).client(home) as client:
        done = client.flush()
    _console().print(f"{done.sent} sent, {done.waiting} waiting.")


def recover(
    server: Annotated[str, typer.Option(help="Address of the mien server.")],
    site: Annotated[str, typer.Option(help="Id of the site.")],
    key: Annotated[str, typer.Option(help="The site's publishable key, pk_...")],
    trust: Annotated[str, typer.Option(help="The server's verification key.")],
    home: Home = None,
) -> None:
    """Join this device to yourself with the recovery code, which is asked for and not shown."""
    import getpass

    link = Link(server, site, key, trust)
    with link.client(home) as client:
        receipt = client.recover(getpass.getpass("Recovery code: "))
        remember(link, home)
    _console().print(f"This device is yours. Receipt {receipt.receipt}.")


def _console() -> "Console":
    from rich.console import Console

    return Console()

"""The device's command line: `mien look`, `mien consent`, `mien me`, `mien guardian`, `mien models`. The server's commands join when its extra is installed.

Each command loads what it needs when it runs. Whoever adds commands names a function `commands(app)` in the entry-point group `mien.commands`.
"""

import sys
from importlib import metadata
from typing import Final

import typer

from mien.cli import consent, guardian, look, me, models, receipt
from mien.cli.demo.command import demo
from mien.errors import MienError

FAILED: Final = 2
INTERRUPTED: Final = 130
GROUP: Final = "mien.commands"


def build() -> typer.Typer:
    """The whole command line, as far as it is installed."""
    found = typer.Typer(
        name="mien",
        help="Personalization that asks first. Reads expression on this device, after a yes, and sends only what is sealed.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    found.command("look")(look.look)
    found.command("consent")(consent.consent)
    found.add_typer(me.app(), name="me", help=me.HELP)
    found.add_typer(guardian.app(), name="guardian", help=guardian.HELP)
    found.add_typer(receipt.app(), name="receipt", help=receipt.HELP)
    found.add_typer(models.app(), name="models", help=models.HELP)
    found.command("demo")(demo)
    for point in metadata.entry_points(group=GROUP):
        _join(found, point)
    return found


def _join(found: typer.Typer, point: metadata.EntryPoint) -> None:
    """Add a package's commands, unless a library of its extra is missing. A fault of its own is not hidden."""
    try:
        point.load()(found)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"mien", "mien_server", "mien_policies"}:
            raise


app = build()


def main() -> None:
    """Run; an error of mien is one line on standard error and exit code 2."""
    try:
        app()
    except MienError as error:
        print(f"mien: {error} [{error.code}]", file=sys.stderr)
        raise SystemExit(FAILED) from None
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None

"""The server's commands, added to `mien` through the entry-point group `mien.commands`. Nothing is imported before its command is asked for.

`serve` runs the server, `site` registers who may use it, `keys` makes its secrets, `policy`, `consents`, `retention`, `hold`, `audit` and `officer` are for the officer, `rounds` for whoever holds rounds of the shared head.
`witness` is for whoever cosigns other people's logs, `profit` for whoever plans a service desk.
"""

import importlib
from collections.abc import MutableMapping
from typing import Any

import typer
import typer.main
from typer.core import TyperGroup

GROUPS = {
    "site": "Register sites and what they offer.",
    "database": "Back up, restore and upgrade the database.",
    "keys": "Make and list the server's secrets.",
    "policy": "Read, check and test the policies that decide.",
    "consents": "Show the proof of a consent, or declare consents invalid.",
    "retention": "Show what is kept and for how long, and delete what has to go.",
    "hold": "Keep what a legal claim needs: place, list and lift legal holds.",
    "rounds": "Hold rounds of the shared head, go back to an earlier one, read the ledger.",
    "audit": "Verify the audit log, find and explain what is in it, report on it.",
    "officer": "The key that a privacy officer signs with.",
    "witness": "Cosign the checkpoints of other people's logs.",
    "adapt": "Learn from all under a privacy budget; attack what it claims.",
    "lessons": "Measure how well the models of lessons predict answers.",
}


class LazyGroup(TyperGroup):
    """A group whose commands are in `mien_server.cli.<name>.app`, imported when one of them is looked for."""

    def __init__(self, **attrs: Any) -> None:
        self._loaded: MutableMapping[str, Any] | None = None
        super().__init__(**attrs)

    @property
    def commands(self) -> MutableMapping[str, Any]:
        """The commands by name."""
        if self._loaded is None:
            module = importlib.import_module(f"mien_server.cli.{self.name}")
            self._loaded = typer.main.get_group(module.app).commands
        return self._loaded

    @commands.setter
    def commands(self, value: MutableMapping[str, Any]) -> None:
        """Typer gives an empty one at first: there is nothing to keep."""


def commands(app: typer.Typer) -> None:
    """Add the server's commands to `app`."""
    from mien_server.cli.profit import profit
    from mien_server.cli.serve import serve

    app.command("serve")(serve)
    app.command("profit")(profit)
    for name, words in GROUPS.items():
        group = typer.Typer(cls=LazyGroup, help=words, no_args_is_help=True, add_completion=False)
        group.callback()(_nothing)
        app.add_typer(group, name=name, help=words)


def _nothing() -> None:
    """A group of its own, even while its commands are not loaded."""

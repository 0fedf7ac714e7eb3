"""`mien adapt`: learning from all under a privacy budget.

- `audit` attack the claim of privacy with canaries
"""

import typer

from mien_server.cli.adapt.audit import audit

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(audit)


@app.callback()
def _adapt() -> None:
    """A group, though it has one command yet."""

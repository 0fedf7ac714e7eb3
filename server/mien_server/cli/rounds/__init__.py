"""`mien rounds`: rounds of the shared head.

- `open`                hold one: this process owns it until it ends
- `shown`               list rounds and heads, read the ledger
- `ended`               close or abort a round from elsewhere, go back to an earlier head
"""

import typer

from mien_server.cli.rounds.ended import abort, close, restore
from mien_server.cli.rounds.open import open_
from mien_server.cli.rounds.shown import heads, ledger, list_

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("open")(open_)
app.command("list")(list_)
app.command()(close)
app.command()(abort)
app.command()(heads)
app.command()(restore)
app.command()(ledger)

"""`mien database`: for whoever runs the server.

- `backup`   a backup beside running servers, and the way back, after which what people took back since is taken back again
- `upgrade`  which revision the tables are of, and the way to the newest
"""

import typer

from mien_server.cli.database.backup import back_up, journal, restore
from mien_server.cli.database.upgrade import status, upgrade

app = typer.Typer(
    help="Back up, restore and upgrade the database.",
    no_args_is_help=True,
    add_completion=False,
)
app.command("backup")(back_up)
app.command()(restore)
app.command()(journal)
app.command()(status)
app.command()(upgrade)

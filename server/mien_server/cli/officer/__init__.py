"""`mien officer`: the key that a privacy officer signs with. It is made on the officer's own machine and never leaves it.

- `key`     the key file, and what is signed with it
- `init`    make one
- `pass_`   sign for tiles of entries
"""

import typer

from mien_server.cli.officer.init import init
from mien_server.cli.officer.pass_ import pass_

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(init)
app.command("pass")(pass_)

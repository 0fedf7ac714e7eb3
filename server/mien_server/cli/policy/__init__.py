"""`mien policy`: for the officer who reads, changes and answers for the policies.

- `bundle`   check, test, matrix: one bundle by itself
- `explain`  why a question is answered as it is, and what would change that
- `diff`     where two bundles differ
- `replay`   what another bundle would have decided of what the log remembers; `past` reads the log
"""

import typer

from mien_server.cli.policy.bundle import check, matrix, run
from mien_server.cli.policy.diff import diff
from mien_server.cli.policy.explain import explain
from mien_server.cli.policy.replay import replay

app = typer.Typer(
    help="Read, check and test the policies that decide.",
    no_args_is_help=True,
    add_completion=False,
)
app.command()(check)
app.command("test")(run)
app.command()(explain)
app.command()(replay)
app.command()(diff)
app.command()(matrix)

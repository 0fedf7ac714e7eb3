"""`mien audit`: for the officer who answers for what was decided.

- `export`  the log as files
- `verify`  everything that can be checked, without trust in any server
- `prove`   one decision is in the log
- `watch`   a log that somebody else serves, again and again
- `find`    which decisions were made
- `explain` one of them in words
- `report`  all of them in numbers, as a page
- `files`   what these commands share: reading and writing an exported log
- `witnesses`   who must have signed what is shown
- `checking`, `remote`, `receipts`, `verdict`   what `verify` is made of: parts, a served log, promises, words
"""

import typer

from mien_server.cli.audit.explain import explain
from mien_server.cli.audit.export import export
from mien_server.cli.audit.find import find
from mien_server.cli.audit.prove import prove
from mien_server.cli.audit.report import report
from mien_server.cli.audit.verify import verify
from mien_server.cli.audit.watch import watch

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command()(export)
app.command()(verify)
app.command()(watch)
# A leaf is base64url and may begin with a hyphen: what is no option is an argument.
app.command(context_settings={"ignore_unknown_options": True})(prove)
app.command()(find)
app.command(context_settings={"ignore_unknown_options": True})(explain)
app.command()(report)

"""`mien audit report`: what was decided, kept, deleted and looked at in a time, in numbers, as one page.

- `gather`  asks for the numbers, and refuses those that do not add up
- `spans`   days, weeks and months
- `plots`   bars as SVG
- `page`    the page
"""

from pathlib import Path
from typing import Annotated

import typer

from mien_server.cli.audit.find import From, OfficerOption, Server, To, new_file
from mien_server.cli.audit.report.gather import gather
from mien_server.cli.audit.report.page import page
from mien_server.cli.desk import ask_at
from mien_server.cli.moments import LATEST, moment
from mien_server.cli.shown import progress
from mien_server.cli.told import told


def report(
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="New file, readable by its owner alone.")],
    since: From = None,
    until: To = None,
    server: Server = None,
    officer: OfficerOption = None,
) -> None:  # fmt: skip
    """Write a report as one HTML file: decisions by law and outcome over time, consents, retention, erasures, holds, looks, and the checkpoint behind it.

    Times are whole hours, as in the log. Every entry of the time is read, or there is no report. It holds numbers and no person.
    """
    with told():
        first = 0 if since is None else moment(since)
        end = LATEST if until is None else moment(until)
        with new_file(out) as file:
            with progress("entries") as done:
                found = ask_at(server, officer, lambda desk: gather(desk, first, end, done))
            file.write(page(found))
    print(f"{out}: {found.read} entries read, {found.gone} of them closed for good")

"""`mien hold`: put what is kept of somebody under a legal hold, list holds, lift one."""

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from mien_server.cli.moments import minute, moment
from mien_server.cli.shown import AsJson, filled
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.pipeline.holds import Shown
    from mien_server.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


def _settings() -> "Settings":
    from mien_server.settings import load

    return load(os.environ)


@app.command()
def place(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    subject: Annotated[str, typer.Argument(help="Id of the person, as on their receipt; `-` reads it from standard input, so that it stays out of the shell's history.")],
    reason: Annotated[str, typer.Option(help="Why, in one line. The person reads it in their export.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="When it ends: a day (its first moment, UTC) or a time in ISO 8601. At most three years away.")],
) -> None:  # fmt: skip
    """Hold what is kept of a person: from now on it is not used, and not deleted before the hold is over.

    Withdrawal and erasure still take effect at once; what they delete waits. The hold is in the log, and the person sees it.
    """
    with told():
        from mien_server import errands

        ends_at = moment(until)
        whom = sys.stdin.readline().strip() if subject == "-" else subject
        hold = errands.attend(
            _settings(), lambda pipeline: pipeline.place_hold(site, whom, reason, ends_at)
        )
    print(f"{hold.id}: stands until {minute(hold.ends_at)}")


@app.command("list")
def list_(
    site: Annotated[str | None, typer.Argument(help="Only those of this site.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every hold on record, those that are over included. Names people: for officers only."""
    with told():
        from mien_server import errands

        found = errands.attend(_settings(), lambda pipeline: pipeline.holds(site))
    if as_json:
        print(json.dumps([_as_json(each) for each in found]))
        return
    names = ("hold", "site", "subject", "placed", "ends", "state", "why")
    Console().print(filled(f"{len(found)} holds", names, (_row(each) for each in found)))


@app.command()
def lift(
    hold: Annotated[str, typer.Argument(help="Id of the hold; `mien hold list` shows it.")],
) -> None:
    """End a hold before its time. What had to go meanwhile is deleted by the next sweep."""
    with told():
        from mien_server import errands

        lifted = errands.attend(_settings(), lambda pipeline: pipeline.lift_hold(hold))
    print(f"{lifted.id}: lifted")


def _as_json(shown: "Shown") -> dict[str, Any]:
    hold = shown.hold
    return {
        "hold": hold.id, "site": hold.site, "subject": hold.subject, "reason": shown.reason,
        "placed_at": hold.placed_at, "ends_at": hold.ends_at, "over_at": hold.over_at,
    }  # fmt: skip


def _row(shown: "Shown") -> tuple[str, ...]:
    hold = shown.hold
    why = shown.reason if shown.reason is not None else "(cannot be read any more)"
    return (
        hold.id, hold.site, hold.subject, minute(hold.placed_at), minute(hold.ends_at), _state(shown), why,
    )  # fmt: skip


def _state(shown: "Shown") -> str:
    hold = shown.hold
    if hold.over_at == 0:
        return "stands" if hold.standing(int(datetime.now(UTC).timestamp())) else "ended"
    return f"lifted {minute(hold.over_at)}" if hold.over_at < hold.ends_at else "ended"

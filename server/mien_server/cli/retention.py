"""`mien retention`: what is kept and for how long, what the next sweep deletes, and a sweep now."""

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from mien_server.cli.shown import AsJson, filled, load, progress
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.authorize import Bundle
    from mien_server.authorize.retention import Rule
    from mien_server.pipeline.retaining import Plan
    from mien_server.settings import Settings
    from mien_server.values import Due, Holding

app = typer.Typer(no_args_is_help=True, add_completion=False)
_DAY = 86_400
_SHORT = 2
"""Days up to which a life is told in hours, as the bundle states it."""


def _settings() -> "Settings":
    from mien_server.settings import load as load_settings

    return load_settings(os.environ)


# ---- status ----
@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how long each class of data is kept, by which law and why, and how much of it there is: rows, the oldest, overdue, under a legal hold."""
    with told():
        from mien_server import errands

        settings = _settings()
        bundle = load(settings.policies, 2)
        kept = errands.attend(settings, lambda pipeline: pipeline.retained())
    if as_json:
        print(json.dumps(_status_json(bundle, kept)))
        return
    console = Console()
    console.print(_rules(bundle))
    console.print(_kept(kept))


def _rules(bundle: "Bundle") -> Any:
    return filled(
        f"How long, by {bundle.version} (the shortest that applies counts)",
        ("class", "where", "at most", "law", "why"),
        ((r.data_class, r.jurisdiction, _life(r.seconds), r.law, r.basis) for r in _sorted(bundle)),
    )


def _sorted(bundle: "Bundle") -> list["Rule"]:
    return sorted(bundle.retention, key=lambda rule: (rule.data_class, rule.jurisdiction))


def _kept(kept: Iterable["Holding"]) -> Any:
    return filled(
        "What is kept",
        ("class", "rows", "oldest", "overdue", "on hold"),
        (
            (h.data_class, str(h.rows), _day(h.oldest), str(h.overdue), str(h.on_hold))
            for h in sorted(kept, key=lambda each: each.data_class)
        ),
    )


def _status_json(bundle: "Bundle", kept: Iterable["Holding"]) -> dict[str, Any]:
    return {
        "bundle": bundle.version,
        "rules": [
            {
                "class": r.data_class, "jurisdiction": r.jurisdiction, "seconds": r.seconds,
                "at_least": r.at_least, "law": r.law, "basis": r.basis,
            }
            for r in _sorted(bundle)
        ],
        "kept": {
            h.data_class: {
                "rows": h.rows, "oldest": h.oldest, "overdue": h.overdue, "on_hold": h.on_hold,
            }
            for h in kept
        },
    }  # fmt: skip


# ---- plan ----
@app.command()
def plan(as_json: AsJson = False) -> None:
    """Show what a sweep would delete now, by class and by the day on which it had to go. Changes nothing.

    What ended or shrunken consents covered is deleted as well, and is counted in people: which rows that are is found out person by person.
    """
    with told():
        from mien_server import errands

        found = errands.attend(_settings(), lambda pipeline: pipeline.sweep_plan())
    if as_json:
        print(json.dumps(_plan_json(found)))
        return
    console = Console()
    console.print(_due(found.due))
    console.print(f"{sum(each.rows for each in found.due)} rows whose time has passed")
    console.print(
        f"{found.consents} people whose consent ended or shrank: what it covered goes too"
    )
    if found.holds:
        console.print(f"{found.holds} holds whose end has come: what they held goes as well")


def _due(due: Iterable["Due"]) -> Any:
    rows = ((each.data_class, _day(each.day), str(each.rows)) for each in due)
    return filled("What the next sweep deletes", ("class", "had to go on", "rows"), rows)


def _plan_json(found: "Plan") -> dict[str, Any]:
    return {
        "due": [{"class": d.data_class, "day": _day(d.day), "rows": d.rows} for d in found.due],
        "consents": found.consents,
        "holds": found.holds,
    }


# ---- sweep ----
@app.command()
def sweep(as_json: AsJson = False) -> None:
    """Delete now what has to go, beside a running server or without one, and log what went: rows by class, and nothing of whom."""
    with told():
        from mien_server import errands

        settings = _settings()
        planned = errands.attend(settings, lambda pipeline: pipeline.sweep_plan())
        most = sum(each.rows for each in planned.due)
        with progress("rows") as done:
            gone = 0

            def count(rows: int) -> None:
                nonlocal gone
                gone += rows
                done(gone, max(most, gone))

            swept = errands.attend(settings, lambda pipeline: pipeline.sweep(count))
    if as_json:
        print(json.dumps({"deleted": {why: dict(rows) for why, rows in swept.items()}}))
        return
    for why, rows in swept.items():
        for data_class, number in rows.items():
            print(f"{why}: {number} {data_class}")
    print("deleted, and in the log" if swept else "nothing had to go")


# ---- in words ----
def _life(seconds: int) -> str:
    days, rest = divmod(seconds, _DAY)
    return f"{days} days" if rest == 0 and days > _SHORT else f"{seconds // 3600} hours"


def _day(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")

"""One bundle by itself: `check`, `test`, `matrix`."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import mien_policies
from mien_server.authorize import Bundle, Policy
from mien_server.authorize.cases import (
    Outcome,
    load_cases,
    load_matrix,
    run_cases,
    uncovered,
    uncovered_cells,
)
from mien_server.authorize.matrix import Cell, Matrix
from mien_server.authorize.page import matrix as matrix_page
from mien_server.cli.shown import AsJson, Directory, load, or_exit, quiet


# ---- check ----
def check(directory: Directory = None) -> None:
    """Validate a bundle: syntax, schema, annotations, jurisdictions, retention, notices. Names file and line of a fault."""
    bundle = load(directory)
    for locale in mien_policies.locales(directory):
        or_exit(partial(mien_policies.notice, locale, directory))
    Console().print(
        f"ok: {len(bundle.policies)} policies, {len(bundle.places)} jurisdictions, "
        f"version {bundle.version}\nsha256 {bundle.sha256}",
        soft_wrap=True,
    )


# ---- matrix ----
def matrix(directory: Directory = None, as_json: AsJson = False) -> None:
    """What holds where: every place, sector and role, found by deciding, with law and certainty. As Markdown, or as JSON."""
    bundle = load(directory)
    with quiet():
        if not as_json:
            print(matrix_page(bundle))
            return
        found = Matrix(bundle)
        every = (*found.cells(), *found.minors(), *found.pupils(), *found.uses())
        cells = [_cell(each) for each in every]
    print(json.dumps({"version": bundle.version, "sha256": bundle.sha256, "cells": cells}))


def _cell(cell: Cell) -> dict[str, object]:
    return {
        "place": cell.place, "sector": cell.sector, "role": cell.role, "age_band": cell.age_band, "use": cell.use,
        "needs": {
            letter: [{"law": g.law, "certainty": g.certainty, "local": g.local} for g in grounds]
            for letter, grounds in cell.needs.items()
        },
    }  # fmt: skip


# ---- test ----
def run(
    directory: Directory = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every case, not only failures.")
    ] = False,
) -> None:
    """Run the cases of a bundle. Exit code 0 only if all are as expected and every policy and every cell of `matrix.toml` has an allowed and a denied one."""
    bundle = load(directory)
    folder = (directory or mien_policies.directory()) / "cases"
    cases = or_exit(lambda: load_cases(folder))
    outcomes = run_cases(bundle, cases)
    bare = [f"{name} needs an allowed and a denied one" for name in uncovered(bundle, cases)]
    bare += uncovered_cells(cases, or_exit(lambda: load_matrix(folder)))
    console = Console()
    console.print(_summary(bundle, outcomes))
    if every:
        console.print(_listing(outcomes))
    _tell(console, outcomes, bare)
    if bare or any(outcome.wrong for outcome in outcomes):
        raise typer.Exit(1)


def _summary(bundle: Bundle, outcomes: Sequence[Outcome]) -> Table:
    """One row per policy, in the order of the files."""
    table = Table(title=f"Policies {bundle.version}", box=box.SIMPLE, pad_edge=False)
    table.add_column("policy", no_wrap=True)
    table.add_column("law", overflow="fold")
    for heading in ("certainty", "allowed", "denied", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for policy in bundle.policies.values():
        table.add_row(*_row(policy, [o for o in outcomes if o.case.policy == policy.id]))
    return table


def _row(policy: Policy, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    allowed = sum(outcome.case.allow for outcome in outcomes)
    denied = len(outcomes) - allowed
    good = allowed and denied and not any(outcome.wrong for outcome in outcomes)
    return (
        policy.id,
        escape("; ".join(policy.laws)),
        policy.certainty,
        str(allowed),
        str(denied),
        "[green]ok[/]" if good else "[red]no[/]",
    )


def _listing(outcomes: Iterable[Outcome]) -> Table:
    table = Table(title="Cases", box=box.SIMPLE, pad_edge=False)
    for heading in ("case", "expected", "laws named"):
        table.add_column(heading, overflow="fold")
    for outcome in outcomes:
        expected = "allow" if outcome.case.allow else "deny"
        table.add_row(
            escape(outcome.case.name),
            f"[red]{expected}[/]" if outcome.wrong else expected,
            escape("; ".join(outcome.decision.laws)),
        )
    return table


def _tell(console: Console, outcomes: Sequence[Outcome], bare: Iterable[str]) -> None:
    """What is wrong, one line each with file and line, and the count."""
    for outcome in outcomes:
        if outcome.wrong:
            where = f"{outcome.case.file}:{outcome.case.line}"
            text = f"{where} {outcome.case.name}: {outcome.wrong}"
            console.print(f"[red]failed[/] {escape(text)}", soft_wrap=True)
    for name in bare:
        console.print(f"[red]no case[/] {escape(name)}", soft_wrap=True)
    good = sum(not outcome.wrong for outcome in outcomes)
    console.print(f"{good} of {len(outcomes)} cases are as expected")

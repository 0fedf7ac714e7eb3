"""`mien policy test` and `mien policy check`: for the officer who reads, changes and answers for the policies."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import mien_policies
from mien.errors import PolicyInvalid
from mien_server.authorize import Bundle, Policy, load_bundle
from mien_server.authorize.cases import Outcome, load_cases, run_cases, uncovered

app = typer.Typer(
    help="Read, check and test the policies that decide.",
    no_args_is_help=True,
    add_completion=False,
)

T = TypeVar("T")
Directory = Annotated[
    Path | None, typer.Argument(help="Folder of the bundle; without it, the one that ships.")
]


@app.command()
def check(directory: Directory = None) -> None:
    """Validate a bundle: syntax, schema, annotations, jurisdictions, retention, notices. Names file and line of a fault."""
    bundle = _load(directory)
    for locale in mien_policies.locales(directory):
        _or_exit(partial(mien_policies.notice, locale, directory))
    Console().print(
        f"ok: {len(bundle.policies)} policies, {len(bundle.places)} jurisdictions, "
        f"version {bundle.version}\nsha256 {bundle.sha256}",
        soft_wrap=True,
    )


@app.command("test")
def run(
    directory: Directory = None,
    every: Annotated[
        bool, typer.Option("--all", help="List every case, not only failures.")
    ] = False,
) -> None:
    """Run the cases of a bundle. Exit code 0 only if all are as expected and every policy has an allowed and a denied one."""
    bundle = _load(directory)
    folder = (directory or mien_policies.directory()) / "cases"
    cases = _or_exit(lambda: load_cases(folder))
    outcomes = run_cases(bundle, cases)
    bare = uncovered(bundle, cases)
    console = Console()
    console.print(_summary(bundle, outcomes))
    if every:
        console.print(_listing(outcomes))
    _tell(console, outcomes, bare)
    if bare or any(outcome.wrong for outcome in outcomes):
        raise typer.Exit(1)


def _load(directory: Path | None) -> Bundle:
    return _or_exit(lambda: load_bundle(directory))


def _or_exit(step: Callable[[], T]) -> T:
    """The result of `step`; a fault of the bundle ends the command with its one line."""
    try:
        return step()
    except PolicyInvalid as error:
        Console(stderr=True).print(f"[red]policy-invalid[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error


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
        console.print(f"[red]no case[/] {name} needs an allowed and a denied one", soft_wrap=True)
    good = sum(not outcome.wrong for outcome in outcomes)
    console.print(f"{good} of {len(outcomes)} cases are as expected")

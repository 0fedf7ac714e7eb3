"""`mien adapt audit`: whether guesses at who took part refute what the ledger claims."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.adapt.auditing import Audited, Plan

REFUTED = 1


def audit(  # noqa: PLR0917 - one option for each number of the audit
    canaries: Annotated[int, typer.Option(help="Canaries of a run.", min=2, max=776)] = 400,
    runs: Annotated[int, typer.Option(help="Runs, each with canaries of its own.", min=1, max=10_000)] = 1,
    rounds: Annotated[int, typer.Option(help="Rounds that each canary takes part in.", min=1, max=10_000)] = 12,
    noise: Annotated[float, typer.Option(help="Noise multiplier z of the rounds.", min=0.1, max=1000)] = 6.0,
    delta: Annotated[float, typer.Option(help="The delta of the claim.", min=1e-300, max=0.5)] = 1e-6,
    guessed: Annotated[float, typer.Option(help="Share of the canaries that the attacker guesses at.", min=0.01, max=1)] = 0.25,
    confidence: Annotated[float, typer.Option(help="Of all lower bounds together.", min=0.5, max=0.9999)] = 0.95,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> None:  # fmt: skip
    """Attack this server's own noise with canaries, and hold what they give away against the ledger's claim.

    Touches no database and nobody's data. Exit code 0: the claim stands; 1: it is refuted.
    """
    with told():
        from mien_server.adapt import auditing
        from mien_server.machine import SystemEntropy

        plan = auditing.Plan(canaries, runs, rounds, noise, delta, guessed, confidence)
        found = auditing.audit(plan, SystemEntropy())
    if as_json:
        print(json.dumps(as_doc(plan, found)))
    else:
        _show(plan, found)
    if not found.holds:
        raise typer.Exit(REFUTED)


def as_doc(plan: "Plan", found: "Audited") -> dict[str, Any]:
    """The audit as JSON."""
    from dataclasses import asdict

    return {
        "holds": found.holds, "claim_epsilon": round(found.claim, 6), "least_epsilon": round(found.least, 6), **asdict(plan),
        "attacks": [asdict(each) for each in found.attacks],
    }  # fmt: skip


def _show(plan: "Plan", found: "Audited") -> None:
    from rich.console import Console

    from mien_server.cli.shown import filled

    console = Console()
    heads = ("updates", "refused", "guesses", "right", "epsilon is over", "by the Gaussian curve")
    rows = (
        (
            each.attack, str(each.refused), str(each.guesses), str(each.right),
            f"{each.least_epsilon:.3f}", f"{each.least_epsilon_gaussian:.3f}",
        )
        for each in found.attacks
    )  # fmt: skip
    title = f"{plan.canaries * plan.runs} canaries, {plan.rounds} rounds at noise {plan.noise:g}"
    console.print(filled(title, heads, rows))
    verdict = "stands" if found.holds else "[red]is refuted[/]"
    console.print(
        f"claimed: epsilon {found.claim:.3f} at delta {plan.delta:g}; at {plan.confidence:.0%} confidence it is over {found.least:.3f}: the claim {verdict}",
        highlight=False,
        soft_wrap=True,
    )

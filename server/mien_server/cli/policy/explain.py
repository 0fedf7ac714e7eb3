"""`mien policy explain`: why a question is answered as it is, and what would change that, in words."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mien_server.authorize import Authorizer
from mien_server.authorize.explain import Explanation, Way
from mien_server.authorize.explain import explain as explained
from mien_server.authorize.reasons import Reason
from mien_server.authorize.steps import PERSON, SITE
from mien_server.cli.policy import asked
from mien_server.cli.shown import CERTAIN, FAULT, AsJson, load, or_exit, plain, quiet
from mien_server.cli.told import told
from mien_server.values import Question


def explain(  # noqa: PLR0917 - typer takes every option as an argument
    file: Annotated[Path | None, typer.Argument(metavar="QUESTION.json", help="Fields of a question as JSON; without it, everything is in order.")] = None,
    case: Annotated[str | None, typer.Option(help="Start from the case of this name.")] = None,
    leaf: Annotated[str | None, typer.Option(metavar="LEAF|INDEX", help="Start from a decision in the log of the configured server.")] = None,
    number: Annotated[int, typer.Option(help="Which of several questions behind that decision.")] = 1,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Change a field; repeat.")] = None,
    directory: Annotated[Path | None, typer.Option("--bundle", help="Folder of the bundle; without it, the one that ships.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say in words why a question is answered as it is, and what would change the answer.

    Every suggestion was decided before it is made. Exit code 0 whatever the answer is, 2 when there is none.
    """
    bundle = load(directory, FAULT)
    with told(), quiet():
        start = or_exit(lambda: _start(case, leaf, number, directory), FAULT)
        if file is not None:
            start = asked.from_file(file, start)
        question = asked.with_settings(start, settings or ())
        found = explained(Authorizer(bundle).decide, bundle, question)
    if as_json:
        print(json.dumps(_as_json(found)))
    else:
        _show(Console(), found)


def _start(case: str | None, leaf: str | None, number: int, directory: Path | None) -> Question:
    if leaf is not None:
        return asked.from_log(leaf, number)
    return asked.in_order(directory) if case is None else asked.from_case(case, directory)


# ---- in words ----
def _show(console: Console, found: Explanation) -> None:
    answer = "[green]Yes[/]" if found.decision.allow else "[red]No[/]"
    console.print(f"{answer}: {plain(_question(found.question))}", soft_wrap=True)
    _because(console, "Why", found.reasons)
    if found.decision.allow:
        _list(console, "What would end it", found.ends, laws=True)
    else:
        _no(console, found)
    console.print(f"[dim]{plain(_cost(found))}[/]", soft_wrap=True)


def _cost(found: Explanation) -> str:
    sets = (
        "all sets of up to three steps were tried"
        if found.complete
        else "not all sets of steps were tried"
    )
    said = "" if found.decision.allow else f", {sets}"
    return f"{found.tried} questions were decided for this{said}; bundle {found.decision.bundle_version}"


def _no(console: Console, found: Explanation) -> None:
    for title, ways in (
        ("What the person can do", [way for way in found.ways if _who(way) == {PERSON}]),
        ("What the site can do", [way for way in found.ways if _who(way) == {SITE}]),
        ("What both have to do", [way for way in found.ways if len(_who(way)) > 1]),
    ):
        _list(console, title, ways)
    if not found.ways:
        _because(console, "Nobody here can change this", found.fixed)
    _list(console, "Instead: a mood that the person declares", found.instead)


def _question(question: Question) -> str:
    places = ", ".join(sorted(question.jurisdictions)) or "nowhere"
    return (
        f"{question.action} for {question.purpose or 'no purpose'}, from {question.source}, to change {question.effect}; "
        f"{question.role} in {question.sector}, {places}, {question.age_band}, consent {question.consent_state}"
    )


def _because(console: Console, title: str, reasons: Iterable[Reason]) -> None:
    console.print(f"[bold]{title}[/]")
    for each in reasons:
        law, certain = "; ".join(each.laws), CERTAIN[each.certainty]
        line = f"{law} ({certain}): {each.says} ({each.policy})"
        console.print(f"  - {plain(line)}", soft_wrap=True)


def _who(way: Way) -> set[str]:
    return {step.who for step in way.steps}


def _list(console: Console, title: str, ways: Sequence[Way], *, laws: bool = False) -> None:
    """Ways, one a line; those that differ only in what is chosen stand together."""
    if not ways:
        return
    console.print(f"[bold]{title}[/]")
    grouped: dict[tuple[str, ...], list[Way]] = {}
    for way in ways:
        grouped.setdefault(tuple(step.kind for step in way.steps), []).append(way)
    for same in grouped.values():
        console.print(f"  - {plain(_line(same, laws=laws))}", soft_wrap=True)


def _line(same: Sequence[Way], *, laws: bool) -> str:
    steps = []
    for position, step in enumerate(same[0].steps):
        values = dict.fromkeys(way.steps[position].value for way in same)
        chosen = " or ".join(value for value in values if value)
        steps.append(f"{step.says.rstrip('.')}{f' ({chosen})' if chosen else ''}.")
    line = " And: ".join(steps)
    return f"{line} Then no, by {'; '.join(same[0].decision.laws)}." if laws else line


# ---- as JSON ----
def _as_json(found: Explanation) -> dict[str, Any]:
    return {
        "allow": found.decision.allow, "question": asked.as_json(found.question),
        "reasons": [_reason(each) for each in found.reasons],
        "ways": [_way(each) for each in found.ways], "instead": [_way(each) for each in found.instead],
        "fixed": [_reason(each) for each in found.fixed], "ends": [_way(each) for each in found.ends],
        "tried": found.tried, "complete": found.complete,
        "bundle_version": found.decision.bundle_version, "bundle_sha256": found.decision.bundle_sha256,
    }  # fmt: skip


def _reason(each: Reason) -> dict[str, Any]:
    return {
        "policy": each.policy, "effect": each.effect, "laws": list(each.laws), "says": each.says,
        "certainty": each.certainty, "place": each.place,
    }  # fmt: skip


def _way(way: Way) -> dict[str, Any]:
    return {
        "steps": [
            {"kind": s.kind, "who": s.who, "says": s.says, "value": s.value} for s in way.steps
        ],
        "changes": {name: [_plain(before), _plain(after)] for name, before, after in way.changes},
        "allow": way.decision.allow,
        "laws": list(way.decision.laws),
    }


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value

"""`mien policy diff`: where two bundles differ, by the decisions that differ."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

import mien_policies
from mien_server.authorize.cases import load_cases
from mien_server.authorize.compare import COUNT, Changed, Comparison, Group, changed, compare
from mien_server.authorize.corpus import steps_from_order
from mien_server.cli.shown import FAULT, AsJson, load, or_exit, plain, progress, quiet, table
from mien_server.values import Decision, Question

DIFFERS: Final = 1
_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class _Whole:
    """A comparison and what is no part of the decisions: notices and cases."""

    versions: tuple[str, str]
    found: Comparison
    notices: Changed
    cases: int

    @property
    def differ(self) -> bool:
        return self.found.differ or bool(self.notices)


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="Folder of a bundle.")],
    after: Annotated[Path | None, typer.Argument(metavar="[B]", help="Folder of another; without it, the one that ships.")] = None,
    count: Annotated[int, typer.Option(min=0, max=2_000_000, help="Questions made up beside the cases.")] = COUNT,
    seed: Annotated[int, typer.Option(min=0, help="Other questions for another number.")] = 1,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Compare two bundles by the questions that they answer differently, made up and from the cases of both.

    Exit code 0 when nothing differs, 1 when something does, 2 when a bundle cannot be read.
    """
    one, other = load(before, FAULT), load(after, FAULT)
    cases = or_exit(lambda: _cases(before, after), FAULT)
    notices = or_exit(lambda: changed(_notices(before), _notices(after)), FAULT)
    total = count + len(cases)
    with quiet(), progress("questions") as bar:
        found = compare(
            one, other, cases, count=count, seed=seed, progress=lambda done: bar(done, total)
        )
    whole = _Whole((one.version, other.version), found, notices, len(cases))
    if as_json:
        print(json.dumps(_as_json(whole, seed)))
    else:
        _show(Console(), whole)
    if whole.differ:
        raise typer.Exit(DIFFERS)


def _cases(*directories: Path | None) -> tuple[Question, ...]:
    found = [
        case.question
        for directory in directories
        for case in load_cases((directory or mien_policies.directory()) / "cases")
    ]
    return tuple(dict.fromkeys(found))


def _notices(directory: Path | None) -> Mapping[str, Any]:
    """The notices by language, read strictly. Raises `PolicyInvalid`."""
    return {
        name: mien_policies.notice(name, directory) for name in mien_policies.locales(directory)
    }


# ---- in words ----
def _show(console: Console, whole: _Whole) -> None:
    found = whole.found
    console.print(f"{plain(whole.versions[0])} against {plain(whole.versions[1])}", soft_wrap=True)
    for what, each in _said(whole):
        _tell(console, what, each)
    if found.schema:
        console.print("[yellow]schema[/] differs")
    console.print(_asked(whole), soft_wrap=True)
    if found.groups:
        console.print(_groups(found))
    words = "[yellow]the bundles differ[/]" if whole.differ else "[green]no difference[/]"
    console.print(words)


def _said(whole: _Whole) -> Iterable[tuple[str, Changed]]:
    found = whole.found
    return (
        ("policies", found.policies), ("retention", found.retention),
        ("jurisdictions", found.places), ("notices", whole.notices),
    )  # fmt: skip


def _tell(console: Console, what: str, each: Changed) -> None:
    for word, names in (
        ("added", each.added),
        ("removed", each.removed),
        ("changed", each.changed),
    ):
        if names:
            console.print(f"[yellow]{what} {word}[/] {plain(', '.join(names))}", soft_wrap=True)


def _asked(whole: _Whole) -> str:
    found = whole.found
    if not found.asked:
        return "nothing was asked: the files that decide are the same"
    skipped = (
        f"; not asked in {', '.join(found.skipped)}, where the same policies hold in both"
        if found.skipped
        else ""
    )
    outcomes = ", ".join(f"{count} {kind}" for kind, count in sorted(found.outcomes.items()))
    return f"{found.asked} questions asked, {whole.cases} of them cases: {outcomes or 'all answered alike'}{skipped}"


def _groups(found: Comparison) -> Any:
    shown = table("What is answered differently", "law", "", "questions", "where", "example")
    for group in _ordered(found):
        shown.add_row(
            plain(group.law),
            group.kind,
            str(group.count),
            plain("; ".join(_most(each) for each in (group.places, group.sectors, group.roles))),
            plain(_example(group)),
        )
    return shown


def _ordered(found: Comparison) -> list[Group]:
    return sorted(found.groups.values(), key=lambda group: (group.kind, -group.count, group.law))


def _most(counted: Counter[str]) -> str:
    named = ", ".join(name for name, _ in counted.most_common(_MOST_NAMED))
    more = len(counted) - _MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _example(group: Group) -> str:
    steps = steps_from_order(group.example.question)
    return ", ".join(f"{name}={_text(value)}" for name, value in steps.items())


def _text(value: Any) -> str:
    return "+".join(sorted(value)) or "none" if isinstance(value, frozenset) else str(value)


# ---- as JSON ----
def _as_json(whole: _Whole, seed: int) -> dict[str, Any]:
    found = whole.found
    return {
        "differ": whole.differ, "versions": list(whole.versions), "asked": found.asked, "cases": whole.cases, "seed": seed,
        "not_asked_at": list(found.skipped), "outcomes": dict(found.outcomes), "schema": found.schema,
        **{
            what: {"added": list(each.added), "removed": list(each.removed), "changed": list(each.changed)}
            for what, each in _said(whole)
        },
        "groups": [_group(each) for each in _ordered(found)],
    }  # fmt: skip


def _group(group: Group) -> dict[str, Any]:
    steps = steps_from_order(group.example.question)
    return {
        "kind": group.kind, "law": group.law, "questions": group.count, "places": dict(group.places),
        "sectors": dict(group.sectors), "roles": dict(group.roles),
        "example": {
            "from_order": {n: sorted(v) if isinstance(v, frozenset) else v for n, v in steps.items()},
            "before": _decision(group.example.before), "after": _decision(group.example.after),
        },
    }  # fmt: skip


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "allow": decision.allow,
        "policies": list(decision.policies),
        "laws": list(decision.laws),
    }

"""`mien policy replay`: what another bundle would have decided of what the log still remembers."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from mien_server.authorize.replay import Turned
from mien_server.cli.policy.past import FATES, Replayed, replay_log
from mien_server.cli.shown import (
    FAULT,
    AsJson,
    Bar,
    bars,
    load,
    or_exit,
    plain,
    progress,
    svg,
    table,
    write,
)
from mien_server.cli.told import told

_MOST_BUNDLES: Final = 5


def replay(
    directory: Annotated[Path, typer.Argument(metavar="BUNDLE", help="Folder of the bundle to decide with.")],
    plot: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Write the bars as a picture, into a new file.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, max=16, help="Processes to share the log between; two for a long log.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Decide the logged decisions again under another bundle, and show what would change, by law and by site.

    Reads the configured server's database and changes nothing. What was erased cannot be asked again: the answer says how many.
    """
    from mien_server.settings import load as load_settings

    bundle = load(directory, FAULT)
    with told():
        settings = load_settings(os.environ)
        with progress("entries") as done:
            found = or_exit(
                lambda: replay_log(settings, directory, processes=processes, progress=done), FAULT
            )
        if plot is not None:
            title = f"What {bundle.version} would have decided"
            write(plot, svg(title, _whole(found), _bars(found.tally.laws)))
    if as_json:
        print(json.dumps(_as_json(found, bundle.version, bundle.sha256)))
    else:
        _show(Console(), found, bundle.version)


# ---- in words ----
def _show(console: Console, found: Replayed, version: str) -> None:
    console.print(f"under {plain(version)}: {_whole(found)}", soft_wrap=True)
    if found.tally.laws:
        console.print(
            bars("By law (a decision counts for each law it rests on)", _bars(found.tally.laws))
        )
    if found.tally.sites:
        console.print(_sites(found))
    console.print(_log(found))
    for name, count in found.tally.bundles.most_common(_MOST_BUNDLES):
        console.print(f"[dim]{count} decided under {plain(name)}[/]", soft_wrap=True)


def _whole(found: Replayed) -> str:
    whole = found.tally.whole
    asked = whole.same + whole.denied + whole.allowed
    return f"{asked} decisions asked again: {whole.same} stay, {whole.denied} now denied, {whole.allowed} now allowed"


def _bars(turned: Mapping[str, Turned]) -> list[Bar]:
    ordered = sorted(turned.items(), key=lambda item: (-item[1].denied - item[1].allowed, item[0]))
    return [Bar(name, each.denied, each.allowed) for name, each in ordered]


def _sites(found: Replayed) -> Any:
    shown = table("By site", "site", "stay", "now denied", "now allowed", "first entry that turns")
    for name, each in sorted(found.tally.sites.items()):
        first = "" if each.first is None else str(each.first)
        shown.add_row(plain(name), str(each.same), str(each.denied), str(each.allowed), first)
    return shown


def _log(found: Replayed) -> Any:
    """The gap: every entry of the tree, under what became of it."""
    shown = table(f"The log: {found.size} entries", "", "entries")
    for fate, words in FATES.items():
        if found.fates[fate] or fate in {"again", "gone"}:
            shown.add_row(words, str(found.fates[fate]))
    if found.pending:
        shown.add_row("not in the tree yet, and left out", str(found.pending))
    return shown


# ---- as JSON ----
def _as_json(found: Replayed, version: str, sha256: str) -> dict[str, Any]:
    whole = found.tally.whole
    return {
        "bundle_version": version, "bundle_sha256": sha256, "stay": whole.same, "now_denied": whole.denied,
        "now_allowed": whole.allowed, "laws": _turned(found.tally.laws), "sites": _turned(found.tally.sites),
        "log": {"entries": found.size, "pending": found.pending, **{fate: found.fates[fate] for fate in FATES}},
        "decided_under": dict(found.tally.bundles),
    }  # fmt: skip


def _turned(turned: Mapping[str, Turned]) -> dict[str, Any]:
    return {
        name: {"stay": each.same, "now_denied": each.denied, "now_allowed": each.allowed, "first": each.first}
        for name, each in sorted(turned.items())
    }  # fmt: skip

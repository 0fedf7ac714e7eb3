"""`mien rounds list|heads|ledger`: what was held, what was released, and what it cost whom."""

import json
import os
import sys
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from mien.wire.canonical import b64
from mien_server.cli.moments import minute
from mien_server.cli.shown import AsJson, filled
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.values import Participation, Round, SharedHead

_MILLION: Final = 1_000_000
_OUTCOMES: Final = {
    "released": "released as head {released}, learned from {participants} people, each of them charged",
    "rolled_back": "not released: it reads the holdout worse; {participants} people were charged, because that was looked at",
    "too_few": "not released: fewer than {floor} updates could be used; nobody was charged",
    "open": "could not be closed, because the database was busy; it is given up within a minute, and nobody is charged",
    "closing": "could not be closed, because the database was busy; it is given up within a minute, and nobody is charged",
    "aborted": "aborted: nothing was released and nobody charged",
}


def list_(
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show the latest rounds, newest first. One whose owner is silent is given up first."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        async def work(pipeline: Any) -> Any:
            standing = await pipeline.mind_rounds()
            return standing, await pipeline.latest_rounds(last)

        standing, found = errands.attend(load(os.environ), work)
    waiting = {} if standing is None else {standing.round.id: standing.updates}
    docs = [round_doc(each) | {"waiting": waiting.get(each.id, 0)} for each in found]
    if as_json:
        print(json.dumps(docs))
        return
    names = (
        "round",
        "opened",
        "state",
        "waiting",
        "in it",
        "dropped",
        "head",
        "loss before",
        "after",
    )
    rows = (
        (
            each["round"], minute(each["opened_at"]), each["state"], str(each["waiting"]), str(each["participants"]),
            ", ".join(f"{name} {n}" for name, n in each["dropped"].items()), str(each["released"] or ""),
            f"{each['loss_before']:.4f}", f"{each['loss_after']:.4f}",
        )
        for each in docs
    )  # fmt: skip
    Console().print(filled(f"{len(docs)} rounds", names, rows))


def heads(as_json: AsJson = False) -> None:
    """Show the released heads, newest first."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        found = errands.attend(load(os.environ), lambda pipeline: pipeline.heads())
    docs = [_head_doc(each) for each in found]
    if as_json:
        print(json.dumps(docs))
        return
    names = ("head", "released", "from", "SHA-256")
    rows = (
        (str(each["version"]), minute(each["at"]), str(each["round"] or f"head {each['restores']} again"), each["sha256"])
        for each in docs
    )  # fmt: skip
    Console().print(filled(f"{len(docs)} heads", names, rows))


def ledger(
    site: Annotated[str, typer.Argument(help="Id of the site.")],
    subject: Annotated[str | None, typer.Argument(help="Id of one person; `-` reads it from standard input, so that it stays out of the shell's history.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what taking part in rounds cost people of a site. Names people: for officers only; each time is an entry of the log."""
    with told():
        from mien_server import errands
        from mien_server.settings import load

        whom = sys.stdin.readline().strip() if subject == "-" else subject
        found = errands.attend(load(os.environ), lambda pipeline: pipeline.ledger(site, whom))
    if as_json:
        print(json.dumps([_part_doc(each) for each in found]))
        return
    names = ("subject", "when", "round", "noise", "epsilon so far", "at a delta of one in")
    rows = (
        (
            each.subject, minute(each.at), each.round, f"{each.noise_thousandths / 1000:g}",
            f"{each.epsilon_millionths / _MILLION:.3f}", f"{each.delta_one_in:,}",
        )
        for each in found
    )  # fmt: skip
    Console().print(filled(f"{len(found)} participations", names, rows))


def said(ended: "Round") -> str:
    """How a round ended, in a line."""
    words = _OUTCOMES[ended.state].format(
        released=ended.released, participants=ended.participants, floor=ended.terms.floor
    )
    dropped = sum(count for _name, count in ended.dropped)
    return f"{ended.id}: {words}" + (f"; {dropped} updates were dropped" if dropped else "")


def round_doc(found: "Round") -> dict[str, Any]:
    """A round for programs."""
    terms = found.terms
    return {
        "round": found.id, "state": found.state, "opened_at": found.opened_at, "closes_at": found.closes_at,
        "ended_at": found.ended_at, "from_head": found.version, "released": found.released,
        "participants": found.participants, "dropped": dict(found.dropped),
        "loss_before": found.before / _MILLION, "loss_after": found.after / _MILLION,
        "noise": terms.noise_thousandths / 1000, "clip": terms.clip_millionths / _MILLION,
        "stride": terms.stride_thousandths / 1000,
        "floor": terms.floor, "cohort": terms.cohort, "quota": terms.quota, "sites": list(terms.sites),
    }  # fmt: skip


def _head_doc(head: "SharedHead") -> dict[str, Any]:
    return {
        "version": head.version, "at": head.at, "round": head.round, "restores": head.restores, "model": head.model,
        "sha256": b64(head.sha256),
    }  # fmt: skip


def _part_doc(part: "Participation") -> dict[str, Any]:
    return {
        "subject": part.subject, "round": part.round, "at": part.at, "noise": part.noise_thousandths / 1000,
        "epsilon": part.epsilon_millionths / _MILLION, "delta_one_in": part.delta_one_in,
    }  # fmt: skip

"""`mien rounds open`: hold a round. Its private key is in the memory of this process, so the process stays until the round ends."""

import asyncio
import json
import math
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mien.errors import RequestInvalid, ServerBusy
from mien_server.cli.moments import second
from mien_server.cli.rounds.shown import round_doc, said
from mien_server.cli.shown import AsJson
from mien_server.cli.told import told
from mien_server.errors import RoundOver, StoreError

if TYPE_CHECKING:
    from mien_server.pipeline import Pipeline
    from mien_server.pipeline.rounds import Waiting
    from mien_server.settings import Settings
    from mien_server.values import Round, Terms

BEAT: Final = 2.0
"""Seconds between two words of the owner; a round is given up after a minute without any."""
TRIES: Final = 15
"""How often it is tried to close a round while the database is busy or away: half a minute, in which nobody gives the round up."""
LOOKED_AT: Final = 100
_MILLION: Final = 1_000_000
_THOUSAND: Final = 1000


def open_(  # noqa: PLR0917 - one per option
    site: Annotated[list[str] | None, typer.Option(help="Only people of this site; repeat for more. Without it, of every site that asks for it.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=7 * 24 * 60, help="How long it takes updates, at most.")] = 24 * 60,
    cohort: Annotated[int, typer.Option(help="Updates that it takes, and what the sum is divided by.")] = 300,
    noise: Annotated[float, typer.Option(help="Standard deviation of the noise on the sum, in clips (z).")] = 6.0,
    clip: Annotated[float, typer.Option(help="The norm that no update may pass (S).")] = 0.5,
    stride: Annotated[float, typer.Option(help="How far the head goes along the noised mean.")] = 3.0,
    quota: Annotated[int | None, typer.Option(help="Updates of one site at most; without it half the cohort, or all of it where there is one site.")] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Hold a round of the shared head: open it, stay until it is over, close it.

    It ends when the cohort is full, when its time is over, or with `mien rounds close`. Ctrl-C aborts it: nothing is released, and nobody is charged. The
    same happens when this process or its machine dies. Exit code 0: released; 1: it ended in another way; 2: it could not be held.
    """
    with told():
        from mien_server import errands
        from mien_server.settings import load

        settings = load(os.environ)
        sites = tuple(site or ())
        if quota is None:
            count = len(sites) or errands.administer(settings, _contributing)
            quota = cohort if count <= 1 else -(-cohort // 2)
        terms = _terms(settings, sites, cohort, noise, clip, quota, stride)
        ended = errands.own(
            settings,
            partial(_hold, terms=terms, seconds=60 * minutes, tell=partial(_tell, as_json)),
        )
    print(json.dumps(round_doc(ended)) if as_json else said(ended))
    raise typer.Exit(0 if ended.state == "released" else 1)


def _contributing(transaction: Any) -> int:
    return sum(each.contributes for each in transaction.sites.all())


def _terms(  # noqa: PLR0917 - one per option
    settings: "Settings",
    sites: tuple[str, ...],
    cohort: int,
    noise: float,
    clip: float,
    quota: int,
    stride: float,
) -> "Terms":
    from mien_server.values import Terms

    if not all(math.isfinite(each) for each in (noise, clip, stride)):
        msg = "no round can be held on these terms: noise, clip and stride are finite numbers"
        raise RequestInvalid(msg)
    return Terms(
        clip_millionths=round(clip * _MILLION), noise_thousandths=round(noise * _THOUSAND),
        delta_one_in=settings.delta_one_in, cap_millionths=round(settings.epsilon_cap * _MILLION),
        per_year=settings.rounds_per_year, floor=settings.round_floor, cohort=cohort, quota=quota, sites=sites,
        stride_thousandths=round(stride * _THOUSAND),
    )  # fmt: skip


async def _hold(
    pipeline: "Pipeline",
    renew: Callable[[], None],
    *,
    terms: "Terms",
    seconds: int,
    tell: Callable[["Round"], None],
) -> "Round":
    found = await pipeline.open_round(terms, seconds)
    tell(found)
    try:
        await _until_over(pipeline, found)
        # What may be used is asked of the policies as they are now, not as they were when the round was opened.
        renew()
        return await _closed(pipeline, found.id)
    except asyncio.CancelledError:
        await pipeline.abort_round(found.id)
        raise


async def _closed(pipeline: "Pipeline", name: str) -> "Round":
    """Close it, again while the database is busy or away; where it was over by then, how it ended: the database knows, whatever this process heard."""
    for _ in range(TRIES):
        try:
            return await pipeline.close_round(name)
        except (StoreError, ServerBusy):
            await asyncio.sleep(BEAT)
        except RoundOver:
            break
    return next(each for each in await pipeline.latest_rounds(LOOKED_AT) if each.id == name)


async def _until_over(pipeline: "Pipeline", found: "Round") -> None:
    """Say every few seconds that this process lives, until the cohort is full or the time over."""
    from mien_server.machine import SystemClock

    clock = SystemClock()
    closes_at, updates = found.closes_at, 0
    while clock.now() < closes_at and updates < found.terms.cohort:
        await asyncio.sleep(min(BEAT, max(0.1, closes_at - clock.now())))
        standing = await _beat(pipeline, found.id)
        if standing is not None:
            closes_at, updates = standing.round.closes_at, standing.updates


async def _beat(pipeline: "Pipeline", name: str) -> "Waiting | None":
    """One word of the owner; None where the database was busy or away: the next one comes in time, or finds the round given up."""
    try:
        return await pipeline.beat_round(name)
    except (StoreError, ServerBusy):
        return None


def _tell(as_json: bool, found: "Round") -> None:
    if as_json:
        print(json.dumps({"round": found.id, "state": found.state, "closes_at": found.closes_at}))
    else:
        print(
            f"{found.id}: open until {second(found.closes_at)} for {found.terms.cohort} updates; Ctrl-C aborts it"
        )
    sys.stdout.flush()

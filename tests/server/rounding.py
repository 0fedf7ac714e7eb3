"""What tests of rounds share: a small holdout that is learned in one step, phones that take part, and owners that are killed.

`python -m tests.server.rounding WORLD URL` is run by test_rounds_killed.py: one process after another opens a round, takes updates and closes it, and is killed
(SIGKILL) at the first write of its close, at the second, and so on, until one lives to the end. What each left is printed as JSON by the next.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tests.server.world import NOON, Phone, StillClock, World, shop

from mien.wire.canonical import b64, unb64
from mien.wire.keys import SealKey
from mien.wire.messages import Accepted, HeadDoc, RoundDoc, Rounds, UpdateStatement, parse
from mien.wire.signatures import Kind, verify
from mien.wire.updates import context, seal_update
from mien_server.adapt import Holdout
from mien_server.stores.postgres_runner import PostgresRunner
from mien_server.stores.runner import SqliteRunner
from mien_server.values import Terms

SHAPE = (97, 8)
SIZE = 97 * 8


def small_holdout(model: int = 1) -> Holdout:
    """Eight clear expressions, and a head that knows none of them."""
    drawn = np.random.default_rng(7)
    words = np.arange(64) % 8
    embeddings = np.eye(96)[words] * 3 + drawn.normal(0, 0.1, (64, 96))
    return Holdout(model, np.zeros(SIZE, np.float32), embeddings.astype(np.float32), words)


HOLDOUT = small_holdout()


def gradient() -> "np.ndarray[Any, Any]":
    """The direction in which the holdout is read worse fastest, of length 1."""
    inputs = np.hstack([HOLDOUT.embeddings, np.ones((64, 1))])
    slope = inputs.T @ (np.full((64, 8), 1 / 8) - np.eye(8)[HOLDOUT.words])
    return (slope / np.linalg.norm(slope)).ravel()


GOOD = (-0.9 * gradient()).astype(np.float32)
BAD = (0.9 * gradient()).astype(np.float32)


def terms(**other: Any) -> Terms:
    """Terms on which three people are enough, and their update shows."""
    given = {
        "clip_millionths": 1_000_000, "noise_thousandths": 100, "delta_one_in": 1_000_000, "cap_millionths": 1_000_000_000,
        "per_year": 12, "floor": 3, "cohort": 3, "quota": 3,
    }  # fmt: skip
    return Terms(**{**given, **other})


def private(**other: Any) -> Terms:
    """The terms that are meant for people: z = 6, twelve a year, an epsilon of 6."""
    return terms(noise_thousandths=6000, cap_millionths=6_000_000, **other)


def learner(make_world: Any, name: str = "world", **other: Any) -> World:
    given = {"site": shop(contributes=True), "holdout": lambda: HOLDOUT, **other}
    world: World = make_world(name, **given)
    return world


async def offered(world: World) -> Rounds:
    """What a device is shown, verified."""
    answer = await world.pipeline.rounds(world.site)
    key = world.keys.signing.verify_key()
    return parse(Rounds, verify(answer.jws, Kind.ROUNDS, key))


async def open_round(world: World, found: Terms | None = None, seconds: int = 3600) -> RoundDoc:
    """A round that the world's own pipeline owns, as a device sees it."""
    await world.pipeline.open_round(found or terms(), seconds)
    (doc,) = (await offered(world)).open
    return doc


def statement(phone: Phone, doc: RoundDoc, numbers: Any = GOOD, **other: Any) -> UpdateStatement:
    """One update; `other` says something else than it should."""
    head = other.pop("head", doc.head)
    where = context(phone.site.id, phone.subject, doc.round, head.sha256)
    sealed = other.pop("sealed", None) or seal_update(
        np.asarray(numbers, "<f4").tobytes(), SealKey.from_text(doc.seal), *where
    )
    given = {"round": doc.round, "head": head, "sealed": sealed, **other}
    return UpdateStatement(**phone.by_person(**given))


async def contribute(phone: Phone, doc: RoundDoc, numbers: Any = GOOD, **other: Any) -> Accepted:
    text = phone.signed(Kind.UPDATE, statement(phone, doc, numbers, **other))
    return await phone.world.pipeline.update(phone.site, text)


async def contributors(world: World, count: int = 3) -> list[Phone]:
    return [await world.enrolled("contribute", "personalize_offers") for _ in range(count)]


async def held(
    world: World, phones: Sequence[Phone], found: Terms | None = None, numbers: Any = GOOD
) -> Any:
    """A whole round of these phones: how it ended."""
    doc = await open_round(world, found)
    for phone in phones:
        await contribute(phone, doc, numbers)
    return await world.pipeline.close_round(doc.round)


async def head_doc(world: World, version: int) -> HeadDoc:
    answer = await world.pipeline.head(version)
    return parse(HeadDoc, verify(answer.jws, Kind.HEAD, world.keys.signing.verify_key()))


async def rows(world: World) -> dict[str, int]:
    """How many rows the tables of rounds have."""
    names = ("contribution", "participation", "head")
    return {
        name: (await world.select(f"SELECT count(*) FROM {name}"))[0][0]  # noqa: S608 - names of ours
        for name in names
    }


# ---- killed while closing ----
PEOPLE = 2
EVERY = 3
"""On PostgreSQL an owner is killed at every third write only: what is atomic there is the same, and a process costs a second."""


def kills(directory: str, url: str) -> None:
    """One owner after another; each tells what the one before left, and `mind`s it."""
    found: list[Phone] = asyncio.run(_enrol(directory, url))
    step, ended = 0, 1
    while ended != 0:
        step += EVERY if url else 1
        ended = _forked(_own(directory, url, step, found))
        print(json.dumps(ended), flush=True)
    _forked(_tell(directory, url, step + 1))


def _forked(work: Coroutine[Any, Any, None]) -> int:
    child = os.fork()
    if child == 0:
        asyncio.run(work)
        os._exit(0)
    work.close()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _world(directory: str, url: str, step: int) -> World:
    # Two minutes later: the owner before is known to be dead.
    return World(
        Path(directory), clock=StillClock(NOON + 120 * step), url=url, holdout=lambda: HOLDOUT,
        site=shop(contributes=True),
    )  # fmt: skip


async def _enrol(directory: str, url: str) -> list[Phone]:
    async with _world(directory, url, 0) as world:
        return await contributors(world, PEOPLE)


async def _own(directory: str, url: str, step: int, phones: list[Phone]) -> None:
    async with _world(directory, url, step) as world:
        await _told(world)
        for phone in phones:
            phone.world = world
        doc = await open_round(world, terms(floor=PEOPLE))
        for phone in phones:
            await contribute(phone, doc)
        _die_at(world, step)
        await world.pipeline.close_round(doc.round)
        _live()


_ALIVE: list[Any] = []


def _die_at(world: World, step: int) -> None:
    """Be killed after the `step`-th write from now on; a commit counts as one."""
    left = [step]

    def due() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def writing(write: Any) -> Any:
        def wrapped(self: Any, *arguments: Any) -> Any:
            answer = write(self, *arguments)
            due()
            return answer

        return wrapped

    for kind in (SqliteRunner, PostgresRunner):
        for name in ("change", "each"):
            _ALIVE.append((kind, name, getattr(kind, name)))
            setattr(kind, name, writing(getattr(kind, name)))
    transact = world.store.transact

    async def committed(work: Any) -> Any:
        answer = await transact(work)
        due()
        return answer

    world.store.transact = committed


def _live() -> None:
    for kind, name, write in _ALIVE:
        setattr(kind, name, write)


async def _tell(directory: str, url: str, step: int) -> None:
    async with _world(directory, url, step) as world:
        await _told(world)


async def _told(world: World) -> None:
    """What is there before and after the silent owner's round is given up."""
    before = await rows(world)
    await world.pipeline.mind_rounds()
    states = [each.state for each in await world.pipeline.latest_rounds(1000)]
    charged = await world.select("SELECT round, count(*) FROM participation GROUP BY round")
    released = await world.select("SELECT round FROM head")
    print(json.dumps({
        "before": before, "after": await rows(world), "states": states,
        "charged": {row[0]: row[1] for row in charged}, "released": [row[0] for row in released],
    }), flush=True)  # fmt: skip


def weights(doc: HeadDoc) -> "np.ndarray[Any, Any]":
    return np.frombuffer(unb64(doc.weights), "<f4")


def text_of(numbers: Any) -> str:
    return b64(np.asarray(numbers, "<f4").tobytes())


if __name__ == "__main__":
    kills(*sys.argv[1:])

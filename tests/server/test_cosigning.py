"""The log and its witnesses: what is shown is cosigned, a witness that is down stops nothing, and a log that forked is told so."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.server.logs_made import SmallLog, new_home, public
from tests.server.receiver import HANG, Receiver, status
from tests.server.world import ORIGIN, MakeWorld, World

from mien.errors import SettingsError
from mien.wire.canonical import unb64
from mien.wire.keys import SigningKey
from mien.wire.messages import ExplainAnswer, ExplainAsk, StateAnswer, StateAsk
from mien.wire.proof import (
    Checkpoint,
    note_key,
    parse_checkpoint,
    parse_tlog_proof,
    verify_tlog_proof,
)
from mien.wire.witness import PATH, AddCheckpoint, Cosignature, Witness, cosign, cosignatures
from mien_server import audit, witness
from mien_server.cosigners import Cosigners
from mien_server.errors import StoreBusy
from mien_server.pipeline import Pipeline, looking
from mien_server.pipeline.cosigning import LONGEST_REST, RENEW, Round
from mien_server.ports import Transaction
from mien_server.settings import load
from mien_server.stores.published import SqlPublished
from mien_server.values import Answered, Cosigner, Published

W1, W2 = "https://one.example", "https://two.example/w"


class Near:
    """`ports.Asker` without a network: real witnesses by their addresses; what a test puts before one is awaited first."""

    def __init__(self, world: World, folder: Path, *urls: str) -> None:
        self.homes = {url: new_home(folder / f"w{n}", f"w{n}.example") for n, url in enumerate(urls)}  # fmt: skip
        logs = witness.logs_of([note_key(ORIGIN, world.keys.log.verify_key())])
        self._judges = {url: witness.Judge(home, logs, world.clock) for url, home in self.homes.items()}  # fmt: skip
        self.asked: list[tuple[str, AddCheckpoint]] = []
        self.before: dict[str, Callable[[], Awaitable[Answered | None]]] = {}
        self.arrived = asyncio.Event()

    async def ask(self, url: str, body: str) -> Answered:
        url = url.removesuffix(PATH)
        self.asked.append((url, AddCheckpoint.parse(body)))
        self.arrived.set()
        if url in self.before and (given := await self.before[url]()) is not None:
            return given
        answer = self._judges[url].answer(body.encode())
        return Answered(answer.status, answer.media, answer.text)

    @property
    def cosigners(self) -> tuple[Cosigner, ...]:
        return tuple(Cosigner(public(home), url) for url, home in self.homes.items())


def answers(*given: Any) -> Callable[[], Awaitable[Answered | None]]:
    """Answers these in turn, and then honestly."""
    left = list(given)

    async def answer() -> Answered | None:
        return left.pop(0) if left else None

    return answer


def pipeline_of(world: World, cosigners: tuple[Cosigner, ...]) -> Pipeline:
    return Pipeline(
        world.store, world.keys, world.pipeline._parts.authorizer, world.clock, world.entropy,
        origin=ORIGIN, journal=world.journal, cosigners=cosigners,
    )  # fmt: skip


@asynccontextmanager
async def witnessed(
    make_world: MakeWorld, tmp_path: Path, *urls: str
) -> AsyncIterator[tuple[World, Near]]:
    """A world whose log has these witnesses."""
    async with make_world() as world:
        near = Near(world, tmp_path, *urls)
        world.pipeline = pipeline_of(world, near.cosigners)
        await world.pipeline.begin_publishing()
        yield world, near
        await world.pipeline.stop_publishing()


async def grow(world: World, count: int = 1) -> int:
    """More entries in the tree; its size."""
    entries = [world.entropy.bytes(40) for _ in range(count)]

    def work(transaction: Transaction) -> int:
        return audit.append(transaction.tiles, entries)

    size: int = await world.store.transact(work)
    return size


async def publish(world: World, near: Any, seconds: float = 5) -> Round:
    return await world.pipeline.publish(near, seconds)


async def shown(world: World, near: Near) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    note = await world.pipeline.checkpoint()
    checkpoint = parse_checkpoint(note, ORIGIN, world.keys.log.verify_key())
    return checkpoint, cosignatures(note, checkpoint, [public(h) for h in near.homes.values()])


# ---- what is shown ----
async def test_what_is_shown_is_cosigned_by_all(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1, W2) as (world, near):
        size = await grow(world, 300)
        done = await publish(world, near)
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (size, 2)
        assert {each.at for each in found} == {world.clock.at}
        assert (done.answers, done.cosigned, done.forked, done.news) == ({"cosigned": 2}, 2, 0, [])


async def test_without_witnesses_the_tree_is_shown_as_it_is(make_world: MakeWorld) -> None:
    async with make_world() as world:
        size = await grow(world, 3)
        checkpoint = parse_checkpoint(
            await world.pipeline.checkpoint(), ORIGIN, world.keys.log.verify_key()
        )
        assert checkpoint.size == size


async def test_one_question_a_witness_and_batch_and_none_when_nothing_is_new(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1, W2) as (world, near):
        await grow(world, 500)
        for _ in range(5):
            await publish(world, near)
        assert len(near.asked) == 2
        await grow(world)
        await publish(world, near)
        assert len(near.asked) == 4
        assert [asked.old for _, asked in near.asked] == [0, 0, 500, 500]


async def test_what_grows_meanwhile_is_shown_in_the_next_round(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world, 2)

        async def meanwhile() -> Answered | None:
            await grow(world, 7)
            return None

        near.before[W1] = meanwhile
        await publish(world, near)
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (2, 1)
        del near.before[W1]
        await publish(world, near)
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (9, 1)


async def test_the_time_of_a_quiet_log_is_renewed(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        await publish(world, near)
        world.clock.at += RENEW - 1
        await publish(world, near)
        assert len(near.asked) == 1
        world.clock.at += 1
        await publish(world, near)
        _, [found] = await shown(world, near)
        assert found.at == world.clock.at
        assert near.asked[-1][1].old == 1


async def test_a_witness_whose_clock_is_behind_is_not_asked_again_and_again(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        home = near.homes[W1]

        async def long_ago() -> Answered:
            asked = near.asked[-1][1]
            checkpoint = parse_checkpoint(asked.note, ORIGIN, world.keys.log.verify_key())
            return Answered(200, "", cosign(checkpoint, home.name, home.key, 1000))

        near.before[W1] = long_ago
        for _ in range(5):
            await publish(world, near)
        assert len(near.asked) == 1


async def test_proofs_lead_to_what_is_shown_and_do_not_wait_for_it(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        first = await world.phone().consent("personalize_offers")
        await world.pipeline.sequence()
        await publish(world, near)
        second = await world.phone().consent("personalize_offers")
        await world.pipeline.sequence()
        key = world.keys.log.verify_key()
        for receipt, cosigned in ((first, 1), (second, 0)):
            answer = await world.pipeline.proof(unb64(receipt.promise.leaf))
            verify_tlog_proof(answer.proof, unb64(answer.entry), ORIGIN, key)
            note = parse_tlog_proof(answer.proof).checkpoint
            checkpoint = parse_checkpoint(note, ORIGIN, key)
            found = cosignatures(note, checkpoint, [public(near.homes[W1])])
            assert len(found) == cosigned


async def test_what_an_officer_is_told_leads_to_what_is_shown(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await world.phone().consent("personalize_offers")
        await world.pipeline.sequence()
        await publish(world, near)
        await grow(world)  # nobody has signed that yet
        note = await world.pipeline.checkpoint()
        assert near.homes[W1].name in note
        explained = await world.pipeline.asked_here(ExplainAsk(index=0))
        assert isinstance(explained, ExplainAnswer)
        assert parse_tlog_proof(explained.proof).checkpoint == note
        assert parse_tlog_proof(await world.pipeline.proof_at(0)).checkpoint == note


async def test_how_things_stand_rests_on_all_there_is_and_waits_a_little_for_the_witnesses(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        await publish(world, near)
        size = await grow(world)
        asked = asyncio.create_task(world.pipeline.asked_here(StateAsk()))
        await asyncio.sleep(0)
        await publish(world, near)
        state = await asked
        assert isinstance(state, StateAnswer)
        assert near.homes[W1].name in state.checkpoint
        assert int(state.checkpoint.split("\n")[1]) == size
        size = await grow(world)
        monkeypatch.setattr(looking, "PATIENCE", -1.0)
        state = await world.pipeline.asked_here(StateAsk())
        assert isinstance(state, StateAnswer)
        assert near.homes[W1].name not in state.checkpoint
        assert int(state.checkpoint.split("\n")[1]) == size


async def test_an_export_has_the_cosignatures_of_its_checkpoint_and_of_no_other(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world, 3)
        await publish(world, near)

        def exported(transaction: Transaction) -> str:
            note = audit.checkpoint(transaction.tiles, ORIGIN, world.keys.log)
            return audit.cosigned(note, transaction.published.get())

        assert await world.store.transact(exported) == await world.pipeline.checkpoint()
        await grow(world)
        assert near.homes[W1].name not in await world.store.transact(exported)
        assert audit.cosigned("note", None) == "note"


# ---- witnesses that do not answer, or wrongly ----
async def test_a_witness_that_is_down_stops_nothing_and_is_left_alone(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1, W2) as (world, near):
        near.before[W1] = answers(*[Answered(0)] * 100)
        words = []
        for _ in range(60):
            await grow(world)
            done = await publish(world, near)
            words += [(news.word, news.name) for news in done.news]
            world.clock.at += 2
        checkpoint, found = await shown(world, near)
        assert checkpoint.size == 60
        assert [each.witness.name for each in found] == ["w1.example"]
        tries = sum(url == W1 for url, _ in near.asked)
        assert 6 <= tries <= 9  # after 1, 2, 4, 8, 16, 32 and then 60 seconds
        assert words == [("failed", "w0.example")]


async def test_a_witness_that_is_back_is_told_and_catches_up(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        near.before[W1] = answers(None, Answered(0))
        for _ in range(3):
            await grow(world, 5)
            done = await publish(world, near)
            world.clock.at += 2
        assert [news.word for news in done.news] == ["cosigned"]
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (15, 1)


async def test_who_is_slow_is_not_waited_for_and_joins_when_nothing_is_newer(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1, W2) as (world, near):
        go = asyncio.Event()
        near.before[W1] = lambda: _after(go)
        await grow(world)
        assert (await publish(world, near, 0.02)).cosigned == 1
        assert (await publish(world, near, 0.02)).cosigned == 1  # it is not asked a second time
        assert len(near.asked) == 2
        go.set()
        await asyncio.sleep(0.05)
        assert (await publish(world, near)).cosigned == 2
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (1, 2)


async def _after(go: asyncio.Event) -> Answered | None:
    await go.wait()
    return None


async def test_what_comes_too_late_is_not_put_on_another_checkpoint(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        go = asyncio.Event()
        near.before[W1] = lambda: _after(go)
        await grow(world)
        await publish(world, near, 0.02)
        await grow(world)
        await publish(world, near, 0.02)
        go.set()
        await asyncio.sleep(0.05)
        await publish(world, near)
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (2, 1)


WRONG = [
    Answered(404), Answered(403, "text/plain", "no"), Answered(500), Answered(302), Answered(200, "", ""), Answered(200, "", "hello\n"),
    Answered(200, "", "\u2014 w0.example AAAAAAECAwQ=\n"), Answered(409, "text/x.tlog.size", "01\n"), Answered(409, "text/x.tlog.size", ""),
]  # fmt: skip


async def test_a_wrong_answer_is_no_cosignature(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        near.before[W1] = answers(*WRONG)
        for answer in WRONG:
            size = await grow(world)
            done = await publish(world, near)
            assert (done.answers, done.cosigned) == ({"refused": 1}, 0), answer
            assert (await shown(world, near))[0].size == size
            world.clock.at += LONGEST_REST
        assert (await publish(world, near)).cosigned == 1


async def test_a_cosignature_that_does_not_verify_is_not_kept(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        home = near.homes[W1]
        other = Checkpoint(ORIGIN, 1, bytes(32))
        near.before[W1] = answers(Answered(200, "", cosign(other, home.name, home.key, 1)))
        await grow(world)
        done = await publish(world, near)
        assert (done.answers, done.cosigned) == ({"refused": 1}, 0)
        assert "w0.example" not in await world.pipeline.checkpoint()


async def test_a_witness_that_says_another_size_for_ever_is_given_up(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        near.before[W1] = answers(*[Answered(409, "text/x.tlog.size", "0\n")] * 10)
        await grow(world)
        assert (await publish(world, near)).answers == {"refused": 1}
        assert len(near.asked) == 3


async def test_an_ask_that_breaks_off_takes_nothing_from_the_others(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """A database that had no time while one witness was asked: what the others signed is shown, and the failure is told."""
    async with witnessed(make_world, tmp_path, W1, W2) as (world, near):
        near.before[W1] = _busy
        await grow(world)
        done = await publish(world, near)
        assert [type(each) for each in done.broken] == [StoreBusy]
        assert (done.answers, done.cosigned) == ({"cosigned": 1}, 1)
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, [each.witness.name for each in found]) == (1, ["w1.example"])
        del near.before[W1]
        done = await publish(world, near)  # nobody holds the turn, and nobody rests
        assert (done.broken, done.cosigned) == ([], 2)


async def _busy() -> Answered | None:
    msg = "no time"
    raise StoreBusy(msg)


async def test_who_stops_waits_for_nobody(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        near.before[W1] = lambda: _after(asyncio.Event())
        await grow(world)
        before = asyncio.all_tasks()
        await publish(world, near, 0.02)
        assert len(asyncio.all_tasks() - before) == 1  # the witness is still being asked
        async with asyncio.timeout(5):
            await world.pipeline.stop_publishing()
        assert asyncio.all_tasks() <= before


# ---- forks ----
async def test_a_log_that_was_rolled_back_is_told_each_time(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1, W2) as (world, near):
        await grow(world, 10)
        await publish(world, near)
        await rewound(world, 7)
        world.pipeline = pipeline_of(world, near.cosigners)  # as after a restore: a new process
        await world.pipeline.begin_publishing()
        for _ in range(2):
            await grow(world)
            done = await publish(world, near)
            assert done.forked == 2
            assert [(news.word, news.size) for news in done.news] == [("forked", 10)] * 2
            world.clock.at += LONGEST_REST
        assert (await shown(world, near))[0].size == 9  # the log goes on
        assert (await shown(world, near))[1] == ()


async def rewound(world: World, size: int) -> None:
    """The database as a backup of that moment has it: only so many entries, and what was shown then."""

    def work(transaction: Transaction) -> None:
        entries = transaction.tiles.entry_tile(0)[:size]
        transaction.tiles.grow(transaction.tiles.size(), 0)
        audit.append(transaction.tiles, entries)
        body = Checkpoint(ORIGIN, size, audit.root(transaction.tiles, size)).body()
        transaction.published.put(Published(size, body))

    await world.store.transact(work)


async def test_a_log_that_went_another_way_is_told(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world, 10)
        await publish(world, near)
        await rewound(world, 7)
        await grow(world, 3)
        world.pipeline = pipeline_of(world, near.cosigners)
        assert (await publish(world, near)).forked == 1  # as many entries, but not those
        await grow(world, 4)
        world.clock.at += LONGEST_REST
        done = await publish(world, near)  # more, but not those
        assert (done.forked, done.cosigned) == (1, 0)


async def test_a_fork_that_is_over_is_told_as_well(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        near.before[W1] = answers(Answered(422))
        assert (await publish(world, near)).forked == 1
        world.clock.at += LONGEST_REST
        done = await publish(world, near)
        assert (done.forked, [news.word for news in done.news]) == (0, ["cosigned"])


# ---- many nodes ----
async def test_one_node_asks_at_a_time(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        go = asyncio.Event()
        near.before[W1] = lambda: _after(go)
        await grow(world)
        other = pipeline_of(world, near.cosigners)
        first = asyncio.create_task(publish(world, near))
        await near.arrived.wait()
        assert not (await other.publish(near, 1)).answers
        go.set()
        await first
        assert len(near.asked) == 1
        await grow(world)
        await other.publish(near, 5)
        assert (await shown(world, near))[0].size == 2
        assert len(near.asked) == 3  # the other did not know what the witness holds, and was told


async def test_a_node_that_died_is_followed_by_another(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        until = world.clock.at + 6
        assert await world.store.transact(lambda t: t.published.lease(world.clock.at, until))
        assert (await publish(world, near)).cosigned == 0
        world.clock.at = until
        assert (await publish(world, near)).cosigned == 1


async def test_a_clock_that_was_ahead_holds_up_nobody(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        year = world.clock.at + 365 * 86_400
        assert await world.store.transact(lambda t: t.published.lease(year, year + 6))
        assert (await publish(world, near)).cosigned == 1


async def test_what_is_shown_never_becomes_less(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        go = asyncio.Event()
        near.before[W1] = lambda: _after(go)
        await grow(world)
        slow = asyncio.create_task(publish(world, near))
        await near.arrived.wait()
        world.clock.at += 60  # so slow that another node takes over
        del near.before[W1]
        await grow(world, 5)
        await pipeline_of(world, near.cosigners).publish(near, 5)
        go.set()
        done = await slow
        checkpoint, found = await shown(world, near)
        assert (checkpoint.size, len(found)) == (6, 1)
        assert done.answers == {"overtaken": 1}
        assert done.forked == 0


async def test_two_nodes_that_change_what_is_shown_wait_for_each_other(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One puts a late cosignature under what it read; meanwhile another shows more. Whoever watched would see entries go."""
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        go = asyncio.Event()
        near.before[W1] = lambda: _after(go)
        await grow(world)
        await publish(world, near, 0.02)
        go.set()
        await asyncio.sleep(0.05)
        await grow(world, 5)
        begun, go_on = threading.Event(), threading.Event()
        real = SqlPublished.put

        def held(self: Any, published: Published) -> None:
            if published.size == 1 and not begun.is_set():
                begun.set()
                while not go_on.is_set():
                    _pause(self._runner)
            real(self, published)

        monkeypatch.setattr(SqlPublished, "put", held)
        first = asyncio.create_task(publish(world, near))
        await asyncio.to_thread(begun.wait, 20)
        second = asyncio.create_task(pipeline_of(world, near.cosigners).publish(near, 5))
        await asyncio.wait({second}, timeout=0.5)
        seen = (await shown(world, near))[0].size if second.done() else 1
        last = asyncio.Event()
        near.before[W1] = lambda: _after(last)
        near.arrived.clear()
        go_on.set()
        async with asyncio.timeout(20):
            await near.arrived.wait()  # the first has put what it read, and asks
        assert (await shown(world, near))[0].size >= seen
        last.set()
        await asyncio.gather(first, second)
        assert (await shown(world, near))[0].size == 6


def _pause(runner: Any) -> None:
    if type(runner).__name__ == "SqliteRunner":
        time.sleep(0.01)
    else:  # the event loop goes on meanwhile
        runner.rows(text("SELECT pg_sleep(0.01)"), {})


async def test_a_start_shows_the_tree_as_it_is(make_world: MakeWorld, tmp_path: Path) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        await publish(world, near)
        await grow(world, 4)
        await pipeline_of(world, near.cosigners).begin_publishing()
        assert (await shown(world, near))[0].size == 5


async def test_another_name_of_the_log_does_not_show_what_was_signed_for_the_old_one(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        body = Checkpoint("other.example/log", 1, bytes(32)).body()
        await world.store.transact(lambda t: t.published.put(Published(1, body, "")))
        assert (await shown(world, near))[0].origin == ORIGIN
        assert (await publish(world, near)).cosigned == 1


async def test_an_answer_that_was_long_on_its_way_puts_no_older_time_in_place_of_a_newer(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with witnessed(make_world, tmp_path, W1) as (world, near):
        await grow(world)
        await publish(world, near)
        world.clock.at += RENEW
        home, early = near.homes[W1], world.clock.at
        go = asyncio.Event()

        async def late() -> Answered:
            checkpoint = parse_checkpoint(near.asked[-1][1].note, ORIGIN, world.keys.log.verify_key())  # fmt: skip
            line = cosign(checkpoint, home.name, home.key, early)
            await go.wait()
            return Answered(200, "", line)

        near.before[W1] = late
        await publish(world, near, 0.02)
        del near.before[W1]
        world.clock.at += 5
        await pipeline_of(world, near.cosigners).publish(near, 5)
        go.set()
        await asyncio.sleep(0.05)
        await publish(world, near)
        _, [found] = await shown(world, near)
        assert found.at == early + 5


# ---- over HTTP ----
async def test_a_real_answer_is_read(make_world: MakeWorld, tmp_path: Path) -> None:
    log = SmallLog().grow(1)
    home = new_home(tmp_path / "w")
    line = cosign(log.checkpoint(), home.name, home.key, 5).encode()
    async with Receiver([status(200, "content-type: text/plain", body=line)]) as receiver:
        cosigners = Cosigners()
        answer = await cosigners.ask(receiver.url + PATH, log.asks(0).decode())
        await cosigners.close()
    assert answer == Answered(200, "text/plain", line.decode())
    [got] = receiver.got
    assert (got.method, got.target, got.body) == ("POST", f"/mien{PATH}", log.asks(0))


@pytest.mark.parametrize(
    "given",
    [
        None, HANG, b"nonsense", status(200, body=b"\xff"), status(200, body=b"x" * 70_000),
        status(302, "location: http://127.0.0.1:1/"), b"HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nshort",
    ],
)  # fmt: skip
async def test_whatever_else_comes_is_no_answer(given: bytes | None) -> None:
    async with Receiver([given]) as receiver:
        cosigners = Cosigners(0.3)
        answer = await cosigners.ask(receiver.url, "")
        await cosigners.close()
    assert answer.status in {0, 302}
    assert len(receiver.got) == 1


async def test_a_witness_cannot_make_itself_remembered() -> None:
    """A cookie would come back with every question, and a new one each time would fill the memory."""
    async with Receiver([status(200, "set-cookie: seen=1; path=/", body=b"")]) as receiver:
        cosigners = Cosigners()
        for _ in range(2):
            await cosigners.ask(receiver.url, "")
        await cosigners.close()
    assert [each.headers.get("cookie") for each in receiver.got] == [None, None]


async def test_nobody_listening_is_no_answer() -> None:
    cosigners = Cosigners(0.3)
    assert await cosigners.ask("http://127.0.0.1:1/", "") == Answered(0)
    await cosigners.close()


# ---- settings ----
def vkey(number: int = 0) -> str:
    key = SigningKey.from_secret(bytes([number] * 32)).verify_key()
    return Witness(f"w{number}.example", key).text()


def test_witnesses_are_named_with_their_addresses() -> None:
    settings = load({}, witnesses=f"{vkey(1)} https://one.example/,{vkey(2)} http://127.0.0.1:9")
    assert [(each.witness.name, each.url) for each in settings.cosigners] == [
        ("w1.example", "https://one.example"),
        ("w2.example", "http://127.0.0.1:9"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        vkey(1), f"{vkey(1)} http://one.example", f"{vkey(1)} https://u@one.example", f"{vkey(1)} ftp://one.example", "nonsense https://one.example",
        f"{vkey(1)} https://a.example,{vkey(1)} https://b.example", f"{vkey(1)} https://a.example?x=1",
        f"{note_key('a', SigningKey.from_secret(bytes(32)).verify_key())} https://one.example",
    ],
)  # fmt: skip
def test_what_is_no_witness_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="MIEN_WITNESSES"):
        load({}, witnesses=given)

"""One tree, whoever sequences: nodes that write at once, a sequencer killed at every write, and never two of them. On SQLite and PostgreSQL."""

import asyncio
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from tests.server.sequencer import leaf
from tests.server.tiles import mth
from tests.server.world import ORIGIN, ROOT, MakeWorld, World

from mien.wire import proof
from mien_server import audit
from mien_server.errors import StoreBusy
from mien_server.pipeline import Pipeline
from mien_server.ports import Transaction
from mien_server.stores.tiles import SqlTiles

NODES = 3


def logged(t: Transaction) -> tuple[list[bytes], bytes]:
    """Every entry of the tree in order, and the root the tiles give."""
    size = t.tiles.size()
    bundles = range(-(-size // audit.TILE_WIDTH))
    entries = [entry for number in bundles for entry in t.tiles.entry_tile(number)]
    assert len(entries) == size
    return entries, audit.root(t.tiles, size)


async def whole(world: World) -> list[bytes]:
    """The entries, after the tree was held against the naive one and every place against its entry."""
    entries: list[bytes]
    entries, root = await world.store.transact(logged)
    assert mth(entries) == root
    rows = await world.select(
        "SELECT log_index, hash FROM leaf WHERE log_index IS NOT NULL ORDER BY log_index"
    )
    assert [row[0] for row in rows] == list(range(len(entries)))
    assert [bytes(row[1]) for row in rows] == [entry[:32] for entry in entries]
    return entries


def add(count: int, name: str = "") -> Callable[[Transaction], None]:
    """A closure that adds pending leaves."""
    leaves = [leaf(number, name) for number in range(count)]

    def work(t: Transaction) -> None:
        for each in leaves:
            t.leaves.add(each)

    return work


class Sequencers(RuleBasedStateMachine):
    """Three nodes on one database, in any order, beside a plain list."""

    make: Callable[[], World]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = self.make()
        self.run(self.world.open())
        stores = [self.world.new_store() for _ in range(NODES)]
        self.nodes = [self.world.pipeline_over(store) for store in stores]
        self.stores = stores
        self.waiting: list[bytes] = []
        self.model: list[bytes] = []

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @rule(node=st.integers(0, NODES - 1), count=st.sampled_from([1, 2, 3, 255, 256, 300]))
    def decide(self, node: int, count: int) -> None:
        leaves = [leaf(number) for number in range(count)]

        def work(t: Transaction) -> None:
            for each in leaves:
                t.leaves.add(each)

        self.run(self.stores[node].transact(work))
        self.waiting += [audit.entry(each.hash, each.hour) for each in leaves]

    @rule(node=st.integers(0, NODES - 1))
    def sequence(self, node: int) -> None:
        self.run(self.nodes[node].sequence())
        self.model += self.waiting
        self.waiting = []

    @rule(node=st.integers(0, NODES - 1))
    def fail_at_the_end(self, node: int) -> None:
        def work(t: Transaction) -> None:
            audit.append(t.tiles, [b"never"])
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.run(self.stores[node].transact(work))

    @invariant()
    def the_tree_is_the_list(self) -> None:
        entries, root = self.run(self.stores[0].transact(logged))
        assert entries == self.model
        assert root == mth(self.model)

    def teardown(self) -> None:
        for store in (*self.stores, self.world.store):
            self.run(store.close())
        self.loop.close()


def test_any_order_of_nodes_makes_the_same_tree_as_a_list(make_world: MakeWorld) -> None:
    numbers = itertools.count()

    class Here(Sequencers):
        make = staticmethod(lambda: make_world(f"machine-{next(numbers)}"))

    run_state_machine_as_test(
        Here, settings=settings(max_examples=4, stateful_step_count=10, deadline=None)
    )


# ---- at once ----
async def test_three_nodes_that_write_at_once_make_one_log(make_world: MakeWorld) -> None:
    """Every leaf once, and every checkpoint that anybody saw is the beginning of the next."""
    async with make_world() as world:
        stores = [world.new_store() for _ in range(NODES)]
        nodes = [world.pipeline_over(store) for store in stores]
        notes: list[str] = []

        async def busy(number: int) -> None:
            for turn in range(12):
                await stores[number].transact(add(9, f"{number}-{turn}"))
                await nodes[number].sequence()
                notes.append(await nodes[number].checkpoint())

        await asyncio.gather(*(busy(number) for number in range(NODES)))
        await nodes[0].sequence()
        entries = await whole(world)
        assert len(entries) == len(set(entries)) == NODES * 12 * 9
        key = world.keys.log.verify_key()
        seen = sorted({_seen(note, key) for note in notes})
        for size, root in seen:
            assert mth(entries[:size]) == root
        assert len({size for size, _root in seen}) == len(seen)  # one root a size
        for store in stores:
            await store.close()


def _seen(note: str, key: Any) -> tuple[int, bytes]:
    found = proof.parse_checkpoint(note, ORIGIN, key)
    return found.size, found.root


def run_apart(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.server.sequencer", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_processes_that_write_at_once_make_one_log(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.wait_for_others()
        apart = [
            run_apart("writes", str(world.directory), world.url, f"p{number}", "40")
            for number in range(2)
        ]
        for each in apart:
            assert await asyncio.to_thread(each.wait, 120) == 0
            assert each.stdout is not None
            each.stdout.close()
        await world.pipeline.sequence()
        entries = await whole(world)
        assert len(entries) == len(set(entries)) == 80


# ---- killed ----
async def test_killed_at_any_write_it_published_nothing_or_all(make_world: MakeWorld) -> None:
    world = make_world()
    async with world:
        await world.store.transact(add(100, "before"))
        await world.pipeline.sequence()
        before = await whole(world)
        await world.store.transact(add(500, "after"))
    done = run_apart("kills", str(world.directory), world.url)
    output, _ = await asyncio.to_thread(done.communicate, None, 240)
    assert done.returncode == 0
    said = [json.loads(line) for line in output.splitlines()]
    found, ends = said[::2], said[1::2]
    # entries and hashes of three tiles each, one tile above, the places, the size; then nothing is left to die at
    assert ends == [*[-9] * 9, 0]
    assert {(each["size"], each["pending"]) for each in found[:-1]} == {(100, 500)}
    assert {each["root"] for each in found[:-1]} == {mth(before).hex()}
    assert (found[-1]["size"], found[-1]["pending"]) == (600, 0)
    async with world:
        entries = await whole(world)
        assert entries[:100] == before
        assert len(set(entries)) == 600


# ---- never two ----
async def test_a_second_sequencer_writes_nothing_while_the_first_is_at_it(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        other = world.new_store(busy_seconds=0.05)
        await world.store.transact(add(5))
        begun, go_on = threading.Event(), threading.Event()
        first = asyncio.create_task(world.store.transact(_slowly(begun, go_on)))
        await asyncio.to_thread(begun.wait, 20)
        second = world.pipeline_over(other)
        if world.url:
            await second.sequence()  # not its turn
        else:
            with pytest.raises(StoreBusy):
                await second.sequence()
        assert await _size(world, other) == 0
        go_on.set()
        assert await first
        await second.sequence()
        assert len(await whole(world)) == 5
        await other.close()


async def _size(world: World, store: Any) -> int:
    """What another node sees meanwhile; SQLite's reader is the writer, so that it is told to wait."""
    if not world.url:
        return 0
    return int(await store.transact(lambda t: t.tiles.size()))


def _slowly(begun: threading.Event, go_on: threading.Event) -> Callable[[Any], bool]:
    """A sequencer that is held up after its last write."""

    def work(t: Any) -> bool:
        if not t.turn("sequence"):
            return False
        pending = t.leaves.pending(100)
        audit.append(t.tiles, [audit.entry(each.hash, each.hour) for each in pending])
        t.leaves.place([each.hash for each in pending], 0)
        begun.set()
        while not go_on.is_set():
            _wait(t)
        return True

    return work


def _wait(t: Any) -> None:
    runner = t.sites._runner
    if type(runner).__name__ == "SqliteRunner":
        time.sleep(0.01)
    else:  # the event loop goes on meanwhile
        runner.rows(text("SELECT pg_sleep(0.01)"), {})


async def test_even_without_a_lock_two_sequencers_cannot_both_grow_the_tree(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second defence, with the first switched off: each is told that it is its turn, and both read the same size."""
    async with make_world() as world:
        if not world.url:
            with pytest.raises(StoreBusy):
                await world.store.transact(_outdated)
            return
        other = world.new_store()
        await world.store.transact(add(3, "before"))
        await world.pipeline.sequence()
        await world.store.transact(add(5))
        both = [world.pipeline_over(store) for store in (world.store, other)]
        _always_in_turn(monkeypatch)
        answers = await asyncio.gather(*(_sequenced(each) for each in both))
        assert sorted(answers, key=str) == [False, True]
        await both[0].sequence()
        assert len(await whole(world)) == 8
        await other.close()


def _outdated(t: Transaction) -> None:
    t.tiles.grow(3, 4)


async def _sequenced(node: Pipeline) -> bool:
    """Whether this one was let."""
    try:
        await node.sequence()
    except StoreBusy:
        return False
    return True


def _always_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for the turn has it, and reads the size long before it writes."""
    from mien_server.stores import postgres_runner

    read = SqlTiles.size

    def size(tiles: Any) -> int:
        found = read(tiles)
        tiles._runner.rows(text("SELECT pg_sleep(0.3)"), {})
        return found

    monkeypatch.setattr(postgres_runner.PostgresRunner, "turn", lambda _self, _name: True)
    monkeypatch.setattr(SqlTiles, "size", size)

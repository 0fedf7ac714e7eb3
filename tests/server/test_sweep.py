"""Sweeps: what has ended goes, exactly then, in chunks that a crash may interrupt, and the log says how much went."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.stuck import stuck_sums
from tests.server.world import ROOT, MakeWorld, Phone, World

from mien.errors import RequestInvalid
from mien_server import record
from mien_server.ports import Transaction
from mien_server.stores.sqlite import SqliteStore
from mien_server.values import Hold, Record

DAY = 86_400
LIFE = 30 * DAY


async def swept(world: World) -> list[dict[str, Any]]:
    """The log's entries about sweeps, oldest first."""
    await world.pipeline.sequence()
    found = await world.store.transact(lambda t: t.leaves.openable(0, 10_000))
    plain = [leaf for _, leaf in found if leaf.subject is None and leaf.wrapped_key is None]
    entries = [json.loads(record.open_leaf(None, leaf).record) for leaf in plain]
    return [each for each in entries if each["action"] == "swept"]


async def rows(world: World, *phones: Phone) -> Counter[str]:
    """What lies in the store, by class."""

    def count(t: Transaction) -> Counter[str]:
        found: Counter[str] = Counter()
        for phone in phones:
            who = "shop", phone.subject
            found.update(each.data_class for each in t.records.all(*who))
            found["event"] += len(t.events.of_person(*who, 1000))
            found["decision_record"] += len(t.leaves.of_person(*who))
            found["consent_evidence"] += len(t.evidence.of_person(*who))
        return found

    counted: Counter[str] = await world.store.transact(count)
    return counted


def reasons(entries: list[dict[str, Any]], why: str) -> Counter[str]:
    """What several entries say was deleted for one reason, together."""
    found: Counter[str] = Counter()
    for each in entries:
        found.update(each["deleted"].get(why, {}))
    return found


# ---- at the second ----
async def test_a_label_goes_at_its_second_and_is_read_until_then(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        (kept, *_) = (await phone.export())["labels"]
        world.clock.at = kept["retain_until"] - 1
        await world.pipeline.rotate()
        await world.pipeline.sweep()
        assert (await rows(world, phone))["label"] > 0
        assert kept in (await phone.export())["labels"]
        world.clock.at += 1
        assert (await phone.export())["labels"] == []  # not shown, though no sweep has come yet
        assert (await rows(world, phone))["label"] > 0
        await world.pipeline.sweep()
        assert (await rows(world, phone))["label"] == 0


async def test_nothing_is_read_once_its_time_has_passed(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        event = (await phone.rank()).event
        world.clock.at += LIFE
        await world.pipeline.rotate()
        assert (await phone.export())["events"] == []
        with pytest.raises(Exception, match="not kept"):
            await phone.reward(event, 100)
        world.clock.at += 335 * DAY
        await world.pipeline.rotate()
        actions = {
            json.loads(each["record"])["action"] for each in (await phone.export())["decisions"]
        }
        assert actions == {"export"}  # what it did itself a moment ago
        first = await world.store.transact(lambda t: t.leaves.openable(0, 10, world.clock.at))
        assert first == ()
        world.clock.at += 730 * DAY
        await world.pipeline.rotate()
        assert (await phone.export())["evidence"] == []
        with pytest.raises(Exception, match="no proof"):
            await world.pipeline.evidence("shop", phone.subject, "https://here.example")


# ---- evidence ----
async def test_the_log_says_what_went_and_nothing_of_whom(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(3)]
        for phone in phones:
            await phone.send()
            await phone.rank()
        await phones[0].withdraw()
        before = await rows(world, *phones)
        world.clock.at += LIFE
        await world.pipeline.rotate()
        answer = await world.pipeline.sweep()
        after = await rows(world, *phones)
        (entry,) = await swept(world)
        assert entry["deleted"] == answer
        gone = before - after
        assert Counter(answer["retention"]) - Counter(envelope_replay=3) == gone
        assert answer["consent"] == {"event": 1, "label": 1}  # deleted when it was withdrawn
        text = json.dumps(entry)
        assert not any(phone.subject in text for phone in phones)
        assert entry["at"] == world.clock.at


async def test_a_round_that_deletes_nothing_is_not_in_the_log(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        assert await world.pipeline.sweep() == {}
        assert await swept(world) == []


async def test_the_plan_is_what_the_sweep_then_does(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(2)]
        for _ in range(3):
            for phone in phones:
                await phone.send()
                await phone.rank()
            world.clock.at += DAY
            await world.pipeline.rotate()
        await world.pipeline.place_hold(
            "shop", phones[0].subject, "a dispute", world.clock.at + 90 * DAY
        )
        world.clock.at += LIFE - DAY
        await world.pipeline.rotate()
        before = await rows(world, *phones)
        plan = await world.pipeline.sweep_plan()
        assert await rows(world, *phones) == before
        planned: Counter[str] = Counter()
        for due in plan.due:
            planned[due.data_class] += due.rows
            assert due.day % DAY == 0
            assert due.day <= world.clock.at
        assert len({due.day for due in plan.due if due.data_class == "label"}) >= 3
        done = await world.pipeline.sweep()
        assert dict(planned) == dict(done["retention"])
        assert (await world.pipeline.sweep_plan()).due == ()


async def test_status_counts_what_is_kept(make_world: MakeWorld) -> None:
    async with make_world() as world:
        held, free = [await world.enrolled() for _ in range(2)]
        for phone in (held, free):
            await phone.send()
        await world.pipeline.place_hold(
            "shop", held.subject, "a dispute", world.clock.at + 90 * DAY
        )
        began = world.clock.at
        world.clock.at += LIFE
        status = {each.data_class: each for each in await world.pipeline.retained()}
        label = status["label"]
        assert (label.rows, label.overdue, label.on_hold) == (2, 2, 1)
        assert began - 10 <= (label.oldest or 0) <= began
        assert status["consent"].rows == 2
        assert status["consent"].on_hold == 1
        assert status["envelope_replay"].overdue == 2
        assert set(status) == {
            "label", "consent", "consent_evidence", "decision_record", "envelope_replay",
        }  # fmt: skip


# ---- interrupted ----
class Interrupted(BaseException):
    """Stands for a process that dies between two transactions."""


class Breaking:
    """A store that fails instead of starting its transaction number `at`."""

    def __init__(self, store: Any, at: int) -> None:
        self._store = store
        self._left = at

    async def transact(self, work: Callable[..., Any]) -> Any:
        self._left -= 1
        if self._left == 0:
            raise Interrupted
        return await self._store.transact(work)


async def test_wherever_a_round_is_interrupted_the_log_ends_up_exact(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien_server.pipeline.retaining.CHUNK", 2)
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(3)]
        for _ in range(2):
            for phone in phones:
                await phone.send()
                await phone.rank()
        before = await rows(world, *phones)
        world.clock.at += LIFE
        await world.pipeline.rotate()
        for at in range(1, 40):
            try:
                await world.pipeline_over(Breaking(world.store, at)).sweep()
            except Interrupted:
                continue
            break
        assert at > 12
        after = await rows(world, *phones)
        said = reasons(await swept(world), "retention")
        assert {name: said[name] for name in ("label", "event")} == {
            name: before[name] - after[name] for name in ("label", "event")
        }
        assert after["label"] == after["event"] == 0
        assert await world.store.transact(lambda t: t.retained.take()) == {}


async def test_however_many_consents_end_at_once_one_round_tidies_up_after_all(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien_server.pipeline.tidying.CHUNK", 2)
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(5)]
        for phone in phones:
            await phone.send()
            person = await world.person(phone.subject)
            ended = replace(person, expires_at=world.clock.at + 60)
            await world.store.transact(lambda t, ended=ended: t.people.put(ended))
        world.clock.at += 60
        await world.pipeline.sweep()
        assert (await rows(world, *phones))["label"] == 0
        assert (await world.pipeline.sweep_plan()).consents == 0


async def test_a_step_that_fails_keeps_no_other_waiting(make_world: MakeWorld) -> None:
    """A site's sums cannot be changed: its events cannot be taken out of them, and wait; all else goes at its time, and is logged."""
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        answer = await phone.rank()
        await phone.reward(answer.event, 100)
        before = await rows(world, phone)
        world.clock.at += 7 * 365 * DAY
        with stuck_sums("shop"), pytest.raises(RequestInvalid, match="sums"):
            await world.pipeline.sweep()
        after = await rows(world, phone)
        assert (after["label"], after["event"]) == (0, before["event"])
        assert (after["decision_record"], after["consent_evidence"]) == (0, 0)
        said = reasons(await swept(world), "retention")
        assert said["decision_record"] >= before["decision_record"]
        assert "event" not in said


def killed(directory: Path, clock: int, commits: int) -> bool:
    """Sweep in a process of its own that dies after so many commits; whether it did."""
    words = [str(directory), str(clock), str(commits), "sweep"]
    command = [sys.executable, "-m", "tests.server.dying", *words]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode == -signal.SIGKILL


@pytest.mark.sqlite
async def test_a_process_killed_while_it_sweeps_loses_no_evidence(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with make_world("dying") as world:
        phones = [await world.enrolled() for _ in range(2)]
        for phone in phones:
            await phone.send()
            await phone.rank()
        before = await rows(world, *phones)
        world.clock.at += LIFE
        await world.pipeline.rotate()
        await world.pipeline.sequence()
    kills = 0
    for commits in (4, 6, 8, 10):
        kills += killed(tmp_path / "dying", world.clock.at, commits)
    assert kills >= 2
    async with world:
        await world.pipeline.sweep()
        after = await rows(world, *phones)
        said = reasons(await swept(world), "retention")
        assert said["label"] == before["label"] - after["label"] > 0
        assert said["event"] == before["event"] - after["event"] > 0


async def test_while_another_node_sweeps_this_one_leaves_it_to_it(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        world.clock.at += LIFE
        await world.pipeline.rotate()
        runner = await world.store.transact(lambda t: type(t.people._runner))
        with monkeypatch.context() as patched:
            patched.setattr(runner, "turn", lambda _r, name: name != "sweep")
            if isinstance(world.store, SqliteStore):
                await world.close()
                await world.open()
            assert await world.pipeline.sweep() == {}
        if isinstance(world.store, SqliteStore):
            await world.close()
            await world.open()
        assert (await world.pipeline.sweep())["retention"]["label"] == 1


# ---- whatever happens, in whatever order ----
STEPS = st.one_of(
    st.tuples(st.just("add"), st.integers(0, 1), st.integers(-1, 40)),
    st.tuples(st.just("hold"), st.integers(0, 1), st.integers(1, 30)),
    st.tuples(st.just("lift"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("pass"), st.just(0), st.integers(1, 10)),
    st.tuples(st.just("sweep"), st.just(0), st.just(0)),
)


class Naive:
    """Two people, their rows with the second each must go, and their holds."""

    def __init__(self, world: World, phones: tuple[Phone, ...]) -> None:
        self.world = world
        self.phones = phones
        self.rows: dict[str, tuple[int, int]] = {}
        self.holds: list[Hold] = []

    async def step(self, what: str, who: int, days: int) -> None:
        await getattr(self, f"_{what}")(who, days)
        assert await self._there() == self.rows.keys()

    async def _there(self) -> set[str]:
        found = [
            await self.world.store.transact(lambda t, s=each.subject: t.records.all("shop", s))
            for each in self.phones
        ]
        return {each.id for records in found for each in records}

    async def _add(self, who: int, days: int) -> None:
        now, until = self.world.clock.at, self.world.clock.at + days * DAY
        name = f"rec_{os.urandom(8).hex()}"
        row = Record(name, "shop", self.phones[who].subject, "label", now, until, b"sealed")
        await self.world.store.transact(lambda t: t.records.add([row]))
        self.rows[name] = (who, until)

    async def _hold(self, who: int, days: int) -> None:
        until = self.world.clock.at + days * DAY
        self.holds.append(
            await self.world.pipeline.place_hold("shop", self.phones[who].subject, "why", until)
        )

    async def _lift(self, who: int, _days: int) -> None:
        for hold in self._standing(who)[:1]:
            await self.world.pipeline.lift_hold(hold.id)
            self.holds.remove(hold)

    async def _pass(self, _who: int, days: int) -> None:
        self.world.clock.at += days * DAY
        await self.world.pipeline.rotate()

    async def _sweep(self, _who: int, _days: int) -> None:
        await self.world.pipeline.sweep()
        now = self.world.clock.at
        self.rows = {
            name: (who, until)
            for name, (who, until) in self.rows.items()
            if until > now or self._standing(who)
        }

    def _standing(self, who: int) -> list[Hold]:
        subject, now = self.phones[who].subject, self.world.clock.at
        return [each for each in self.holds if each.subject == subject and now < each.ends_at]


def test_no_unheld_row_outlives_its_time_and_no_held_row_goes(make_world: MakeWorld) -> None:
    with asyncio.Runner() as runner:
        world: World = runner.run(make_world().open())
        ever = Counter[str]()

        async def play(steps: list[tuple[str, int, int]]) -> None:
            naive = Naive(world, (await world.enrolled(), await world.enrolled()))
            for each in steps:
                await naive.step(*each)
                ever["added"] += each[0] == "add"
            await naive.step("sweep", 0, 0)
            for who in (0, 1):
                while naive._standing(who):
                    await naive.step("lift", who, 0)
            world.clock.at += 41 * DAY
            await world.pipeline.rotate()
            await naive.step("sweep", 0, 0)
            assert naive.rows == {}

        @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(STEPS, max_size=10))
        def played(steps: list[tuple[str, int, int]]) -> None:
            runner.run(play(steps))

        try:
            played()
            said = runner.run(swept(world))
            assert reasons(said, "retention")["label"] == ever["added"]
        finally:
            runner.run(world.close())


async def test_a_hold_that_was_acknowledged_loses_nothing_to_a_sweep_on_another_node(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien_server.pipeline.retaining.CHUNK", 3)
    async with make_world() as world:
        phone = await world.enrolled()
        now, until = world.clock.at, world.clock.at + DAY
        many = [
            Record(f"rec_{i}", "shop", phone.subject, "label", now, until, b"sealed")
            for i in range(60)
        ]
        await world.store.transact(lambda t: t.records.add(many))
        world.clock.at = until
        other = world.new_store()
        try:
            sweeping = asyncio.create_task(world.pipeline_over(other).sweep())
            async with asyncio.timeout(60):
                while (await rows(world, phone))["label"] == 60:
                    pass
            await world.pipeline.place_hold("shop", phone.subject, "a dispute", until + DAY)
            acknowledged = (await rows(world, phone))["label"]
            deleted = await sweeping
            assert (await rows(world, phone))["label"] == acknowledged
            assert deleted["retention"]["label"] == 60 - acknowledged
        finally:
            await other.close()

"""Whether a server that cannot do its work says so, and keeps no thread for each time it is asked."""

import asyncio
import gc
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from tests.server.world import MakeWorld, World

from mien_server.errors import JournalUnwritable, NotReady
from mien_server.readiness import Readiness


@dataclass
class Disk:
    """A journal on a disk that hangs until it is let go."""

    free: Event = field(default_factory=Event)
    looks: int = 0
    error: Exception | None = None

    def check(self) -> None:
        self.looks += 1
        self.free.wait(20)
        if self.error is not None:
            raise self.error


def readiness(world: World, journal: Any) -> Readiness:
    return Readiness(world.store, world.keys, journal, world.clock, patience=0.5)


async def test_a_disk_that_hangs_holds_one_thread_however_often_it_is_asked(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        disk = Disk()
        asked = readiness(world, disk)
        for _ in range(3):
            with pytest.raises(NotReady, match="disk of the journal"):
                await asked.check()
        assert disk.looks == 1
        disk.free.set()
        asked.patience = 20
        await asked.check()
        await asked.check()
        assert disk.looks > 1


async def test_a_journal_that_cannot_be_written_is_told_each_time(make_world: MakeWorld) -> None:
    async with make_world() as world:
        disk = Disk(error=JournalUnwritable("no space"))
        disk.free.set()
        asked = readiness(world, disk)
        asked.patience = 20
        for looks in (1, 2):
            with pytest.raises(NotReady, match="cannot be written"):
                await asked.check()
            assert disk.looks == looks
        disk.error = None
        await asked.check()


async def test_a_database_that_does_not_answer_is_not_waited_for(make_world: MakeWorld) -> None:
    class Hangs:
        async def transact(self, _work: object) -> None:
            await asyncio.sleep(20)

    async with make_world() as world:
        asked = Readiness(Hangs(), world.keys, world.journal, world.clock, patience=0.05)  # type: ignore[arg-type]
        with pytest.raises(NotReady, match="database does not answer"):
            await asked.check()


async def test_a_server_that_stops_or_has_no_key_for_today_is_not_ready(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        asked = Readiness(world.store, world.keys, world.journal, world.clock)
        await asked.check()
        world.clock.at += 86_400
        with pytest.raises(NotReady, match="no sealing key for today"):
            await asked.check()
        world.clock.at -= 86_400
        asked.leaving.set()
        with pytest.raises(NotReady, match="stopping"):
            await asked.check()


async def test_what_a_disk_says_too_late_is_in_no_log(
    make_world: MakeWorld, caplog: pytest.LogCaptureFixture
) -> None:
    async with make_world() as world:
        disk = Disk(error=JournalUnwritable("/secret/place"))
        asked = readiness(world, disk)
        with pytest.raises(NotReady, match="disk of the journal"):
            await asked.check()
        disk.free.set()
        assert asked._look is not None
        await asyncio.wait({asked._look})
        asked._look = None  # the last that holds it: asyncio speaks of what nobody heard
        gc.collect()
    assert "/secret/place" not in caplog.text

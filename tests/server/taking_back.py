"""A server that is killed (SIGKILL) while a person takes something back: `python -m tests.server.taking_back DIRECTORY CLOCK ACT WHERE`, the statement on stdin.

Run by test_journal.py.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.server.world import StillClock, World


def die(*_given: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(directory: str, clock: int, act: str, where: str) -> None:
    world = World(Path(directory), clock=StillClock(clock))
    await world.open()
    journal: Any = world.journal
    append = journal.append
    if where == "before-journal":
        journal.append = die
    elif where == "after-journal":

        def write_and_die(entries: Any) -> None:
            append(entries)
            die()

        journal.append = write_and_die
    else:

        class Store:
            """Dies once a closure has committed, before anybody hears of it."""

            async def transact(self, work: Any) -> Any:
                answer = await world.store.transact(work)
                die()
                return answer

        world.pipeline = world.pipeline_over(Store())
    take = world.pipeline.erase if act == "erase" else world.pipeline.withdraw
    await take(world.site, sys.stdin.read())


asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]))

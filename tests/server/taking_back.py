"""A server that is killed (SIGKILL) while a person takes something back: `python taking_back.py DIRECTORY CLOCK ACT WHERE`, the statement on stdin.

Run by test_journal.py.
"""

import asyncio
import importlib.util
import os
import signal
import sys
from pathlib import Path
from typing import Any


def world_of_tests() -> Any:
    """The world of the tests, loaded by path: this file is a program, not a test."""
    spec = importlib.util.spec_from_file_location("world", Path(__file__).with_name("world.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["world"] = module
    spec.loader.exec_module(module)
    return module


def die(*_given: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(directory: str, clock: int, act: str, where: str) -> None:
    module = world_of_tests()
    world = module.World(Path(directory), clock=module.StillClock(clock))
    await world.open()
    append = world.journal.append
    if where == "before-journal":
        world.journal.append = die
    elif where == "after-journal":

        def write_and_die(entries: Any) -> None:
            append(entries)
            die()

        world.journal.append = write_and_die
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

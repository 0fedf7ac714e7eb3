"""A server that is killed (SIGKILL) right after one of its commits: `python -m tests.server.dying DIRECTORY CLOCK COMMITS [ERRAND]`. Run by test_erasure.py, test_sweep.py and test_looking.py."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.server.world import StillClock, World

from mien.wire.messages import FindAsk


class DyingStore:
    """A store whose process dies once it has answered `commits` times, before anybody hears the answer."""

    def __init__(self, store: Any, commits: int) -> None:
        self._store = store
        self._left = commits

    async def transact(self, work: Callable[..., Any]) -> Any:
        answer = await self._store.transact(work)
        self._die_when_due()
        return answer

    async def scrub(self) -> None:
        await self._store.scrub()
        self._die_when_due()

    def _die_when_due(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(directory: str, clock: int, commits: int, errand: str = "complete_erasures") -> None:
    world = World(Path(directory), clock=StillClock(clock))
    await world.open()
    pipeline = world.pipeline_over(DyingStore(world.store, commits))
    await (pipeline.asked_here(FindAsk()) if errand == "find" else getattr(pipeline, errand)())
    await world.close()


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:]))

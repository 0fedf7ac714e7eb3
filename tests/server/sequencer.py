"""Sequencers as processes of their own: `python -m tests.server.sequencer kills|writes WORLD URL ...`. Run by test_sequencing.py.

- `kills`   one process after another publishes what waits and is killed (SIGKILL) at its first write, its second, and so on, until one lives to the end.
  Each prints as JSON what it finds (size, pending, root), then how it ended is printed; at last what the one that lived has left.
- `writes`  adds leaves in small transactions and publishes all along, beside whoever else does.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.server.world import NOON, StillClock, SystemEntropy, World

from mien.errors import ServerBusy
from mien_server import audit, record
from mien_server.errors import StoreBusy
from mien_server.stores.leaves import SqlLeaves
from mien_server.stores.tiles import SqlTiles
from mien_server.values import SealedLeaf

WRITES = ((SqlTiles, "put_tile"), (SqlTiles, "put_entry_tile"), (SqlTiles, "grow"), (SqlLeaves, "place"))  # fmt: skip
"""What a sequencer writes with."""


def leaf(number: int, name: str = "") -> SealedLeaf:
    """A leaf about nobody; `number` and `name` tell it from others."""
    text = b'{"at":%d,"name":"%s"}' % (NOON + number, name.encode())
    return record.plain_leaf("shop", text, NOON + number, SystemEntropy())


def world_of(directory: str, url: str) -> World:
    return World(Path(directory), clock=StillClock(NOON), url=url)


async def opened(world: World) -> World:
    """The world, with a store that waits for other processes."""
    await world.open()
    world.wait_for_others()
    return world


# ---- killed while publishing ----
def kills(directory: str, url: str) -> None:
    step, lived = 0, False
    while not lived:
        step += 1
        ended = _forked(_publish(directory, url, step))
        lived = ended == 0
        print(json.dumps(ended), flush=True)
    _forked(_tell(directory, url))


def _forked(work: Coroutine[Any, Any, None]) -> int:
    """Run in a process of its own; how it ended."""
    child = os.fork()
    if child == 0:
        asyncio.run(work)
        os._exit(0)
    work.close()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def _publish(directory: str, url: str, step: int) -> None:
    world = await opened(world_of(directory, url))
    await _told(world)
    _die_at(step)
    while await world.store.transact(lambda t: t.leaves.pending_count()):
        await world.pipeline.sequence()
    await world.close()


def _die_at(step: int) -> None:
    left = [step]

    def dying(write: Any) -> Any:
        def wrapped(*arguments: Any) -> None:
            write(*arguments)
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        return wrapped

    for kind, name in WRITES:
        setattr(kind, name, dying(getattr(kind, name)))


async def _tell(directory: str, url: str) -> None:
    world = await opened(world_of(directory, url))
    await _told(world)
    await world.close()


async def _told(world: World) -> None:
    def look(t: Any) -> dict[str, object]:
        size = t.tiles.size()
        return {"size": size, "pending": t.leaves.pending_count(), "root": audit.root(t.tiles, size).hex()}  # fmt: skip

    print(json.dumps(await world.store.transact(look)), flush=True)


# ---- several at once ----
async def writes(directory: str, url: str, name: str, count: str) -> None:
    world = await opened(world_of(directory, url))
    for number in range(int(count)):
        await patiently(world, number, name)
    await world.close()


async def patiently(world: World, number: int, name: str) -> None:
    """Add a leaf and publish, again while another holds the database."""
    mine = leaf(number, name)
    while True:
        try:
            await world.store.transact(lambda t: t.leaves.add(mine))
            break
        except (StoreBusy, ServerBusy):
            await asyncio.sleep(0.01)
    try:
        await world.pipeline.sequence()
    except (StoreBusy, ServerBusy):
        return  # the next round does


if __name__ == "__main__":
    if sys.argv[1] == "kills":
        kills(*sys.argv[2:])
    else:
        asyncio.run(writes(*sys.argv[2:]))

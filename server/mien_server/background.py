"""What the server does without being asked, while it runs: each task in its own loop, each round's failure logged and tried again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mien_server import logs

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mien_server.metrics import Meters


@dataclass(frozen=True, slots=True)
class Task:
    """A round of work, and the seconds between the end of one and the start of the next; less when there is a reason."""

    name: str
    seconds: float
    round: Callable[[], Awaitable[Any]]
    early: asyncio.Event | None = None
    """Set: the next round begins at once."""


@asynccontextmanager
async def running(
    tasks: Sequence[Task],
    meters: "Meters",
    logger: "FilteringBoundLogger",
    *,
    seconds: float,
) -> AsyncIterator[None]:
    """Run `tasks` until the block is left; then let each finish the round it is in, for `seconds` at most: every round can be resumed."""
    stop = asyncio.Event()
    loops = [asyncio.create_task(_loop(task, stop, meters, logger)) for task in tasks]
    try:
        yield
    finally:
        stop.set()
        if loops:
            _, slow = await asyncio.wait(loops, timeout=seconds)
            for loop in slow:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)


async def once(task: Task, meters: "Meters", logger: "FilteringBoundLogger") -> None:
    """One round. A failure is counted and logged by its kind and place; the next round tries again."""
    try:
        await task.round()
    except Exception as error:  # noqa: BLE001 - one failed round must not end the task
        meters.task(task.name, "failed")
        logger.error(  # noqa: TRY400 - the text of an exception may hold personal data
            "task-failed",
            task=task.name,
            kind=type(error).__name__,
            code=getattr(error, "code", ""),
            where=logs.where(error.__traceback__),
        )
    else:
        meters.task(task.name, "done")


async def _loop(
    task: Task, stop: asyncio.Event, meters: "Meters", logger: "FilteringBoundLogger"
) -> None:
    while not stop.is_set():
        await once(task, meters, logger)
        await _pause(task, stop)


async def _pause(task: Task, stop: asyncio.Event) -> None:
    reasons = [stop] if task.early is None else [stop, task.early]
    waiting = [asyncio.create_task(reason.wait()) for reason in reasons]
    try:
        await asyncio.wait(waiting, timeout=task.seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    if task.early is not None:
        task.early.clear()

"""Whether this server can do its work now: what `/readyz` answers."""

import asyncio
from dataclasses import dataclass, field
from threading import Event
from typing import Final

from mien_server.errors import JournalError, NotReady
from mien_server.keys import day_of
from mien_server.ports import Clock, Journal, Keys, Store

PATIENCE: Final = 3.0
"""Seconds that the database may take to answer, and after it the journal's disk."""


@dataclass
class Readiness:
    """Looks at everything that a request needs. `leaving` is set by whoever stops the server."""

    store: Store
    keys: Keys
    journal: Journal
    clock: Clock
    leaving: Event = field(default_factory=Event)
    patience: float = PATIENCE
    _look: asyncio.Future[None] | None = field(default=None, repr=False)

    async def check(self) -> None:
        """Return when the server can do its work; raise `NotReady`, or what the database said, otherwise."""
        if self.leaving.is_set():
            msg = "the server is stopping; ask another one"
            raise NotReady(msg)
        now = self.clock.now()
        if all(doc.kid != day_of(now) for doc in self.keys.seal_keys(now)):
            msg = "there is no sealing key for today; look for failed rounds of `rotate` in the log"
            raise NotReady(msg)
        await self._database()
        await self._disk_of_the_journal()

    async def _database(self) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await self.store.transact(lambda transaction: transaction.tiles.size())
        except TimeoutError:
            msg = (
                "the database does not answer; see that it runs and is not held by another program"
            )
            raise NotReady(msg) from None

    async def _disk_of_the_journal(self) -> None:
        """One look at a time: a disk that hangs keeps one thread, and not another one for each question."""
        if self._look is None or self._look.done():
            loop = asyncio.get_running_loop()
            self._look = loop.run_in_executor(None, self.journal.check)
            self._look.add_done_callback(_heard)
        done, _ = await asyncio.wait({self._look}, timeout=self.patience)
        if not done:
            msg = (
                "the disk of the journal of withdrawals and erasures does not answer; look into it"
            )
            raise NotReady(msg)
        try:
            self._look.result()
        except JournalError:
            msg = "the journal of withdrawals and erasures cannot be written; see MIEN_JOURNAL"
            raise NotReady(msg) from None


def _heard(look: asyncio.Future[None]) -> None:
    """What a look ended with after nobody waited for it any more: the next one finds it again, and asyncio would log its text."""
    if not look.cancelled():
        look.exception()

"""After a backup was restored: what people took back since is done again, before anything is served.

The journal says what was taken back, the database which of it it has heard of. What it has not, was done after the backup was made, or was
signed and never committed. Either way the person asked for it.

    erased      tombstone, a new certificate, and the erasure completes like any other
    withdrawn   consent given until then stands no more; one given later stays
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from mien.wire import lifecycle
from mien.wire.lifecycle import Happening
from mien_server.errors import JournalMissing
from mien_server.keys import DAY, EPOCH, REWRAP
from mien_server.pipeline.erasing import Erasing, nobody
from mien_server.pipeline.parts import Parts, where
from mien_server.pipeline.taking import ID_BYTES
from mien_server.pipeline.telling import note_withdrawn
from mien_server.pipeline.tidying import CHUNK
from mien_server.ports import Transaction
from mien_server.values import Person, Site, Taken

LIFE: Final = 2 * EPOCH + REWRAP
"""Seconds an entry is kept: no backup that is older can be read by anybody, so none can bring back what was taken."""
BATCH: Final = 50
"""Entries applied in one transaction."""
_NEVER: Final = 1 << 62
Outcome = Literal["known", "waiting", "nothing", "erased", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done again: `erased` people, `withdrawn` consents; `waiting` entries are of sites that this database does not know."""

    erased: int = 0
    withdrawn: int = 0
    waiting: int = 0

    def __bool__(self) -> bool:
        """Whether anything was done."""
        return bool(self.erased or self.withdrawn)


class Restoring:
    """Applies the journal."""

    def __init__(self, parts: Parts, erasing: Erasing) -> None:
        self._parts = parts
        self._erasing = erasing

    async def restore(self) -> Applied:
        """Do again all that this database has not heard of. Whoever serves has called it first.

        Raises `JournalMissing` when the journal lacks what the database has heard of, `JournalInvalid`, `JournalUnwritable`.
        """
        journal, store = self._parts.journal, self._parts.store
        horizon = self._parts.clock.now() - LIFE
        # The database first: what commits meanwhile is in the journal that is read after it.
        known = await store.transact(lambda t: t.noted.since(horizon))
        entries = await asyncio.to_thread(journal.entries)
        _check_whole(entries, known)
        await asyncio.to_thread(journal.make)
        left = [each for each in entries if each.id not in known and each.at >= horizon]
        done: list[Outcome] = []
        for first in range(0, len(left), BATCH):
            done += await store.transact(partial(self._some, some=left[first : first + BATCH]))
        return Applied(done.count("erased"), done.count("withdrawn"), done.count("waiting"))

    async def heed(self) -> Applied:
        """A round while the server runs: has the database under it been exchanged? Then `restore`. Forgets what no backup can bring back."""
        journal, store = self._parts.journal, self._parts.store
        horizon = self._parts.clock.now() - LIFE
        await asyncio.to_thread(journal.check)
        newest = await asyncio.to_thread(journal.newest)

        def heard(transaction: Transaction) -> bool:
            if not newest:
                return not transaction.noted.any()
            return all(each.at < horizon or transaction.noted.there(each.id) for each in newest)

        done = Applied() if await store.transact(heard) else await self.restore()
        await asyncio.to_thread(journal.drop_before, horizon)
        # A day after the journal's: what is there is known.
        while await store.transact(lambda t: t.noted.delete_before(horizon - 3 * DAY, CHUNK)):
            pass
        return done

    async def renew(self) -> int:
        """Write the journal anew from a database that was never restored, because the journal is lost for good; how many entries.

        Who was erased lately and whose consent was ended is in it; purposes taken back from a consent that still stands are not.
        """
        journal, store = self._parts.journal, self._parts.store
        now = self._parts.clock.now()
        people = await store.transact(lambda t: t.noted.taken(now - LIFE))
        entries = tuple(self._renewed(*each, now) for each in people)
        await asyncio.to_thread(journal.make)
        if entries:
            await asyncio.to_thread(journal.append, entries)

        def note(transaction: Transaction) -> None:
            while transaction.noted.delete_before(_NEVER, CHUNK):
                pass
            for entry in entries:
                transaction.noted.add(entry.id, entry.at)

        await store.transact(note)
        return len(entries)

    def _renewed(self, site: str, subject: str, erased_at: int, now: int) -> Taken:
        name = self._parts.entropy.bytes(ID_BYTES)
        return Taken(name, "erased" if erased_at else "withdrawn", site, subject, erased_at or now)

    def _some(self, transaction: Transaction, some: Sequence[Taken]) -> list[Outcome]:
        # Locked in one order, so that two nodes that start at once do not wait for each other.
        ordered = sorted(some, key=lambda each: (each.site, each.subject, each.at))
        return [self._apply(transaction, each) for each in ordered]

    def _apply(self, transaction: Transaction, entry: Taken) -> Outcome:
        site = transaction.sites.get(entry.site)
        if site is None:
            return "waiting"
        person = transaction.people.get(entry.site, entry.subject, "update")
        # Asked with the person's row locked: whoever was about to commit this entry has done so.
        if transaction.noted.there(entry.id):
            return "known"
        transaction.noted.add(entry.id, entry.at)
        if entry.kind == "erased":
            return self._erase(transaction, site, person, entry)
        return self._withdraw(transaction, site, person, entry)

    def _erase(
        self, transaction: Transaction, site: Site, person: Person | None, entry: Taken
    ) -> Outcome:
        if person is not None and person.tombstoned_at:
            return "nothing"
        known = person or nobody(entry.site, entry.subject)
        self._erasing.again(transaction, site, known, entry)
        return "erased"

    def _withdraw(
        self, transaction: Transaction, site: Site, person: Person | None, entry: Taken
    ) -> Outcome:
        if person is None or person.tombstoned_at or person.consented_at > entry.at:
            return "nothing"
        if not lifecycle.stands(person.state):
            return "nothing"
        now = self._parts.clock.now()
        ended = replace(
            person,
            state=lifecycle.after(person.state, Happening.WITHDRAW),
            purposes=frozenset(),
            # Perhaps it was the guardian: what they approved before is worth nothing.
            revoked_at=max(person.revoked_at, entry.at) if person.guardian else person.revoked_at,
        )
        transaction.people.put(ended)
        transaction.people.mark(person.site, person.subject)
        note_withdrawn(self._parts, transaction, person, person.purposes, now)
        decision = self._parts.right(now, where(site, ended), "7(3)")
        purposes = ",".join(sorted(person.purposes))
        self._parts.log_anyhow(transaction, site, ended, "withdraw", decision, purposes)
        return "withdrawn"


def _check_whole(entries: Iterable[Taken], known: frozenset[bytes]) -> None:
    """Raise `JournalMissing` when the journal does not have every entry that the database has heard of: then others may be gone as well."""
    if known <= {each.id for each in entries}:
        return
    msg = "the journal lacks withdrawals or erasures that the database has heard of; restore it, or check MIEN_JOURNAL: all nodes share one"
    raise JournalMissing(msg)

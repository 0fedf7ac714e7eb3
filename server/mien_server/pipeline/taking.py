"""What a person takes back is in the journal, durable, before the transaction that does it commits.

The journal is not the database: a sync of it must not hold up the one writer, nor an event loop, and cannot be undone. So a closure that takes
something back says so with `note`; the first time that undoes it, `take_back` writes the journal on a thread of its own, and runs it again. What
is in the journal and not in the database, because the process died or the second run failed, the person asked for and signed: `restoring` does it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction
from mien_server.values import Person, Taken

T = TypeVar("T")
ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Act:
    """An entry, and the time that it must reach to: of the consent which is taken back."""

    entry: Taken
    since: int


class NotWritten(Exception):
    """These entries are not in the journal yet. No failure: it undoes the transaction until they are."""

    def __init__(self, entries: Sequence[Taken]) -> None:
        super().__init__("entries are to be written to the journal first")
        self.entries = entries


async def take_back(parts: Parts, work: Callable[[Transaction], T]) -> T:
    """`Store.transact` for a closure that calls `note`: runs it again once the journal has what it takes back. Raises `JournalUnwritable` with nothing changed."""
    while True:
        try:
            return await parts.store.transact(work)
        except NotWritten as unwritten:
            entries = unwritten.entries
        await asyncio.to_thread(parts.journal.append, entries)


def note(parts: Parts, transaction: Transaction, *acts: Act) -> None:
    """Write into the transaction that the journal has these. Called before anything else is changed; undoes the transaction until it is so."""
    missing = [
        act.entry for act in acts if (parts.journal.written_at(act.entry.id) or -1) < act.since
    ]
    if missing:
        raise NotWritten(missing)
    for act in acts:
        transaction.noted.add(act.entry.id, act.entry.at)


def withdrawn(person: Person, act: str, now: int) -> Act:
    """`person`, as they are until now, takes back consent by `act`: a statement, or words that name the one act."""
    # The same act tried again is the same entry.
    name = hashlib.sha256(b"mien taken back v1\0withdrawn\0" + act.encode()).digest()[:ID_BYTES]
    since = person.consented_at
    return Act(Taken(name, "withdrawn", person.site, person.subject, max(now, since)), since)


def invalidated(person: Person, now: int) -> Act:
    """The consent of `person` that stands is declared invalid."""
    return withdrawn(person, f"{person.site} {person.subject} {person.consented_at}", now)


def erased(person: Person, name: bytes, now: int) -> Act:
    """`person` is erased; `name` is the 16 bytes of the erasure's id."""
    return Act(Taken(name, "erased", person.site, person.subject, now), since=0)

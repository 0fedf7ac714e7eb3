"""Rotation of keys: today's are made, what the living left is wrapped anew when an epoch began, and old key-encryption keys are destroyed.

In this order: the new key is made -> everything readable is wrapped by it, in chunks -> a grace, in which every node has learnt of it and
stragglers are wrapped anew too -> the old key is destroyed, and with it old backups.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Generic, TypeVar

from mien.errors import KeepUnreadable, KeysMissing
from mien_server import record
from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction
from mien_server.values import Evidence, Person, SealedLeaf

T = TypeVar("T", Person, SealedLeaf, Evidence)
CHUNK: Final = 100
"""Rows wrapped anew in one transaction: some milliseconds, for which a use of one of these people waits."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a round did. `unreadable` rows open with no key here and are left to their end; `waiting` ones are being erased."""

    epoch: int
    people: int = 0
    leaves: int = 0
    proofs: int = 0
    unreadable: int = 0
    waiting: int = 0
    destroyed: int = 0

    @property
    def rewrapped(self) -> int:
        """How many keys were wrapped anew."""
        return self.people + self.leaves + self.proofs


@dataclass(frozen=True, slots=True)
class _Pass(Generic[T]):
    """How far a pass over one table is: the last row seen, None at the end. `whole`: no other node rotated meanwhile."""

    last: T | None = None
    done: int = 0
    unreadable: int = 0
    waiting: int = 0
    whole: bool = True


class Rotation:
    """Rounds of rotating. Each may be interrupted anywhere and is taken up by the next."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def rotate(self, *, begin: bool = False) -> Rotated:
        """Make today's keys; wrap anew what an older key wraps; destroy older keys when every node knows the new one.

        `begin`: begin an epoch now, before its time. Raises `KeysMissing`, `KeysUnwritable`.
        """
        keys = self._parts.keys
        keys.rotate(self._parts.clock.now())
        epoch = keys.begin() if begin else keys.epoch()
        last = (
            keys.settled()
        )  # asked first: what is wrapped while this round runs is wrapped by the new key
        people = await self._all(partial(self._people, epoch=epoch, erased=last))
        leaves = await self._all(partial(self._leaves, epoch=epoch))
        proofs = await self._all(partial(self._proofs, epoch=epoch))
        whole = people.whole and leaves.whole and proofs.whole
        return Rotated(
            epoch=epoch,
            people=people.done,
            leaves=leaves.done,
            proofs=proofs.done,
            unreadable=people.unreadable + leaves.unreadable + proofs.unreadable,
            waiting=people.waiting,
            destroyed=keys.drop_epochs_before(epoch) if last and whole else 0,
        )

    async def _all(self, some: Callable[[Transaction, T | None], _Pass[T]]) -> _Pass[T]:
        """Chunk after chunk, past what cannot be read, to the end."""
        whole: _Pass[T] = _Pass()
        while True:
            after = whole.last
            chunk = await self._parts.store.transact(partial(_in_turn, some=some, after=after))
            whole = _Pass(
                chunk.last,
                whole.done + chunk.done,
                whole.unreadable + chunk.unreadable,
                whole.waiting + chunk.waiting,
                chunk.whole,
            )
            if chunk.last is None:
                return whole

    def _people(
        self, transaction: Transaction, last: Person | None, *, epoch: int, erased: bool
    ) -> _Pass[Person]:
        """A chunk of people. Those being erased wait for the round that destroys the old key: most are gone by then, and their backups with it."""
        found = transaction.people.wrapped_before(epoch, last, CHUNK)
        chosen = [person for person in found if erased or not person.tombstoned_at]
        done = self._rewrapped(chosen, epoch, lambda person: person.subject)
        transaction.people.rewrap(done)
        for person in chosen:
            self._parts.forget_vault(person)
        lost, waiting = len(chosen) - len(done), len(found) - len(chosen)
        return _Pass(_last(found), len(done), lost, waiting)

    def _leaves(
        self, transaction: Transaction, last: SealedLeaf | None, *, epoch: int
    ) -> _Pass[SealedLeaf]:
        found = transaction.leaves.wrapped_before(epoch, last, CHUNK)
        done = self._rewrapped(found, epoch, lambda leaf: leaf.hash.hex())
        transaction.leaves.rewrap(done)
        return _Pass(_last(found), len(done), len(found) - len(done))

    def _proofs(
        self, transaction: Transaction, last: Evidence | None, *, epoch: int
    ) -> _Pass[Evidence]:
        found = transaction.evidence.wrapped_before(epoch, last, CHUNK)
        done = self._rewrapped(found, epoch, lambda proof: proof.id)
        transaction.evidence.rewrap(done)
        return _Pass(_last(found), len(done), len(found) - len(done))

    def _rewrapped(self, rows: Iterable[T], epoch: int, name: Callable[[T], str]) -> list[T]:
        """Those that can be read, wrapped anew. Where one is damaged, or its epoch's key gone, nobody can read what it opens, then or now."""
        keys, done = self._parts.keys, []
        for row in rows:
            try:
                key = record.unwrap(
                    keys.kek(row.epoch), row.wrapped_key or b"", row.epoch, row.site, name(row)
                )
            except (KeepUnreadable, KeysMissing):
                continue
            wrapped = record.wrap(
                keys.kek(epoch), key, epoch, row.site, name(row), self._parts.entropy
            )
            done.append(replace(row, wrapped_key=wrapped, epoch=epoch))
        return done


def _in_turn(
    transaction: Transaction, some: Callable[[Transaction, T | None], _Pass[T]], after: T | None
) -> _Pass[T]:
    """A chunk, unless another node is at one: then this round ends early and destroys nothing."""
    return some(transaction, after) if transaction.turn("rotate") else _Pass(whole=False)


def _last(found: Sequence[T]) -> T | None:
    """Where the next chunk goes on; None after the last."""
    return found[-1] if len(found) == CHUNK else None

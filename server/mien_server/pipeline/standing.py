"""How things stand: people by the state of their consent, what is kept, holds, erasures and their delays. Counts only, nothing is opened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Literal

from mien.wire import lifecycle
from mien.wire.lifecycle import Happening
from mien.wire.messages import ErasureCounts, KeptCount
from mien_server.keys import SEAL_LIFE
from mien_server.pipeline.parts import Parts
from mien_server.ports import Transaction
from mien_server.values import Erasure

DAY: Final = 86_400
CHUNK: Final = 1000
"""Erasures read in one transaction."""
_EDGES: Final[tuple[tuple[Literal["minute", "hour", "day"], int], ...]] = (
    ("minute", 60),
    ("hour", 3600),
    ("day", DAY),
)


def standing(transaction: Transaction, now: int, checkpoint: str) -> dict[str, Any]:
    """The fields of a `StateAnswer` that one transaction tells. `checkpoint` is what the log shows in it."""
    consents, erased = _consents(transaction.people.states(now))
    holds = transaction.holds.all()
    stand = sum(each.standing(now) for each in holds)
    return {
        "checkpoint": checkpoint,
        "pending": transaction.leaves.pending_count(),
        "consents": consents,
        "erased": erased,
        "kept": [
            KeptCount(
                data_class=each.data_class, rows=each.rows, overdue=each.overdue,
                on_hold=each.on_hold, oldest=each.oldest,
            )
            for each in transaction.retained.status(now, now - SEAL_LIFE)
        ],
        "holds_standing": stand,
        "holds_over": len(holds) - stand,
    }  # fmt: skip


def _consents(states: Iterable[tuple[str, int, int, int]]) -> tuple[dict[str, int], int]:
    """People by the state of their consent as it is now, and how many were erased."""
    found: dict[str, int] = {}
    erased = 0
    for state, valid, ran_out, gone in states:
        ended = lifecycle.after(state, Happening.EXPIRE)
        for name, more in ((state, valid), (ended, ran_out)):
            found[name] = found.get(name, 0) + more
        erased += gone
    return {name: count for name, count in found.items() if count}, erased


async def erasures(parts: Parts, since: int, until: int, now: int) -> ErasureCounts:
    """What became of the erasures asked for from `since` to before `until`. Reads all there are, in small transactions."""
    tally, last = _Tally(now), ""
    while found := await parts.store.transact(lambda t, last=last: _some(t, last, now)):  # type: ignore[misc]
        for erasure, held in found:
            if since <= erasure.accepted_at < until:
                tally.add(erasure, held=held)
        last = found[-1][0].id
    return tally.counts()


def _some(transaction: Transaction, last: str, now: int) -> list[tuple[Erasure, bool]]:
    return [
        (each, _is_held(transaction, each, now)) for each in transaction.erasures.all(last, CHUNK)
    ]


def _is_held(transaction: Transaction, erasure: Erasure, now: int) -> bool:
    """Whether a legal hold keeps an erasure from being completed."""
    if erasure.completed_at is not None:
        return False
    person = transaction.people.get(erasure.site, erasure.subject, "none")
    return person is not None and now < person.held_until


@dataclass(slots=True)
class _Tally:
    now: int
    delays: list[int] = field(default_factory=list)
    waiting: int = 0
    open: int = 0
    late: int = 0

    def add(self, erasure: Erasure, *, held: bool) -> None:
        if erasure.completed_at is not None:
            self.delays.append(erasure.completed_at - erasure.accepted_at)
        elif held:
            self.waiting += 1
        else:
            self.open += 1
            self.late += self.now - erasure.accepted_at > DAY

    def counts(self) -> ErasureCounts:
        complete = len(self.delays)
        up_to = [0, *(sum(delay <= edge for delay in self.delays) for _, edge in _EDGES), complete]
        names: tuple[Literal["minute", "hour", "day", "longer"], ...] = (
            *(name for name, _ in _EDGES),
            "longer",
        )
        within = {
            name: upper - lower for name, (lower, upper) in zip(names, pairwise(up_to), strict=True)
        }
        return ErasureCounts(
            asked=complete + self.waiting + self.open, complete=complete, waiting=self.waiting,
            open=self.open, late=self.late, slowest=max(self.delays, default=0), within=within,
        )  # fmt: skip

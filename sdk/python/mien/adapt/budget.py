"""What this device's updates may have revealed, by its own count: it needs no server's word, and it stays when everything else of a person is erased.

Counts and nothing more: how often an update was sent under which noise, and in which rounds one still waits. Epsilon is that of Gaussian noise added up
(mu-GDP with mu^2 = the sum of 1 / z^2: Dong, Roth, Su 2022), as the server's ledger has it. What waits counts as spent until
the server says that its round came to nothing.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field

from mien.wire.curve import epsilon_of
from mien.wire.messages import Message, OpaqueId, parse

DELTA_ONE_IN: Final = 1_000_000
CHARGED: Final = frozenset({"released", "rolled_back"})
"""Outcomes of a round that cost everybody in it."""
MOST: Final = 100_000
_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Ledger:
    """`spent`: how often, by noise in thousandths of a clip. `waiting`: each round that an update was sent to, its noise, and whether the server has it."""

    spent: tuple[tuple[int, int], ...] = ()
    waiting: tuple[tuple[str, int, bool], ...] = ()

    @property
    def rounds(self) -> int:
        """How many rounds this device's updates went into, those that still wait included."""
        return sum(count for _noise, count in self.spent) + len(self.waiting)

    def taken(self, name: str) -> bool:
        """Whether the server has an update of this device for this round."""
        return any(name == each and taken for each, _noise, taken in self.waiting)

    def epsilon(self, delta_one_in: int = DELTA_ONE_IN) -> float:
        """What all of it comes to, at a delta of one in so many."""
        squares = [count * (_THOUSAND / noise) ** 2 for noise, count in self.spent]
        squares += [(_THOUSAND / noise) ** 2 for _name, noise, _taken in self.waiting]
        return epsilon_of(math.sqrt(math.fsum(squares)), 1 / delta_one_in)

    def joined(self, name: str, noise: int) -> Self:
        """With an update that is about to be sent; once more to the same round counts once."""
        if any(name == each[0] for each in self.waiting):
            return self
        return replace(self, waiting=(*self.waiting, (name, noise, False)))

    def answered(self, name: str) -> Self:
        """After the server said that it has the update for this round."""
        return replace(
            self, waiting=tuple((each, noise, taken or each == name) for each, noise, taken in self.waiting)
        )  # fmt: skip

    def without(self, name: str) -> Self:
        """With the update in this round taken out: the server did not take it."""
        return replace(self, waiting=tuple(each for each in self.waiting if each[0] != name))

    def settled(self, ended: Mapping[str, str], *, whole: bool) -> Self:
        """After the server said how the latest rounds ended; `whole`: these may be all that it tells, with older ones left out.

        A round that it says nothing of waits, and counts like every other that waits: it may be closing, or its owner may have died a moment ago.
        Where older ones were left out it counts as spent.
        """
        unheard = "released" if whole else ""
        left, counts = [], dict(self.spent)
        for each in self.waiting:
            outcome = ended.get(each[0], unheard)
            if not outcome:
                left.append(each)
            elif outcome in CHARGED:
                counts[each[1]] = counts.get(each[1], 0) + 1
        return replace(self, spent=tuple(sorted(counts.items())), waiting=tuple(left))

    def document(self) -> dict[str, Any]:
        """As a JSON value for encrypted storage."""
        return {
            "v": 1,
            "about": "counts of updates sent from this device, and nothing else; they outlive an erasure, so that no later person here spends more than they think",
            "spent": [{"noise_thousandths": noise, "count": count} for noise, count in self.spent],
            "waiting": [
                {"round": name, "noise_thousandths": noise, "taken": taken} for name, noise, taken in self.waiting
            ],
        }  # fmt: skip

    @classmethod
    def read(cls, value: Any) -> "Ledger":
        """What `document` gave; an empty one for None. Raises `RequestInvalid`."""
        if value is None:
            return cls()
        doc = parse(_Doc, value)
        return cls(
            tuple((each.noise_thousandths, each.count) for each in doc.spent),
            tuple((each.round, each.noise_thousandths, each.taken) for each in doc.waiting),
        )


class _Spent(Message):
    noise_thousandths: Annotated[int, Field(ge=1, le=10**9)]
    count: Annotated[int, Field(ge=1, le=MOST)]


class _Waiting(Message):
    round: OpaqueId
    noise_thousandths: Annotated[int, Field(ge=1, le=10**9)]
    taken: bool


class _Doc(Message):
    v: Literal[1]
    about: str
    spent: Annotated[list[_Spent], Field(max_length=1000)]
    waiting: Annotated[list[_Waiting], Field(max_length=1000)]

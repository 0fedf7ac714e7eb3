"""Spacing: what was right lately waits, what was wrong returns.

Memory fades exponentially: after `t` seconds the part 2^(-t / h) is left (Ebbinghaus 1885; Settles and Meeder 2016, "A trainable spaced repetition model",
whose half-life h doubles with what was recalled). Here h begins at ten minutes and doubles with each right answer in a row, up to 57 days. A wrong answer
starts the row anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

FIRST: Final = 600.0
"""Seconds until half is forgotten after one right answer."""
_DOUBLINGS: Final = 13
BETWEEN: Final = 2
"""Other items that come before one that was wrong returns: at once would only test the last seconds."""


@dataclass(slots=True)
class Trace:
    """What is known of one item: right answers in a row, when it was answered last (unix seconds), and how many answers came since."""

    streak: int
    at: int
    since: int = 0

    def memory(self, now: int) -> float:
        """How much is left of it, 0..1: 0 where the last answer was wrong."""
        if self.streak == 0:
            return 0.0
        half_life = FIRST * 2.0 ** min(self.streak - 1, _DOUBLINGS)
        return float(2.0 ** (-max(0, now - self.at) / half_life))

    @property
    def returns(self) -> bool:
        """Whether the last answer was wrong, long enough ago to try again."""
        return self.streak == 0 and self.since >= BETWEEN


def traces(answers: Iterable[tuple[str, int, bool]]) -> dict[str, Trace]:
    """The trace of each item after answers in order: item, when, whether it was right."""
    found: dict[str, Trace] = {}
    order: dict[str, int] = {}
    count = 0
    for count, (item, at, correct) in enumerate(answers, 1):
        before = found.get(item)
        streak = (before.streak + 1 if before else 1) if correct else 0
        found[item] = Trace(streak, at)
        order[item] = count
    for item, trace in found.items():
        trace.since = count - order[item]
    return found

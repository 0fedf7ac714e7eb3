"""Days, weeks and months: how a time is cut so that it can be looked at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mien_server.cli.audit.report.gather import Outcomes

DAYS: Final = 62
"""Up to so many days each has a bar of its own."""
WEEKS: Final = 53
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Cut:
    """A time in pieces: `name` says which (day, week, month), `labels` are in order."""

    name: str
    labels: tuple[str, ...]

    def of(self, day: int) -> str:
        """The label of the piece that a day is in."""
        return _label(self.name, day)

    def place(self, counts: Mapping[int, Outcomes]) -> list[Outcomes]:
        """Counts by day as counts by piece, those without any included."""
        found = {label: Outcomes() for label in self.labels}
        for day, outcomes in counts.items():
            found[self.of(day)].add(outcomes)
        return list(found.values())


def cut(days: Iterable[int]) -> Cut:
    """The pieces from the first day to the last: days, weeks (by their Monday) or months."""
    there = sorted(days)
    if not there:
        return Cut("day", ())
    count = (there[-1] - there[0]) // _DAY + 1
    name = "day" if count <= DAYS else "week" if count <= 7 * WEEKS else "month"
    every = (there[0] + _DAY * number for number in range(count))
    return Cut(name, tuple(dict.fromkeys(_label(name, day) for day in every)))


def _label(name: str, day: int) -> str:
    at = datetime.fromtimestamp(day, UTC)
    if name == "week":
        at -= timedelta(days=at.weekday())
    return at.strftime("%Y-%m" if name == "month" else "%Y-%m-%d")

"""The numbers of a report, from all pages of the log, and how things stand; refused when they do not add up."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from mien.errors import AuditError
from mien.wire.messages import (
    DayCount,
    LawCount,
    StateAnswer,
    StateAsk,
    Sweep,
    TallyAnswer,
    TallyAsk,
    parse,
)
from mien.wire.proof import Checkpoint, parse_checkpoint
from mien_server.cli.desk import Desk, vkey

NEWEST: Final = 20
"""Sweeps that a report names; it counts all."""
NOTES: Final = frozenset({"erased", "swept", "look", "round", "restore_head"})
"""Entries that are no decisions."""
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Outcomes:
    """How many were allowed and denied."""

    allowed: int = 0
    denied: int = 0

    @property
    def whole(self) -> int:
        """Both."""
        return self.allowed + self.denied

    def add(self, other: "Outcomes | DayCount | LawCount") -> None:
        """Add others to these."""
        self.allowed += other.allowed
        self.denied += other.denied


@dataclass(slots=True)
class Looks:
    """What one officer looked at in one way."""

    looks: int = 0
    shown: int = 0
    opened: int = 0


@dataclass(slots=True)
class Gathered:
    """All that a report says. `entries` is the number of entries of the time as it was told, `read` how many were read."""

    origin: str
    vkey: str
    since: int
    until: int
    entries: int = 0
    read: int = 0
    gone: int = 0
    unreadable: int = 0
    days: dict[tuple[int, str], Outcomes] = field(default_factory=dict)
    laws: dict[tuple[int, str], Outcomes] = field(default_factory=dict)
    looks: dict[tuple[str, str], Looks] = field(default_factory=dict)
    deleted: Counter[tuple[str, str]] = field(default_factory=Counter)
    sweeps: int = 0
    newest: list[Sweep] = field(default_factory=list)
    bundles: Counter[str] = field(default_factory=Counter)
    note: str = ""
    checkpoint: Checkpoint | None = None
    state: StateAnswer | None = None

    def add(self, page: TallyAnswer) -> None:
        """Add the counts of a page."""
        self.entries += page.entries or 0
        self.read += page.read
        self.gone += page.gone
        self.unreadable += page.unreadable
        for each in page.days:
            self.days.setdefault((each.day, each.action), Outcomes()).add(each)
        for law in page.laws:
            self.laws.setdefault((law.day, law.law), Outcomes()).add(law)
        for look in page.looks:
            there = self.looks.setdefault((look.officer, look.what), Looks())
            there.looks += look.looks
            there.shown += look.shown
            there.opened += look.opened
        self._swept(page.sweeps)
        self.bundles.update(page.decided_under)

    def _swept(self, sweeps: Iterable[Sweep]) -> None:
        for each in sweeps:
            self.sweeps += 1
            for why, rows in each.deleted.items():
                self.deleted.update(
                    {(why, data_class): count for data_class, count in rows.items()}
                )
            self.newest.append(each)
        self.newest = sorted(self.newest, key=lambda each: each.index)[-NEWEST:]

    def decisions(self) -> dict[int, Outcomes]:
        """Decisions by day."""
        found: dict[int, Outcomes] = {}
        for (day, action), outcomes in self.days.items():
            if action not in NOTES:
                found.setdefault(day, Outcomes()).add(outcomes)
        return found

    def by_action(self) -> dict[str, Outcomes]:
        """Decisions by what they were about."""
        return self._by_name(self.days, NOTES)

    def rounds(self) -> Outcomes:
        """Rounds of the shared head that ended: `allowed` released a head, `denied` none."""
        return self._by_name(self.days, frozenset()).get("round", Outcomes())

    def by_law(self) -> dict[str, Outcomes]:
        """Decisions by the laws they rest on."""
        return self._by_name(self.laws, frozenset())

    @staticmethod
    def _by_name(
        counts: dict[tuple[int, str], Outcomes], without: frozenset[str]
    ) -> dict[str, Outcomes]:
        found: dict[str, Outcomes] = {}
        for (_day, name), outcomes in counts.items():
            if name not in without:
                found.setdefault(name, Outcomes()).add(outcomes)
        return dict(sorted(found.items(), key=lambda item: (-item[1].whole, item[0])))

    def check(self) -> None:
        """Return when every entry of the time was read and counted once; raise `AuditError` otherwise."""
        counted = sum(each.whole for each in self.days.values()) + self.gone + self.unreadable
        if not self.entries == self.read == counted:
            msg = f"{self.entries} entries are there, {self.read} were read and {counted} counted; make the report again"
            raise AuditError(msg)


async def gather(desk: Desk, since: int, until: int, progress: Progress) -> Gathered:
    """Everything in the log from `since` to before `until`, counted, and how things stand now.

    Raises `CheckpointInvalid` when the log's key did not sign, `AuditError` when numbers do not add up, `RequestInvalid` for times that are no whole hours.
    """
    found = Gathered(desk.origin, vkey(desk), since, until)
    after = None
    while True:
        ask = parse(TallyAsk, {"since": since, "until": until, "after": after})
        page = await desk.ask(ask, TallyAnswer)
        found.add(page)
        progress(found.read, found.entries)
        after = page.next
        if after is None:
            break
    found.check()
    # Asked for last: its checkpoint covers all that was counted.
    found.state = await desk.ask(StateAsk(since=since, until=until), StateAnswer)
    found.note = found.state.checkpoint
    found.checkpoint = parse_checkpoint(found.note, desk.origin, desk.key)
    return found

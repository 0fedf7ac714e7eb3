"""What may be known of a person now, for one purpose and one effect: policy is asked first, and nothing is opened that it did not allow.

What was read from a face, what the person corrected there and what they said of their mood are three ways to know, each decided by itself.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from mien.values import Label
from mien_server import record
from mien_server.pipeline.answers import MOOD
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import Parts, together, where
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import Decision, Person, Record, Site

RECENT_LABELS: Final = 64
"""How many labels are enough: no further record is opened once there are as many."""

_Way = tuple[str, str]
"""A purpose and the source of what is used for it."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person whose labels policy lets be used now; `basis` is the purposes under which.

    `seen` is what each label says and when it ended (the label's own `ended_at` is not read): at most `RECENT_LABELS` and a record more, newest
    records first; empty where there are none.
    """

    person: Person
    vault: Vault
    seen: tuple[tuple[Label, int], ...] = field(repr=False)
    basis: tuple[str, ...]


class Knowing:
    """Asks and opens, always for `purpose` and `effect`: labels no older than `window` seconds."""

    def __init__(
        self, parts: Parts, notices: Notices, purpose: str, effect: str, window: int
    ) -> None:
        self._parts = parts
        self._notices = notices
        self._purpose = purpose
        self._effect = effect
        self._window = window

    def known(
        self, transaction: Transaction, site: Site, person: Person, vault: Vault, now: int
    ) -> tuple[Known | None, Decision]:
        """Ask before opening: about what was read from the face, and about what the person said of themselves under its own purpose.

        None when policy lets nothing be used; the decision says why, or on what the use rests.
        """
        records = transaction.records.recent(  # none too old to be read is opened
            person.site, person.subject, now - self._window, now, RECENT_LABELS
        )
        until = min((each.retain_until for each in records), default=0)
        decisions = self._uses(site, person, now, until)
        allowed = {way: each for way, each in decisions.items() if each.allow}
        if not allowed:
            return None, together(decisions.values(), allow=False)
        seen = self._opened(vault, records, {purpose for purpose, _source in allowed}, now)
        for way in {(purpose, what.source) for purpose, what, _ended_at in seen}.difference(
            decisions
        ):
            decisions[way] = self._use(site, person, now, way, until)
        usable = tuple(
            (what, ended_at)
            for purpose, what, ended_at in seen
            if decisions[purpose, what.source].allow
        )
        basis = tuple(sorted({purpose for purpose, _source in allowed}))
        return Known(person, vault, usable, basis), together(allowed.values(), allow=True)

    def again(
        self, site: Site, person: Person, basis: Iterable[str], now: int, until: int
    ) -> list[Decision]:
        """Whether what rests on each purpose of `basis`, and lives until `until`, may still be used: read from the face, or else said by the person."""
        return [self._again(site, person, now, purpose, until) for purpose in basis]

    def _again(self, site: Site, person: Person, now: int, purpose: str, until: int) -> Decision:
        if purpose == MOOD:
            return self._use(site, person, now, (MOOD, "declared"), until)
        decision = self._use(site, person, now, (purpose, "face"), until)
        if not decision.allow:
            decision = self._use(site, person, now, (purpose, "declared"), until)
        return decision

    def _opened(
        self, vault: Vault, records: Iterable[Record], purposes: Collection[str], now: int
    ) -> list[tuple[str, Label, int]]:
        """What was seen within the window in the newest records of these purposes, until there are enough: the purpose, what, and when it ended."""
        found: list[tuple[str, Label, int]] = []
        for kept in records:
            purpose = MOOD if kept.data_class == "mood" else self._purpose
            if purpose in purposes and len(found) < RECENT_LABELS:
                found += [
                    (purpose, what, ended_at)
                    for what, ended_at in record.seen_in(vault, kept)
                    if now - ended_at <= self._window
                ]
        return found

    def _uses(self, site: Site, person: Person, now: int, until: int) -> dict[_Way, Decision]:
        """The ways in which a label might be used for this person, each decided."""
        face, corrected = (self._purpose, "face"), (self._purpose, "declared")
        mood = (MOOD, "declared")
        decisions: dict[_Way, Decision] = {}
        if self._purpose in person.purposes or MOOD not in person.purposes:
            decisions[face] = self._use(site, person, now, face, until)
            if not decisions[face].allow:
                decisions[corrected] = self._use(site, person, now, corrected, until)
        if MOOD in person.purposes:
            decisions[mood] = self._use(site, person, now, mood, until)
        return decisions

    def _use(self, site: Site, person: Person, now: int, way: _Way, until: int) -> Decision:
        purpose, source = way
        data_class = "mood" if purpose == MOOD else "label"
        return self._parts.ask(
            site, person, "use", now, purpose=purpose, source=source, effect=self._effect,
            data_class=data_class, notice_current=self._notices.is_current(site, person),
            retain_until=until or now + self._parts.retention(data_class, where(site, person)),
        )  # fmt: skip

"""Which logged decisions are meant, and counts of them. Pure: takes records, gives yes and no, and numbers."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mien.errors import KeepUnreadable
from mien.wire.canonical import b64
from mien.wire.messages import LATEST, DayCount, LawCount, LogFilter, LookCount, Sweep
from mien_server.record import LOOK
from mien_server.values import SealedLeaf

DAY: Final = 86_400
SWEPT: Final = "swept"
OTHER: Final = "other"
"""Stands in the log for what an officer typed that the bundle in force does not know: it could be anything."""
_ANY: Final = LogFilter()


def read_record(record: bytes) -> dict[str, Any]:
    """The record of a leaf. Raises `KeepUnreadable` for what is none."""
    try:
        doc = json.loads(record.decode())
    except (ValueError, RecursionError) as error:
        raise KeepUnreadable(_NO_RECORD) from error
    if not isinstance(doc, dict) or not all(kind(doc.get(name)) for name, kind in _SHAPE.items()):
        raise KeepUnreadable(_NO_RECORD)
    return doc


def _is_time(value: object) -> bool:
    return type(value) is int and 0 <= value <= LATEST


def _is_list(value: object) -> bool:
    """Nothing, or a list of texts."""
    return value is None or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )


_SHAPE: Final[Mapping[str, Callable[[object], bool]]] = {
    "action": lambda value: isinstance(value, str),
    "allow": lambda value: isinstance(value, bool),
    "at": _is_time,
    "laws": _is_list,
    "policies": _is_list,
}
"""What every record has, and what most have."""


# ---- which are meant ----
def concerns(leaf: SealedLeaf, wanted: LogFilter) -> bool:
    """Whether a leaf may fit, as far as can be told without opening it: what cannot is left closed."""
    if wanted.site is not None and leaf.site != wanted.site:
        return False
    if wanted.subject is None or leaf.subject == wanted.subject:
        return True
    # Of a refused consent only the record says whose it is.
    return leaf.wrapped_key is not None


def fits(doc: Mapping[str, Any], wanted: LogFilter) -> bool:
    """Whether a record is one of those meant."""
    return (
        wanted.since <= doc["at"] < wanted.until
        and wanted.action in {None, doc["action"]}
        and wanted.outcome in {None, _outcome(doc)}
        and wanted.site in {None, doc.get("site")}
        and wanted.subject in {None, doc.get("subject")}
        and wanted.policy in {None, *(doc.get("policies") or ())}
        and (wanted.law is None or any(is_below(law, wanted.law) for law in doc.get("laws") or ()))
    )


def is_below(law: str, wanted: str) -> bool:
    """Whether `law` is `wanted` or a part of it: `GDPR 9(1)` of `GDPR 9`, and not `GDPR 90`."""
    rest = law.removeprefix(wanted)
    return law.startswith(wanted) and not rest[:1].isalnum()


def _outcome(doc: Mapping[str, Any]) -> str:
    return "allowed" if doc["allow"] else "denied"


def words_of(
    wanted: LogFilter, sites: Collection[str], laws: Collection[str], policies: Collection[str]
) -> dict[str, Any]:
    """What was asked, as the log may keep it: whose decisions is not in it, and words that nobody registered or wrote into a policy are not repeated."""
    asked: dict[str, Any] = {
        name: getattr(wanted, name)
        for name in ("since", "until", "action", "outcome")
        if getattr(wanted, name) != getattr(_ANY, name)
    }
    if wanted.site is not None:
        asked["site"] = wanted.site if wanted.site in sites else OTHER
    if wanted.law is not None:
        asked["law"] = wanted.law if any(is_below(each, wanted.law) for each in laws) else OTHER
    if wanted.policy is not None:
        asked["policy"] = wanted.policy if wanted.policy in policies else OTHER
    if wanted.subject is not None:
        asked["one_person"] = True
    return asked


# ---- how many ----
@dataclass(slots=True)
class Counts:
    """Counts of opened entries. Every one is in `days`, so that they add up to what was opened."""

    days: Counter[tuple[int, str, bool]] = field(default_factory=Counter)
    laws: Counter[tuple[int, str, bool]] = field(default_factory=Counter)
    looks: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    bundles: Counter[str] = field(default_factory=Counter)

    def add(self, index: int, leaf: bytes, doc: Mapping[str, Any]) -> None:
        """Count one. Raises `KeepUnreadable` for a record that is not whole."""
        day, allow = doc["at"] - doc["at"] % DAY, bool(doc["allow"])
        try:
            self._special(index, leaf, doc)
        except (KeyError, TypeError, ValueError) as error:
            raise KeepUnreadable(_NO_RECORD) from error
        self.days[day, doc["action"], allow] += 1
        for law in dict.fromkeys(doc.get("laws") or ()):
            self.laws[day, law, allow] += 1
        if "bundle_version" in doc:
            self.bundles[f"{doc['bundle_version']} {doc.get('bundle_sha256')}"] += 1

    def _special(self, index: int, leaf: bytes, doc: Mapping[str, Any]) -> None:
        if doc["action"] == SWEPT:
            self.sweeps.append(
                Sweep(index=index, leaf=b64(leaf), at=doc["at"], deleted=doc["deleted"])
            )
        # What the person may read is a copy of what was looked at, and no look of its own.
        elif doc["action"] == LOOK and "subject" not in doc:
            more = (1, int(doc["shown"]), int(doc["opened"]))
            there = self.looks.setdefault((doc["officer"], doc["what"]), [0, 0, 0])
            there[:] = [a + b for a, b in zip(there, more, strict=True)]

    def day_rows(self) -> list[DayCount]:
        """By day and action."""
        return [
            DayCount(day=day, action=action, allowed=allowed, denied=denied)
            for (day, action), (allowed, denied) in _both(self.days)
        ]

    def law_rows(self) -> list[LawCount]:
        """By day and law."""
        return [
            LawCount(day=day, law=law, allowed=allowed, denied=denied)
            for (day, law), (allowed, denied) in _both(self.laws)
        ]

    def look_rows(self) -> list[LookCount]:
        """By officer and what they asked."""
        return [
            LookCount(officer=officer, what=what, looks=looks, shown=shown, opened=opened)
            for (officer, what), (looks, shown, opened) in sorted(self.looks.items())
        ]


def _both(
    counts: Mapping[tuple[int, str, bool], int],
) -> list[tuple[tuple[int, str], tuple[int, int]]]:
    keys = sorted({(day, name) for day, name, _ in counts})
    return [(key, (counts.get((*key, True), 0), counts.get((*key, False), 0))) for key in keys]


_NO_RECORD: Final = (
    "this entry opens to something that is no record of the log; the database was altered"
)

"""How long each class of data may be kept: data class x jurisdiction -> duration. What nobody declared is refused."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mien.errors import RetentionUndeclared
from mien_server.authorize.source import fault, within
from mien_server.authorize.tables import check_keys, entries, read_table

if TYPE_CHECKING:
    from mien_server.authorize.bundle import Bundle

DATA_CLASSES: Final = (
    "label", "mood", "event", "correction", "consent", "consent_evidence", "decision_record", "envelope_replay", "answer",
)  # fmt: skip
"""Every class of data that the server keeps. A bundle declares a duration for each of them in each of its places, or is refused when it is loaded."""
LEAST: Final = {"envelope_replay": 2 * 86_400}
"""Seconds that the server needs: an envelope can be opened for two days, and until then one sent again must be known for what it is."""
EVERYWHERE: Final = "everywhere"
_DURATION: Final = re.compile(r"P(?:(\d{1,5})D|T(\d{1,5})H)")


@dataclass(frozen=True, slots=True)
class Rule:
    """Keep `data_class` for at most `seconds` in `jurisdiction` (a code or everywhere); `at_least` seconds where a law demands evidence."""

    data_class: str
    jurisdiction: str
    seconds: int
    at_least: int
    law: str
    basis: str


def retention(bundle: "Bundle", data_class: str, jurisdictions: Iterable[str]) -> int:
    """Seconds that `data_class` may be kept where all `jurisdictions` apply: the shortest of them. Raises `RetentionUndeclared`."""
    claimed = frozenset(jurisdictions)
    if not claimed or not claimed <= bundle.places.keys():
        raise RetentionUndeclared(
            "no retention is declared for an unknown jurisdiction: register the site with known ones"
        )
    return min(_seconds(bundle.retention, bundle.places, data_class, code) for code in claimed)


def _seconds(
    rules: Iterable[Rule], places: Mapping[str, str | None], data_class: str, code: str
) -> int:
    """The shortest duration declared for a place, for what it lies in, and for everywhere."""
    around = {code, places[code], EVERYWHERE}
    durations = [
        r.seconds for r in rules if r.data_class == data_class and r.jurisdiction in around
    ]
    if not durations:
        raise RetentionUndeclared(
            f"no retention is declared for `{data_class}` in {code}: add it under retention/"
        )
    return min(durations)


def read_rules(files: Mapping[str, bytes], places: Mapping[str, str | None]) -> tuple[Rule, ...]:
    """All rules, complete and without contradiction. Raises `PolicyInvalid` naming file and line."""
    rules: list[Rule] = []
    for file, content in files.items():
        table = read_table(file, content, required={"rule": list})
        for line, entry in entries(file, content, table, "rule"):
            with within(file, line):
                rules.append(_rule(file, line, entry, places))
                _check_minimum(file, line, rules)
    _check_complete(rules, places)
    return tuple(rules)


def _rule(file: str, line: int, entry: dict[str, str], places: Mapping[str, str | None]) -> Rule:
    words: dict[str, type] = dict.fromkeys(
        ("class", "jurisdiction", "duration", "law", "basis"), str
    )
    check_keys(file, line, entry, words, {"at_least": str})
    if entry["class"] not in DATA_CLASSES:
        raise fault(file, line, f"`class` must be one of {', '.join(DATA_CLASSES)}")
    if entry["jurisdiction"] not in {*places, EVERYWHERE}:
        raise fault(
            file, line, f"jurisdiction `{entry['jurisdiction']}` is not in jurisdictions.toml"
        )
    seconds = _duration(file, line, entry["duration"])
    if seconds < LEAST.get(entry["class"], 0):
        hours = LEAST[entry["class"]] // 3_600
        raise fault(file, line, f"`{entry['class']}` is needed for {hours} hours: declare no less")
    return Rule(
        data_class=entry["class"],
        jurisdiction=entry["jurisdiction"],
        seconds=seconds,
        at_least=_duration(file, line, entry["at_least"]) if "at_least" in entry else 0,
        law=entry["law"],
        basis=entry["basis"],
    )


def _duration(file: str, line: int, text: str) -> int:
    """ISO 8601, days or hours only: a month has no length."""
    match = _DURATION.fullmatch(text)
    seconds = int(match[1] or 0) * 86_400 + int(match[2] or 0) * 3_600 if match else 0
    if seconds == 0:
        raise fault(
            file, line, f"`{text}` is not a duration: write days or hours, as P30D or PT48H"
        )
    return seconds


def _check_minimum(file: str, line: int, rules: list[Rule]) -> None:
    """No duration of a class is under any minimum of it, so no mixture of jurisdictions can contradict itself."""
    same = [rule for rule in rules if rule.data_class == rules[-1].data_class]
    if min(rule.seconds for rule in same) < max(rule.at_least for rule in same):
        raise fault(file, line, f"`{same[-1].data_class}` would be kept shorter than a law demands")


def _check_complete(rules: list[Rule], places: Mapping[str, str | None]) -> None:
    for data_class in DATA_CLASSES:
        for code in places:
            try:
                _seconds(rules, places, data_class, code)
            except RetentionUndeclared as error:
                raise fault("retention", 1, str(error)) from error

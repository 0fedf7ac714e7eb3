"""What a policy can know of the times in a question.

A policy that reads times only to compare them with each other and with fixed moments (zero, which means not stated, or the day a law begins) answers
alike for all times in the same order among each other and those moments. While all policies of a bundle do so, the engine is asked about the order,
and two people whose consents end on different days can share one answer.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

TIMES: Final = ("consent_expires_at", "retain_until", "now")
_CONTEXT: Final = {"Var": "context"}
_READS: Final = tuple({".": {"left": _CONTEXT, "attr": name}} for name in TIMES)
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_LARGEST: Final = 2**53 - 1
"""Beyond it nothing is a time; the engine refuses what is beyond 64 bits."""
REMEMBERED: Final = 512
"""Policies of which it is remembered what they compare times with: three bundles of the size that ships."""


def moments(policies: Iterable[Any]) -> tuple[int, ...] | None:
    """The fixed moments that these policies (Cedar's JSON form) compare times with, in order, zero among them; None when they do more than compare."""
    found = {0}
    for policy in policies:
        compared = _compared(json.dumps(policy))
        if compared is None:
            return None
        found |= compared
    return tuple(sorted(found))


def in_order(times: tuple[Any, ...], fixed: Sequence[int]) -> tuple[Any, ...]:
    """Times in the same order, among each other and with the `fixed` moments, that stand for all such; what is no time is left for the engine to refuse.

    Between two moments the first time becomes the second after the earlier moment, and so on: as many seconds lie between them as there are times.
    Before all moments they are counted from the earliest backwards.
    """
    if any(type(each) is not int or abs(each) > _LARGEST for each in times):
        return times
    place: dict[int, int] = {}
    last = fixed[0] - 1 - sum(each < fixed[0] for each in set(times))
    for each in sorted(set(times)):
        at = bisect_right(fixed, each) - 1
        if at >= 0 and each == fixed[at]:
            last = each
        else:
            last = max(fixed[at], last) + 1 if at >= 0 else last + 1
        place[each] = last
    return tuple([place[each] for each in times])


@lru_cache(maxsize=REMEMBERED)
def _compared(policy: str) -> frozenset[int] | None:
    """The same of one policy, by its text: most policies of a bundle are those of the one before."""
    found: set[int] = set()
    return frozenset(found) if _orders(json.loads(policy), found) else None


def _orders(node: Any, found: set[int]) -> bool:
    if isinstance(node, Mapping):
        if node == _CONTEXT:
            return False
        return all(
            _compares(name, inside, found) or _orders(inside, found)
            for name, inside in node.items()
        )
    return not isinstance(node, list) or all(_orders(each, found) for each in node)


def _compares(name: str, sides: Any, found: set[int]) -> bool:
    """Whether this is a comparison of times with each other or with fixed moments, which are noted."""
    if not (
        name in _COMPARISONS and isinstance(sides, Mapping) and sides.keys() == {"left", "right"}
    ):
        return False
    fixed = [_moment(each) for each in sides.values() if each not in _READS]
    if any(each is None for each in fixed):
        return False
    found.update(each for each in fixed if each is not None)
    return True


def _moment(node: Any) -> int | None:
    value = node["Value"] if isinstance(node, Mapping) and node.keys() == {"Value"} else None
    return value if type(value) is int and abs(value) <= _LARGEST else None

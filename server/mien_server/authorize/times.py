"""What a policy can know of the times in a question.

A policy that reads times only to compare them with each other and with zero (not stated) answers alike for all times in the same order. While all
policies of a bundle do so, the engine is asked about the order, and two people whose consents end on different days can share one answer.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

TIMES: Final = ("consent_expires_at", "retain_until", "now")
_CONTEXT: Final = {"Var": "context"}
_READS: Final = tuple({".": {"left": _CONTEXT, "attr": name}} for name in TIMES)
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_LARGEST: Final = 2**53 - 1
"""Beyond it nothing is a time; the engine refuses what is beyond 64 bits."""


def only_ordered(policies: Iterable[Any]) -> bool:
    """Whether these policies (Cedar's JSON form) do nothing with times but compare them with each other or with zero."""
    return all(_orders(policy) for policy in policies)


def in_order(times: tuple[Any, ...]) -> tuple[Any, ...]:
    """The smallest times in the same order, before and after zero as they were; what is no time is left for the engine to refuse."""
    if any(type(each) is not int or abs(each) > _LARGEST for each in times):
        return times
    points = sorted({0, *times})
    zero = points.index(0)
    return tuple(points.index(each) - zero for each in times)


def _orders(node: Any) -> bool:
    if isinstance(node, Mapping):
        if node == _CONTEXT:
            return False
        return all(_compares(name, inside) or _orders(inside) for name, inside in node.items())
    return not isinstance(node, list) or all(_orders(each) for each in node)


def _compares(name: str, sides: Any) -> bool:
    """Whether this is a comparison of times with each other or with zero."""
    return (
        name in _COMPARISONS
        and isinstance(sides, Mapping)
        and sides.keys() == {"left", "right"}
        and all(each in _READS or _is_zero(each) for each in sides.values())
    )


def _is_zero(node: Any) -> bool:
    return (
        isinstance(node, Mapping)
        and node.keys() == {"Value"}
        and type(node["Value"]) is int
        and node["Value"] == 0
    )

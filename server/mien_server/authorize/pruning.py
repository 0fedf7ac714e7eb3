"""What can be known of a policy before its question: is it false for certain, given a few of the words?

Reads a policy in Cedar's JSON form with some words known and the rest open, in Cedar's own order of evaluation. Only a policy that is *false for
certain and cannot err on the way* may be left out: one that errs makes the whole answer a no, and leaving it out would lose that no. Whatever is
not understood here counts as able to err.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from mien_server.authorize.words import PERSON_TRUTHS, PERSON_WORDS, USE_TRUTHS, USE_WORDS

Path = tuple[str, str]
"""Where a policy reads: a variable and an attribute of it, as `("resource", "sector")`."""

Words = Mapping[Path, tuple[str, str] | None]
"""What is known: at each path the entity (type, id), or None where there is none."""

_OPEN: Final = object()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an expression comes to: a kind of value that it surely has, and the value if it is known. Kind `""`: it may err, or nobody can tell."""

    kind: str
    value: Any = _OPEN

    @property
    def known(self) -> bool:
        return self.value is not _OPEN


_RISK: Final = _Seen("")
_OPTIONAL: Final = frozenset({("resource", "purpose")})
_KINDS: Final[Mapping[Path, str]] = MappingProxyType({
    **{("principal", name): "word" for name, _ in PERSON_WORDS},
    **{("resource", name): "word" for name, _ in USE_WORDS if ("resource", name) not in _OPTIONAL},
    **{("principal", name): "truth" for name in (*PERSON_TRUTHS, "jurisdictions_known", "jurisdictions_stated")},
    **{("resource", name): "truth" for name in USE_TRUTHS},
    **{("context", name): "number" for name in ("consent_expires_at", "retain_until", "now")},
    ("principal", "consented_purposes"): "set",
})  # fmt: skip
"""Attributes that every question has, by what they hold: the schema refuses a question in which they hold anything else."""


def surely_false(policy: Mapping[str, Any], words: Words) -> bool:
    """Whether the conditions of `policy` are false for every question that holds `words`, without any risk of an error."""
    for condition in policy["conditions"]:
        seen = _look(condition["body"], words)
        if seen.kind != "truth":
            return False
        if seen.known and seen.value is (condition["kind"] == "unless"):
            return True
    return False


def reads(node: Any) -> Iterator[Path]:
    """Where an expression reads."""
    if isinstance(node, Mapping):
        inside = node.get(".", node.get("has"))
        if isinstance(inside, Mapping) and (path := _path(inside)):
            yield path
        for each in node.values():
            yield from reads(each)
    elif isinstance(node, list):
        for each in node:
            yield from reads(each)


def _look(node: Any, words: Words) -> _Seen:
    if not isinstance(node, Mapping) or len(node) != 1:
        return _RISK
    ((name, inside),) = node.items()
    read = _READERS.get(name)
    return _RISK if read is None else read(inside, words)


def _path(inside: Mapping[str, Any]) -> Path | None:
    left = inside.get("left")
    if isinstance(left, Mapping) and left.keys() == {"Var"}:
        return left["Var"], inside["attr"]
    return None


def _value(inside: Any, _words: Words) -> _Seen:
    if isinstance(inside, bool):
        return _Seen("truth", inside)
    if isinstance(inside, int):
        return _Seen("number", inside)
    if isinstance(inside, Mapping) and inside.keys() == {"__entity"}:
        return _Seen("word", (inside["__entity"]["type"], inside["__entity"]["id"]))
    return _RISK


def _attribute(inside: Any, words: Words) -> _Seen:
    path = _path(inside)
    if path is None:
        return _RISK
    if path in words:
        found = words[path]
        return _RISK if found is None else _Seen("word", found)
    return _Seen(_KINDS[path]) if path in _KINDS else _RISK


def _has(inside: Any, words: Words) -> _Seen:
    path = _path(inside)
    if path is None:
        return _RISK
    if path in words:
        return _Seen("truth", words[path] is not None)
    return _Seen("truth", True) if path in _KINDS else _Seen("truth")


def _equal(inside: Any, words: Words) -> _Seen:
    left, right = _look(inside["left"], words), _look(inside["right"], words)
    if not (left.kind and right.kind):
        return _RISK
    if left.known and right.known:
        return _Seen("truth", left.value == right.value and left.kind == right.kind)
    return _Seen("truth")


def _not(inside: Any, words: Words) -> _Seen:
    seen = _look(inside["arg"], words)
    if seen.kind != "truth":
        return _RISK
    return _Seen("truth", not seen.value) if seen.known else seen


def _unequal(inside: Any, words: Words) -> _Seen:
    return _not({"arg": {"==": inside}}, words)


def _compare(how: Callable[[int, int], bool]) -> Callable[[Any, Words], _Seen]:
    def read(inside: Any, words: Words) -> _Seen:
        left, right = _look(inside["left"], words), _look(inside["right"], words)
        if not left.kind == right.kind == "number":
            return _RISK
        return _Seen("truth", how(left.value, right.value)) if left.known and right.known else _Seen("truth")  # fmt: skip

    return read


def _joined(ends: bool) -> Callable[[Any, Words], _Seen]:
    """`||` ends with true, `&&` with false: the right side is evaluated only if the left one did not end it."""

    def read(inside: Any, words: Words) -> _Seen:
        left = _look(inside["left"], words)
        if left.kind != "truth" or left.value is ends:
            return left if left.kind == "truth" else _RISK
        right = _look(inside["right"], words)
        if right.kind != "truth":
            return _RISK
        return right if left.known or right.value is ends else _Seen("truth")

    return read


def _set(inside: Any, words: Words) -> _Seen:
    members = [_look(each, words) for each in inside]
    if not all(member.kind for member in members):
        return _RISK
    if all(member.known for member in members):
        return _Seen("set", frozenset((member.kind, member.value) for member in members))
    return _Seen("set")


def _contains(inside: Any, words: Words) -> _Seen:
    left, right = _look(inside["left"], words), _look(inside["right"], words)
    if left.kind != "set" or not right.kind:
        return _RISK
    if left.known and right.known:
        return _Seen("truth", (right.kind, right.value) in left.value)
    return _Seen("truth")


def _branch(inside: Any, words: Words) -> _Seen:
    asked = _look(inside["if"], words)
    if asked.kind != "truth":
        return _RISK
    yes, no = _look(inside["then"], words), _look(inside["else"], words)
    if asked.known:
        return yes if asked.value else no
    if yes.kind != no.kind:
        return _RISK
    return yes if yes == no else _Seen(yes.kind)


_READERS: Final[Mapping[str, Callable[[Any, Words], _Seen]]] = MappingProxyType({
    "Value": _value, ".": _attribute, "has": _has, "Set": _set, "contains": _contains, "if-then-else": _branch,
    "==": _equal, "!=": _unequal, "!": _not, "&&": _joined(ends=False), "||": _joined(ends=True),
    "<": _compare(operator.lt), "<=": _compare(operator.le), ">": _compare(operator.gt), ">=": _compare(operator.ge),
})  # fmt: skip

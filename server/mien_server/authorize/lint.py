"""What a policy must say of itself before it may decide: a unique id, its law, a plain sentence, and how certain it is."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mien_server.authorize.source import Statement, fault, within

CERTAINTIES: Final = ("settled", "arguable", "our-policy")
_ID: Final = re.compile(r"[a-z][a-z0-9-]*")
_ANNOTATIONS: Final = ("id", "law", "says", "certainty")
_ARITHMETIC: Final = frozenset({"+", "-", "*", "neg"})
_SAFE: Final = frozenset({
    "Value", "Var", ".", "has", "is", "in", "like", "Set", "Record", "if-then-else", "!", "&&", "||", "==", "!=", "<", "<=", ">", ">=",
    "contains", "containsAll", "containsAny", "isEmpty", "getTag", "hasTag",
})  # fmt: skip
"""What a condition may be made of: nothing of it errs on a question that fits the schema. What is not listed might: `ip("...")`, `decimal("...")`."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a decision says of a policy that determined it. `effect` is permit or forbid; `line` counts from 1.

    `place` is the jurisdiction that its head asks for, None if it speaks everywhere.
    """

    id: str
    effect: str
    laws: tuple[str, ...]
    says: str
    certainty: str
    place: str | None
    file: str
    line: int


def lint(found: Iterable[Statement], places: Mapping[str, str | None]) -> dict[str, Policy]:
    """The policies by id. Raises `PolicyInvalid` at the first that lacks something or could err."""
    policies: dict[str, Policy] = {}
    for statement in found:
        with within(statement.file, statement.line):
            policy = _described(statement)
            _check_laws(policy)
            _check_body(statement, places)
        if policy.id in policies:
            first = policies[policy.id]
            raise _at(statement, f"`@id` {policy.id} is taken by {first.file}:{first.line}")
        policies[policy.id] = policy
    return policies


def _at(statement: Statement, what: str) -> Exception:
    return fault(statement.file, statement.line, what)


def _described(statement: Statement) -> Policy:
    notes = statement.annotations
    for name in _ANNOTATIONS:
        if not (notes.get(name) or "").strip():
            raise _at(
                statement, f"`@{name}` is missing: every policy needs {', '.join(_ANNOTATIONS)}"
            )
    if unknown := sorted(set(notes) - set(_ANNOTATIONS)):
        raise _at(statement, f"`@{unknown[0]}` is not known: use {', '.join(_ANNOTATIONS)}")
    if not _ID.fullmatch(notes["id"]):
        raise _at(statement, "`@id` must be lowercase letters, digits and hyphens")
    if notes["certainty"] not in CERTAINTIES:
        raise _at(statement, f"`@certainty` must be one of {', '.join(CERTAINTIES)}")
    return Policy(
        id=notes["id"],
        effect=statement.json["effect"],
        laws=tuple(part.strip() for part in notes["law"].split(";")),
        says=notes["says"],
        certainty=notes["certainty"],
        place=place_of(statement.json["principal"]),
        file=statement.file,
        line=statement.line,
    )


def place_of(head: Mapping[str, Any]) -> str | None:
    """Of `principal in Jurisdiction::"EU"` the EU; of anything else None, which is always safe."""
    entity = head.get("entity", {}) if head["op"] == "in" else {}
    return entity["id"] if entity.get("type") == "Jurisdiction" else None


def _check_laws(policy: Policy) -> None:
    """A law is a citation with a number in it, or `policy:` and a name: our own choice never looks like a statute."""
    for law in policy.laws:
        ours = law.startswith("policy:")
        if ours != (policy.certainty == "our-policy"):
            raise fault(
                policy.file,
                policy.line,
                "`@certainty` our-policy goes with `policy:` laws, and only with them",
            )
        if not (re.fullmatch(r"policy:[a-z0-9-]+", law) if ours else re.search(r"\d", law)):
            raise fault(
                policy.file,
                policy.line,
                f"`@law` `{law}` names no article and is not `policy:name`",
            )


def _check_body(statement: Statement, places: Mapping[str, str | None]) -> None:
    for node in _walk(statement.json):
        if overflowing := _ARITHMETIC & node.keys():
            # Overflow makes a policy err, and a forbid that errs is skipped by the engine.
            raise _at(
                statement, f"arithmetic (`{min(overflowing)}`) can overflow: compare plain values"
            )
        if node.get("type") == "Jurisdiction" and node.get("id") not in places:
            raise _at(statement, f"jurisdiction `{node.get('id')}` is not in jurisdictions.toml")
    for condition in statement.json["conditions"]:
        if odd := next(_odd(condition["body"]), None):
            raise _at(
                statement,
                f"`{odd}` can err, and a policy that errs decides nothing: use plain comparisons",
            )


def _odd(node: Any) -> Iterator[str]:
    """The operators inside an expression that nobody knows to be safe."""
    if not isinstance(node, dict):
        return
    for name, inside in node.items():
        if name not in _SAFE:
            yield name
        elif name not in {"Value", "Var"}:
            yield from _odd_inside(name, inside)


def _odd_inside(name: str, inside: Any) -> Iterator[str]:
    parts = inside if isinstance(inside, list) else inside.values()
    for part in parts:
        if name != "like" or isinstance(part, dict):
            yield from _odd(part)


def _walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a policy's JSON form."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _walk(child)

"""Where two bundles differ: in what they decide over a generated corpus and all their cases, and in what they say of themselves.

Exact where it can be: bundles with one SHA-256 decide alike, and so do places whose policies are the same in both; nothing is asked there. For the
rest a stated number of questions is asked, so no difference found is not yet a proof that there is none.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from mien_server.authorize.bundle import Bundle
from mien_server.authorize.corpus import IN_ORDER, corpus, departed, places
from mien_server.authorize.decide import Authorizer
from mien_server.values import Decision, Question

NOW_DENIED: Final = "now denied"
NOW_ALLOWED: Final = "now allowed"
OTHER_LAW: Final = "other law"
"""Both deny or both allow, but not for the same laws."""
COUNT: Final = 10_000
_NAMES: Final = tuple(item.name for item in fields(Question))
_KEPT: Final = frozenset({"action", "now"})


@dataclass(frozen=True, slots=True)
class Example:
    """A question as near to order as it can be while the bundles still differ on it in the same way, and both answers."""

    question: Question
    before: Decision
    after: Decision


@dataclass(slots=True)
class Group:
    """The questions that changed in one way because of one law. The counts are of questions by place, sector and role."""

    kind: str
    law: str
    example: Example
    count: int = 0
    places: Counter[str] = field(default_factory=Counter)
    sectors: Counter[str] = field(default_factory=Counter)
    roles: Counter[str] = field(default_factory=Counter)

    def add(self, question: Question) -> None:
        """Count one question."""
        self.count += 1
        self.places.update([" + ".join(sorted(question.jurisdictions))])
        self.sectors.update([question.sector])
        self.roles.update([question.role])


@dataclass(frozen=True, slots=True)
class Changed:
    """Names that are only in the second bundle, only in the first, or in both with another content."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(slots=True)
class Comparison:
    """What differs. `asked` counts questions, `skipped` are places that are decided alike because their policies are the same."""

    policies: Changed
    retention: Changed
    places: Changed
    schema: bool
    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    groups: dict[tuple[str, str], Group] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()

    @property
    def differ(self) -> bool:
        """Whether anything at all differs."""
        said = (self.policies, self.retention, self.places)
        return bool(self.outcomes) or self.schema or any(said)


def compare(
    before: Bundle,
    after: Bundle,
    cases: Iterable[Question] = (),
    *,
    count: int = COUNT,
    seed: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Comparison:
    """Ask both bundles the same questions. `cases` are asked too; `progress` is told how many were asked so far."""
    found = Comparison(
        policies=changed(_policies(before), _policies(after)),
        retention=changed(_retention(before), _retention(after)),
        places=changed(dict(before.places), dict(after.places)),
        schema=str(before.schema) != str(after.schema),
    )
    if before.sha256 == after.sha256:
        found.skipped = tuple(sorted({*places(before), *places(after)}))
        return found
    asked, found.skipped = _where(before, after, found)
    questions = corpus(asked, count, seed, _aims(before, after, found.policies))
    one, other = Authorizer(before), Authorizer(after)
    for question in _once(cases, questions):
        found.asked += 1
        _look(found, one, other, question)
        progress(found.asked)
    return found


def _once(*several: Iterable[Question]) -> Iterator[Question]:
    seen: set[Question] = set()
    for questions in several:
        for question in questions:
            if question not in seen:
                seen.add(question)
                yield question


# ---- what is said ----
def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changed:
    """What differs between two tables, by name."""
    both = before.keys() & after.keys()
    return Changed(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted(name for name in both if before[name] != after[name])),
    )


def _policies(bundle: Bundle) -> dict[str, Any]:
    """Text and annotations; where in which file a policy stands does not matter."""
    return {
        name: (policy.laws, policy.says, policy.certainty, bundle.sources[name])
        for name, policy in bundle.policies.items()
    }


def _retention(bundle: Bundle) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for rule in bundle.retention:
        found.setdefault(f"{rule.data_class} in {rule.jurisdiction}", []).append(rule)
    return found


# ---- where to look ----
def _where(
    before: Bundle, after: Bundle, found: Comparison
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Places to ask at, and places where the same policies under the same schema decide."""
    every = tuple(sorted({*places(before), *places(after)}))
    if found.schema or found.places:
        return every, ()
    same = tuple(code for code in every if _speaking(before, code) == _speaking(after, code))
    return tuple(code for code in every if code not in same), same


def _speaking(bundle: Bundle, code: str) -> list[Any]:
    """All that can speak at a place, and what an answer says of it."""
    around = {None, code, bundle.places[code]}
    return [
        (name, policy.laws, policy.certainty, bundle.sources[name])
        for name, policy in sorted(bundle.policies.items())
        if policy.place in around
    ]


def _aims(before: Bundle, after: Bundle, policies: Changed) -> Iterator[tuple[Any, str | None]]:
    for bundle, names in (
        (before, (*policies.removed, *policies.changed)),
        (after, (*policies.added, *policies.changed)),
    ):
        for name in names:
            yield bundle.sources[name], bundle.policies[name].place


# ---- what is decided ----
def _look(found: Comparison, one: Authorizer, other: Authorizer, question: Question) -> None:
    before, after = one.decide(question), other.decide(question)
    kind = _kind(before, after)
    if not kind:
        return
    found.outcomes[kind] += 1
    for law in _laws(kind, before, after):
        group = found.groups.get((kind, law))
        if group is None:
            example = _shrunk(one, other, question, (kind, law))
            group = found.groups[kind, law] = Group(kind, law, example)
        group.add(question)


def _kind(before: Decision, after: Decision) -> str:
    """How two answers differ, or nothing."""
    if before.allow != after.allow:
        return NOW_DENIED if before.allow else NOW_ALLOWED
    return "" if set(before.laws) == set(after.laws) else OTHER_LAW


def _laws(kind: str, before: Decision, after: Decision) -> tuple[str, ...]:
    """The laws that make the difference: those that now deny, those that denied, or those that only one side names."""
    if kind == NOW_DENIED:
        return after.laws
    if kind == NOW_ALLOWED:
        return before.laws
    return tuple(sorted({*before.laws} ^ {*after.laws}))


def _shrunk(
    one: Authorizer, other: Authorizer, question: Question, wanted: tuple[str, str]
) -> Example:
    """Take back every departure from order without which the bundles still differ in the wanted way."""
    (place, *_) = sorted(question.jurisdictions) or [""]
    order = replace(departed(place, {"purpose": question.purpose}), action=question.action)
    best = Example(question, one.decide(question), other.decide(question))
    for goal in (order, IN_ORDER):
        for name in _NAMES:
            if name in _KEPT and goal is order:
                continue
            tried = replace(best.question, **_back(best.question, name, goal))
            if tried != best.question:
                best = _better(one, other, best, tried, wanted)
    return best


def _back(question: Question, name: str, goal: Question) -> dict[str, Any]:
    """One field as in `goal`; a purpose together with the yes to it."""
    agreed = question.purpose and question.consented_purposes == {question.purpose}
    names = (name, "consented_purposes") if name == "purpose" and agreed else (name,)
    return {each: getattr(goal, each) for each in names}


def _better(
    one: Authorizer, other: Authorizer, best: Example, tried: Question, wanted: tuple[str, str]
) -> Example:
    before, after = one.decide(tried), other.decide(tried)
    kind = _kind(before, after)
    holds = kind == wanted[0] and wanted[1] in _laws(kind, before, after)
    return Example(tried, before, after) if holds else best

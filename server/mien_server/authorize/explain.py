"""Why a question is answered as it is, and what would change that. Every suggestion was decided before it is made.

    told = explain(Authorizer(bundle).decide, bundle, question)
    told.ways       # the smallest sets of steps after which the answer is yes

All sets of up to three steps are tried, so what is missing from the list does not help. Where more than three are needed, one set is
given from which no step can be left out. Of a yes it is told what would end it. Deliberately absent: suggestions to say what is not so.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Any, Final

from mien.values import PURPOSES
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.reasons import Reason, reasons
from mien_server.authorize.steps import (
    INSTEAD,
    Step,
    changes,
    ends,
    possible,
    take,
)
from mien_server.values import Decision, Question

Decide = Callable[[Question], Decision]
MOST_STEPS: Final = 3
"""Steps of a set at most while all sets are tried."""
MOST_DECISIONS: Final = 2000
"""Decisions that one explanation may cost; beyond it `complete` is false."""
_CHOICES: Final = ("declare_age", "purpose", "effect")
"""Kinds of which one value has to be chosen."""


@dataclass(frozen=True, slots=True)
class Way:
    """Steps, the fields they change as (name, before, after), and the answer there would be then."""

    steps: tuple[Step, ...]
    changes: tuple[tuple[str, Any, Any], ...]
    decision: Decision


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to `question` and what would change it.

    Of a no: `ways` lead to a yes to what was asked, `instead` to a yes to a mood that the person declares; `fixed` are the policies that no step
    lifts (empty when there are ways). Of a yes: `ends` are the single happenings that end it. `tried` counts decisions; `complete` is false when
    there were too many to try all.
    """

    question: Question
    decision: Decision
    reasons: tuple[Reason, ...]
    ways: tuple[Way, ...] = ()
    instead: tuple[Way, ...] = ()
    fixed: tuple[Reason, ...] = ()
    ends: tuple[Way, ...] = ()
    tried: int = 1
    complete: bool = True


def explain(
    decide: Decide, bundle: Bundle, question: Question, purposes: Collection[str] = PURPOSES
) -> Explanation:
    """Explain the answer to `question`. `decide` answers under `bundle`, perhaps for several claims at once; only `purposes` are suggested."""
    search = _Search(decide, bundle, question, purposes)
    decision = search.ask(())
    why = reasons(bundle, decision)
    if decision.allow:
        found = tuple(search.endings())
        return Explanation(question, decision, why, ends=found, tried=search.tried)
    search.run()
    ways = search.found(with_mood=False)
    return Explanation(
        question,
        decision,
        why,
        ways=ways,
        instead=search.found(with_mood=True),
        fixed=() if ways else search.fixed(),
        tried=search.tried,
        complete=search.tried < MOST_DECISIONS,
    )


@dataclass
class _Search:
    """Tries steps and remembers what came of them."""

    decide: Decide
    bundle: Bundle
    question: Question
    purposes: Collection[str] = PURPOSES
    tried: int = 0
    _steps: tuple[Step, ...] = ()
    _asked: dict[Question, Decision] = field(default_factory=dict)
    _ways: list[Way] = field(default_factory=list)
    _refused: list[Decision] = field(default_factory=list)

    def ask(self, steps: Sequence[Step]) -> Decision:
        """The answer after these steps."""
        changed = take(self.question, steps)
        found = self._asked.get(changed)
        if found is None:
            self.tried += 1
            found = self._asked[changed] = self.decide(changed)
        return found

    def run(self) -> None:
        """Try all small sets; where none helps, look for one larger set."""
        self._steps = possible(self.question, self.purposes)
        for steps in self._small():
            self._try(steps)
        for with_mood in (False, True):
            if not self.found(with_mood=with_mood):
                self._large(with_mood=with_mood)

    def found(self, *, with_mood: bool) -> tuple[Way, ...]:
        """The ways with or without a declared mood, shortest first."""
        return tuple(way for way in self._ways if _moody(way.steps) == with_mood)

    def fixed(self) -> tuple[Reason, ...]:
        """What forbade after every set tried without a declared mood; failing that, the fewest policies that were left."""
        refused = self._refused or [self.ask(())]
        fewest = min(refused, key=lambda each: (len(each.policies), each.policies))
        common = set(fewest.policies).intersection(*(each.policies for each in refused))
        left = reasons(self.bundle, fewest)
        return tuple(each for each in left if each.policy in common) or left

    def endings(self) -> Iterator[Way]:
        """What ends a yes."""
        for step, changed in ends(self.question):
            self.tried += 1
            decision = self.decide(changed)
            if not decision.allow:
                yield Way((step,), changes(self.question, changed), decision)

    def _small(self) -> Iterator[tuple[Step, ...]]:
        for size in range(1, MOST_STEPS + 1):
            yield from (s for s in combinations(self._steps, size) if _sensible(s))

    def _try(self, steps: tuple[Step, ...]) -> bool:
        """Whether the answer is yes after these steps, or after fewer of them."""
        if any(set(way.steps) <= set(steps) for way in self._ways):
            return True
        if self.tried >= MOST_DECISIONS:
            return False
        decision = self.ask(steps)
        if decision.allow:
            after = take(self.question, steps)
            self._ways.append(Way(steps, changes(self.question, after), decision))
        elif not _moody(steps):
            self._refused.append(decision)
        return decision.allow

    def _large(self, *, with_mood: bool) -> None:
        """One set of any size from which nothing can be left out, if there is one."""
        for chosen in self._choices():
            steps = tuple(s for s in self._steps if s.kind not in _CHOICES or s in chosen)
            steps = tuple(s for s in steps if with_mood or s.kind != INSTEAD)
            if _moody(steps) == with_mood and _sensible(steps) and self.ask(steps).allow:
                self._try(self._reduced(steps, with_mood=with_mood))
                return
            if not with_mood:
                self._refused.append(self.ask(steps))

    def _choices(self) -> Iterator[tuple[Step, ...]]:
        """One value of each kind that has several, or none where that is possible: what was asked for comes first."""
        kinds = [[s for s in self._steps if s.kind == kind] for kind in _CHOICES]
        for chosen in product(*([None, *steps] for steps in kinds)):
            yield tuple(s for s in chosen if s is not None)

    def _reduced(self, steps: tuple[Step, ...], *, with_mood: bool) -> tuple[Step, ...]:
        for each in steps:
            fewer = tuple(s for s in steps if s != each)
            if _moody(fewer) == with_mood and self.ask(fewer).allow:
                steps = fewer
        return steps


def _moody(steps: Iterable[Step]) -> bool:
    return any(step.kind == INSTEAD for step in steps)


def _sensible(steps: Sequence[Step]) -> bool:
    """One value of each kind, and no other purpose beside the one that a declared mood has."""
    kinds = {step.kind for step in steps}
    return len(kinds) == len(steps) and not {INSTEAD, "purpose"} <= kinds


# ---- several claims at once ----
def strictest(decide: Decide, sectors: Iterable[str]) -> Decide:
    """A `Decide` that asks for every claimed sector, and says yes only when all do."""
    claimed = tuple(dict.fromkeys(sectors))

    def decided(question: Question) -> Decision:
        answers = [decide(replace(question, sector=sector)) for sector in claimed]
        refused = [each for each in answers if not each.allow]
        return _united(refused or answers)

    return decided


def _united(decisions: Sequence[Decision]) -> Decision:
    """Decisions of one outcome as one."""
    first = decisions[0]
    said = dict.fromkeys(
        pair for each in decisions for pair in zip(each.policies, each.says, strict=True)
    )
    return replace(
        first,
        policies=tuple(name for name, _ in said),
        laws=tuple(dict.fromkeys(law for each in decisions for law in each.laws)),
        says=tuple(says for _, says in said),
        errors=tuple(error for each in decisions for error in each.errors),
    )

"""Ask logged questions again, under another bundle, and count what would have changed. Nothing is decided by it and nothing is logged.

    replay = Replay(bundle)
    replay.add(pasts)
    replay.tally

Takes what the log remembers, some thousands at a time; what cannot be opened any more never comes here, and whoever opens the log counts it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter, itemgetter
from typing import Any, Final, Self

from mien_server.authorize.bundle import Bundle
from mien_server.authorize.decide import Authorizer
from mien_server.authorize.times import TIMES, moments
from mien_server.values import Judged, Question

REMEMBERED: Final = 100_000
"""Answers kept by what they depend on; then they are forgotten all at once."""
_STANDING: Final = tuple(item.name for item in fields(Question) if item.name not in TIMES)
_WORDS: Final = ("sector", "role", "source", "effect", "purpose", "age_band", "data_class")
Key = tuple[tuple[Any, ...], tuple[Any, ...]]
_standing: Final = attrgetter(*_STANDING)
_times: Final = attrgetter(*TIMES)


@dataclass(frozen=True, slots=True)
class Past:
    """A logged decision: question and answer, whose site, the index of its leaf, and the laws that the log names for it."""

    judged: Judged
    site: str
    index: int
    laws: tuple[str, ...]


@dataclass(slots=True)
class Turned:
    """How many decisions stay and how many turn, and the index of the first leaf of each."""

    same: int = 0
    denied: int = 0
    allowed: int = 0
    first: int | None = None

    def __iadd__(self, other: "Turned") -> Self:
        self.same += other.same
        self.denied += other.denied
        self.allowed += other.allowed
        known = [index for index in (self.first, other.first) if index is not None]
        self.first = min(known, default=None)
        return self


@dataclass(slots=True)
class Tally:
    """What a replay found. `laws` are those that would now deny (`denied`) and those that would deny no more (`allowed`).

    One decision may rest on several laws and counts for each of them; in `sites` and `whole` it counts once.
    """

    whole: Turned = field(default_factory=Turned)
    sites: dict[str, Turned] = field(default_factory=dict)
    laws: dict[str, Turned] = field(default_factory=dict)
    bundles: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Tally") -> Self:
        self.whole += other.whole
        for mine, theirs in ((self.sites, other.sites), (self.laws, other.laws)):
            for name, turned in theirs.items():
                mine.setdefault(name, Turned()).__iadd__(turned)
        self.bundles.update(other.bundles)
        return self


class Replay:
    """Answers again under one bundle, and counts in `tally`."""

    def __init__(self, bundle: Bundle) -> None:
        self.tally = Tally()
        self._authorizer = Authorizer(bundle)
        self._moments = moments(bundle.sources.values())
        self._answers: dict[Key, tuple[bool, tuple[str, ...]]] = {}

    def add(self, pasts: Iterable[Past]) -> None:
        """Decide again and count."""
        keyed = [(self._key(past.judged.question), past) for past in pasts]
        self._decide({key: past.judged.question for key, past in keyed})
        for key, past in keyed:
            self._count(past, *self._answers[key])

    def _count(self, past: Past, allow: bool, laws: tuple[str, ...]) -> None:
        site = self.tally.sites.setdefault(past.site, Turned())
        if allow == past.judged.allow:
            self.tally.whole.same += 1
            site.same += 1
            return
        turned = Turned(0, int(not allow), int(allow), past.index)
        self.tally.whole += turned
        site += turned
        for law in past.laws if allow else laws:
            self.tally.laws.setdefault(law, Turned()).__iadd__(turned)

    def _key(self, question: Question) -> Key:
        """Everything that the answer depends on."""
        times = _times(question)
        given = times if self._moments is None else _order(times, self._moments)
        return given, _standing(question)

    def _decide(self, asked: Mapping[Key, Question]) -> None:
        """Answer what was not asked before. Questions that the same policies speak of follow each other: that is cheaper."""
        if len(self._answers) + len(asked) > REMEMBERED:
            self._answers.clear()
        new = [
            (_alike(question), key) for key, question in asked.items() if key not in self._answers
        ]
        for _, key in sorted(new, key=itemgetter(0)):
            decision = self._authorizer.decide(asked[key])
            self._answers[key] = (decision.allow, decision.laws)


def _alike(question: Question) -> tuple[str, ...]:
    """What chooses the policies that can speak."""
    places = ",".join(sorted(question.jurisdictions))
    given = (getattr(question, name) or "" for name in _WORDS)
    return (places, question.action, *given)


def _order(times: tuple[int, ...], fixed: Sequence[int]) -> tuple[int, ...]:
    """How times stand to each other and to the moments that policies compare them with: while that is the same, so is the answer."""
    one, two, three = times
    where = [
        place for each in times for place in (bisect_left(fixed, each), bisect_right(fixed, each))
    ]
    return (
        *where,
        (one > two) - (one < two),
        (two > three) - (two < three),
        (one > three) - (one < three),
    )


def laws_of(
    judged: Judged, named: tuple[str, ...], known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The laws of one of several questions behind a decision: those of its policies as far as `known`, else all that the decision `named`."""
    found = dict.fromkeys(law for name in judged.policies for law in known.get(name, ()))
    return tuple(found) or named

"""Questions made up to find where two bundles differ: as many as wanted, always the same for one seed.

A random question is denied by ten policies at once and shows nothing of the eleventh. So each begins with `IN_ORDER`, where everything is given and
everybody agreed, in one place, and departs from it in a few fields.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from itertools import chain, islice, product
from typing import Any, Final

import numpy as np

from mien.values import AGE_BANDS, CONSENT_STATES, PURPOSES, ROLES, SECTORS, SOURCES
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.retention import DATA_CLASSES
from mien_server.authorize.words import ACTIONS
from mien_server.values import Question

EFFECTS: Final = (
    "order",
    "content",
    "help",
    "price",
    "eligibility",
    "urgency",
    "vulnerability",
    "none",
)
NOW: Final = 1_800_000_000
_LATER: Final = NOW + 500_000
_LONG_AGO: Final = NOW - 500_000
NOWHERE: Final = "XX"
"""A place that no bundle knows."""
MOST_AIMED: Final = 1200
"""Situations made for one changed policy at most."""
_ELSEWHERE: Final = 4
"""One question of so many is asked in two places at once."""

IN_ORDER: Final = Question(
    action="use", sector="retail", role="customer", jurisdictions=frozenset({"EU-DE"}), now=NOW,
    purpose="adapt_service", source="face", effect="help", age_band="adult", guardian=True,
    guardian_verified=True, written_release=True, gpc=False, explicit_after_gpc=False,
    impact_assessment=True, consent_state="given", consented_purposes=frozenset({"adapt_service"}),
    notice_current=True, consent_expires_at=_LATER, retain_until=_LATER, subject_known=True,
    data_class="label",
)  # fmt: skip
"""A question with everything that any law asks for."""

VALUES: Final[Mapping[str, tuple[Any, ...]]] = {
    "sector": SECTORS,
    "role": ROLES,
    "purpose": (*PURPOSES, None),
    "source": SOURCES,
    "effect": EFFECTS,
    "age_band": AGE_BANDS,
    **dict.fromkeys(
        (
            "guardian", "guardian_verified", "written_release", "gpc", "explicit_after_gpc",
            "impact_assessment", "notice_current", "subject_known", "held",
        ),
        (False, True),
    ),
    "consent_state": CONSENT_STATES,
    "consented_purposes": (frozenset(),),
    "consent_expires_at": (_LATER, _LONG_AGO, 0),
    "retain_until": (_LATER, _LONG_AGO, 0),
    "now": (NOW, 0),
    "data_class": DATA_CLASSES,
    "jurisdictions": (frozenset({NOWHERE}),),
}  # fmt: skip
"""What each field may be in a made-up question; `action` and the places beside it."""
_NAMES: Final = tuple(field.name for field in fields(Question))


def departed(place: str, changes: Mapping[str, Any]) -> Question:
    """The question in order at `place`, but for `changes`. What a person agreed to, and the class of data, follow the purpose, unless stated."""
    given = {"jurisdictions": frozenset({place}), **changes}
    purpose = given.get("purpose", IN_ORDER.purpose)
    agreed = frozenset({purpose} if purpose else ())
    kept = "mood" if purpose == "declare_mood" else IN_ORDER.data_class
    return replace(IN_ORDER, **{"consented_purposes": agreed, "data_class": kept, **given})


def places(bundle: Bundle) -> tuple[str, ...]:
    """One code for each different set of laws: every place that has policies of its own, and for a larger one a member that has none."""
    speaking = {policy.place for policy in bundle.policies.values()} - {None}
    found: dict[frozenset[str | None], str] = {}
    # Members first: what holds in EU-DE is what holds in the EU, and it is what people claim.
    for code, parent in sorted(bundle.places.items(), key=lambda item: (item[1] is None, item[0])):
        found.setdefault(frozenset({code, parent} & speaking), code)
    return tuple(sorted(found.values()))


def corpus(
    where: Iterable[str], count: int, seed: int, changed: Iterable[tuple[Any, str | None]] = ()
) -> Iterator[Question]:
    """`count` different questions at these places: those aimed at the `changed` policies, all that are one step from order, the rest two or three steps away.

    `changed` are policies in Cedar's JSON form, each with the place it speaks of. Questions that differ in their action only follow each other.
    """
    codes = tuple(where)
    aims = chain.from_iterable(_aimed(json, place, codes, seed) for json, place in changed)
    situations = chain(aims, _near(codes), _sampled(codes, seed))
    yield from islice(_each_action(situations, limit=count), count)


def _each_action(situations: Iterable[Question], limit: int) -> Iterator[Question]:
    """Every situation once, under every action. Ends when nothing new comes for long."""
    seen: set[Question] = set()
    stale = 0
    for situation in situations:
        stale = stale + 1 if situation in seen else 0
        if stale > limit:
            return
        if not stale:
            seen.add(situation)
            yield from (replace(situation, action=action) for action in ACTIONS)


def _near(codes: Iterable[str]) -> Iterator[Question]:
    """In order, and every single step from it."""
    for place in codes:
        yield departed(place, {})
        for name, values in VALUES.items():
            yield from (departed(place, {name: value}) for value in values)


def _sampled(codes: tuple[str, ...], seed: int) -> Iterator[Question]:
    """Two or three steps from order, now and then in two places at once. Without end."""
    names = tuple(VALUES)
    rng = np.random.default_rng(seed)
    while codes:
        steps = rng.choice(len(names), size=int(rng.integers(2, 4)), replace=False)
        changes = {
            names[i]: VALUES[names[i]][int(rng.integers(len(VALUES[names[i]])))] for i in steps
        }
        place = codes[int(rng.integers(len(codes)))]
        if "jurisdictions" not in changes and int(rng.integers(_ELSEWHERE)) == 0:
            other = codes[int(rng.integers(len(codes)))]
            changes["jurisdictions"] = frozenset({place, other})
        yield departed(place, changes)


def _aimed(json: Any, place: str | None, codes: tuple[str, ...], seed: int) -> Iterator[Question]:
    """Every combination of the fields that a policy reads, where it speaks; a sample of them where they are too many."""
    names = sorted(read_by(json))
    here = tuple(code for code in codes if place in {None, code, code.partition("-")[0]})
    values = [VALUES[name] for name in names]
    combinations = list(islice(product(*values), MOST_AIMED * 64))
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(combinations))[: MOST_AIMED // max(1, len(here)) + 1]
    for code in here:
        for i in order:
            yield departed(code, dict(zip(names, combinations[int(i)], strict=True)))


def read_by(json: Any) -> frozenset[str]:
    """The fields of a question that a policy (Cedar's JSON form) reads, but for its place and action."""
    found: set[str] = set()
    if isinstance(json, Mapping):
        found.update(value for name, value in json.items() if name == "attr" and value in VALUES)
        if "jurisdictions_known" in json.values():
            found.add("jurisdictions")
        for value in json.values():
            found |= read_by(value)
    elif isinstance(json, list):
        for value in json:
            found |= read_by(value)
    return frozenset(found)


def steps_from_order(question: Question) -> dict[str, Any]:
    """The fields in which a question differs from `IN_ORDER`, its place and action always among them."""
    always = {"action", "jurisdictions"}
    found = {name: getattr(question, name) for name in _NAMES}
    return {n: v for n, v in found.items() if n in always or v != getattr(IN_ORDER, n)}

"""Nothing is allowed that the reference evaluator denies: whatever is asked, whatever errs, whatever is missing."""

import json
from dataclasses import replace
from functools import cache
from typing import Any

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policies.questions import FIELDS, GOOD, JUNK, PLACES, VALUES, Whole, many, questions
from tests.policies.reference import INSIDE, may, why_not

from mien_server.authorize import Authorizer, Bundle, load_bundle, words
from mien_server.authorize.lint import Policy
from mien_server.values import Question

BUNDLE = load_bundle()
AUTHORIZER = Authorizer(BUNDLE)
few = settings(many, max_examples=50)


def test_the_reference_knows_the_same_places() -> None:
    assert INSIDE.keys() == BUNDLE.places.keys()


@many
@given(questions())
def test_what_is_allowed_may_be(question: Question) -> None:
    if AUTHORIZER.decide(question).allow:
        assert why_not(question) == ()


@many
@given(questions(jurisdictions=st.frozensets(st.sampled_from(PLACES), min_size=1, max_size=3)))
def test_what_may_be_is_allowed(question: Question) -> None:
    """The reference is no dead letter: on questions that fit the schema it says exactly what the bundle says."""
    assert AUTHORIZER.decide(question).allow == may(question)


@many
@given(
    questions(), st.lists(st.sampled_from(FIELDS), min_size=1, max_size=4, unique=True), st.data()
)
def test_ill_typed_questions_are_allowed_no_more(
    question: Question, names: list[str], data: st.DataObject
) -> None:
    junk = st.one_of(JUNK, *VALUES.values(), st.integers(0, 1))
    asked = replace(question, **{name: data.draw(junk) for name in names})
    decision = AUTHORIZER.decide(asked)
    assert not decision.allow or may(asked)
    assert decision.laws


ERRING = {
    "overflow": "context.now + 9223372036854775807 > 0",
    "overflow in a branch": "if principal.gpc then context.now * context.now * 4 > 0 else false",
    "overflow for children": 'principal.age_band == AgeBand::"under_13" && context.now + 9223372036854775807 > 0',
    "overflow first": 'context.now + 9223372036854775807 > 0 && resource.sector == Sector::"finance"',
    "nobody has it": "principal.colour == 1",
    "a purpose that may be missing": 'resource.purpose == Purpose::"contribute"',
    "a missing purpose first": 'resource.purpose == Purpose::"contribute" && resource.source == Source::"text"',
    "no truth": "principal.role && true",
    "no truth after one": "principal.guardian || context.now",
    "a number in a set of words": "[context.now + 9223372036854775807].contains(1)",
    "an address that is none": 'ip("nowhere").isLoopback()',
}  # fmt: skip


@cache
def erring(condition: str, effect: str, place: str | None) -> Bundle:
    """The bundle with one more policy, past the lint on purpose."""
    head = f'principal in Jurisdiction::"{place}"' if place else "principal"
    text = f"{effect} ({head}, action, resource) when {{ {condition} }};"
    (source,) = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"].values()
    about = Policy("errs", effect, ("policy:errs",), "Errs.", "our-policy", place, "x.cedar", 1)
    return replace(
        BUNDLE,
        sources={**BUNDLE.sources, "errs": source},
        policies={**BUNDLE.policies, "errs": about},
    )


@cache
def pair(condition: str, effect: str, place: str | None) -> tuple[Authorizer, Whole]:
    sick = erring(condition, effect, place)
    return Authorizer(sick), Whole(sick)


@pytest.mark.parametrize("name", ERRING)
@pytest.mark.parametrize("effect", ["forbid", "permit"])
@few
@given(question=questions(), place=st.sampled_from([None, "EU"]))
def test_a_policy_that_errs_opens_no_door(
    name: str, effect: str, question: Question, place: str | None
) -> None:
    sliced, whole = pair(ERRING[name], effect, place)
    decision = sliced.decide(question)
    assert not decision.allow or may(question)
    # A slice must not lose the policy that errs: where all of them together end in a no, so does it.
    assert decision.allow == whole.decide(question).allow


@pytest.mark.parametrize("name", ERRING)
def test_each_of_them_errs_on_something(name: str) -> None:
    place = frozenset({"EU-DE"})
    asked = [
        replace(GOOD, jurisdictions=place, purpose=purpose, gpc=gpc, age_band=age)
        for purpose in (None, "adapt_service")
        for gpc in (True, False)
        for age in ("adult", "under_13")
    ]
    sliced, _ = pair(ERRING[name], "forbid", None)
    assert any("errs" in error for each in asked for error in sliced.decide(each).errors)


def misplaced(*_: object, **__: object) -> dict[str, Any]:
    return {"uid": words.place("XX"), "attrs": {}, "parents": []}


def nobody(*_: object, **__: object) -> str:
    return json.dumps([misplaced()])


LOST: dict[str, Any] = {"ground": lambda *_: [], "person_text": nobody, "use": misplaced}


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("source", ["face", "declared"])
@pytest.mark.parametrize("place", ["EU-DE", "US-IL", "UK"])
def test_missing_entities_open_no_door(
    lost: str, source: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hand that drops what it should load: nothing that anybody asks is allowed any more."""
    asked = replace(GOOD, source=source, jurisdictions=frozenset({place}), written_release=True)
    authorizer = Authorizer(BUNDLE)
    assert authorizer.decide(asked).allow
    monkeypatch.setattr(words, lost, LOST[lost])
    authorizer.use(BUNDLE)
    assert not authorizer.decide(asked).allow


FORBIDS: dict[str, dict[str, Any]] = {
    "no-price": {"effect": "price", "jurisdictions": frozenset({"US"})},
    "gpc-opt-out": {"gpc": True},
    "subject-unknown": {"subject_known": False},
    "age-undeclared": {"age_band": "undeclared"},
    "unknown-jurisdiction": {"jurisdictions": frozenset({"EU", "ATLANTIS"})},
    "no-jurisdiction": {"jurisdictions": frozenset()},
    "consent-endless": {"consent_expires_at": 0},
    "retention-passed": {"retain_until": 1, "jurisdictions": frozenset({"US"})},
    "declared-mood-source": {
        "purpose": "declare_mood", "consented_purposes": frozenset({"declare_mood"}), "data_class": "mood",
    },
    "mood-purpose": {"source": "declared", "data_class": "mood"},
    "label-purpose": {
        "purpose": "declare_mood", "consented_purposes": frozenset({"declare_mood"}), "source": "declared",
    },
    "answer-apart": {"data_class": "answer"},
    "br-minors-offers": {
        "purpose": "declare_mood", "consented_purposes": frozenset({"declare_mood"}), "source": "declared",
        "data_class": "mood", "effect": "order", "age_band": "16_to_17", "jurisdictions": frozenset({"BR"}),
    },
    "in-minors-tracking": {
        "source": "text", "age_band": "under_13", "guardian": True, "guardian_verified": True,
        "jurisdictions": frozenset({"IN"}),
    },
    "us-health-authorization": {
        "source": "text", "sector": "health", "role": "patient", "jurisdictions": frozenset({"US"}),
    },
    "cn-guardian-13-to-15": {"age_band": "13_to_15", "jurisdictions": frozenset({"CN"})},
    "role-against-sector": {"role": "patient", "source": "declared"},
    "evidence-apart": {"data_class": "decision_record"},
    "eu-education": {"sector": "education", "role": "student"},
    "eu-education-customer": {"sector": "education"},
    "eu-workplace": {"role": "employee"},
    "eu-guardian": {"age_band": "13_to_15"},
    "us-il-written-release": {"jurisdictions": frozenset({"US-IL"})},
    "us-guardian-unverified": {"age_band": "under_13", "guardian": True, "jurisdictions": frozenset({"US"})},
    "in-guardian-unverified": {
        "age_band": "16_to_17", "guardian": True, "source": "declared", "jurisdictions": frozenset({"IN"}),
    },
    "kr-education-guardian": {"sector": "education", "age_band": "16_to_17", "jurisdictions": frozenset({"KR"})},
}  # fmt: skip


@pytest.mark.parametrize("name", FORBIDS)
def test_the_reference_bites_when_a_forbid_is_gone(name: str) -> None:
    asked = replace(GOOD, **FORBIDS[name])
    without = {key: source for key, source in BUNDLE.sources.items() if key != name}
    assert name in AUTHORIZER.decide(asked).policies
    assert Authorizer(replace(BUNDLE, sources=without)).decide(asked).allow
    assert not may(asked)

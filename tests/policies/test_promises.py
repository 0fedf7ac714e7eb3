"""P9 and P3 as laws over all questions: emotion never works against the person, and nothing happens without a standing yes."""

from dataclasses import fields, replace
from typing import Any

import cedarpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.values import AGE_BANDS, CONSENT_STATES, PURPOSES, ROLES, SECTORS, SOURCES
from mien_server.authorize import FAIL_CLOSED, Authorizer, load_bundle
from mien_server.authorize.bundle import policy_set
from mien_server.values import Question

GOOD = Question(
    action="use",
    sector="retail",
    role="customer",
    jurisdictions=frozenset({"EU-DE"}),
    now=1_800_000_000,
    purpose="adapt_service",
    source="face",
    effect="help",
    age_band="adult",
    impact_assessment=True,
    consent_state="given",
    consented_purposes=frozenset({"adapt_service"}),
    notice_current=True,
    consent_expires_at=1_800_600_000,
    retain_until=1_800_500_000,
    subject_known=True,
)
BUNDLE = load_bundle()
AUTHORIZER = Authorizer(BUNDLE)
ACTIONS = ("give_consent", "infer", "record", "use", "contribute", "retain")
PROCESSING = ACTIONS[1:]
AGAINST = ("price", "eligibility", "urgency")
PLACES = sorted(BUNDLE.places)
TIMES = st.sampled_from([0, 1, GOOD.now - 1, GOOD.now, GOOD.now + 1, GOOD.now + 86_400, 2**63 - 1])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "action": st.sampled_from(ACTIONS),
    "sector": st.sampled_from(SECTORS),
    "role": st.sampled_from(ROLES),
    "jurisdictions": st.frozensets(st.sampled_from([*PLACES, "ATLANTIS"]), max_size=4),
    "now": st.sampled_from([0, 1, GOOD.now, 2**63 - 1]),
    "purpose": st.sampled_from([None, *PURPOSES]),
    "source": st.sampled_from(SOURCES),
    "effect": st.sampled_from(("order", "content", "help", "none", *AGAINST)),
    "age_band": st.sampled_from(AGE_BANDS),
    "consent_state": st.sampled_from(CONSENT_STATES),
    "consented_purposes": st.frozensets(st.sampled_from(PURPOSES)),
    "consent_expires_at": TIMES,
    "retain_until": TIMES,
}
FIELDS = tuple(field.name for field in fields(Question))
many = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def questions(draw: st.DrawFn, /, **fixed: st.SearchStrategy[Any]) -> Question:
    """Near a question in perfect order, so that a good part is allowed: a few fields differ, and those in `fixed` are drawn."""
    changed = draw(st.lists(st.sampled_from(FIELDS), max_size=5, unique=True))
    drawn = {name: draw(VALUES.get(name, st.booleans())) for name in changed}
    return replace(GOOD, **{**drawn, **{name: draw(value) for name, value in fixed.items()}})


@many
@given(questions(effect=st.sampled_from(AGAINST)))
def test_no_price_no_eligibility_no_urgency(question: Question) -> None:
    decision = AUTHORIZER.decide(question)
    assert not decision.allow
    assert f"no-{question.effect}" in decision.policies


@many
@given(questions())
def test_a_denial_names_a_law_and_an_explicit_policy(question: Question) -> None:
    decision = AUTHORIZER.decide(question)
    assert decision.policies
    assert len(decision.says) == len(decision.policies)
    assert decision.laws
    # Whatever is well-formed is answered by a policy that an officer can read, never by a fault.
    assert FAIL_CLOSED not in decision.policies
    effects = {BUNDLE.policies[name].effect for name in decision.policies}
    assert effects == {"permit" if decision.allow else "forbid"}
    assert not decision.errors
    assert (decision.bundle_sha256, decision.at) == (BUNDLE.sha256, question.now)


UNSTANDING = ("none", "refused", "withdrawn", "expired", "invalidated")


@many
@given(questions(action=st.sampled_from(PROCESSING), consent_state=st.sampled_from(UNSTANDING)))
def test_nothing_without_a_standing_yes(question: Question) -> None:
    assert not AUTHORIZER.decide(question).allow


@many
@given(questions(action=st.sampled_from(PROCESSING)))
def test_what_is_allowed_rests_on_a_yes_to_this_purpose_in_force_now(question: Question) -> None:
    if AUTHORIZER.decide(question).allow:
        assert question.consent_state in {"given", "renewed"}
        assert question.purpose in question.consented_purposes
        assert question.now < question.consent_expires_at
        assert question.subject_known
        assert question.age_band != "undeclared"
        assert (
            question.action not in {"record", "use", "retain"}
            or question.now < question.retain_until
        )
        assert question.action == "retain" or question.notice_current
        assert question.action == "retain" or question.explicit_after_gpc or not question.gpc


@many
@given(questions(), st.frozensets(st.sampled_from([*PLACES, "ATLANTIS"]), min_size=1, max_size=4))
def test_another_jurisdiction_never_opens_a_door(question: Question, more: frozenset[str]) -> None:
    """From the first claim on: nobody's law is not a law, so a question without any claim is denied by itself."""
    if question.jurisdictions and not AUTHORIZER.decide(question).allow:
        wider = replace(question, jurisdictions=question.jurisdictions | more)
        assert not AUTHORIZER.decide(wider).allow


@many
@given(questions(jurisdictions=st.frozensets(st.sampled_from(PLACES), min_size=1, max_size=3)))
def test_a_smaller_place_has_all_laws_of_the_larger(question: Question) -> None:
    larger = frozenset(BUNDLE.places[place] or place for place in question.jurisdictions)
    if AUTHORIZER.decide(question).allow:
        assert AUTHORIZER.decide(replace(question, jurisdictions=larger)).allow


@many
@given(questions(
    jurisdictions=st.sampled_from([frozenset({"EU-FR"}), frozenset({"EU", "US"})]),
    source=st.just("face"),
))  # fmt: skip
def test_no_face_is_read_at_school_or_work_in_the_union(question: Question) -> None:
    places = {"education", "workplace"}
    roles = {"student", "employee", "candidate"}
    if question.sector in places or question.role in roles:
        decision = AUTHORIZER.decide(question)
        assert not decision.allow
        assert "AI Act 5(1)(f)" in decision.laws


class Unsliced(Authorizer):
    """Asks all policies every time."""

    WHOLE = policy_set(BUNDLE, BUNDLE.places)

    def _slice(self, places: frozenset[str]) -> cedarpy.PolicySet:
        return self.WHOLE


@many
@given(questions())
def test_the_slice_of_a_place_answers_as_the_whole_does(question: Question) -> None:
    assert Unsliced(BUNDLE).decide(question) == AUTHORIZER.decide(question)


JUNK = st.one_of(
    st.none(), st.floats(), st.integers(min_value=2**63), st.integers(max_value=-(2**63) - 1), st.binary(max_size=3),
    st.text(max_size=5), st.just(["EU"]), st.just({}), st.just(object()),
)  # fmt: skip


TRUTHS = ("subject_known", "notice_current", "impact_assessment", "guardian", "gpc")


@many
@given(
    st.one_of(
        st.tuples(st.sampled_from([name for name in FIELDS if name != "purpose"]), JUNK),
        st.tuples(st.sampled_from(TRUTHS), st.integers(0, 1)),
    )
)
def test_junk_is_never_allowed(junk: tuple[str, Any]) -> None:
    """Whatever stands where a word, a set, a truth or a time belongs, the answer is a no that names itself."""
    name, value = junk
    decision = AUTHORIZER.decide(replace(GOOD, **{name: value}))
    assert not decision.allow
    assert decision.laws


@pytest.mark.parametrize("action", ACTIONS)
def test_these_laws_are_not_kept_by_always_saying_no(action: str) -> None:
    purpose = "contribute" if action == "contribute" else "adapt_service"
    yes = replace(GOOD, action=action, purpose=purpose, consented_purposes=frozenset({purpose}))
    assert AUTHORIZER.decide(yes).allow
    assert AUTHORIZER.decide(replace(yes, source="declared")).allow


@pytest.mark.parametrize("effect", AGAINST)
def test_without_its_forbid_emotion_would_work_against_the_person(effect: str) -> None:
    """Break P9 on purpose: the property above rests on these policies and on nothing else."""
    asked = replace(GOOD, effect=effect, jurisdictions=frozenset({"US"}))
    without = {name: source for name, source in BUNDLE.sources.items() if name != f"no-{effect}"}
    assert not AUTHORIZER.decide(asked).allow
    assert Authorizer(replace(BUNDLE, sources=without)).decide(asked).allow


@pytest.mark.parametrize("state", UNSTANDING)
def test_a_standing_yes_is_asked_for_twice(state: str) -> None:
    """Without any forbid the permits still ask for it: what is lost by deleting forbids is the reason, not the no."""
    permits = {
        name: source for name, source in BUNDLE.sources.items() if source["effect"] == "permit"
    }
    decision = Authorizer(replace(BUNDLE, sources=permits)).decide(
        replace(GOOD, consent_state=state)
    )
    assert not decision.allow
    assert decision.policies == (FAIL_CLOSED,)

"""P9 and P3 as laws over all questions: emotion never works against the person, and nothing happens without a standing yes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policies.questions import (
    ACTIONS,
    AGAINST,
    FIELDS,
    GOOD,
    JUNK,
    PLACES,
    many,
    questions,
)  # fmt: skip

from mien.values import CONSENT_STATES, STANDING
from mien_server.authorize import FAIL_CLOSED, Authorizer, load_bundle
from mien_server.authorize.words import EVIDENCE
from mien_server.values import Question

BUNDLE = load_bundle()
AUTHORIZER = Authorizer(BUNDLE)
PROCESSING = ACTIONS[1:]


def proof(question: Question) -> bool:
    """Proof is kept because a law wants to see it, not because somebody said yes."""
    return question.action == "retain" and question.data_class in EVIDENCE


@many
@given(questions(effect=st.sampled_from(AGAINST)))
def test_no_price_no_eligibility_no_urgency(question: Question) -> None:
    decision = AUTHORIZER.decide(question)
    if not proof(question):
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


UNSTANDING = tuple(state for state in CONSENT_STATES if state not in STANDING)


@many
@given(questions(action=st.sampled_from(PROCESSING), consent_state=st.sampled_from(UNSTANDING)))
def test_nothing_without_a_standing_yes(question: Question) -> None:
    assert proof(question) or not AUTHORIZER.decide(question).allow


@many
@given(questions(action=st.just("retain"), data_class=st.sampled_from(sorted(EVIDENCE))))
def test_proof_is_kept_for_its_time_whatever_became_of_the_consent(question: Question) -> None:
    known = bool(question.jurisdictions) and question.jurisdictions <= BUNDLE.places.keys()
    expected = known and 0 < question.now < question.retain_until
    assert AUTHORIZER.decide(question).allow == expected


@many
@given(questions(data_class=st.sampled_from(sorted(EVIDENCE))))
def test_with_proof_nothing_is_done_but_keeping_it(question: Question) -> None:
    if question.action != "retain":
        assert not AUTHORIZER.decide(question).allow


FORBIDDEN = [  # where no face may be read: the place, the sector and the role
    *[(place, "education", "student") for place in ("EU-DE", "UK", "US-NY", "US-FL", "CN")],
    *[(place, "workplace", "employee") for place in ("EU-DE", "UK", "US-WA", "US-CO", "CN", "IN")],
]


@pytest.mark.parametrize(("place", "sector", "role"), FORBIDDEN)
@pytest.mark.parametrize("action", ["give_consent", "record", "use", "retain"])
def test_a_declared_mood_works_where_no_face_may_be_read(
    place: str, sector: str, role: str, action: str
) -> None:
    purposes = frozenset({"declare_mood"})
    mood = replace(
        GOOD, action=action, jurisdictions=frozenset({place}), sector=sector, role=role, purpose="declare_mood",
        consented_purposes=purposes, source="declared", data_class="mood", impact_assessment=False,
    )  # fmt: skip
    assert AUTHORIZER.decide(mood).allow
    assert not AUTHORIZER.decide(replace(mood, source="face")).allow
    face = replace(mood, source="face", purpose="adapt_service", consented_purposes=frozenset({"adapt_service"}), impact_assessment=True)  # fmt: skip
    assert not AUTHORIZER.decide(face).allow


@many
@given(
    questions(
        purpose=st.just("declare_mood"), consented_purposes=st.just(frozenset({"declare_mood"}))
    )
)
def test_a_declared_mood_is_never_read_from_anybody(question: Question) -> None:
    if question.source != "declared" or question.action in {"infer", "contribute"}:
        assert proof(question) or not AUTHORIZER.decide(question).allow


@many
@given(questions(action=st.sampled_from(PROCESSING)))
def test_what_is_allowed_rests_on_a_yes_to_this_purpose_in_force_now(question: Question) -> None:
    if AUTHORIZER.decide(question).allow and not proof(question):
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
    if (question.sector in places or question.role in roles) and not proof(question):
        decision = AUTHORIZER.decide(question)
        assert not decision.allow
        assert "AI Act 5(1)(f)" in decision.laws


@many
@given(
    questions(
        purpose=st.sampled_from(["personalize_offers", "declare_mood"]),
        age_band=st.sampled_from(["under_13", "13_to_15", "16_to_17"]),
        effect=st.just("order"),
        source=st.sampled_from(["face", "declared"]),
        data_class=st.sampled_from(["label", "mood"]),
        jurisdictions=st.sampled_from([frozenset({code}) for code in ("EU-DE", "BR", "IN")]),
        consented_purposes=st.just(frozenset({"personalize_offers", "declare_mood"})),
    )
)
def test_no_offers_are_put_in_order_by_emotion_for_minors(question: Question) -> None:
    """Whatever the purpose is called: read from a face, corrected or declared."""
    assert not AUTHORIZER.decide(question).allow


@many
@given(
    questions(
        data_class=st.sampled_from(["label", "mood", "correction"]),
        source=st.sampled_from(["face", "declared"]),
        action=st.sampled_from(PROCESSING),
    )
)
def test_moods_and_faces_keep_to_their_own_purposes(question: Question) -> None:
    if AUTHORIZER.decide(question).allow:
        assert (question.data_class == "mood") == (question.purpose == "declare_mood")
        assert question.data_class != "mood" or question.source == "declared"


@many
@given(questions(data_class=st.just("answer"), action=st.sampled_from(PROCESSING)))
def test_answers_choose_lessons_and_nothing_else(question: Question) -> None:
    if AUTHORIZER.decide(question).allow:
        assert question.purpose in {"adapt_lessons", "declare_mood"}
        assert question.effect in {"content", "none"}
        assert question.source == "declared"


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

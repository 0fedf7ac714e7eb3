"""The wrapper fails closed where the bare engine fails open: each fault is shown first on the engine, then on the room."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from itertools import product
from typing import Any

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import PolicyInvalid
from mien_server.authorize import FAIL_CLOSED, Authorizer, Bundle, load_bundle, words
from mien_server.authorize.bundle import whole
from mien_server.authorize.decide import Rules, require_loaded
from mien_server.authorize.lint import Policy
from mien_server.authorize.times import in_order, moments
from mien_server.values import Decision, Question

GOOD = Question(
    action="infer",
    sector="retail",
    role="customer",
    jurisdictions=frozenset({"EU-DE"}),
    now=1_800_000_000,
    purpose="personalize_offers",
    effect="order",
    age_band="adult",
    impact_assessment=True,
    consent_state="given",
    consented_purposes=frozenset({"personalize_offers"}),
    notice_current=True,
    consent_expires_at=1_800_600_000,
    subject_known=True,
)
YEAR_2027 = 1_798_761_600
ERRING = """
forbid (principal, action, resource)
when { context.now + 9223372036854775807 > 0 };
"""


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle()


def bare(bundle: Bundle, question: Question, given: cedarpy.Entities) -> cedarpy.AuthzResult:
    """What the engine says by itself."""
    names = ("consent_expires_at", "retain_until", "now")
    request = {
        "principal": {"type": "Person", "id": "asked"},
        "action": words.word("Action", question.action),
        "resource": {"type": "Use", "id": "asked"},
        "context": {name: getattr(question, name) for name in names},
    }
    return cedarpy.is_authorized(request, whole(bundle.sources), given, bundle.schema)


def entities(bundle: Bundle, question: Question) -> list[dict[str, Any]]:
    asked = asdict(question)
    places = question.jurisdictions
    person = words.person(places, stated=True, known=True, asked=asked)
    return [person, words.use(asked), *words.ground(bundle.places, places)]


def loaded(bundle: Bundle, given: list[dict[str, Any]]) -> cedarpy.Entities:
    return cedarpy.Entities.from_json_str(json.dumps(given), bundle.schema)


def failed_closed(decision: Decision) -> bool:
    return not decision.allow and FAIL_CLOSED in decision.policies and bool(decision.errors)


def test_a_good_question_is_allowed_and_says_why(bundle: Bundle) -> None:
    decision = Authorizer(bundle).decide(GOOD)
    assert decision.allow
    assert decision.policies == ("eu-lawful-basis", "permit-infer")
    assert decision.laws == ("GDPR 6(1)(a)", "policy:explicit-consent")
    assert decision.errors == ()
    assert decision.bundle_sha256 == bundle.sha256
    assert decision.bundle_version == bundle.version
    assert decision.at == GOOD.now


def test_a_denial_names_statutes_before_our_own_choices(bundle: Bundle) -> None:
    decision = Authorizer(bundle).decide(replace(GOOD, consent_state="withdrawn"))
    assert not decision.allow
    assert "GDPR 7(3)" in decision.laws
    assert decision.laws[-1] == "policy:opt-out"
    assert any("took your consent back" in sentence for sentence in decision.says)


def with_erring_forbid(bundle: Bundle) -> Bundle:
    """Past the lint on purpose: the engine itself must not be trusted to notice."""
    (source,) = json.loads(cedarpy.policies_to_json_str(ERRING))["staticPolicies"].values()
    described = Policy(
        "errs", "forbid", ("policy:errs",), "Errs.", "our-policy", None, "x.cedar", 1
    )
    return replace(
        bundle,
        sources={**bundle.sources, "errs": source},
        policies={**bundle.policies, "errs": described},
    )


def test_a_forbid_that_errs_does_not_open_the_door(
    bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    sick = with_erring_forbid(bundle)
    assert bare(sick, GOOD, loaded(sick, entities(sick, GOOD))).allowed, (
        "the engine skips it and allows"
    )
    with caplog.at_level(logging.ERROR):
        decision = Authorizer(sick).decide(GOOD)
    assert failed_closed(decision)
    assert decision.policies == (FAIL_CLOSED,), "permits beside an error decided nothing"
    assert "errs" in caplog.text
    assert "EU-DE" not in caplog.text


def test_a_forbid_that_speaks_beside_an_error_is_still_named(bundle: Bundle) -> None:
    decision = Authorizer(with_erring_forbid(bundle)).decide(replace(GOOD, effect="price"))
    assert failed_closed(decision)
    assert "no-price" in decision.policies
    assert decision.laws[-1] == "policy:fail-closed"
    assert len(decision.says) == len(decision.policies)


def test_a_place_that_was_not_loaded_does_not_open_the_door(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its entity EU-DE lies nowhere, and no policy of the EU applies."""
    school = replace(GOOD, sector="education", role="student", jurisdictions=frozenset({"EU-DE"}))
    person, use, *_ = entities(bundle, school)
    unplaced = loaded(bundle, [{**person, "parents": []}, use])
    assert bare(bundle, school, unplaced).allowed, "the engine does not miss it"
    assert Authorizer(bundle).decide(school).policies == ("eu-education",)
    monkeypatch.setattr(words, "ground", lambda *_: [])
    assert failed_closed(Authorizer(bundle).decide(school))


def test_a_person_who_was_not_loaded_does_not_open_the_door(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of the person, the use comes a second time: the engine takes it, and nobody was asked about."""
    monkeypatch.setattr(
        words, "person_text", lambda *_, asked, **__: json.dumps([words.use(asked)])
    )
    assert failed_closed(Authorizer(bundle).decide(GOOD))


@pytest.mark.parametrize("lost", ["Person", "Use", "Jurisdiction"])
def test_every_entity_is_looked_for(bundle: Bundle, lost: str) -> None:
    rest = [e for e in entities(bundle, GOOD) if e["uid"]["type"] != lost]
    wanted = {("Person", "asked"), ("Use", "asked"), ("Jurisdiction", "EU-DE")}
    given = [{**e, "parents": [p for p in e["parents"] if p["type"] != lost]} for e in rest]
    with pytest.raises(LookupError, match=lost):
        require_loaded(loaded(bundle, given), wanted)


UNKNOWN: dict[str, dict[str, Any]] = {
    "an unknown action": {"action": "sell"},
    "a group of actions": {"action": "process"},
    "an unknown sector": {"sector": "casino"},
    "an unknown role": {"role": "king"},
    "an unknown purpose": {"purpose": "sell"},
    "an unknown source": {"source": "pulse"},
    "an unknown effect": {"effect": "prize"},
    "an unknown age band": {"age_band": "40"},
    "an unknown state": {"consent_state": "yes"},
    "an unknown consented purpose": {
        "consented_purposes": frozenset({"personalize_offers", "sell"})
    },
    "an unknown class of data": {"data_class": "photo"},
}
WRONG: dict[str, dict[str, Any]] = {
    "purposes as one word": {"consented_purposes": "personalize_offers"},
    "a number for a truth": {"notice_current": 1},
    "a word for a truth": {"subject_known": "true"},
    "a number for a guardian": {"guardian": 1},
    "a truth for a time": {"now": True},
    "a fraction for a time": {"consent_expires_at": 1.8e9},
    "a time beyond 64 bits": {"retain_until": 2**63},
    "no set of places": {"jurisdictions": None},
    "places that cannot be words": {"jurisdictions": [["EU"]]},
    "bytes": {"purpose": b"personalize_offers"},
}


@pytest.mark.parametrize("name", WRONG)
def test_an_ill_formed_question_is_a_no(bundle: Bundle, name: str) -> None:
    authorizer = Authorizer(bundle)
    assert authorizer.decide(
        GOOD
    ).allow  # the situation is in the cache before the bad question comes
    decision = authorizer.decide(replace(GOOD, **WRONG[name]))
    assert failed_closed(decision)
    assert decision.laws == ("policy:fail-closed",)


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_word_is_a_no_that_names_the_field(bundle: Bundle, name: str) -> None:
    ((field, value),) = UNKNOWN[name].items()
    decision = Authorizer(bundle).decide(replace(GOOD, **{field: value}))
    assert failed_closed(decision)
    assert decision.laws == ("policy:unknown-word", "policy:fail-closed")
    assert decision.says == (f"The {words.SAID[field]} that was named is not one we know, so the answer is no.",)  # fmt: skip
    assert "casino" not in str(decision)


def test_an_error_that_cannot_be_told_is_a_no(bundle: Bundle) -> None:
    """Its text would quote a number that Python refuses to write out."""
    assert failed_closed(Authorizer(bundle).decide(replace(GOOD, action=10**5000)))  # type: ignore[arg-type]


@pytest.mark.parametrize("nonsense", [None, "allow", {}, object()])
def test_what_is_no_question_is_a_no(bundle: Bundle, nonsense: object) -> None:
    decision = Authorizer(bundle).decide(nonsense)  # type: ignore[arg-type]
    assert failed_closed(decision)
    assert decision.at == 0


def test_a_default_question_is_a_no(bundle: Bundle) -> None:
    least = Question(
        action="use", sector="retail", role="customer", jurisdictions=frozenset({"EU"}), now=1
    )
    assert not Authorizer(bundle).decide(least).allow


def test_an_engine_that_raises_is_a_no(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    authorizer = Authorizer(bundle)
    monkeypatch.setattr(cedarpy, "is_authorized", fail)
    assert failed_closed(authorizer.decide(GOOD))


def test_an_engine_without_a_decision_is_a_no(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = cedarpy.AuthzResult({"decision": "NoDecision", "diagnostics": {}})
    authorizer = Authorizer(bundle)
    monkeypatch.setattr(cedarpy, "is_authorized", lambda *_: silent)
    assert failed_closed(authorizer.decide(GOOD))


def test_an_allow_by_a_policy_nobody_knows_is_a_no(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = cedarpy.AuthzResult({"decision": "Allow", "diagnostics": {"reason": ["policy0"]}})
    authorizer = Authorizer(bundle)
    monkeypatch.setattr(cedarpy, "is_authorized", lambda *_: odd)
    assert failed_closed(authorizer.decide(GOOD))


def test_a_bundle_that_says_nothing_is_a_no(bundle: Bundle) -> None:
    assert failed_closed(Authorizer(replace(bundle, sources={})).decide(GOOD))


def test_an_interrupt_is_no_answer(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    authorizer = Authorizer(bundle)
    monkeypatch.setattr(cedarpy, "is_authorized", interrupt)
    with pytest.raises(KeyboardInterrupt):
        authorizer.decide(GOOD)


def test_threads_share_one_authorizer(bundle: Bundle) -> None:
    authorizer = Authorizer(bundle)
    asked = [
        replace(GOOD, jurisdictions=frozenset({place}), consent_state=state)
        for place in ("EU-DE", "US-IL", "UK", "BR")
        for state in ("given", "withdrawn")
    ] * 20
    alone = [Authorizer(bundle).decide(question) for question in asked[:8]] * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(authorizer.decide, asked)) == alone


def test_times_in_the_same_order_get_the_answer_of_the_times_themselves(bundle: Bundle) -> None:
    by_order, by_times = Rules(bundle), Rules(bundle)
    assert by_order._moments == (0, YEAR_2027)
    by_times._moments = None
    times = (-1, 0, 1, YEAR_2027 - 1, YEAR_2027, GOOD.now, GOOD.now + 1, 2**60, True)
    bank = replace(GOOD, sector="finance", jurisdictions=frozenset({"US-CO"}), notice_current=False)
    for asked in (GOOD, replace(GOOD, action="give_consent"), replace(GOOD, action="retain"), bank):
        for now, expires, until in product(times, repeat=3):
            one = replace(asked, now=now, consent_expires_at=expires, retain_until=until)
            assert by_order.decide(one) == by_times.decide(one)


@given(st.lists(st.integers(-20, 20) | st.sampled_from([2**53 - 1, -(2**53) + 1]), min_size=1, max_size=4),
       st.frozensets(st.integers(-20, 20), max_size=4))  # fmt: skip
def test_the_times_that_stand_for_others_lie_in_the_same_order(
    times: list[int], fixed: frozenset[int]
) -> None:
    known = sorted({0, *fixed})
    standing = in_order(tuple(times), known)
    assert len(standing) == len(times)
    for (a, x), (b, y) in product(zip(times, standing, strict=True), repeat=2):
        assert (a < b, a == b) == (x < y, x == y)
    for (a, x), moment in product(zip(times, standing, strict=True), known):
        assert (a < moment, a == moment) == (x < moment, x == moment)


def test_the_beginning_of_a_law_is_a_moment_of_its_own(bundle: Bundle) -> None:
    bank = replace(GOOD, sector="finance", jurisdictions=frozenset({"US-CO"}), notice_current=False)
    authorizer = Authorizer(bundle)
    assert "Colo. SB26-189" not in authorizer.decide(replace(bank, now=YEAR_2027 - 1)).laws
    assert "Colo. SB26-189" in authorizer.decide(replace(bank, now=YEAR_2027)).laws


def test_a_fault_of_the_engine_is_not_remembered(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = cedarpy.AuthzResult({"decision": "NoDecision", "diagnostics": {}})
    authorizer = Authorizer(bundle)
    with monkeypatch.context() as broken:
        broken.setattr(cedarpy, "is_authorized", lambda *_: silent)
        assert failed_closed(authorizer.decide(GOOD))
    assert authorizer.decide(GOOD).allow


def test_the_answer_bears_the_time_of_its_own_question(bundle: Bundle) -> None:
    authorizer = Authorizer(bundle)
    assert [authorizer.decide(replace(GOOD, now=GOOD.now + i)).at for i in range(3)] == [
        GOOD.now, GOOD.now + 1, GOOD.now + 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "known"),
    [
        ("context.now < context.retain_until && context.now != 0", (0,)),
        ("!(0 >= context.consent_expires_at) || principal.gpc", (0,)),
        ("context.now > 1", (0, 1)),
        ("context.now >= 30 && 7 > context.retain_until", (0, 7, 30)),
        ("context.now >= 9007199254740992", None),
        ("context.retain_until - context.now > 3600", None),
        ("context == {now: 1}", None),
        ("context has now", None),
        ("[context.now, 0].contains(0)", None),
        ("if context.now == 0 then context.now < context.retain_until else context.now + 1 > 0", None),
        ('context["other"] == 0', None),
    ],
)  # fmt: skip
def test_which_moments_matter_is_read_from_the_policy(
    condition: str, known: tuple[int, ...] | None
) -> None:
    text = f"forbid (principal, action, resource) when {{ {condition} }};"
    policies = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    assert moments(policies.values()) == known


def test_the_bundle_is_exchanged_whole(bundle: Bundle) -> None:
    authorizer = Authorizer(bundle)
    assert authorizer.decide(GOOD).allow
    other = replace(bundle, sha256="00", sources={k: v for k, v in bundle.sources.items() if k not in {"permit-infer", "eu-lawful-basis"}})  # fmt: skip
    authorizer.use(other)
    decision = authorizer.decide(GOOD)
    assert not decision.allow
    assert decision.bundle_sha256 == "00"
    assert authorizer.bundle is other


def test_a_bundle_that_cannot_be_made_ready_changes_nothing(bundle: Bundle) -> None:
    authorizer = Authorizer(bundle)
    with pytest.raises(PolicyInvalid):
        authorizer.use(replace(bundle, schema=None))  # type: ignore[arg-type]
    assert authorizer.bundle is bundle
    assert authorizer.decide(GOOD).allow

"""Explanations: every suggestion is true, none is missing that three steps could make, and none asks anybody to say what is not so."""

import json
from dataclasses import replace
from itertools import combinations, islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mien_server.authorize import FAIL_CLOSED, Authorizer, Bundle, steps
from mien_server.authorize import explain as module
from mien_server.authorize.corpus import IN_ORDER, corpus, departed
from mien_server.authorize.explain import Explanation, explain, strictest
from mien_server.authorize.steps import INSTEAD, KINDS, possible, take
from mien_server.cli.policy import app
from mien_server.values import Decision, Question

CLAIMS = ("sector", "role", "jurisdictions")
NOBODY = replace(
    IN_ORDER, consent_state="none", consented_purposes=frozenset(), guardian=False, guardian_verified=False,
    written_release=False, notice_current=False, consent_expires_at=0, subject_known=False,
)  # fmt: skip


@pytest.fixture(scope="module")
def authorizer(bundle: Bundle) -> Authorizer:
    return Authorizer(bundle)


@pytest.fixture(scope="module")
def told(bundle: Bundle, authorizer: Authorizer) -> list[Explanation]:
    """Explanations of many made-up questions, and of one that has nothing in order in every place."""
    made = list(islice(corpus(["EU-DE", "US-IL", "IN", "UK"], 40_000, 5), 3, 3000, 97))
    bare = [replace(NOBODY, jurisdictions=frozenset({code})) for code in ("EU-DE", "US-IL", "CN")]
    asked = [*made, *(lasting(question) for question in made[::3]), *bare]
    return [explain(authorizer.decide, bundle, question) for question in asked]


def lasting(question: Question) -> Question:
    """The same under a consent that stands for as long as a new one would."""
    return replace(question, consent_expires_at=question.now + 180 * 86_400)


def kinds(ways: tuple[module.Way, ...]) -> set[frozenset[str]]:
    return {frozenset(step.kind for step in way.steps) for way in ways}


# ---- for every question ----
def test_every_way_leads_where_it_says(authorizer: Authorizer, told: list[Explanation]) -> None:
    seen = 0
    for found in told:
        for way in (*found.ways, *found.instead, *found.ends):
            changed = replace(found.question, **{name: after for name, _, after in way.changes})
            again = authorizer.decide(changed)
            assert again.allow == way.decision.allow != found.decision.allow
            assert again.policies == way.decision.policies
            seen += 1
    assert seen > 40


def test_no_step_of_a_way_can_be_left_out(authorizer: Authorizer, told: list[Explanation]) -> None:
    for found in told:
        for way in (*found.ways, *found.instead):
            for fewer in combinations(way.steps, len(way.steps) - 1):
                mood = any(step.kind == INSTEAD for step in fewer)
                if mood == any(step.kind == INSTEAD for step in way.steps):
                    assert not authorizer.decide(take(found.question, fewer)).allow


def test_no_small_way_is_missing(authorizer: Authorizer, told: list[Explanation]) -> None:
    """Against a search that forgets nothing, not even what seems to change nothing: whatever set of two steps helps contains a way that was found."""
    for found in told:
        if found.decision.allow:
            continue
        ways = [set(way.steps) for way in (*found.ways, *found.instead)]
        every = every_step(found.question)
        for few in (*combinations(every, 1), *combinations(every, 2)):
            mixed = {step.kind for step in few} >= {INSTEAD, "purpose"}
            if mixed or len({step.kind for step in few}) < len(few):
                continue
            if authorizer.decide(take(found.question, few)).allow:
                assert any(way <= set(few) for way in ways)


def every_step(question: Question) -> list[steps.Step]:
    """Every step that has a sense here, whether or not it changes anything by itself."""
    ours = {kind: steps._values(kind, question) for kind in KINDS}
    return [steps.step(kind, value) for kind, values in ours.items() for value in values]


WITHOUT_A_YES = {
    "offers for a minor": {"purpose": "personalize_offers", "effect": "order", "age_band": "16_to_17"},
    "a pupil's face": {
        "purpose": "adapt_lessons", "effect": "content", "sector": "education", "role": "student",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WITHOUT_A_YES)
@pytest.mark.parametrize("days", [1, 179, 180, 181])
def test_how_long_a_yes_still_stands_hides_no_way_to_another_purpose(
    bundle: Bundle, authorizer: Authorizer, name: str, days: int
) -> None:
    asked = departed("EU-DE", WITHOUT_A_YES[name])
    base = explain(authorizer.decide, bundle, replace(asked, consent_expires_at=asked.now + 1))
    until = asked.now + days * 86_400
    found = explain(authorizer.decide, bundle, replace(asked, consent_expires_at=until))
    assert found.complete
    assert found.instead
    assert kinds(found.ways) == kinds(base.ways)
    assert kinds(found.instead) == kinds(base.instead)
    assert all("say_yes" in {s.kind for s in way.steps} for way in (*found.ways, *found.instead))


def test_only_what_may_be_asked_for_is_suggested(bundle: Bundle, authorizer: Authorizer) -> None:
    asked = departed("EU-DE", WITHOUT_A_YES["offers for a minor"])
    every = explain(authorizer.decide, bundle, asked)
    few = explain(authorizer.decide, bundle, asked, ("personalize_offers", "adapt_service"))
    assert {s.value for way in every.ways for s in way.steps} >= {"adapt_service", "adapt_lessons"}
    assert {s.value for way in few.ways for s in way.steps} == {"", "adapt_service"}
    assert every.instead
    assert not few.instead


def test_a_mood_that_may_order_no_offers_may_help(bundle: Bundle, authorizer: Authorizer) -> None:
    mood = {"purpose": "declare_mood", "source": "declared", "effect": "order", "age_band": "16_to_17"}  # fmt: skip
    found = explain(authorizer.decide, bundle, departed("BR", mood))
    assert "br-minors-offers" in {each.policy for each in found.reasons}
    assert {way.steps[0].value for way in found.ways if len(way.steps) == 1} == {
        "content", "help", "none",
    }  # fmt: skip


def test_nobody_is_told_to_claim_something_else(told: list[Explanation]) -> None:
    for found in told:
        for way in (*found.ways, *found.instead):
            for name, before, _ in way.changes:
                assert name not in CLAIMS
                assert name != "age_band" or before == "undeclared"


def test_a_no_without_a_way_names_what_stands_in_it(told: list[Explanation]) -> None:
    stuck = [f for f in told if not f.decision.allow and not f.ways]
    assert stuck
    for found in stuck:
        assert found.fixed
        assert all(each.effect == "forbid" and each.laws and each.says for each in found.fixed)
    assert all(not found.fixed for found in told if found.ways or found.decision.allow)


def test_every_forbid_that_applies_is_a_reason(
    authorizer: Authorizer, told: list[Explanation]
) -> None:
    for found in told:
        assert [each.policy for each in found.reasons] == list(found.decision.policies)


# ---- for some ----
def test_a_yes_says_what_ends_it(bundle: Bundle, authorizer: Authorizer) -> None:
    found = explain(authorizer.decide, bundle, departed("EU-DE", {}))
    ended = {way.steps[0].kind: way.decision.laws for way in found.ends}
    assert found.decision.allow
    assert not found.ways
    assert not found.fixed
    assert "GDPR 7(3)" in ended["withdraw"]
    assert {"send_signal", "notice_changes", "consent_expires", "time_is_over"} <= ended.keys()


def test_at_school_nothing_helps_but_a_mood_can_be_declared(
    bundle: Bundle, authorizer: Authorizer
) -> None:
    school = departed("EU-DE", {"sector": "education", "role": "student"})
    found = explain(authorizer.decide, bundle, school)
    assert found.ways == ()
    assert "AI Act 5(1)(f)" in {law for each in found.fixed for law in each.laws}
    assert frozenset({INSTEAD, "say_yes"}) in kinds(found.instead)


def test_a_child_in_illinois_needs_a_guardian_and_a_release(
    bundle: Bundle, authorizer: Authorizer
) -> None:
    child = replace(NOBODY, jurisdictions=frozenset({"US-IL"}), age_band="under_13")
    found = explain(authorizer.decide, bundle, child)
    assert found.ways
    for way in found.ways:
        assert {"say_yes", "guardian", "written_release"} <= {step.kind for step in way.steps}


def test_more_than_three_steps_are_found_together(bundle: Bundle, authorizer: Authorizer) -> None:
    blank = Question("use", "retail", "customer", frozenset({"EU-DE", "US-IL"}), 1_800_000_000)
    found = explain(authorizer.decide, bundle, blank)
    (way, *_) = found.ways
    assert len(way.steps) > module.MOST_STEPS
    assert found.complete


def test_an_unknown_place_is_beyond_everybody(bundle: Bundle, authorizer: Authorizer) -> None:
    found = explain(authorizer.decide, bundle, departed("XX", {}))
    assert not found.ways
    assert not found.instead
    assert "unknown-jurisdiction" in {each.policy for each in found.fixed}


def test_a_broken_engine_is_named_and_never_a_yes(bundle: Bundle) -> None:
    def broken(question: Question) -> Decision:
        return Decision(
            False, (FAIL_CLOSED,), ("policy:fail-closed",), ("x",), "1", bundle.sha256, question.now
        )

    found = explain(broken, bundle, departed("EU-DE", {}))
    assert [each.policy for each in found.fixed] == [FAIL_CLOSED]
    assert not found.ways


def test_a_search_is_bounded_and_says_so(
    bundle: Bundle, authorizer: Authorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DECISIONS", 5)
    found = explain(authorizer.decide, bundle, departed("XX", {}))
    assert not found.complete


def test_the_strictest_of_several_sectors_wins(bundle: Bundle, authorizer: Authorizer) -> None:
    both = strictest(authorizer.decide, ["retail", "education"])
    decision = both(departed("EU-DE", {}))
    assert not decision.allow
    assert "AI Act 5(1)(f)" in decision.laws
    assert strictest(authorizer.decide, ["retail", "retail"])(departed("EU-DE", {})).allow


def test_every_kind_of_step_is_offered_to_somebody() -> None:
    asked = Question("give_consent", "retail", "customer", frozenset({"EU-DE"}), 1_800_000_000)
    used = replace(asked, action="use", effect="price")
    offered = {step.kind for question in (asked, used) for step in possible(question)}
    assert offered == set(KINDS)


# ---- as it is typed ----
def typed(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["explain", *arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.stdout, done.stderr


def test_words_say_why_and_what_helps() -> None:
    code, words, _ = typed("--set", "consent_state=none", "--set", "impact_assessment=false")
    assert code == 0
    for said in ("No:", "GDPR 6(1)(a) (settled law)", "What both have to do", "Say yes", "Instead"):
        assert said in words
    code, words, _ = typed()
    assert code == 0
    assert "Yes:" in words
    assert "What would end it" in words
    _, words, _ = typed("--set", "sector=education", "--set", "role=student")
    assert "Nobody here can change this" in words
    _, words, _ = typed("--set", "effect=price")
    assert "(order or content or help or none)" in words


def test_a_question_comes_from_a_file_a_case_or_settings(tmp_path: Path) -> None:
    file = tmp_path / "question.json"
    file.write_text(json.dumps({"jurisdictions": ["US-IL"], "purpose": None, "now": 1_800_000_001}))
    code, words, _ = typed(str(file), "--set", "retain_until=0", "--json")
    found = json.loads(words)
    assert code == 0
    assert found["question"]["jurisdictions"] == ["US-IL"]
    assert found["question"]["purpose"] is None
    assert (found["question"]["now"], found["question"]["retain_until"]) == (1_800_000_001, 0)
    assert {"purpose-missing", "retention-undeclared"} <= {r["policy"] for r in found["reasons"]}
    _, words, _ = typed("--set", "jurisdictions=EU-FR,US-IL", "--set", "purpose=", "--json")
    assert json.loads(words)["question"]["jurisdictions"] == ["EU-FR", "US-IL"]
    assert json.loads(words)["question"]["purpose"] is None
    code, words, _ = typed("--case", "a shop's employee in front of the same camera", "--json")
    assert code == 0
    assert not json.loads(words)["allow"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--set", "sector=casino"], "sector"),
        (["--set", "feeling=good"], "feeling=good"),
        (["--set", "guardian=perhaps"], "guardian"),
        (["--set", "impact_assessment=3"], "impact_assessment"),
        (["--case", "no such case"], "no such case"),
        (["missing.json"], "missing.json"),
        (["--bundle", "nowhere"], "bundle.toml"),
    ],
)
def test_a_question_that_is_none_ends_with_one_line(arguments: list[str], named: str) -> None:
    code, _, error = typed(*arguments)
    assert code == 2
    assert named in error
    assert len(error.splitlines()) == 1


def test_a_file_that_holds_no_question(tmp_path: Path) -> None:
    for text, named in (
        ("[]", "no object"),
        ('{"sector": 3}', "sector"),
        ('{"x": 1}', "QuestionDoc"),
    ):
        (tmp_path / "q.json").write_text(text)
        code, _, error = typed(str(tmp_path / "q.json"))
        assert code == 2
        assert named in error

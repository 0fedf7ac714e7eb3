"""Bundles compared: what differs is found and named, and what is the same is not asked about."""

import json
import re
import shutil
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mien_policies
from mien_server.authorize import Authorizer, Bundle, load_bundle
from mien_server.authorize.compare import NOW_ALLOWED, NOW_DENIED, OTHER_LAW, compare
from mien_server.authorize.corpus import (
    IN_ORDER,
    VALUES,
    corpus,
    departed,
    places,
    read_by,
)
from mien_server.authorize.words import ACTIONS
from mien_server.cli.policy import app

FEW = 400


def without(folder: Path, name: str) -> None:
    """Take one policy out of a bundle."""
    for path in folder.rglob("*.cedar"):
        text = path.read_text("utf-8")
        changed = re.sub(rf'@id\("{name}"\)(?:(?!\n@id).)*', "", text, flags=re.DOTALL)
        if changed != text:
            path.write_text(changed, "utf-8")
            return
    raise LookupError(name)


def rewritten(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


# ---- the corpus ----
def test_the_corpus_is_the_same_for_one_seed_and_never_asks_twice(bundle: Bundle) -> None:
    codes = places(bundle)
    first = list(corpus(codes, 9000, 3))
    assert first == list(corpus(codes, 9000, 3))
    assert len(set(first)) == len(first) == 9000
    assert set(first) != set(corpus(codes, 9000, 4))


def test_the_corpus_meets_every_value_of_every_field(bundle: Bundle) -> None:
    made = list(corpus(places(bundle), 9_000, 1))
    for name, values in VALUES.items():
        assert set(values) <= {getattr(question, name) for question in made}, name
    assert {question.action for question in made} == set(ACTIONS)
    assert any(len(question.jurisdictions) > 1 for question in made)


def test_order_is_allowed_in_every_place(bundle: Bundle) -> None:
    authorizer = Authorizer(bundle)
    assert [
        code for code in places(bundle) if not authorizer.decide(departed(code, {})).allow
    ] == []


def test_a_policy_is_aimed_at_by_the_fields_it_reads(bundle: Bundle) -> None:
    assert read_by(bundle.sources["gpc-opt-out"]) == {"gpc", "explicit_after_gpc"}
    assert read_by(bundle.sources["unknown-jurisdiction"]) == {"jurisdictions"}


def test_a_corpus_of_few_questions_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {name: VALUES[name] for name in ("gpc", "guardian", "notice_current")}
    monkeypatch.setattr("mien_server.authorize.corpus.VALUES", few)
    made = list(corpus(["EU-DE"], 900, 1))
    assert len(made) == 8 * len(ACTIONS)
    assert list(corpus([], 900, 1)) == []


# ---- comparisons ----
def test_one_bundle_is_equal_to_itself_without_asking(bundle: Bundle) -> None:
    found = compare(bundle, load_bundle(), count=FEW)
    assert not found.differ
    assert found.asked == 0


@pytest.mark.parametrize(
    "name",
    ["no-price", "gpc-opt-out", "eu-education", "eu-impact-assessment", "us-il-written-release", "br-guardian", "training-apart", "consent-endless"],
)  # fmt: skip
def test_a_policy_taken_away_is_noticed_by_its_law(bundle: Bundle, broken: Path, name: str) -> None:
    without(broken, name)
    found = compare(bundle, load_bundle(broken), count=FEW)
    assert found.policies.removed == (name,)
    laws = {law for _, law in found.groups}
    assert set(bundle.policies[name].laws) & laws


def test_the_other_way_round_the_counts_are_the_same(bundle: Bundle, broken: Path) -> None:
    without(broken, "us-il-written-release")
    changed = load_bundle(broken)
    found, back = (
        compare(one, other, count=FEW) for one, other in ((bundle, changed), (changed, bundle))
    )
    assert back.policies.added == found.policies.removed
    assert back.outcomes[NOW_DENIED] == found.outcomes[NOW_ALLOWED] > 0


def test_an_example_is_as_near_to_order_as_it_can_be(bundle: Bundle, broken: Path) -> None:
    without(broken, "gpc-opt-out")
    found = compare(bundle, load_bundle(broken), count=FEW)
    example = found.groups[NOW_ALLOWED, "policy:gpc"].example
    wanted = replace(IN_ORDER, gpc=True, guardian=example.question.guardian)
    assert example.question == wanted
    assert not example.before.allow
    assert example.after.allow


def test_a_stricter_condition_is_found_though_few_questions_meet_it(
    bundle: Bundle, broken: Path
) -> None:
    rewritten(
        broken,
        "cedar/consent.cedar",
        "principal.gpc && !principal.explicit_after_gpc",
        "principal.gpc",
    )
    found = compare(bundle, load_bundle(broken), count=FEW)
    assert found.policies.changed == ("gpc-opt-out",)
    assert found.outcomes[NOW_DENIED] > 0
    assert found.outcomes[NOW_ALLOWED] == 0


def test_places_with_the_same_policies_are_not_asked_and_do_answer_alike(
    bundle: Bundle, broken: Path
) -> None:
    without(broken, "br-guardian")
    changed = load_bundle(broken)
    found = compare(bundle, changed, count=FEW)
    assert set(found.skipped) == set(places(bundle)) - {"BR"}
    one, other = Authorizer(bundle), Authorizer(changed)
    for question in islice(corpus(found.skipped, 10_000, 2), 0, 6000, 40):
        before, after = one.decide(question), other.decide(question)
        assert (before.allow, before.laws) == (after.allow, after.laws)


def test_another_sentence_differs_without_deciding_otherwise(bundle: Bundle, broken: Path) -> None:
    rewritten(broken, "cedar/exploit.cedar", "What you feel never changes what you pay.", "Never.")
    found = compare(bundle, load_bundle(broken), count=FEW)
    assert found.policies.changed == ("no-price",)
    assert not found.outcomes
    assert found.differ


def test_the_same_answer_for_another_law_is_told_apart(bundle: Bundle, broken: Path) -> None:
    without(broken, "eu-no-exploit")
    found = compare(bundle, load_bundle(broken), count=FEW)
    assert set(found.outcomes) == {OTHER_LAW}


def test_retention_and_places_differ_by_name(bundle: Bundle, broken: Path) -> None:
    rewritten(broken, "retention/core.toml", 'duration = "P180D"', 'duration = "P90D"')
    rewritten(broken, "jurisdictions/jurisdictions.toml", '"AT", ', "")
    found = compare(bundle, load_bundle(broken), count=50)
    assert found.retention.changed == ("consent in everywhere",)
    assert found.places.removed == ("EU-AT",)
    assert not found.skipped


def test_cases_are_asked_too_and_asking_is_told(bundle: Bundle, broken: Path) -> None:
    without(broken, "no-price")
    case = replace(IN_ORDER, effect="price", now=IN_ORDER.now + 7)
    told: list[int] = []
    found = compare(bundle, load_bundle(broken), [case, case], count=0, progress=told.append)
    assert (found.asked, told) == (1, [1])
    assert found.outcomes.total() == 1


# ---- as it is typed ----
def typed(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["diff", *arguments], env={"COLUMNS": "200"})
    return done.exit_code, done.stdout, done.stderr


def test_equal_bundles_end_with_0(tmp_path: Path) -> None:
    copy = tmp_path / "same"
    shutil.copytree(mien_policies.directory(), copy)
    code, words, _ = typed(str(copy))
    assert code == 0
    assert "no difference" in words


def test_a_bundle_in_the_same_words_elsewhere_is_asked_and_answers_alike(broken: Path) -> None:
    notes = broken / "cedar/exploit.cedar"
    notes.write_text("// A remark.\n" + notes.read_text("utf-8"), "utf-8")
    code, words, _ = typed(str(broken), "--count", "50")
    assert code == 0
    assert "all answered alike" in words


def test_bundles_that_differ_end_with_1_and_say_where(broken: Path) -> None:
    without(broken, "eu-education")
    ours = str(mien_policies.directory())
    code, words, _ = typed(ours, str(broken), "--count", "600")
    assert code == 1
    for said in (
        "eu-education",
        "AI Act 5(1)(f)",
        "now allowed",
        "education",
        "the bundles differ",
        "not asked in",
    ):
        assert said in words
    code, words, _ = typed(ours, str(broken), "--count", "600", "--json")
    found = json.loads(words)
    assert code == 1
    assert found["policies"]["removed"] == ["eu-education"]
    (group,) = [g for g in found["groups"] if g["kind"] == NOW_ALLOWED]
    assert set(group["sectors"]) == {"education"}
    assert group["example"]["from_order"]["sector"] == "education"
    assert not group["example"]["before"]["allow"]


def test_another_notice_differs(broken: Path) -> None:
    rewritten(broken, "notices/en.md", "You do not have to agree.", "You need not agree.")
    code, words, _ = typed(str(broken), "--json")
    assert code == 1
    assert json.loads(words)["notices"]["changed"] == ["en"]
    assert "notices changed" in typed(str(broken))[1]


def test_a_bundle_that_cannot_be_read_ends_with_2(broken: Path) -> None:
    (broken / "bundle.toml").write_text("version = 3")
    code, _, error = typed(str(broken))
    assert code == 2
    assert "bundle.toml:1" in error

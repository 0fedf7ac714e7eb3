"""The reference page is what the bundle says, and names every policy, its law and its certainty, and every field of a question."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from tests.policies.test_compare import without

from mien_server.authorize import DATA_CLASSES, Bundle, load_bundle
from mien_server.authorize.cases import load_cases, run_cases
from mien_server.authorize.page import PARTS, filled
from mien_server.values import Question

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference/policies.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `([a-z0-9-]+)`(?: \(permit\))? \| (.+)$", PAGE, re.MULTILINE))


def test_the_generated_parts_are_current(bundle: Bundle) -> None:
    assert filled(PAGE, bundle) == PAGE, "run `make docs`"


def test_another_bundle_would_be_another_page(bundle: Bundle, broken: Path) -> None:
    without(broken, "eu-education")
    changed = filled(PAGE, load_bundle(broken))
    assert "`eu-education`" not in changed
    assert changed.partition("<!-- end: matrix -->")[0] != PAGE.partition("<!-- end: matrix -->")[0]


def test_a_law_that_begins_later_is_named_with_its_day(bundle: Bundle, broken: Path) -> None:
    (row,) = [row for row in PAGE.splitlines() if row.startswith("Not in force on that day")]
    assert "`us-co-finance-notice` (Colo. SB26-189) on 2027-01-01" in row
    assert "`us-ca-automated-decisions` (11 CCR 7200) on 2027-01-01" in row
    for name in ("us-co-finance-notice", "us-ca-automated-decisions"):
        without(broken, name)
    assert "Not in force on that day" not in filled(PAGE, load_bundle(broken))


@pytest.mark.parametrize("name", PARTS)
def test_a_page_without_its_marks_is_refused(bundle: Bundle, name: str) -> None:
    for mark in (f"<!-- generated: {name} -->", f"<!-- end: {name} -->"):
        with pytest.raises(ValueError, match=name):
            filled(PAGE.replace(mark, ""), bundle)


def test_every_policy_is_documented_as_it_is(bundle: Bundle) -> None:
    for policy in bundle.policies.values():
        said = f"{'; '.join(policy.laws)} | {policy.certainty} | {policy.says} |"
        assert ROWS[policy.id] == said


def test_no_policy_is_documented_that_is_not_there(bundle: Bundle) -> None:
    described = {name for name, row in ROWS.items() if row.count("|") == 3}
    assert described == bundle.policies.keys()


@pytest.mark.parametrize("name", [field.name for field in fields(Question)])
def test_every_field_of_a_question_is_documented(name: str) -> None:
    assert re.search(rf"^\| .*`{name}`.*\|", PAGE, re.MULTILINE)


def test_every_class_of_data_is_documented() -> None:
    assert all(f"`{name}`" in PAGE for name in DATA_CLASSES)


def blocks(language: str) -> list[str]:
    text = (DOCS / "how-to/add-a-policy-case.md").read_text("utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in found]


def test_the_how_to_works_as_written(broken: Path) -> None:
    (case,), (policy,) = blocks("toml"), blocks("cedar")
    (broken / "cases/ours.toml").write_text(case)
    (broken / "jurisdictions/ours.cedar").write_text(policy)
    changed = load_bundle(broken)
    mine = [case for case in load_cases(broken / "cases") if case.file == "cases/ours.toml"]
    assert [outcome.wrong for outcome in run_cases(changed, mine)] == [""]
    assert changed.policies["us-ny-workplace"].place == "US-NY"

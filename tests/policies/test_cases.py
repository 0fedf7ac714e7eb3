"""The officer's cases hold, and they notice when a policy is gone."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mien_policies
from mien.errors import PolicyInvalid
from mien_server.authorize import Bundle, load_bundle
from mien_server.authorize.cases import Case, load_cases, run_cases, uncovered
from mien_server.cli.policy import app

RUN = CliRunner()
CEDAR_FILES = sorted(
    f"{path.parent.name}/{path.name}" for path in mien_policies.directory().glob("*/*.cedar")
)


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: f"{case.policy}: {case.name}")
def test_case(bundle: Bundle, case: Case) -> None:
    (outcome,) = run_cases(bundle, [case])
    assert not outcome.wrong


def test_every_policy_has_an_allowed_and_a_denied_case(bundle: Bundle) -> None:
    assert uncovered(bundle, load_cases()) == ()


@pytest.mark.parametrize("name", load_bundle().policies)
def test_a_policy_that_stops_working_is_noticed_by_its_own_cases(bundle: Bundle, name: str) -> None:
    silent = {key: source for key, source in bundle.sources.items() if key != name}
    outcomes = run_cases(
        replace(bundle, sources=silent), [case for case in load_cases() if case.policy == name]
    )
    assert any(outcome.wrong for outcome in outcomes)


@pytest.mark.parametrize("file", CEDAR_FILES)
def test_a_file_that_is_removed_is_noticed(broken: Path, file: str) -> None:
    lost = {p.id for p in load_bundle(broken).policies.values() if p.file == file}
    (broken / file).unlink()
    done = RUN.invoke(app, ["test", str(broken)])
    assert done.exit_code == 1
    for name in lost:
        assert f"there is no policy `{name}`" in done.output


def test_the_command_shows_every_policy_and_succeeds(bundle: Bundle) -> None:
    done = RUN.invoke(app, ["test"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert all(name in done.output for name in bundle.policies)
    assert f"{len(load_cases())} of {len(load_cases())} cases are as expected" in done.output


def test_the_command_can_list_every_case() -> None:
    done = RUN.invoke(app, ["test", "--all"], env={"COLUMNS": "200"})
    assert all(case.name in done.output for case in load_cases())


def test_an_officer_adds_a_case_without_code(broken: Path) -> None:
    (broken / "cases/ours.toml").write_text(
        '[[case]]\npolicy = "no-price"\nname = "never a price"\nrequest = { effect = "price" }\n'
        'expect = "deny"\nlaw = "policy:no-price"\n'
    )
    done = RUN.invoke(app, ["test", str(broken), "--all"])
    assert done.exit_code == 0
    assert "never a price" in done.output


WRONG = {
    "expects the opposite": ("expect = 'allow'", "was denied by eu-automated-decisions"),
    "expects another law": ("expect = 'deny'\nlaw = 'GDPR 99'", "instead of GDPR 99"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_case_that_does_not_hold_fails_with_its_place(broken: Path, name: str) -> None:
    expectation, told = WRONG[name]
    (broken / "cases/ours.toml").write_text(
        "# one line before\n[[case]]\npolicy = 'no-price'\nname = 'mine'\n"
        f"request = {{ effect = 'price' }}\n{expectation}\n"
    )
    done = RUN.invoke(app, ["test", str(broken)], env={"COLUMNS": "300"})
    assert done.exit_code == 1
    assert "cases/ours.toml:2 mine: " in done.output
    assert told in done.output


def test_a_case_in_which_its_policy_has_no_part_fails(broken: Path) -> None:
    (broken / "cases/ours.toml").write_text(
        "[[case]]\npolicy = 'no-urgency'\nname = 'mine'\nrequest = { effect = 'price' }\n"
        "expect = 'deny'\nlaw = 'policy:no-price'\n"
    )
    done = RUN.invoke(app, ["test", str(broken)])
    assert done.exit_code == 1
    assert "no-urgency had no part in it" in done.output


def test_a_policy_without_cases_fails(broken: Path) -> None:
    with (broken / "cedar/exploit.cedar").open("a") as file:
        file.write(
            '\n@id("bare")\n@law("policy:bare")\n@says("Bare.")\n@certainty("our-policy")\n'
            "forbid (principal, action, resource) when { context.now == 1 };\n"
        )
    done = RUN.invoke(app, ["test", str(broken)])
    assert done.exit_code == 1
    assert "bare needs an allowed and a denied one" in done.output


HEAD = "[[case]]\npolicy = 'no-price'\nname = 'x'\n"
MALFORMED = {
    "a field no question has": (
        HEAD + "request = { colour = 'red' }\nexpect = 'allow'\n",
        "ours.toml:1`: `colour` is not a field of a question",
    ),
    "a denial without a law": (HEAD + "request = {}\nexpect = 'deny'\n", "`law` is missing"),
    "an unknown expectation": (HEAD + "request = {}\nexpect = 'maybe'\n", "must be allow or deny"),
    "a missing key": ("\n" + HEAD + "expect = 'allow'\n", "ours.toml:2`: `request` is missing"),
    "an unknown key": (
        HEAD + "request = {}\nexpect = 'allow'\nlaws = 'x'\n",
        "`laws` is not known",
    ),
    "a key of another type": (HEAD + "request = 3\nexpect = 'allow'\n", "`request` must be dict"),
    "no TOML": ("[[case]\n", "ours.toml:1`: is not TOML"),
    "no list of cases": ("case = 3\n", "`case` must be list"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_case_names_file_and_line(broken: Path, name: str) -> None:
    text, told = MALFORMED[name]
    (broken / "cases/ours.toml").write_text(text)
    done = RUN.invoke(app, ["test", str(broken)])
    assert done.exit_code == 1
    assert told in done.output


@pytest.mark.parametrize("line", ["action", "gone", "colour"])
def test_defaults_must_be_there_and_complete(broken: Path, line: str) -> None:
    file = broken / "cases/defaults.toml"
    if line == "gone":
        file.unlink()
    elif line == "colour":
        file.write_text(file.read_text() + "colour = 'red'\n")
    else:
        kept = [row for row in file.read_text().splitlines() if not row.startswith(line)]
        file.write_text("\n".join(kept))
    with pytest.raises(PolicyInvalid, match=r"cases/defaults\.toml:1"):
        load_cases(broken / "cases")

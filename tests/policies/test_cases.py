"""The officer's cases hold, and they notice when a policy is gone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import mien_policies
from mien.errors import PolicyInvalid
from mien_server.authorize import Bundle, load_bundle
from mien_server.authorize.cases import (
    COLUMNS,
    Case,
    Cell,
    Outcome,
    load_cases,
    load_matrix,
    run_cases,
    uncovered,
    uncovered_cells,
)  # fmt: skip
from mien_server.cli.policy import app

RUN = CliRunner()
CASES = load_cases()
CEDAR_FILES = sorted(
    f"{path.parent.name}/{path.name}" for path in mien_policies.directory().glob("*/*.cedar")
)


@pytest.fixture(scope="module")
def outcomes(bundle: Bundle) -> dict[tuple[str, int], Outcome]:
    """What became of every case, by file and line."""
    return {(each.case.file, each.case.line): each for each in run_cases(bundle, CASES)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.policy}: {case.name}")
def test_case(outcomes: dict[tuple[str, int], Outcome], case: Case) -> None:
    assert not outcomes[case.file, case.line].wrong


def test_every_policy_has_an_allowed_and_a_denied_case(bundle: Bundle) -> None:
    assert uncovered(bundle, load_cases()) == ()


def test_every_cell_that_says_something_has_an_allowed_and_a_denied_case() -> None:
    assert uncovered_cells(load_cases(), load_matrix()) == ()


def test_a_denied_case_of_a_cell_names_a_law_of_its_place(bundle: Bundle) -> None:
    """A cell is not covered by a no that has nothing to do with it."""
    for outcome in run_cases(bundle, [c for c in load_cases() if c.cell and not c.allow]):
        place = outcome.case.cell.partition("/")[0]
        around = {place, bundle.places[place]}
        spoke = [bundle.policies[name] for name in outcome.decision.policies]
        laws = {law for policy in spoke if policy.place in around for law in policy.laws}
        assert outcome.case.law in laws, outcome.case


@pytest.mark.parametrize("cell", [name for name, cell in load_matrix().items() if "F" in cell.says])
def test_where_something_is_forbidden_a_declared_mood_is_not(cell: str) -> None:
    assert any(
        case.cell == cell and case.allow and case.question.purpose == "declare_mood"
        for case in load_cases()
    )


def law_says() -> dict[str, str]:
    """The cells of LAW.md that say something, with their words."""
    try:
        text = (Path(__file__).resolve().parents[3] / "shared/LAW.md").read_text("utf-8")
    except OSError:
        pytest.skip("NOT HERE: ../shared/LAW.md, the matrix that the cases cover")
    names = {"US federal": "US", "China": "CN", "Brazil": "BR", "India": "IN", "Korea": "KR"}
    rows = [row.strip("|").split("|") for row in text.split("\n\n| | ")[1].split("\n\n")[0].splitlines()[2:]]  # fmt: skip
    return {
        f"{names.get(row[0].strip(), row[0].strip())}/{column}": said.strip()
        for row in rows
        for column, said in zip(COLUMNS, row[1:], strict=True)
        if said.strip() != "-"
    }


def test_the_matrix_is_that_of_the_law() -> None:
    assert load_matrix().keys() == law_says().keys()


def test_the_matrix_forbids_where_the_law_forbids() -> None:
    matrix = load_matrix()
    forbidden = {
        name
        for name, said in law_says().items()
        if re.search(r"\bF\b|F\?", said.replace("GPC", ""))
    }
    assert forbidden <= {name for name, cell in matrix.items() if "F" in cell.says}


def test_a_cell_without_cases_is_noticed() -> None:
    cases = [case for case in load_cases() if (case.cell, case.allow) != ("KR/health", False)]
    matrix = {**load_matrix(), "KR/moon": Cell("F", only="deny", why="nobody is there")}
    assert uncovered_cells(cases, matrix) == (
        "cell KR/health needs a case that expects deny",
        "cell KR/moon needs a case that expects deny",
    )
    del matrix["EU/minors"], matrix["KR/moon"]
    assert uncovered_cells(load_cases(), matrix) == ("cell EU/minors is not in matrix.toml",)


MATRICES = {
    "no row": ("EU = 3\n", "`EU` needs a table of"),
    "an unknown column": ("[EU]\ncircus = 'F'\n", "`EU` needs a table of"),
    "no letters": ("[EU]\nretail = ''\n", "use letters of"),
    "an unknown letter": ("[EU]\nretail = 'Q'\n", "`Q` of `EU`: use letters of"),
    "neither letters nor a table": ("[EU]\nretail = 3\n", "must be letters or a table"),
    "an unknown key": ("[EU]\nretail = { says = 'F', whom = 'x' }\n", "`whom` is not known here"),
    "only without a reason": ("[EU]\nretail = { says = 'F', only = 'deny' }\n", "`why` says why"),
    "only the unknown": ("[EU]\nretail = { says = 'F', only = 'maybe', why = 'x' }\n", "must be allow or deny"),
}  # fmt: skip


@pytest.mark.parametrize("name", MATRICES)
def test_a_malformed_matrix_is_refused(broken: Path, name: str) -> None:
    text, told = MATRICES[name]
    (broken / "cases/matrix.toml").write_text(text)
    with pytest.raises(PolicyInvalid, match=r"cases/matrix\.toml:1") as refused:
        load_matrix(broken / "cases")
    assert told in str(refused.value)


def test_a_matrix_that_is_gone_is_missed(broken: Path) -> None:
    (broken / "cases/matrix.toml").unlink()
    with pytest.raises(PolicyInvalid, match="is missing"):
        load_matrix(broken / "cases")


def test_a_cell_with_one_side_only_says_why(broken: Path) -> None:
    (broken / "cases/matrix.toml").write_text("[EU]\nretail = { says = 'F', only = 'deny', why = 'x' }\n")  # fmt: skip
    assert load_matrix(broken / "cases") == {"EU/retail": Cell("F", "deny", "x")}


@pytest.mark.parametrize("name", load_bundle().policies)
def test_a_policy_that_stops_working_is_noticed_by_its_own_cases(bundle: Bundle, name: str) -> None:
    silent = {key: source for key, source in bundle.sources.items() if key != name}
    outcomes = run_cases(
        replace(bundle, sources=silent), [case for case in CASES if case.policy == name]
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
    "a cell that it has nothing to do with": (
        HEAD + "cell = 'EU/health'\nrequest = {}\nexpect = 'allow'\n",
        "ours.toml:1`: the request does not lie in the cell `EU/health`",
    ),
    "a cell of another place": (
        HEAD + "cell = 'UK/retail'\nrequest = {}\nexpect = 'allow'\n",
        "does not lie in the cell `UK/retail`",
    ),
    "a grown-up among minors": (
        HEAD + "cell = 'EU/minors'\nrequest = {}\nexpect = 'allow'\n",
        "does not lie in the cell `EU/minors`",
    ),
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


START = "[[case]]\npolicy = 'no-price'\nname = 'mine'\nexpect = 'allow'\n"
TYPES = {
    "a case in one line": ("case = [{ policy = 'no-price' }]\n", 1, "below a line `[[case]]`"),
    "a case that is none": ("case = [1]\n", 1, "below a line `[[case]]`"),
    "a case inside a text": (f'{START}request = {{}}\nlaw = """\n[[case]]\n"""\n', 1, "below a line `[[case]]`"),
    "places that are no list": (f"\n{START}request = {{ jurisdictions = 5 }}\n", 2, "`jurisdictions` must be a list of words"),
    "places as one word": (f"{START}request = {{ jurisdictions = 'EU' }}\n", 1, "`jurisdictions` must be a list of words"),
    "lists inside lists": (f"{START}request = {{ consented_purposes = [['x']] }}\n", 1, "`consented_purposes` must be a list of words"),
    "a truth in words": (f"{START}request = {{ guardian = 'yes' }}\n", 1, "`guardian` must be bool"),
    "a truth as a number": (f"{START}request = {{ gpc = 1 }}\n", 1, "`gpc` must be bool"),
    "a day for a time": (f"{START}request = {{ now = 2027-01-01 }}\n", 1, "`now` must be int"),
    "a truth for a time": (f"{START}request = {{ retain_until = true }}\n", 1, "`retain_until` must be int"),
    "a number for a word": (f"{START}request = {{ effect = 3 }}\n", 1, "`effect` must be str"),
    "a table without end": (f"{START}request = {{ effect = {'[' * 5000}\n", 1, "is nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_a_case_of_another_shape_is_refused_with_its_place(broken: Path, name: str) -> None:
    text, line, told = TYPES[name]
    (broken / "cases/ours.toml").write_text(text)
    with pytest.raises(PolicyInvalid, match=rf"cases/ours\.toml:{line}`") as refused:
        load_cases(broken / "cases")
    assert told in str(refused.value)
    assert RUN.invoke(app, ["test", str(broken)]).exit_code == 1


def test_spaces_in_a_header_are_no_fault(broken: Path) -> None:
    (broken / "cases/ours.toml").write_text(START.replace("[[case]]", "# x\n [[ case ]]") + "request = {}\n")  # fmt: skip
    (case,) = [case for case in load_cases(broken / "cases") if case.file == "cases/ours.toml"]
    assert case.line == 2


def test_a_file_of_cases_that_cannot_be_read_is_named(broken: Path) -> None:
    (broken / "cases/ours.toml").mkdir()
    with pytest.raises(PolicyInvalid, match=r"cases/ours\.toml:1`: cannot be read"):
        load_cases(broken / "cases")


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

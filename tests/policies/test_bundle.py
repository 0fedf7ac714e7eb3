"""A bundle that is wrong is refused, and the refusal names file and line."""

import errno
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.policies.questions import ACTIONS, EFFECTS
from typer.testing import CliRunner

from mien.errors import PolicyInvalid
from mien.values import AGE_BANDS, CONSENT_STATES, PURPOSES, ROLES, SECTORS, SOURCES
from mien_server.authorize import DATA_CLASSES, Bundle, load_bundle, source
from mien_server.authorize import bundle as bundles
from mien_server.authorize.bundle import digest
from mien_server.authorize.tables import entries
from mien_server.authorize.words import vocabulary
from mien_server.cli.policy import app

RUN = CliRunner()
GOOD = '@id("x")\n@law("policy:x")\n@says("X.")\n@certainty("our-policy")\n'
FORBID = f"{GOOD}forbid (principal, action, resource)\nwhen {{"
RULE = "[[rule]]\nclass = 'label'\njurisdiction = 'EU'\nduration = 'P9D'\nlaw = 'l'\nbasis = 'b'\n"


def write(name: str, text: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        (folder / name).write_text(text)

    return act


def policy(text: str) -> Callable[[Path], None]:
    return write("cedar/x.cedar", text)


def change(name: str, old: str, new: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return act


def add(name: str, text: str) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return act


def folder(name: str, file: str) -> Callable[[Path], None]:
    def act(directory: Path) -> None:
        (directory / name).mkdir()
        (directory / name / file).write_text(f"{GOOD}forbid (principal, action, resource);")

    return act


def chain(count: int) -> str:
    return " || ".join(f"context.now == {i}" for i in range(1, count + 1))


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


BAD = {
    # grammar: the line of the fault, not of the file
    "a missing operand": (
        policy(GOOD + "forbid (principal, action, resource)\nwhen { context.now == };"),
        "cedar/x.cedar:6`: unexpected token `}`",
    ),
    "a forgotten semicolon": (
        policy(
            f"{GOOD}forbid (principal, action, resource)\n\n{GOOD}forbid (principal, action, resource);"
        ),
        "cedar/x.cedar:7`: unexpected token `@`",
    ),
    "a misspelt effect": (
        policy("// one; two\n" + GOOD + "forbit (principal, action, resource);"),
        "cedar/x.cedar:6`: invalid policy effect: forbit",
    ),
    "a misspelt condition": (
        policy(GOOD + "forbid (principal, action, resource)\nif { true };"),
        "cedar/x.cedar:6`: ",
    ),
    "an assignment": (
        policy(GOOD + "forbid (principal, action, resource)\n\n\nwhen { context.now = 3 };"),
        "cedar/x.cedar:8`: '=' is not a valid operator",
    ),
    "an open string": (
        policy(
            GOOD + 'forbid (principal, action, resource)\nwhen { resource.source == Source::"f };'
        ),
        "cedar/x.cedar:1`: invalid token",
    ),
    "a fault in the second policy": (
        policy(
            f"{GOOD}forbid (principal, action, resource);\n\n@id(y) forbid (principal, action, resource);"
        ),
        "cedar/x.cedar:7`: unexpected token `y`",
    ),
    "an unfinished file": (policy(GOOD + "forbid (principal, action"), "cedar/x.cedar:1`: "),
    "a template": (
        policy(GOOD + "forbid (principal == ?principal, action, resource);"),
        "cedar/x.cedar:1`: templates are not supported",
    ),
    "not text": (
        lambda folder: (folder / "cedar/x.cedar").write_bytes(b"// fine\n// \xff\n") and None,
        "cedar/x.cedar:2`: is not UTF-8",
    ),
    # meaning: against the schema
    "an unknown attribute": (
        policy(
            "\n" + GOOD + "forbid (principal, action, resource) when { principal.colour == 1 };"
        ),
        "cedar/x.cedar:2`: for policy `x`, attribute `colour`",
    ),
    "an unknown word": (
        policy(
            GOOD
            + 'forbid (principal, action, resource) when { resource.effect == Effect::"prize" };'
        ),
        "cedar/x.cedar:1`: ",
    ),
    "an unknown action": (
        policy(GOOD + 'forbid (principal, action == Action::"inver", resource);'),
        "cedar/x.cedar:1`: ",
    ),
    "a comparison of types that never meet": (
        policy(GOOD + 'forbid (principal, action, resource) when { context.now == "1" };'),
        "cedar/x.cedar:1`: ",
    ),
    "an optional purpose without asking whether it is there": (
        policy(
            GOOD
            + 'forbid (principal, action, resource) when { resource.purpose == Purpose::"contribute" };'
        ),
        "cedar/x.cedar:1`: ",
    ),
    "a jurisdiction that is not in the table": (
        policy(GOOD + 'forbid (principal in Jurisdiction::"EUU", action, resource);'),
        "cedar/x.cedar:1`: jurisdiction `EUU` is not in jurisdictions.toml",
    ),
    "arithmetic that could overflow": (
        policy(GOOD + "forbid (principal, action, resource) when { context.now + 1 > 2 };"),
        "cedar/x.cedar:1`: arithmetic (`+`) can overflow",
    ),
    "a number from text": (
        policy(
            GOOD
            + 'forbid (principal, action, resource) when { decimal("1.0").lessThan(decimal("2.0")) };'
        ),
        "cedar/x.cedar:1`: `lessThan` can err",
    ),
    "an address inside a branch": (
        policy(
            GOOD
            + 'forbid (principal, action, resource) when { if principal.gpc then ip("::1").isLoopback() else false };'
        ),
        "cedar/x.cedar:1`: `isLoopback` can err",
    ),
    "a date inside a set": (
        policy(
            GOOD
            + 'forbid (principal, action, resource) when { [datetime("2027-01-01")].isEmpty() };'
        ),
        "cedar/x.cedar:1`: `datetime` can err",
    ),
    # nesting: the engine's reader would end the process
    "brackets without end": (
        policy(f"{FORBID}\n{'(' * 100_000}true{')' * 100_000} }};"),
        "cedar/x.cedar:7`: has more than 20 brackets inside each other",
    ),
    "sets inside sets": (
        policy(f"{FORBID} {'[' * 21}1{']' * 21}.isEmpty() }};"),
        "cedar/x.cedar:6`: has more than 20 brackets inside each other",
    ),
    "brackets over several lines": (
        policy(f"{FORBID}\n" + "!(\n" * 30 + "true" + ")" * 30 + " };"),
        "cedar/x.cedar:26`: has more than 20 brackets inside each other",
    ),
    "brackets behind a comment and a text with brackets": (
        policy(f'{FORBID} // ))))\n"((((" != "))))" && {"(" * 30}true{")" * 30} }};'),
        "cedar/x.cedar:7`: has more than 20 brackets inside each other",
    ),
    "closing brackets in front": (
        policy(f"{FORBID} {')' * 50}{'(' * 70}true }};"),
        "cedar/x.cedar:6`: has more than 20 brackets inside each other",
    ),
    "conditions without end": (
        policy(f"{FORBID} {chain(3000)} }};"),
        "cedar/x.cedar:6`: has more than 400 operators",
    ),
    "branches without end": (
        policy(f"{FORBID} {'if true then true else ' * 3000}true }};"),
        "cedar/x.cedar:6`: has more than 400 operators",
    ),
    "members without end": (
        policy(f"{FORBID} context{'.now' * 3000} == 1 }};"),
        "cedar/x.cedar:6`: has more than 400 operators",
    ),
    "a chain that the engine would check too deeply": (
        policy(f"{FORBID} {chain(24)} }};"),
        "cedar/x.cedar:1`: is nested too deeply",
    ),
    "negations inside each other": (
        policy(f"{FORBID} {'!!!!(' * 15}true{')' * 15} }};"),
        "cedar/x.cedar:1`: is nested too deeply",
    ),
    "a schema of sets inside sets": (
        change("cedar/schema.cedarschema", "Set<Purpose>", f"{'Set<' * 5000}Purpose{'>' * 5000}"),
        "cedar/schema.cedarschema:27`: has more than 20 brackets inside each other",
    ),
    # annotations
    "no law": (
        policy(GOOD.replace('@law("policy:x")\n', "") + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@law` is missing",
    ),
    "an empty sentence": (
        policy(GOOD.replace("X.", " ") + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@says` is missing",
    ),
    "no annotation at all": (
        policy("\n\nforbid (principal, action, resource);"),
        "cedar/x.cedar:3`: `@id` is missing",
    ),
    "a made-up annotation": (
        policy(GOOD + '@note("x")\nforbid (principal, action, resource);'),
        "cedar/x.cedar:1`: `@note` is not known",
    ),
    "an id that is not one": (
        policy(GOOD.replace('"x"', '"X y"') + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@id` must be",
    ),
    "an unknown certainty": (
        policy(GOOD.replace("our-policy", "sure") + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@certainty` must be one of",
    ),
    "our choice dressed as a statute": (
        policy(GOOD.replace("our-policy", "settled") + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@certainty` our-policy goes with",
    ),
    "a statute called our choice": (
        policy(GOOD.replace("policy:x", "GDPR 6") + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@certainty` our-policy goes with",
    ),
    "a law without an article": (
        policy(
            GOOD.replace("policy:x", "the GDPR").replace("our-policy", "settled")
            + "forbid (principal, action, resource);"
        ),
        "cedar/x.cedar:1`: `@law` `the GDPR` names no article",
    ),
    "an id that is taken": (
        policy(GOOD.replace('"x"', '"no-price"') + "forbid (principal, action, resource);"),
        "cedar/x.cedar:1`: `@id` no-price is taken by cedar/exploit.cedar:3",
    ),
    # files
    "no schema": (remove("cedar/schema.cedarschema"), "cedar/schema.cedarschema:1`: is missing"),
    "no table of places": (remove("jurisdictions/jurisdictions.toml"), "is missing"),
    "no title": (remove("bundle.toml"), "bundle.toml:1`: cannot be read"),
    "a name that nobody reads": (
        write("cedar/more.ceder", "x"),
        "cedar/more.ceder:1`: is not read by anybody",
    ),
    "a policy beside the folders": (
        write("extra.cedar", "x"),
        "extra.cedar:1`: is not read by anybody: a bundle has bundle.toml, cedar/, jurisdictions/",
    ),
    "a hidden policy beside the folders": (
        write(".extra.cedar", "x"),
        ".extra.cedar:1`: is not read by anybody",
    ),
    "a second title": (write("bundle2.toml", "x = 1"), "bundle2.toml:1`: is not read by anybody"),
    "a misspelt folder": (
        folder("jurisdiction", "x.cedar"),
        "jurisdiction:1`: is not read by anybody",
    ),
    "a folder inside": (folder("cedar/old", "x.cedar"), "cedar/old:1`: is not read by anybody"),
    "a policy among the cases": (
        write("cases/x.cedar", "x"),
        "cases/x.cedar:1`: is not read by anybody: put it into cedar/ or jurisdictions/",
    ),
    "a policy put aside by its name": (
        write("cedar/_x.cedar", "x"),
        "cedar/_x.cedar:1`: is not read by anybody because of its first letter",
    ),
    "a hidden policy": (
        write("jurisdictions/.x.cedar", "x"),
        "jurisdictions/.x.cedar:1`: is not read by anybody because of its first letter",
    ),
    "a rule put aside by its name": (
        write("retention/_x.TOML", "x"),
        "retention/_x.TOML:1`: is not read by anybody because of its first letter",
    ),
    "a group without its actions": (
        change(
            "cedar/schema.cedarschema",
            "action new_processing in [process];",
            "action new_processing;",
        ),
        "cedar/schema.cedarschema:1`: action `infer` must lie in `emotion`: policies name the group",
    ),
    "an action outside its group": (
        change(
            "cedar/schema.cedarschema", "action retain in [process]", "action retain in [emotion]"
        ),
        "cedar/schema.cedarschema:1`: action `retain` must lie in `process`",
    ),
    "proof inside a group": (
        change(
            "cedar/schema.cedarschema",
            "action retain_evidence appliesTo",
            "action retain_evidence in [emotion] appliesTo",
        ),
        "cedar/schema.cedarschema:1`: action `retain_evidence` must not lie in `emotion`",
    ),
    "a broken schema": (
        change("cedar/schema.cedarschema", "entity Use {", "entity Use = {{"),
        "cedar/schema.cedarschema:39`: error parsing schema: unexpected token `{`",
    ),
    "a schema that names an unknown type": (
        change("cedar/schema.cedarschema", "effect: Effect,\n", "effect: Efect,\n"),
        "cedar/schema.cedarschema:1`: ",
    ),
    "a schema without a vocabulary": (
        change("cedar/schema.cedarschema", "entity DataClass enum", "entity Other enum"),
        "cedar/schema.cedarschema:1`: ",
    ),
    "a vocabulary that is no list": (
        change(
            "cedar/schema.cedarschema",
            'entity Effect enum ["order", "content", "help", "price", "eligibility", "urgency", "vulnerability", "none"];',
            "entity Effect;",
        ),
        "cedar/schema.cedarschema:1`: declares no `entity Effect enum [...]`",
    ),
    "a schema without an action": (
        change("cedar/schema.cedarschema", "action retain_evidence", "action keep_evidence"),
        "cedar/schema.cedarschema:1`: declares no `action retain_evidence appliesTo ...`",
    ),
    "a schema that asks for what no question holds": (
        change("cedar/schema.cedarschema", "  gpc: Bool,", "  gpc: Bool,\n  height: Long,"),
        "cedar/schema.cedarschema:1`: does not fit the questions that are asked",
    ),
    "a notice with a word too many": (
        change("notices/de.md", "{contact}", "{kontakt}"),
        "notices/de.md:",
    ),
    "a title without version": (write("bundle.toml", "title = 'x'\n"), "`version` is missing"),
    "a version of another type": (
        write("bundle.toml", "version = 1\ntitle = 'x'\n"),
        "`version` must be str",
    ),
    "a version of nothing": (
        write("bundle.toml", "version = ' '\ntitle = 'x'\n"),
        "bundle.toml:1`: `version` must be a line of text",
    ),
    "a title of two lines": (
        write("bundle.toml", 'version = "1"\ntitle = "x\\ny"\n'),
        "bundle.toml:1`: `title` must be a line of text",
    ),
    "a table without end": (
        write("bundle.toml", f"version = {'[' * 5000}"),
        "bundle.toml:1`: is nested too deeply",
    ),
    "a number of too many digits": (
        write("bundle.toml", f"version = {'9' * 5000}\n"),
        "bundle.toml:1`: is not TOML",
    ),
    "members as a number": (
        add("jurisdictions/jurisdictions.toml", "\n[XX]\nname = 'x'\nmembers = 5\n"),
        "jurisdictions/jurisdictions.toml:29`: `members` must be list",
    ),
    "members as one word": (
        add("jurisdictions/jurisdictions.toml", "\n[XX]\nname = 'x'\nmembers = 'AB'\n"),
        "jurisdictions/jurisdictions.toml:29`: `members` must be list",
    ),
    "members inside a list": (
        add("jurisdictions/jurisdictions.toml", "\n[ XX ]\nname = 'x'\nmembers = [['AB']]\n"),
        "jurisdictions/jurisdictions.toml:29`: `['AB']` must be two capital letters",
    ),
    "a member named twice": (
        add("jurisdictions/jurisdictions.toml", "\n[XX]\nname = 'x'\nmembers = ['AB', 'AB']\n"),
        "jurisdictions/jurisdictions.toml:29`: `XX` names a member twice",
    ),
    "a place that is a member already": (
        add("jurisdictions/jurisdictions.toml", "\n[EU-DE]\nname = 'x'\n"),
        "jurisdictions/jurisdictions.toml:29`: `EU-DE` must be two capital letters",
    ),
    "a place without a name": (
        add("jurisdictions/jurisdictions.toml", "\n[XX]\n"),
        "jurisdictions/jurisdictions.toml:29`: `name` is missing",
    ),
    "a table of places that is no TOML": (
        write("jurisdictions/jurisdictions.toml", "[EU]\nname = \n"),
        "jurisdictions/jurisdictions.toml:2`: is not TOML",
    ),
    "a place that is no table": (
        write("jurisdictions/jurisdictions.toml", "EU = 1\n"),
        "`EU` needs a table",
    ),
    # retention
    "a class without a duration": (
        write("retention/core.toml", RULE),
        "retention:1`: no retention is declared for `label` in UK",
    ),
    "an unknown data class": (
        write("retention/x.toml", "\n" + RULE.replace("label", "face")),
        "retention/x.toml:2`: `class` must be one of",
    ),
    "a retention for an unknown place": (
        write("retention/x.toml", RULE.replace("'EU'", "'XX'")),
        "retention/x.toml:1`: jurisdiction `XX`",
    ),
    "a duration in months": (
        write("retention/x.toml", RULE.replace("P9D", "P1M")),
        "retention/x.toml:1`: `P1M` is not a duration",
    ),
    "a duration of nothing": (
        write("retention/x.toml", RULE.replace("P9D", "P0D")),
        "retention/x.toml:1`: `P0D` is not a duration",
    ),
    "a duration under what a law demands": (
        write("retention/x.toml", RULE.replace("label", "decision_record")),
        "retention/x.toml:1`: `decision_record` would be kept shorter than a law demands",
    ),
    "rules in one line": (
        write("retention/x.toml", "rule = [{class = 'label'}]\n"),
        "retention/x.toml:1`: write every one below a line `[[rule]]`",
    ),
    "rules that are none": (
        write("retention/x.toml", "rule = [1]\n"),
        "retention/x.toml:1`: write every one below a line `[[rule]]`",
    ),
    "a rule that only a text names": (
        write("retention/x.toml", 'rule = [1]\nx = """\n[[rule]]\n"""\n'),
        "retention/x.toml:1`: `x` is not known here",
    ),
    "a rule inside a text": (
        write("retention/x.toml", RULE.replace("'b'", '"""\n[[rule]]\n"""')),
        "retention/x.toml:1`: write every one below a line `[[rule]]`",
    ),
    "a rule without a law": (
        write("retention/x.toml", RULE.replace("law = 'l'\n", "")),
        "retention/x.toml:1`: `law` is missing",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_bundle_is_refused_with_file_and_line(broken: Path, name: str) -> None:
    damage, told = BAD[name]
    load_bundle(broken)
    damage(broken)
    with pytest.raises(PolicyInvalid, match=re.escape(told)):
        load_bundle(broken)


@pytest.mark.parametrize("command", ["check", "test"])
def test_the_commands_name_file_and_line(broken: Path, command: str) -> None:
    damage, told = BAD["a missing operand"]
    damage(broken)
    done = RUN.invoke(app, [command, str(broken)])
    assert done.exit_code == 1
    assert told in done.stderr
    assert "policy-invalid" in done.stderr


def test_check_says_what_it_found(bundle: Bundle) -> None:
    done = RUN.invoke(app, ["check"])
    assert done.exit_code == 0
    assert f"{len(bundle.policies)} policies" in done.output
    assert bundle.sha256 in done.output


def test_check_reads_the_notices_too(broken: Path) -> None:
    file = broken / "notices/de.md"
    file.write_text(file.read_text().replace("{contact}", "{kontakt}"))
    done = RUN.invoke(app, ["check", str(broken)])
    assert done.exit_code == 1
    assert "notices/de.md:" in done.stderr
    assert "`{kontakt}` is not known" in done.stderr


def test_comments_and_stray_space_are_no_policies(broken: Path, bundle: Bundle) -> None:
    (broken / "cedar/empty.cedar").write_text("\n// nothing; here\n\n")
    (broken / "cedar/.note").write_text("ours")
    assert load_bundle(broken).policies.keys() == bundle.policies.keys()


def test_what_lies_beside_a_bundle_and_decides_nothing_is_left_alone(
    broken: Path, bundle: Bundle
) -> None:
    (broken / ".git").mkdir()
    (broken / ".git/x.cedar").write_text("x")
    (broken / "__pycache__").mkdir()
    for name in ("LICENCE", "README.md", ".gitignore", "cases/notes.txt"):
        (broken / name).write_text("ours")
    assert load_bundle(broken).sha256 == bundle.sha256


def test_spaces_in_a_header_are_no_fault(broken: Path, bundle: Bundle) -> None:
    file = broken / "retention/laws.toml"
    file.write_text(file.read_text().replace("[[rule]]", " [[ rule ]]"))
    assert load_bundle(broken).retention == bundle.retention


def test_the_deepest_that_is_read_is_read_on_a_small_stack(broken: Path) -> None:
    """What the limits let through leaves the process alone, also on a thread of half a megabyte, and decides."""
    deep = f"{'(' * 19}true{')' * 19} && {chain(19)}"
    (broken / "cedar/x.cedar").write_text(f"{FORBID} {deep} }};")
    done = subprocess.run(
        [sys.executable, "-c", SMALL, str(broken)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "loaded"), done.stderr


SMALL = """
import sys, threading
from pathlib import Path
from mien_server.authorize import Authorizer, load_bundle
threading.stack_size(512 * 1024)
load = threading.Thread(target=lambda: Authorizer(load_bundle(Path(sys.argv[1]))) and print("loaded", end=""))
load.start()
load.join()
"""


def test_whatever_goes_wrong_inside_names_the_file(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    for name, told in (
        ("cedarpy.validate_policies", "cedar/consent.cedar:3`: cannot be understood (KeyError)"),
        ("cedarpy.policies_to_json_str", "cedar/consent.cedar:3`: cannot be understood (KeyError)"),
        ("cedarpy.Schema.from_str", "cedar/schema.cedarschema:1`: cannot be understood"),
        ("mien_policies.notices", "notices:1`: cannot be understood"),
    ):
        for remembered in (source.statements, bundles._schema, bundles._wrong):
            remembered.cache_clear()
        with monkeypatch.context() as patched:
            patched.setattr(name, fail)
            with pytest.raises(PolicyInvalid, match=re.escape(told)):
                load_bundle(broken)


def test_what_may_pass_is_told_apart(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", full)
        with pytest.raises(PolicyInvalid, match="Too many open files") as told:
            load_bundle(broken)
    assert isinstance(told.value.__cause__, OSError)


LIKE = 'forbid (principal, action, resource) when { "a" like "a*" && {a: true}.a && principal is Person && principal has role && [1].containsAll([1]) };'


def test_what_cannot_err_is_no_fault(broken: Path) -> None:
    (broken / "cedar/x.cedar").write_text(GOOD + LIKE)
    assert "x" in load_bundle(broken).policies


def test_the_schema_has_the_words_of_the_questions(bundle: Bundle) -> None:
    assert vocabulary(bundle.schema) == {
        "action": frozenset(ACTIONS), "sector": frozenset(SECTORS), "role": frozenset(ROLES), "purpose": frozenset(PURPOSES),
        "consented_purposes": frozenset(PURPOSES), "age_band": frozenset(AGE_BANDS), "source": frozenset(SOURCES),
        "consent_state": frozenset(CONSENT_STATES), "data_class": frozenset(DATA_CLASSES), "effect": frozenset(EFFECTS),
    }  # fmt: skip


def test_the_bundle_brings_its_own_notices(bundle: Bundle, broken: Path) -> None:
    file = broken / "notices/en.md"
    file.write_text(
        file.read_text("utf-8").replace("use your camera", "borrow your camera"), "utf-8"
    )
    own = load_bundle(broken)
    assert own.notices.keys() == bundle.notices.keys() >= {"de", "en"}
    assert "borrow your camera" in own.notices["en"].text
    assert own.directory == broken


DECIDES = [
    "bundle.toml",
    "cedar/consent.cedar",
    "jurisdictions/jurisdictions.toml",
    "retention/core.toml",
]


@pytest.mark.parametrize("name", DECIDES)
def test_every_byte_that_decides_is_in_the_hash(broken: Path, bundle: Bundle, name: str) -> None:
    assert load_bundle(broken).sha256 == bundle.sha256
    comment = b"# x\n" if name.endswith(".toml") else b"// x\n"
    (broken / name).write_bytes(comment + (broken / name).read_bytes())
    assert load_bundle(broken).sha256 != bundle.sha256


def test_nothing_moves_between_name_and_content_unseen() -> None:
    assert len({digest({"a": b"bc"}), digest({"ab": b"c"}), digest({"a": b"b", "c": b""})}) == 3


def test_places_lie_in_larger_ones(bundle: Bundle) -> None:
    assert bundle.places["EU-DE"] == "EU"
    assert bundle.places["US-IL"] == "US"
    assert bundle.places["UK"] is None


def test_every_statute_of_a_place_speaks_only_there(bundle: Bundle) -> None:
    for policy in bundle.policies.values():
        assert (policy.place is None) == policy.file.startswith("cedar/"), policy.id


def test_what_only_looks_like_a_table_is_told_with_its_line() -> None:
    """The header stands in a text, and the list holds numbers."""
    content = b'rule = [1]\nnote = """\n[[rule]]\n"""\n'
    with pytest.raises(PolicyInvalid, match=r"x.toml:3`: write every one below"):
        list(entries("x.toml", content, {"rule": [1]}, "rule"))

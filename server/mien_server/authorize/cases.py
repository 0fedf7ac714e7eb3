"""The policies' tests: questions with the answer and the law that an officer expects, in TOML, so that nobody needs code to add one.

`cases/defaults.toml` is a question in perfect order; each case in the other files states what differs, what is expected, and for which policy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import mien_policies
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.decide import Authorizer
from mien_server.authorize.source import fault
from mien_server.authorize.tables import check_keys, lines_of, read_table
from mien_server.values import Decision, Question

DEFAULTS: Final = "defaults.toml"
_EXPECTED: Final = ("allow", "deny")
_SETS: Final = frozenset({"jurisdictions", "consented_purposes"})
_FIELDS: Final = frozenset(field.name for field in fields(Question))


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation. `policy` is the id it tests; `law` must be among the answer's laws (None: not stated, allowed cases only)."""

    file: str
    line: int
    policy: str
    name: str
    question: Question
    allow: bool
    law: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: `wrong` says in words what differs and is empty if all is as expected."""

    case: Case
    decision: Decision
    wrong: str


def load_cases(directory: Path | None = None) -> tuple[Case, ...]:
    """All cases of the folder `directory`, by default those that ship. Raises `PolicyInvalid` naming file and line."""
    folder = directory or mien_policies.directory() / "cases"
    try:
        files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
        defaults = _defaults(files.pop(DEFAULTS))
    except KeyError as error:
        raise fault(f"cases/{DEFAULTS}", 1, "is missing: cases start from it") from error
    return tuple(
        case
        for name, content in files.items()
        for case in _read(f"cases/{name}", content, defaults)
    )


def run_cases(bundle: Bundle, cases: Iterable[Case]) -> tuple[Outcome, ...]:
    """Ask every case's question and compare."""
    authorizer = Authorizer(bundle)
    return tuple(_run(bundle, authorizer, case) for case in cases)


def uncovered(bundle: Bundle, cases: Iterable[Case]) -> tuple[str, ...]:
    """Ids of policies that lack an allowed or a denied case."""
    seen = {(case.policy, case.allow) for case in cases}
    return tuple(name for name in bundle.policies if not {(name, True), (name, False)} <= seen)


def _run(bundle: Bundle, authorizer: Authorizer, case: Case) -> Outcome:
    decision = authorizer.decide(case.question)
    return Outcome(case, decision, "; ".join(_differences(bundle, case, decision)))


def _differences(bundle: Bundle, case: Case, decision: Decision) -> Iterable[str]:
    if case.policy not in bundle.policies:
        yield f"there is no policy `{case.policy}`"
        return
    if decision.allow != case.allow:
        yield f"was {'allowed' if decision.allow else 'denied'} by {', '.join(decision.policies)}"
    if case.law and case.law not in decision.laws:
        yield f"named {', '.join(decision.laws)} instead of {case.law}"
    decided = case.allow == (bundle.policies[case.policy].effect == "permit")
    if decided and case.policy not in decision.policies:
        yield f"{case.policy} had no part in it"


def _defaults(content: bytes) -> dict[str, Any]:
    table = read_table(f"cases/{DEFAULTS}", content)
    if missing := sorted(_FIELDS - table.keys()):
        raise fault(f"cases/{DEFAULTS}", 1, f"`{missing[0]}` is missing")
    _check_fields(f"cases/{DEFAULTS}", 1, table)
    return table


def _read(file: str, content: bytes, defaults: Mapping[str, Any]) -> Iterable[Case]:
    table = read_table(file, content, required={"case": list})
    for line, entry in zip(lines_of(content, "case"), table["case"], strict=True):
        words = {"policy": str, "name": str, "request": dict, "expect": str}
        check_keys(file, line, entry, words, {"law": str})
        _check_expectation(file, line, entry)
        _check_fields(file, line, entry["request"])
        yield Case(
            file=file,
            line=line,
            policy=entry["policy"],
            name=entry["name"],
            question=_question({**defaults, **entry["request"]}),
            allow=entry["expect"] == "allow",
            law=entry.get("law"),
        )


def _check_expectation(file: str, line: int, entry: Mapping[str, Any]) -> None:
    if entry["expect"] not in _EXPECTED:
        raise fault(file, line, "`expect` must be allow or deny")
    if entry["expect"] == "deny" and "law" not in entry:
        raise fault(file, line, "`law` is missing: a denial names the law it rests on")


def _check_fields(file: str, line: int, request: Mapping[str, Any]) -> None:
    if unknown := sorted(request.keys() - _FIELDS):
        raise fault(file, line, f"`{unknown[0]}` is not a field of a question")


def _question(request: Mapping[str, Any]) -> Question:
    """TOML has neither sets nor None: a list stands for the one, an empty purpose for the other."""
    values: dict[str, Any] = {k: frozenset(v) if k in _SETS else v for k, v in request.items()}
    return Question(**{**values, "purpose": values["purpose"] or None})

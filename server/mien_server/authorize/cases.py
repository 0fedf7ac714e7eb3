"""The policies' tests: questions with the answer and the law that an officer expects, in TOML, so that nobody needs code to add one.

`cases/defaults.toml` is a question in perfect order; each case in the other files states what differs, what is expected, and for which policy. A case
may stand for a cell of the matrix of the law; `cases/matrix.toml` lists those that say something.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import mien_policies
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.decide import Authorizer
from mien_server.authorize.source import fault
from mien_server.authorize.tables import check_keys, entries, read_table
from mien_server.values import Decision, Question

DEFAULTS: Final = "defaults.toml"
MATRIX: Final = "matrix.toml"
COLUMNS: Final = ("retail", "education", "workplace", "health", "finance", "minors")
REMEMBERED: Final = 128
"""Files of cases of which it is remembered what they hold: a bundle has about thirty, and two that are compared have most in common."""
_EXPECTED: Final = ("allow", "deny")
_SETS: Final = frozenset({"jurisdictions", "consented_purposes"})
_TIMES: Final = frozenset({"now", "consent_expires_at", "retain_until"})
_LETTERS: Final = frozenset("FXWGND*?")
_MINORS: Final = frozenset({"under_13", "13_to_15", "16_to_17"})
_ROLES: Final = {
    "education": {"student"},
    "workplace": {"employee", "candidate"},
    "health": {"patient"},
}
_FIELDS: Final = frozenset(field.name for field in fields(Question))
_TRUTHS: Final = frozenset(field.name for field in fields(Question) if field.type in {bool, "bool"})


@dataclass(frozen=True, slots=True)
class Case:
    """One expectation. `policy` is the id it tests; `law` must be among the answer's laws (None: not stated, allowed cases only).

    `cell` is the cell of the matrix that it stands for, as `EU/retail`; empty for none.
    """

    file: str
    line: int
    policy: str
    name: str
    question: Question
    allow: bool
    law: str | None
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the matrix that says something: `says` in the letters of `matrix.toml`. `only` is `allow` or `deny` where the other cannot be, and `why`."""

    says: str
    only: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: `wrong` says in words what differs and is empty if all is as expected."""

    case: Case
    decision: Decision
    wrong: str


def load_cases(directory: Path | None = None) -> tuple[Case, ...]:
    """All cases of the folder `directory`, by default those that ship. Raises `PolicyInvalid` naming file and line."""
    folder = directory or mien_policies.directory() / "cases"
    files: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            files[path.name] = path.read_bytes()
        except OSError as error:
            raise fault(f"cases/{path.name}", 1, f"cannot be read ({error.strerror})") from error
    if DEFAULTS not in files:
        raise fault(f"cases/{DEFAULTS}", 1, "is missing: cases start from it")
    defaults = files.pop(DEFAULTS)
    _defaults(defaults)
    files.pop(MATRIX, None)
    return tuple(
        case
        for name, content in files.items()
        for case in _cases(f"cases/{name}", content, defaults)
    )


def load_matrix(directory: Path | None = None) -> dict[str, Cell]:
    """The cells that say something, by `place/column`. `directory` is the folder of the cases. Raises `PolicyInvalid`."""
    file = f"cases/{MATRIX}"
    try:
        content = ((directory or mien_policies.directory() / "cases") / MATRIX).read_bytes()
    except OSError as error:
        raise fault(file, 1, "is missing: it says what the cases have to cover") from error
    cells: dict[str, Cell] = {}
    for code, row in read_table(file, content).items():
        if not isinstance(row, dict) or not row.keys() <= set(COLUMNS):
            raise fault(file, 1, f"`{code}` needs a table of {', '.join(COLUMNS)}")
        cells.update({f"{code}/{column}": _cell(file, code, said) for column, said in row.items()})
    return cells


def uncovered_cells(cases: Iterable[Case], matrix: Mapping[str, Cell]) -> tuple[str, ...]:
    """What is missing, one line each: cells without an allowed or a denied case, and cells that cases name but nobody listed."""
    seen = {(case.cell, "allow" if case.allow else "deny") for case in cases if case.cell}
    wanted = {
        (name, kind)
        for name, cell in matrix.items()
        for kind in ([cell.only] if cell.only else _EXPECTED)
    }
    lacking = [
        f"cell {name} needs a case that expects {kind}" for name, kind in sorted(wanted - seen)
    ]
    unlisted = sorted({name for name, _ in seen} - matrix.keys())
    return (*lacking, *(f"cell {name} is not in {MATRIX}" for name in unlisted))


def run_cases(bundle: Bundle, cases: Iterable[Case]) -> tuple[Outcome, ...]:
    """Ask every case's question and compare."""
    authorizer = Authorizer(bundle)
    return tuple(_run(bundle, authorizer, case) for case in cases)


def uncovered(bundle: Bundle, cases: Iterable[Case]) -> tuple[str, ...]:
    """Ids of policies that lack an allowed or a denied case."""
    seen = {(case.policy, case.allow) for case in cases}
    return tuple(name for name in bundle.policies if not {(name, True), (name, False)} <= seen)


def _cell(file: str, code: str, said: Any) -> Cell:
    entry = {"says": said} if isinstance(said, str) else said
    if not isinstance(entry, dict):
        raise fault(file, 1, f"a cell of `{code}` must be letters or a table with `says`")
    check_keys(file, 1, entry, {"says": str}, {"only": str, "why": str})
    cell = Cell(**entry)
    if not cell.says or not set(cell.says) <= _LETTERS:
        raise fault(
            file, 1, f"`{cell.says}` of `{code}`: use letters of {''.join(sorted(_LETTERS))}"
        )
    if cell.only and (cell.only not in _EXPECTED or not cell.why):
        raise fault(file, 1, f"`only` of `{code}` must be allow or deny, and `why` says why")
    return cell


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


@lru_cache(maxsize=REMEMBERED)
def _cases(file: str, content: bytes, defaults: bytes) -> tuple[Case, ...]:
    return tuple(_read(file, content, _defaults(defaults)))


@lru_cache(maxsize=2)
def _defaults(content: bytes) -> Mapping[str, Any]:
    table = read_table(f"cases/{DEFAULTS}", content)
    if missing := sorted(_FIELDS - table.keys()):
        raise fault(f"cases/{DEFAULTS}", 1, f"`{missing[0]}` is missing")
    _check_fields(f"cases/{DEFAULTS}", 1, table)
    return MappingProxyType(table)


def _read(file: str, content: bytes, defaults: Mapping[str, Any]) -> Iterable[Case]:
    table = read_table(file, content, required={"case": list})
    for line, entry in entries(file, content, table, "case"):
        words = {"policy": str, "name": str, "request": dict, "expect": str}
        check_keys(file, line, entry, words, {"law": str, "cell": str})
        _check_expectation(file, line, entry)
        _check_fields(file, line, entry["request"])
        question = _question({**defaults, **entry["request"]})
        if "cell" in entry and not _lies_in(question, entry["cell"]):
            raise fault(file, line, f"the request does not lie in the cell `{entry['cell']}`")
        yield Case(
            file=file,
            line=line,
            policy=entry["policy"],
            name=entry["name"],
            question=question,
            allow=entry["expect"] == "allow",
            law=entry.get("law"),
            cell=entry.get("cell", ""),
        )


def _lies_in(question: Question, cell: str) -> bool:
    """Whether a question is about this place and this column: a cell is not covered by a case about something else."""
    code, _, column = cell.partition("/")
    if not any(place == code or place.startswith(f"{code}-") for place in question.jurisdictions):
        return False
    if column == "minors":
        return question.age_band in _MINORS
    return question.sector == column or question.role in _ROLES.get(column, ())


def _check_expectation(file: str, line: int, entry: Mapping[str, Any]) -> None:
    if entry["expect"] not in _EXPECTED:
        raise fault(file, line, "`expect` must be allow or deny")
    if entry["expect"] == "deny" and "law" not in entry:
        raise fault(file, line, "`law` is missing: a denial names the law it rests on")


def _check_fields(file: str, line: int, request: Mapping[str, Any]) -> None:
    if unknown := sorted(request.keys() - _FIELDS):
        raise fault(file, line, f"`{unknown[0]}` is not a field of a question")
    for name, value in request.items():
        kind = _kind(name)
        listed = value if kind is list and isinstance(value, list) else ()
        if type(value) is not kind or not all(isinstance(each, str) for each in listed):
            words = "a list of words" if kind is list else kind.__name__
            raise fault(file, line, f"`{name}` must be {words}")


def _kind(name: str) -> type:
    """What a field holds in TOML."""
    if name in _SETS:
        return list
    if name in _TIMES:
        return int
    return bool if name in _TRUTHS else str


def _question(request: Mapping[str, Any]) -> Question:
    """TOML has neither sets nor None: a list stands for the one, an empty purpose for the other."""
    values: dict[str, Any] = {k: frozenset(v) if k in _SETS else v for k, v in request.items()}
    return Question(**{**values, "purpose": values["purpose"] or None})

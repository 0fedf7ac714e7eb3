"""Load a policy bundle: read, parse, check against the schema, lint, and re-key by `@id`. Nothing half-read is ever used.

A bundle is a folder: `bundle.toml`, `cedar/` (schema and policies), `jurisdictions/` (table and policies), `retention/` (durations), `notices/` (what
people are shown). Every file that decides is part of the hash; a notice has a hash of its own, which the person signs. A file or folder that nobody reads
is refused where it could hold a policy, because a misspelt name could hide a `forbid`.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cedarpy

import mien_policies
from mien_policies import NoticeSource
from mien_server.authorize.lint import Policy, lint
from mien_server.authorize.retention import DATA_CLASSES, Rule, read_rules
from mien_server.authorize.source import Statement, check_nesting, fault, statements, within
from mien_server.authorize.tables import check_keys, line_of, read_table
from mien_server.authorize.words import SCHEMA, require_fit, vocabulary

TITLE: Final = "bundle.toml"
PLACES: Final = "jurisdictions/jurisdictions.toml"
_FOLDERS: Final = {
    "cedar": (".cedar", ".cedarschema"),
    "jurisdictions": (".cedar", ".toml"),
    "retention": (".toml",),
}
_BESIDE: Final = frozenset({"notices", "cases", "__pycache__"})
"""Folders that decide nothing; the bundle that ships is a Python package as well."""
_DECIDE: Final = (".cedar", ".cedarschema", ".toml")
_POLICIES: Final = (".cedar", ".cedarschema")
_PARTS: Final = f"{TITLE}, {', '.join(f'{name}/' for name in (*_FOLDERS, 'notices', 'cases'))}"
REMEMBERED: Final = 512
"""Policies of which it is remembered what the schema says: three bundles of the size that ships."""
_CODE: Final = re.compile(r"[A-Z]{2}")
"""What a place and a member of it may be called: messages hold no other codes."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that decides, parsed once and never changed.

    `sha256` is hex over the sorted (name, bytes) of all files that decide. `places` maps each jurisdiction to the one it lies in, or None. `sources`
    is each policy in Cedar's JSON form, by id. `notices` are by language; `directory` is where all of it was read.
    """

    version: str
    sha256: str
    policies: Mapping[str, Policy]
    places: Mapping[str, str | None]
    retention: tuple[Rule, ...]
    schema: cedarpy.Schema = field(repr=False)
    sources: Mapping[str, dict[str, Any]] = field(repr=False)
    notices: Mapping[str, NoticeSource] = field(repr=False)
    directory: Path


def load_bundle(directory: Path | None = None) -> Bundle:
    """The bundle in `directory`, by default the one that ships. Raises `PolicyInvalid` naming file and line.

    Its cause is an `OSError` when a file could not be read; then the same bundle may load a moment later. Every other one stays until a file changes.
    """
    folder = directory or mien_policies.directory()
    files = _read(folder)
    with within(TITLE):
        return _loaded(folder, files)


def _loaded(folder: Path, files: Mapping[str, bytes]) -> Bundle:
    title = _title(files[TITLE])
    with within(PLACES):
        places = _places(files[PLACES])
    with within(SCHEMA):
        schema = _schema(files[SCHEMA])
    found = [s for name in sorted(files) for s in _statements(name, files[name])]
    policies = lint(found, places)
    with within("notices"):
        notices = mien_policies.notices(folder)
    return Bundle(
        version=title["version"],
        sha256=digest(files),
        policies=MappingProxyType(policies),
        places=MappingProxyType(places),
        retention=_retention(files, places),
        schema=schema,
        sources=MappingProxyType(_validated(found, policies, schema)),
        notices=notices,
        directory=folder,
    )


def fingerprint(directory: Path) -> str:
    """The hash of everything that `load_bundle` reads in `directory`, notices included. Raises `PolicyInvalid` when it cannot be read."""
    files = _read(directory)
    try:
        notices = sorted((directory / "notices").glob("*.md"))
        files.update({f"notices/{path.name}": path.read_bytes() for path in notices})
    except OSError as error:
        raise fault("notices", 1, f"cannot be read ({error.strerror}): restore it") from error
    return digest(files)


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the sorted names and bytes, each with its length in front so that nothing can move between them."""
    whole = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
    return whole.hexdigest()


def _read(directory: Path) -> dict[str, bytes]:
    try:
        files = {TITLE: (directory / TITLE).read_bytes()}
        for folder, kinds in _FOLDERS.items():
            for path in sorted((directory / folder).iterdir()):
                if not _put_aside(folder, path):
                    name = _known(folder, path, kinds)
                    files[name] = path.read_bytes()
        _check_strays(directory)
    except OSError as error:
        name = Path(error.filename or directory).name
        raise fault(name, 1, f"cannot be read ({error.strerror}): restore it") from error
    for name in (SCHEMA, PLACES):
        if name not in files:
            raise fault(name, 1, "is missing: a bundle needs it")
    return files


def _known(folder: str, path: Path, kinds: tuple[str, ...]) -> str:
    if not path.name.endswith(kinds):
        raise fault(
            f"{folder}/{path.name}", 1, f"is not read by anybody: name it {' or '.join(kinds)}"
        )
    return f"{folder}/{path.name}"


def _put_aside(folder: str, path: Path) -> bool:
    """Whether a name begins as those do that tools and people put aside. A policy is not put aside by its name: that would be silent."""
    if not path.name.startswith((".", "_")):
        return False
    if path.name.lower().endswith(_DECIDE):
        what = "is not read by anybody because of its first letter: rename it, or take it away"
        raise fault(f"{folder}/{path.name}", 1, what)
    return True


def _check_strays(directory: Path) -> None:
    """Raise `PolicyInvalid` for what could hold a policy where nobody reads one."""
    for path in sorted(directory.iterdir()):
        if _stray(path):
            raise fault(path.name, 1, f"is not read by anybody: a bundle has {_PARTS}")
    for folder in ("notices", "cases"):
        for path in sorted((directory / folder).rglob("*")):
            if path.name.lower().endswith(_POLICIES):
                name = path.relative_to(directory).as_posix()
                raise fault(name, 1, "is not read by anybody: put it into cedar/ or jurisdictions/")


def _stray(path: Path) -> bool:
    """Any folder may be a misspelt one. A file of another kind, such as a licence, decides nothing; a hidden folder is a tool's."""
    if path.name in {TITLE, *_FOLDERS, *_BESIDE}:
        return False
    if path.name.startswith("."):
        return path.name.lower().endswith(_POLICIES)
    return path.is_dir() or path.name.lower().endswith(_DECIDE)


def _title(content: bytes) -> dict[str, str]:
    table = read_table(TITLE, content, required={"version": str, "title": str})
    for name, value in table.items():
        if not value.strip() or not value.isprintable():
            raise fault(TITLE, 1, f"`{name}` must be a line of text: say which bundle this is")
    return table


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise fault(name, line, "is not UTF-8 text") from error


def _statements(name: str, content: bytes) -> tuple[Statement, ...]:
    return statements(name, _text(name, content)) if name.endswith(".cedar") else ()


@lru_cache(maxsize=4)
def _schema(content: bytes) -> cedarpy.Schema:
    text = _text(SCHEMA, content)
    check_nesting(SCHEMA, text.translate({ord("<"): "[", ord(">"): "]"}))
    try:
        schema = cedarpy.Schema.from_str(text)
    except ValueError as error:
        raise fault(SCHEMA, _schema_line(text), " ".join(str(error).split())) from error
    require_fit(schema)
    if vocabulary(schema)["data_class"] != frozenset(DATA_CLASSES):
        raise fault(SCHEMA, 1, f"`entity DataClass` must list {', '.join(DATA_CLASSES)}")
    return schema


def _schema_line(text: str) -> int:
    """The first line whose prefix fails otherwise than by being cut short."""
    rows = text.splitlines()
    for count in range(1, len(rows) + 1):
        try:
            cedarpy.Schema.from_str("\n".join(rows[:count]))
        except ValueError as error:
            if "unexpected token" in str(error):
                return count
    return 1


def _places(content: bytes) -> dict[str, str | None]:
    places: dict[str, str | None] = {}
    for code, entry in read_table(PLACES, content).items():
        line = line_of(content, code)
        if not isinstance(entry, dict):
            raise fault(PLACES, line, f"`{code}` needs a table with `name` and perhaps `members`")
        check_keys(PLACES, line, entry, {"name": str}, {"members": list})
        members = entry.get("members", [])
        for name in (code, *members):
            if not isinstance(name, str) or not _CODE.fullmatch(name):
                raise fault(PLACES, line, f"`{name}` must be two capital letters")
        if len(set(members)) < len(members):
            raise fault(PLACES, line, f"`{code}` names a member twice")
        places[code] = None
        places.update({f"{code}-{member}": code for member in members})
    return places


def _retention(files: Mapping[str, bytes], places: Mapping[str, str | None]) -> tuple[Rule, ...]:
    names = sorted(name for name in files if name.startswith("retention/"))
    return read_rules({name: files[name] for name in names}, places)


def whole(sources: Mapping[str, Mapping[str, Any]]) -> cedarpy.PolicySet:
    """All policies of `sources`, keyed by `@id`: the engine's own ids are positions, which mean nothing in a log."""
    return cedarpy.PolicySet.from_json_str(_document(sources))


def _document(static: Mapping[str, Mapping[str, Any]]) -> str:
    return json.dumps({"templates": {}, "staticPolicies": dict(static), "templateLinks": []})


def _validated(
    found: Iterable[Statement], policies: Mapping[str, Policy], schema: cedarpy.Schema
) -> dict[str, dict[str, Any]]:
    """Check each against the schema: a well-typed policy cannot err on a well-typed question. Raises `PolicyInvalid`."""
    sources: dict[str, dict[str, Any]] = {}
    for statement in found:
        policy = policies[statement.annotations["id"]]
        with within(policy.file, policy.line):
            wrong = _wrong(_document({policy.id: statement.json}), schema)
        if wrong:
            raise fault(policy.file, policy.line, wrong.replace("policy0", policy.id))
        sources[policy.id] = statement.json
    return sources


@lru_cache(maxsize=REMEMBERED)
def _wrong(document: str, schema: cedarpy.Schema) -> str:
    """What is wrong with one policy by the schema; empty where nothing is. Remembered, for a bundle is loaded again when one of its files changes."""
    checked = cedarpy.validate_policies(cedarpy.policies_from_json_str(document), schema)
    found = "; ".join(error.error for error in checked.errors)
    return "" if checked.validation_passed else found or "does not fit the schema"

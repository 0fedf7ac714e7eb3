"""Load a policy bundle: read, parse, check against the schema, lint, and re-key by `@id`. Nothing half-read is ever used.

A bundle is a folder: `bundle.toml`, `cedar/` (schema and policies), `jurisdictions/` (table and policies), `retention/` (durations), `notices/` (what
people are shown). Every file that decides is part of the hash; a notice has a hash of its own, which the person signs; a file that is not understood is refused, because a misspelt name could hide a `forbid`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import cedarpy

import mien_policies
from mien_policies import NoticeSource
from mien_server.authorize.lint import Policy, lint
from mien_server.authorize.retention import Rule, read_rules
from mien_server.authorize.source import Statement, fault, statements
from mien_server.authorize.tables import read_table
from mien_server.authorize.words import SCHEMA, require_fit

TITLE: Final = "bundle.toml"
PLACES: Final = "jurisdictions/jurisdictions.toml"
_FOLDERS: Final = {
    "cedar": (".cedar", ".cedarschema"),
    "jurisdictions": (".cedar", ".toml"),
    "retention": (".toml",),
}


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
    """The bundle in `directory`, by default the one that ships. Raises `PolicyInvalid` naming file and line."""
    folder = directory or mien_policies.directory()
    files = _read(folder)
    title = read_table(TITLE, files[TITLE], required={"version": str, "title": str})
    places = _places(files[PLACES])
    schema = _schema(files[SCHEMA])
    found = [s for name in sorted(files) for s in _statements(name, files[name])]
    policies = lint(found, places)
    return Bundle(
        version=title["version"],
        sha256=digest(files),
        policies=MappingProxyType(policies),
        places=MappingProxyType(places),
        retention=_retention(files, places),
        schema=schema,
        sources=MappingProxyType(_validated(found, policies, schema)),
        notices=mien_policies.notices(folder),
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
                if not path.name.startswith((".", "_")):
                    files[_known(folder, path, kinds)] = path.read_bytes()
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


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise fault(name, line, "is not UTF-8 text") from error


def _statements(name: str, content: bytes) -> tuple[Statement, ...]:
    return statements(name, _text(name, content)) if name.endswith(".cedar") else ()


def _schema(content: bytes) -> cedarpy.Schema:
    text = _text(SCHEMA, content)
    try:
        schema = cedarpy.Schema.from_str(text)
    except ValueError as error:
        raise fault(SCHEMA, _schema_line(text), " ".join(str(error).split())) from error
    require_fit(schema)
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
    table = read_table(PLACES, content)
    places: dict[str, str | None] = {}
    for code, entry in table.items():
        if not isinstance(entry, dict) or not set(entry) <= {"name", "members"}:
            raise fault(PLACES, 1, f"`{code}` needs a table with `name` and perhaps `members`")
        places[code] = None
        places.update({f"{code}-{member}": code for member in entry.get("members", ())})
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
        text = cedarpy.policies_from_json_str(_document({policy.id: statement.json}))
        checked = cedarpy.validate_policies(text, schema)
        if not checked.validation_passed:
            what = "; ".join(error.error for error in checked.errors)
            raise fault(policy.file, policy.line, what.replace("policy0", policy.id))
        sources[policy.id] = statement.json
    return sources

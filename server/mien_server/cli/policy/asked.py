"""Where the question of `mien policy explain` comes from: a file, a case, the log, and what is set on top of it."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import mien_policies
from mien.errors import AuditError, KeepUnreadable, RequestInvalid, SettingsError
from mien.wire.canonical import unb64
from mien.wire.messages import QuestionDoc, parse
from mien_server.authorize.cases import load_cases
from mien_server.values import Question

_FIELDS: Final = tuple(field.name for field in fields(Question))
_SETS: Final = ("jurisdictions", "consented_purposes")
_TRUTHS: Final = {"true": True, "false": False}
_OURS: Final = ("impact_assessment",)
"""Fields that a site registers and `QuestionDoc` therefore leaves out."""


def from_case(name: str, directory: Path | None) -> Question:
    """The question of the case with this name, or of the only one whose name holds it. Raises `SettingsError`, `PolicyInvalid`."""
    cases = load_cases((directory or mien_policies.directory()) / "cases")
    found = [case for case in cases if case.name == name] or [c for c in cases if name in c.name]
    if len({case.question for case in found}) != 1:
        what = f"{len(found)} cases have" if found else "no case has"
        msg = f"{what} `{name}` in their name; `mien policy test --all` lists them"
        raise SettingsError(msg)
    return found[0].question


def in_order(directory: Path | None) -> Question:
    """The question that every case of a bundle starts from. Raises `SettingsError`, `PolicyInvalid`."""
    import tomllib

    file = (directory or mien_policies.directory()) / "cases" / "defaults.toml"
    load_cases(file.parent)
    return question(tomllib.loads(file.read_text("utf-8")))


def from_file(path: Path, start: Question) -> Question:
    """`start` with the fields in a JSON file. Raises `SettingsError`, `RequestInvalid`."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"`{path}` cannot be read as JSON; write an object of a question's fields"
        raise SettingsError(msg) from error
    if not isinstance(found, dict):
        msg = f"`{path}` holds no object; write one of a question's fields"
        raise SettingsError(msg)
    return question({**as_json(start), **found})


def with_settings(start: Question, settings: Iterable[str]) -> Question:
    """`start` with each `field=value`: true and false, numbers, words; lists with commas. Raises `SettingsError`, `RequestInvalid`."""
    changes: dict[str, Any] = {}
    for setting in settings:
        name, given, value = setting.partition("=")
        if not given or name not in _FIELDS:
            msg = f"`{setting}` sets no field of a question; write `field=value`, as `consent_state=none`"
            raise SettingsError(msg)
        changes[name] = _value(name, value)
    return question({**as_json(start), **changes})


def from_log(wanted: str, number: int) -> Question:
    """A question behind a logged decision, by the index of its entry or by its leaf; `number` counts from 1 where several were asked.

    Raises `AuditError`, `KeepUnreadable`, `LeafUnknown`, and what reading settings, keys and database raises.
    """
    from mien_server import errands, record
    from mien_server.machine import SystemClock
    from mien_server.pipeline.opened import Opener, kept
    from mien_server.settings import load

    settings = load(os.environ)
    keys = errands.open_keys(settings)
    now = SystemClock().now()

    def work(transaction: Any) -> Any:
        index = int(wanted) if wanted.isdecimal() else transaction.leaves.placed(unb64(wanted))
        index = index[0] if isinstance(index, tuple) else index
        if index is None:
            return []
        return [k for k in kept(transaction, index, now, 1) if k.index == index]

    found = errands.administer(settings, work)
    opening = Opener(keys).open(found[0]) if found else None
    if opening is None:
        msg = "this decision cannot be opened: it was erased, has expired, or has no place in the log yet"
        raise AuditError(msg)
    doc = json.loads(opening.record)
    whom = (doc["site"], doc["subject"]) if doc.get("subject") else None
    errands.attend(settings, lambda pipeline: pipeline.note_look("explain", 1, 1, whom))
    judged = [record.judged_of(each) for each in doc.get("asked", ())]
    if not 1 <= number <= len(judged):
        msg = f"this entry holds {len(judged)} questions; give one of them as --number"
        raise KeepUnreadable(msg)
    return judged[number - 1].question


def question(doc: Mapping[str, Any]) -> Question:
    """The question in a JSON value, strictly. Raises `RequestInvalid`."""
    given = {name: value for name, value in doc.items() if name not in _OURS}
    read = parse(QuestionDoc, {**given, "purpose": given.get("purpose") or None})
    ours = doc.get("impact_assessment", False)
    if not isinstance(ours, bool):
        msg = "`impact_assessment` must be true or false"
        raise RequestInvalid(msg)
    values = {name: getattr(read, name) for name in QuestionDoc.model_fields}
    sets = {name: frozenset(values[name]) for name in _SETS}
    return Question(**{**values, **sets, "impact_assessment": ours})


def as_json(asked: Question) -> dict[str, Any]:
    """A question as a JSON value."""
    found = {name: getattr(asked, name) for name in _FIELDS}
    return {**found, **{name: sorted(found[name]) for name in _SETS}}


def _value(name: str, text: str) -> Any:
    if name in _SETS:
        return [part for part in text.split(",") if part]
    if text in _TRUTHS:
        return _TRUTHS[text]
    return int(text) if text.isdecimal() and name != "purpose" else text or None

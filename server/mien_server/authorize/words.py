"""The words of a question and how Cedar sees them: which field is an entity of which closed vocabulary, which is a truth, which is read where."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import cedarpy

from mien_server.authorize.source import fault
from mien_server.values import Question

SCHEMA: Final = "cedar/schema.cedarschema"
ACTIONS: Final = ("give_consent", "infer", "record", "use", "contribute", "retain")
KEEP_PROOF: Final = "retain_evidence"
EVIDENCE: Final = frozenset({"consent_evidence", "decision_record"})
"""Data classes that are proof: they are kept because a law wants to be shown them, not because somebody said yes."""

PERSON: Final = MappingProxyType({"type": "Person", "id": "asked"})
USE: Final = MappingProxyType({"type": "Use", "id": "asked"})
PERSON_WORDS: Final = (
    ("role", "Role"),
    ("age_band", "AgeBand"),
    ("consent_state", "ConsentState"),
)
PERSON_TRUTHS: Final = (
    "guardian", "guardian_verified", "notice_current", "written_release", "gpc", "explicit_after_gpc", "subject_known", "held",
)  # fmt: skip
USE_WORDS: Final = (
    ("sector", "Sector"), ("source", "Source"), ("effect", "Effect"), ("data_class", "DataClass"), ("purpose", "Purpose"),
)  # fmt: skip
USE_TRUTHS: Final = ("impact_assessment",)
SAID: Final = MappingProxyType({
    "action": "action", "sector": "sector", "role": "role", "purpose": "purpose", "source": "source", "effect": "effect",
    "age_band": "age band", "consent_state": "state of consent", "data_class": "class of data", "consented_purposes": "purpose",
})  # fmt: skip
"""What a person calls each field."""

GROUPS: Final = MappingProxyType({
    "emotion": frozenset(ACTIONS),
    "process": frozenset(ACTIONS) - {"give_consent"},
    "new_processing": frozenset(ACTIONS) - {"give_consent", "retain"},
})  # fmt: skip
"""Which actions lie in which group. A policy names the group, so an action that left it would be out of that policy's reach."""

_ACTION: Final = re.compile(r'action "(\w+)"(?: in \[[^\]]*\])? appliesTo')
_ENUM: Final = re.compile(r"entity (\w+) enum \[([^\]]*)\];")


def vocabulary(schema: cedarpy.Schema) -> Mapping[str, frozenset[str]]:
    """The words that each field of a question may hold, as the schema lists them. Raises `PolicyInvalid` when it lacks a list or an action."""
    listed = {
        name: frozenset(re.findall(r'"([^"\\]*)"', words))
        for name, words in _ENUM.findall(str(schema))
    }
    fields = (*PERSON_WORDS, *USE_WORDS, ("consented_purposes", "Purpose"))
    if missing := sorted({kind for _, kind in fields if not listed.get(kind)}):
        raise fault(SCHEMA, 1, f"declares no `entity {missing[0]} enum [...]`: questions need it")
    if absent := sorted({*ACTIONS, KEEP_PROOF} - set(_ACTION.findall(str(schema)))):
        raise fault(SCHEMA, 1, f"declares no `action {absent[0]} appliesTo ...`: questions need it")
    return MappingProxyType(
        {
            "action": frozenset(ACTIONS),
            **{field: listed[kind] for field, kind in fields},
        }
    )


def unknown_words(known: Mapping[str, frozenset[str]], question: Question) -> tuple[str, ...]:
    """The fields of `question` that hold a word nobody listed. What is no word at all is left for the engine to refuse."""
    found = [
        name
        for name, words in known.items()
        if isinstance(value := getattr(question, name), str) and value not in words
    ]
    agreed: object = question.consented_purposes
    if isinstance(agreed, frozenset) and not agreed <= known["consented_purposes"]:
        found.append("consented_purposes")
    return tuple(dict.fromkeys(found))


def action_of(action: str, data_class: str) -> str:
    """The action that Cedar is asked about: keeping proof is another act than keeping what was learnt of a person."""
    return KEEP_PROOF if action == "retain" and data_class in EVIDENCE else action


def word(kind: str, name: str) -> dict[str, str]:
    """A Cedar entity of a closed vocabulary."""
    return {"type": kind, "id": name}


def place(code: str) -> dict[str, str]:
    """The Cedar entity of a jurisdiction."""
    return {"type": "Jurisdiction", "id": code}


def ground(places: Mapping[str, str | None], claimed: Iterable[str]) -> list[dict[str, Any]]:
    """The claimed places and those that they lie in, so that `principal in Jurisdiction::"EU"` holds for EU-DE as well."""
    around = {code for each in claimed for code in (each, places[each]) if code}
    return [
        {
            "uid": place(code),
            "attrs": {},
            "parents": [place(parent)] if (parent := places[code]) else [],
        }
        for code in sorted(around)
    ]


def use(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a site wants to do, as a Cedar entity; `asked` is a question's fields by name."""
    words = {name: word(kind, asked[name]) for name, kind in USE_WORDS if asked[name] is not None}
    truths = {name: asked[name] for name in USE_TRUTHS}
    return {"uid": dict(USE), "attrs": {**words, **truths}, "parents": []}


def person(
    places: Iterable[str], *, stated: bool, known: bool, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """The person in all `places` at once, as a Cedar entity. `stated`: somebody named a place; `known`: all that were named are among `places`."""
    words = {name: word(kind, asked[name]) for name, kind in PERSON_WORDS}
    truths = {name: asked[name] for name in PERSON_TRUTHS}
    agreed = [word("Purpose", purpose) for purpose in asked["consented_purposes"]]
    return {
        "uid": dict(PERSON),
        "attrs": {
            **words,
            **truths,
            "consented_purposes": agreed,
            "jurisdictions_known": known,
            "jurisdictions_stated": stated,
        },
        "parents": [place(code) for code in sorted(places)],
    }


def person_text(
    places: frozenset[str], *, stated: bool, known: bool, asked: Mapping[str, Any]
) -> str:
    """The list of one entity that `person` gives, as JSON; put together from parts that many people share, because it is written for each."""
    named = _named(*[asked[name] for name, _ in PERSON_WORDS])
    true = _true(*[asked[name] for name in PERSON_TRUTHS], known, stated)
    return f'[{{"uid":{_UID},"attrs":{{{named},{true},{_agreed(asked["consented_purposes"])}}},{_stands(places)}}}]'


_UID: Final = json.dumps(dict(PERSON))
_SHARED: Final = 4096


@lru_cache(maxsize=_SHARED, typed=True)
def _named(*values: Any) -> str:
    words = {
        name: word(kind, each) for (name, kind), each in zip(PERSON_WORDS, values, strict=True)
    }
    return json.dumps(words)[1:-1]


@lru_cache(maxsize=_SHARED, typed=True)
def _true(*values: Any) -> str:
    names = (*PERSON_TRUTHS, "jurisdictions_known", "jurisdictions_stated")
    return json.dumps(dict(zip(names, values, strict=True)))[1:-1]


@lru_cache(maxsize=_SHARED)
def _agreed(purposes: frozenset[str]) -> str:
    agreed = [word("Purpose", purpose) for purpose in sorted(purposes)]
    return json.dumps({"consented_purposes": agreed})[1:-1]


@lru_cache(maxsize=_SHARED)
def _stands(places: frozenset[str]) -> str:
    return json.dumps({"parents": [place(code) for code in sorted(places)]})[1:-1]


def meets(head: Mapping[str, Any], action: str, schema: cedarpy.Schema) -> bool:
    """Whether a policy with this head, in Cedar's JSON form, speaks of `action`. Raises `LookupError` for one that the schema lacks."""
    everything = {"op": "All"}
    permit = {
        "effect": "permit", "principal": everything, "action": head, "resource": everything, "conditions": [],
    }  # fmt: skip
    document = {"templates": {}, "staticPolicies": {"asked": permit}, "templateLinks": []}
    request = {
        "principal": dict(PERSON),
        "action": word("Action", action),
        "resource": dict(USE),
        "context": {"consent_expires_at": 0, "retain_until": 0, "now": 0},
    }
    policies = cedarpy.PolicySet.from_json_str(json.dumps(document))
    answer = cedarpy.is_authorized(request, policies, "[]", schema)
    if answer.diagnostics.errors:
        message = f"action `{action}` cannot be asked about: the schema must declare it"
        raise LookupError(message)
    return answer.allowed


def _require_groups(schema: cedarpy.Schema) -> None:
    for group, inside in GROUPS.items():
        head = {"op": "in", "entity": word("Action", group)}
        for action in (*ACTIONS, KEEP_PROOF):
            if meets(head, action, schema) != (action in inside):
                must = "must" if action in inside else "must not"
                raise fault(
                    SCHEMA, 1, f"action `{action}` {must} lie in `{group}`: policies name the group"
                )


def require_fit(schema: cedarpy.Schema) -> None:
    """Raise `PolicyInvalid` unless the schema takes the person and the use of a question, and groups the actions, as they are asked about."""
    asked = asdict(Question("use", "", "", frozenset(), 0))
    words = {name: min(known) for name, known in vocabulary(schema).items()}
    given = {**asked, **words, "consented_purposes": frozenset({words["purpose"]})}
    entities = [use(given), person((), stated=False, known=True, asked=given)]
    try:
        cedarpy.Entities.from_json_str(json.dumps(entities), schema)
    except ValueError as error:
        told = " ".join(str(error).split())
        raise fault(SCHEMA, 1, f"does not fit the questions that are asked: {told}") from error
    _require_groups(schema)

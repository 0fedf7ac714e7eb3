"""The policies that can speak of a question: by place, action, sector, role and the other words that it holds.

    slices = Slices(bundle)
    policies = slices.of(places, words)

A slice leaves out only what is false for certain and cannot err (`pruning`), so it answers as the whole does. Which policies a word silences is worked
out once for a bundle; a question then costs a few `and`s. A slice nobody asked for before is put together from policies that are parsed already,
which is what keeps a made-up mixture of jurisdictions cheap.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, Final

import cedarpy

from mien_server.authorize import words
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.lint import place_of
from mien_server.authorize.pruning import Path, reads, surely_false

KEPT: Final = 256
"""Slices kept parsed, about a tenth of a megabyte each. A service with one site needs a dozen."""

GROUPS: Final[tuple[tuple[str, ...], ...]] = (
    ("sector", "role"), ("source",), ("effect",), ("age_band",), ("purpose",), ("data_class",), ("consent_state",),
)  # fmt: skip
"""Words that policies ask about together, as `sector == workplace || role == employee`, are looked at together."""

REMEMBERED: Final = 4096
"""Policies, each by a group of words, of which it is remembered what silences them: a bundle has about a thousand."""
HEADS: Final = 128
"""Heads of policies of which it is remembered what they ask for: a bundle has about twenty."""
_ANY: Final = {"op": "All"}
_ASKED: Final = (*words.ACTIONS, words.KEEP_PROOF)
_FORM: Final = "form:"
"""Put before the id of a policy's form, so that the policy itself can have its own."""

Chosen = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """For each choice of words of one group, a bit for every policy that it leaves standing."""

    fields: tuple[str, ...]
    standing: Mapping[Chosen, int]


class Slices:
    """All slices of one bundle. Raises nothing for words it was told of (`words.vocabulary`); `KeyError` for others."""

    def __init__(self, bundle: Bundle) -> None:
        self._places = bundle.places
        self._ids = tuple(bundle.sources)
        self._all = (1 << len(self._ids)) - 1
        sources = list(bundle.sources.values())
        self._speaking = _speaking(sources)
        self._actions = _actions(sources, bundle.schema)
        self._tables = tuple(_tables(sources, words.vocabulary(bundle.schema)))
        self._forms, self._fixed = _forms(bundle.sources)
        self._built = lru_cache(maxsize=KEPT)(self._build)

    def of(
        self, places: Iterable[str], action: str, said: Mapping[str, str | None]
    ) -> cedarpy.PolicySet:
        """The policies that can speak where `places` are claimed, of Cedar's `action` and of the words in `said`, by field."""
        return self._built(self.standing(places, action, said))

    def standing(self, places: Iterable[str], action: str, said: Mapping[str, str | None]) -> int:
        """The same as bits, the first policy's lowest."""
        here = self._speaking.get(None, 0)
        for code in {around for each in places for around in (each, self._places[each])}:
            here |= self._speaking.get(code, 0)
        left = here & self._actions[action]
        for table in self._tables:
            left &= table.standing[tuple([said[field] for field in table.fields])]
        return left

    def names(self, standing: int) -> frozenset[str]:
        """The ids behind the bits."""
        return frozenset(name for at, name in enumerate(self._ids) if standing >> at & 1)

    def _build(self, standing: int) -> cedarpy.PolicySet:
        links = [
            {"template_id": _FORM + name, "new_id": name, "values": {"?resource": dict(words.USE)}}
            for name in self.names(standing) - self._fixed
        ]
        return self._forms.with_linked_batch(links) if links else self._forms


def _speaking(sources: Iterable[Mapping[str, Any]]) -> dict[str | None, int]:
    """Bits by the place that a policy's head asks for; None: it speaks everywhere."""
    found: dict[str | None, int] = {}
    for at, source in enumerate(sources):
        code = place_of(source["principal"])
        found[code] = found.get(code, 0) | 1 << at
    return found


def _actions(sources: Iterable[Mapping[str, Any]], schema: cedarpy.Schema) -> dict[str, int]:
    """Bits by action. Which action lies in which group is the schema's to say, so the engine is asked about each head."""
    found = dict.fromkeys(_ASKED, 0)
    for at, source in enumerate(sources):
        for action in _met(json.dumps(source["action"]), schema):
            found[action] |= 1 << at
    return found


@lru_cache(maxsize=HEADS)
def _met(head: str, schema: cedarpy.Schema) -> frozenset[str]:
    """The actions that a policy's head asks for, by its text."""
    return frozenset(action for action in _ASKED if words.meets(json.loads(head), action, schema))


def _tables(sources: list[dict[str, Any]], known: Mapping[str, frozenset[str]]) -> Iterable[_Table]:
    texts = [json.dumps(source) for source in sources]
    asked = [_read(text) for text in texts]
    for fields in GROUPS:
        paths = {_path(field) for field in fields}
        concerned = [at for at, read in enumerate(asked) if paths & read]
        choices: tuple[Chosen, ...] = tuple(product(*(sorted(known[field]) for field in fields)))
        if fields == ("purpose",):
            choices = (*choices, (None,))
        silent = [(1 << at, _silencing(texts[at], fields, choices)) for at in concerned]
        everybody = (1 << len(sources)) - 1
        yield _Table(fields, {
            chosen: everybody & ~sum(bit for bit, under in silent if chosen in under)
            for chosen in choices
        })  # fmt: skip


@lru_cache(maxsize=REMEMBERED)
def _read(source: str) -> frozenset[Path]:
    """Where the conditions of a policy read, by its text."""
    return frozenset(reads(json.loads(source)["conditions"]))


@lru_cache(maxsize=REMEMBERED)
def _silencing(
    source: str, fields: tuple[str, ...], choices: tuple[Chosen, ...]
) -> frozenset[Chosen]:
    """The choices of words under which a policy (Cedar's JSON form, as text) is false for certain.

    Remembered by the text, for most policies of a bundle are those of the one before.
    """
    policy = json.loads(source)
    return frozenset(chosen for chosen in choices if surely_false(policy, _said(fields, chosen)))


def _said(fields: tuple[str, ...], chosen: Chosen) -> dict[Path, Any]:
    return {
        _path(field): name and (_KINDS[field], name)
        for field, name in zip(fields, chosen, strict=True)
    }


_KINDS: Final = dict((*words.PERSON_WORDS, *words.USE_WORDS))
_OF_PERSON: Final = frozenset(name for name, _ in words.PERSON_WORDS)


def _path(field: str) -> Path:
    return ("principal" if field in _OF_PERSON else "resource", field)


def _forms(sources: Mapping[str, dict[str, Any]]) -> tuple[cedarpy.PolicySet, frozenset[str]]:
    """Every policy as a form with `resource == ?resource` in its head, to be filled in with the one use there is; parsed once.

    A policy whose head says something of the resource already cannot be one: it stands in every slice. Its id is in the second part.
    """
    free = {name: each for name, each in sources.items() if each["resource"] == _ANY}
    fixed = {name: each for name, each in sources.items() if name not in free}
    forms = {
        _FORM + name: {**each, "resource": {"op": "==", "slot": "?resource"}}
        for name, each in free.items()
    }
    document = {"templates": forms, "staticPolicies": fixed, "templateLinks": []}
    return cedarpy.PolicySet.from_json_str(json.dumps(document)), frozenset(fixed)

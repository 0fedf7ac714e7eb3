"""Decide one question, failing closed.

Cedar skips a policy that errs, so a `forbid` that errs would open the door. Here the answer is yes only if the engine says Allow *and* reports
no error *and* person, use and places were loaded; whatever goes wrong on the way is a no with the policy id `mien:fail-closed`, written to the log
by kind only. An interrupt or a crash of the engine propagates: then there is no answer at all, and never a yes.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, Final

import cedarpy

from mien_server.authorize.bundle import Bundle, place, policy_set
from mien_server.authorize.times import TIMES, in_order, only_ordered
from mien_server.values import Decision, Question

FAIL_CLOSED: Final = "mien:fail-closed"
FAIL_CLOSED_LAW: Final = "policy:fail-closed"
_SAYS: Final = "Something that this decision needs was missing or broken, so the answer is no."
_PERSON: Final = {"type": "Person", "id": "asked"}
_USE: Final = {"type": "Use", "id": "asked"}
_SITUATIONS: Final = 1024
"""Situations (everything of a question but its times) kept parsed: there are far fewer of them than people."""

_VERDICTS: Final = 4096
"""Answers kept, by everything that they depend on."""

_SLICES: Final = 256
"""Sets of policies kept parsed, one for each mixture of laws."""

_PERSON_WORDS: Final = (
    ("role", "Role"),
    ("age_band", "AgeBand"),
    ("consent_state", "ConsentState"),
)
_PERSON_TRUTHS: Final = (
    "guardian", "notice_current", "written_release", "gpc", "explicit_after_gpc", "subject_known",
)  # fmt: skip
_USE_WORDS: Final = (
    ("sector", "Sector"), ("source", "Source"), ("effect", "Effect"), ("purpose", "Purpose"),
)  # fmt: skip
_STANDING: Final = (
    *(name for name, _ in (*_PERSON_WORDS, *_USE_WORDS)),
    *_PERSON_TRUTHS,
    "impact_assessment",
    "consented_purposes",
)
_standing: Final = attrgetter(*_STANDING)
_times: Final = attrgetter(*TIMES)

_log = logging.getLogger(__name__)


class _NoAnswer(Exception):
    """The engine reported errors or decided nothing."""

    def __init__(self, reasons: Iterable[str], errors: tuple[str, ...]) -> None:
        super().__init__(*errors)
        self.reasons = tuple(reasons)
        self.errors = errors


class Authorizer:
    """Answers questions under one bundle. Holds nothing that changes but caches, so threads may share it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        # typed: 1 and True are one key otherwise, and only True is a guardian's yes.
        self._situations = lru_cache(maxsize=_SITUATIONS, typed=True)(self._load)
        # The engine is a function of what it is given. What raises is not kept: a fault is asked about again.
        self._verdict = lru_cache(maxsize=_VERDICTS, typed=True)(self._judge)
        self._ordered = only_ordered(bundle.sources.values())
        self._policies = lru_cache(maxsize=_SLICES)(partial(policy_set, bundle))
        self._speaking = frozenset(policy.place for policy in bundle.policies.values())

    def decide(self, question: Question) -> Decision:
        """The answer; never raises for a bad question, never allows one."""
        try:
            return self._decide(question)
        except _NoAnswer as error:
            return self._refuse(question, error.reasons, error.errors)
        except Exception as error:  # noqa: BLE001  whatever it is, it is a no
            return self._refuse(question, (), (f"{type(error).__name__}: {error}",))

    def _decide(self, question: Question) -> Decision:
        places = frozenset(self.bundle.places.keys() & question.jurisdictions)
        known = bool(places) and places == question.jurisdictions
        times = _times(question)
        given = in_order(times) if self._ordered else times
        verdict = self._verdict(question.action, *given, places, known, *_standing(question))
        return replace(verdict, at=question.now)

    def _judge(  # noqa: PLR0917 - everything an answer depends on
        self,
        action: str,
        expires: int,
        until: int,
        now: int,
        places: frozenset[str],
        known: bool,
        *standing: Any,
    ) -> Decision:
        """The engine's answer, without its time. Raises `_NoAnswer`."""
        entities = self._situations(places, known, *standing)
        request = {
            "principal": _PERSON,
            "action": word("Action", action),
            "resource": _USE,
            "context": dict(zip(TIMES, (expires, until, now), strict=True)),
        }
        result = cedarpy.is_authorized(request, self._slice(places), entities, self.bundle.schema)
        reasons, errors = result.diagnostics.reasons, tuple(result.diagnostics.errors)
        if errors or result.decision is cedarpy.Decision.NoDecision:
            raise _NoAnswer(reasons, errors or ("the engine gave no decision",))
        return self._answer(reasons, allow=result.decision is cedarpy.Decision.Allow)

    def _slice(self, places: frozenset[str]) -> cedarpy.PolicySet:
        """The policies that can speak here. EU-DE and EU-FR share theirs, because only the EU has any of its own."""
        around = {*places, *(self.bundle.places[code] for code in places)}
        return self._policies(frozenset(around & self._speaking - {None}))

    def _load(self, places: frozenset[str], known: bool, *standing: Any) -> cedarpy.Entities:
        """The person in all places at once, and the use. Cedar refuses words and types that the schema does not know; then they are looked for."""
        delta = situation(places, known, dict(zip(_STANDING, standing, strict=True)))
        loaded = self.bundle.entities.with_added_json_str(json.dumps(delta), self.bundle.schema)
        require_loaded(loaded, places)
        return loaded

    def _answer(self, reasons: Iterable[str], *, allow: bool) -> Decision:
        """`reasons` are ids of the bundle. Statutes come before our own choices. Raises `_NoAnswer` when there are none."""
        policies = sorted(
            (self.bundle.policies[reason] for reason in reasons),
            key=lambda policy: (policy.certainty == "our-policy", policy.id),
        )
        if not policies:
            raise _NoAnswer((), ("no policy speaks of this question",))
        return Decision(
            allow=allow,
            policies=tuple(policy.id for policy in policies),
            laws=tuple(dict.fromkeys(law for policy in policies for law in policy.laws)),
            says=tuple(policy.says for policy in policies),
            bundle_version=self.bundle.version,
            bundle_sha256=self.bundle.sha256,
            at=0,
        )

    def _refuse(
        self, question: Question, reasons: Iterable[str], errors: tuple[str, ...]
    ) -> Decision:
        """A no that names itself. Only the policies that erred are logged: an error's text may quote the question."""
        erred = [name for name in self.bundle.policies if any(f"`{name}`" in e for e in errors)]
        _log.error("authorize failed closed: %d error(s), in policies %s", len(errors), erred)
        now = getattr(question, "now", 0)
        # The ids that did speak are kept unless they permitted: a permit beside an error decided nothing.
        spoke = [
            policy
            for reason in reasons
            if (policy := self.bundle.policies.get(reason)) and policy.effect == "forbid"
        ]
        return Decision(
            allow=False,
            policies=(*(policy.id for policy in spoke), FAIL_CLOSED),
            laws=(
                *dict.fromkeys(law for policy in spoke for law in policy.laws),
                FAIL_CLOSED_LAW,
            ),
            says=(*(policy.says for policy in spoke), _SAYS),
            bundle_version=self.bundle.version,
            bundle_sha256=self.bundle.sha256,
            at=now if type(now) is int else 0,
            errors=errors,
        )


def situation(places: Iterable[str], known: bool, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The person and the use as Cedar entities; `asked` is a question's fields by name, without its times."""
    person = {name: word(kind, asked[name]) for name, kind in _PERSON_WORDS}
    purposes = [word("Purpose", purpose) for purpose in asked["consented_purposes"]]
    truths = {name: asked[name] for name in _PERSON_TRUTHS}
    use = {name: word(kind, asked[name]) for name, kind in _USE_WORDS if asked[name] is not None}
    return [
        {
            "uid": _PERSON,
            "attrs": {
                **person,
                **truths,
                "consented_purposes": purposes,
                "jurisdictions_known": known,
            },
            "parents": [place(code) for code in sorted(places)],
        },
        {
            "uid": _USE,
            "attrs": {**use, "impact_assessment": asked["impact_assessment"]},
            "parents": [],
        },
    ]


def require_loaded(entities: cedarpy.Entities, places: Iterable[str]) -> None:
    """Raise `LookupError` unless person, use and every place are among the parsed entities: what is absent meets no `forbid`."""
    found = {(e["uid"]["type"], e["uid"]["id"]) for e in json.loads(str(entities))}
    wanted = {("Person", "asked"), ("Use", "asked"), *(("Jurisdiction", code) for code in places)}
    if missing := wanted - found:
        kind, name = min(missing)
        message = f"{kind} `{name}` was not loaded"
        raise LookupError(message)


def word(kind: str, name: str) -> dict[str, str]:
    """A Cedar entity of a closed vocabulary."""
    return {"type": kind, "id": name}

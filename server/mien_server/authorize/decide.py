"""Decide one question, failing closed.

Cedar skips a policy that errs, so a `forbid` that errs would open the door. Here the answer is yes only if the engine says Allow *and* reports
no error *and* person, use and places were loaded; whatever goes wrong on the way is a no with the policy id `mien:fail-closed`, written to the log
by kind only. An interrupt or a crash of the engine propagates: then there is no answer at all, and never a yes.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import cedarpy

from mien_server.authorize import words
from mien_server.authorize.bundle import Bundle
from mien_server.authorize.slices import Slices
from mien_server.authorize.times import TIMES, in_order, moments
from mien_server.values import Decision, Question

FAIL_CLOSED: Final = "mien:fail-closed"
FAIL_CLOSED_LAW: Final = "policy:fail-closed"
UNKNOWN_WORD_LAW: Final = "policy:unknown-word"
_SAYS: Final = "Something that this decision needs was missing or broken, so the answer is no."
_UNKNOWN: Final = "The {} that was named is not one we know, so the answer is no."
_GROUNDS: Final = 1024
"""Uses in their places kept parsed: there are far fewer of them than people."""

_VERDICTS: Final = 4096
"""Answers kept, by everything that they depend on."""

_OF_PERSON: Final = (
    *(name for name, _ in words.PERSON_WORDS),
    *words.PERSON_TRUTHS,
    "consented_purposes",
)
_OF_USE: Final = (*(name for name, _ in words.USE_WORDS), *words.USE_TRUTHS)
_person: Final = attrgetter(*_OF_PERSON)
_use: Final = attrgetter(*_OF_USE)
_times: Final = attrgetter(*TIMES)

_log = logging.getLogger(__name__)


class _NoAnswer(Exception):
    """The engine reported errors or decided nothing."""

    def __init__(self, reasons: Iterable[str], errors: tuple[str, ...]) -> None:
        super().__init__(*errors)
        self.reasons = tuple(reasons)
        self.errors = errors


class _UnknownWord(Exception):
    """A field of the question holds a word that the schema does not list."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(*fields)
        self.fields = fields


class Authorizer:
    """Answers questions under one bundle at a time. Threads may share it, and exchange the bundle meanwhile."""

    def __init__(self, bundle: Bundle) -> None:
        self._rules = Rules(bundle)

    @property
    def bundle(self) -> Bundle:
        """The bundle in force. Hold on to it for as long as one and the same is needed."""
        return self._rules.bundle

    def use(self, bundle: Bundle) -> None:
        """From now on answer under `bundle`. Everything that could fail is done first, and questions being answered keep the bundle they began with."""
        self._rules = Rules(bundle)

    def decide(self, question: Question) -> Decision:
        """The answer; never raises for a bad question, never allows one."""
        return self._rules.decide(question)


class Rules:
    """One bundle, made ready. Holds nothing that changes but caches."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.slices = Slices(bundle)
        self._words = words.vocabulary(bundle.schema)
        # typed: 1 and True are one key otherwise, and only True is a guardian's yes.
        self._grounds = lru_cache(maxsize=_GROUNDS, typed=True)(self._stand)
        # The engine is a function of what it is given. What raises is not kept: a fault is asked about again.
        self._verdict = lru_cache(maxsize=_VERDICTS, typed=True)(self._judge)
        self._requests = lru_cache(maxsize=_VERDICTS, typed=True)(_request)
        self._told = lru_cache(maxsize=_VERDICTS)(self._answer)
        self._moments = moments(bundle.sources.values())

    def decide(self, question: Question) -> Decision:
        """See `Authorizer.decide`."""
        try:
            return self._decide(question)
        except _NoAnswer as error:
            return self._refuse(question, error.reasons, error.errors)
        except _UnknownWord as error:
            return self._unknown(question, error.fields)
        except Exception as error:  # noqa: BLE001  whatever it is, it is a no
            # By kind only: the text of an error may quote the question, and telling it may fail (a number of 5,000 digits).
            return self._refuse(question, (), (type(error).__name__,))

    def _decide(self, question: Question) -> Decision:
        if fields := words.unknown_words(self._words, question):
            raise _UnknownWord(fields)
        places = frozenset(self.bundle.places.keys() & question.jurisdictions)
        claims = bool(question.jurisdictions), places == question.jurisdictions
        times = _times(question)
        given = times if self._moments is None else in_order(times, self._moments)
        verdict = self._verdict(
            words.action_of(question.action, question.data_class),
            given, places, claims, _use(question), _person(question), *_kinds(question),
        )  # fmt: skip
        return Decision(  # `replace` takes three times as long, and this is done for every use
            verdict.allow, verdict.policies, verdict.laws, verdict.says, verdict.bundle_version,
            verdict.bundle_sha256, question.now, verdict.errors, verdict.asked,
        )  # fmt: skip

    def _judge(  # noqa: PLR0917 - everything an answer depends on
        self,
        action: str,
        times: tuple[int, ...],
        places: frozenset[str],
        claims: tuple[bool, bool],
        use: tuple[Any, ...],
        person: tuple[Any, ...],
        *_kinds: type,
    ) -> Decision:
        """The engine's answer, without its time. Raises `_NoAnswer`."""
        asked = dict(zip((*_OF_USE, *_OF_PERSON), (*use, *person), strict=True))
        entities = self._load(places, claims, use, asked)
        request = self._requests(action, times, *map(type, times))
        policies = self.policies(places, action, asked)
        result = cedarpy.is_authorized(request, policies, entities, self.bundle.schema)
        reasons, errors = result.diagnostics.reasons, tuple(result.diagnostics.errors)
        if errors or result.decision is cedarpy.Decision.NoDecision:
            raise _NoAnswer(reasons, errors or ("the engine gave no decision",))
        return self._told(frozenset(reasons), allow=result.decision is cedarpy.Decision.Allow)

    def policies(
        self, places: frozenset[str], action: str, asked: Mapping[str, Any]
    ) -> cedarpy.PolicySet:
        """Those that can speak of this."""
        return self.slices.of(places, action, asked)

    def _load(
        self,
        places: frozenset[str],
        claims: tuple[bool, bool],
        use: tuple[Any, ...],
        asked: Mapping[str, Any],
    ) -> cedarpy.Entities:
        """Person, use and places. Cedar refuses words and types that the schema does not know; then they are looked for."""
        ground = self._grounds(places, use, *map(type, use))
        stated, known = claims
        person = words.person_text(places, stated=stated, known=known, asked=asked)
        loaded = ground.with_added_json_str(person, self.bundle.schema)
        if len(loaded) != len(ground) + 1:
            message = "the person was not loaded"
            raise LookupError(message)
        return loaded

    def _stand(
        self, places: frozenset[str], use: tuple[Any, ...], *_kinds: type
    ) -> cedarpy.Entities:
        """The use, and the places it is in: the same for many people."""
        asked = dict(zip(_OF_USE, use, strict=True))
        given = [words.use(asked), *words.ground(self.bundle.places, places)]
        ground = cedarpy.Entities.from_json_str(json.dumps(given), self.bundle.schema)
        require_loaded(ground, {("Use", "asked"), *(("Jurisdiction", code) for code in places)})
        return ground

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

    def _unknown(self, question: Question, fields: tuple[str, ...]) -> Decision:
        """A no that names what was not understood: the field, and not the word, which may hold anything."""
        _log.warning("authorize refused unknown words in %s", fields)
        now = getattr(question, "now", 0)
        said = [_UNKNOWN.format(words.SAID[field]) for field in fields]
        return Decision(
            allow=False,
            policies=(FAIL_CLOSED,) * len(said),
            laws=(UNKNOWN_WORD_LAW, FAIL_CLOSED_LAW),
            says=tuple(said),
            bundle_version=self.bundle.version,
            bundle_sha256=self.bundle.sha256,
            at=now if type(now) is int else 0,
            errors=tuple(f"unknown {field}" for field in fields),
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


def _request(action: str, times: tuple[int, ...], *_kinds: type) -> dict[str, Any]:
    """What the engine is asked, apart from who and what: there are few orders of times."""
    return {
        "principal": dict(words.PERSON),
        "action": words.word("Action", action),
        "resource": dict(words.USE),
        "context": json.dumps(dict(zip(TIMES, times, strict=True))),
    }


def _kinds(question: Question) -> tuple[type, ...]:
    """The kinds of what a question holds: equal values of different kinds must not share an answer, and inside a tuple a cache does not tell them apart."""
    return tuple([type(each) for each in (*_times(question), *_use(question), *_person(question))])


def require_loaded(entities: cedarpy.Entities, wanted: set[tuple[str, str]]) -> None:
    """Raise `LookupError` unless each (type, id) of `wanted` is among the parsed entities: what is absent meets no `forbid`."""
    found = {(e["uid"]["type"], e["uid"]["id"]) for e in json.loads(str(entities))}
    if missing := wanted - found:
        kind, name = min(missing)
        message = f"{kind} `{name}` was not loaded"
        raise LookupError(message)

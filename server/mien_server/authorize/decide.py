"""Decide one question, failing closed.

Cedar skips a policy that errs, so a `forbid` that errs would open the door. Here the answer is yes only if the engine says Allow *and* reports
no error *and* person and site were loaded; whatever goes wrong on the way is a no with the policy id `mien:fail-closed`, written to the log
by kind only. An interrupt or a crash of the engine propagates: then there is no answer at all, and never a yes.
"""

import json
import logging
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any, Final

import cedarpy

from mien_server.authorize.bundle import Bundle, place, policy_set
from mien_server.values import Decision, Question

FAIL_CLOSED: Final = "mien:fail-closed"
FAIL_CLOSED_LAW: Final = "policy:fail-closed"
_SAYS: Final = "Something that this decision needs was missing or broken, so the answer is no."
_PERSON: Final = {"type": "Person", "id": "asked"}
_SITE: Final = {"type": "Site", "id": "asking"}
_SITUATIONS: Final = 1024
"""Situations (places, role, age band, sector) kept parsed; a site has few."""

_log = logging.getLogger(__name__)


class Authorizer:
    """Answers questions under one bundle. Holds nothing that changes but a cache, so threads may share it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        # typed: 1 and True are one key otherwise, and only True is a guardian's yes.
        self._situations = lru_cache(maxsize=_SITUATIONS, typed=True)(self._load)
        self._policies = lru_cache(maxsize=_SITUATIONS)(partial(policy_set, bundle))

    def decide(self, question: Question) -> Decision:
        """The answer; never raises for a bad question, never allows one."""
        try:
            return self._decide(question)
        except Exception as error:  # noqa: BLE001  whatever it is, it is a no
            return self._refuse(question, (), (f"{type(error).__name__}: {error}",))

    def _decide(self, question: Question) -> Decision:
        places = frozenset(self.bundle.places.keys() & question.jurisdictions)
        known = bool(places) and places == question.jurisdictions
        situation = self._situations(
            places,
            question.role,
            question.age_band,
            question.guardian,
            question.sector,
        )
        request = {
            "principal": _PERSON,
            "action": _word("Action", question.action),
            "resource": _SITE,
            "context": _context(question, jurisdictions_known=known),
        }
        result = cedarpy.is_authorized(
            request, self._policies(places), situation, self.bundle.schema
        )
        reasons, errors = result.diagnostics.reasons, tuple(result.diagnostics.errors)
        if errors or result.decision is cedarpy.Decision.NoDecision:
            return self._refuse(question, reasons, errors or ("the engine gave no decision",))
        return self._answer(question, reasons, allow=result.decision is cedarpy.Decision.Allow)

    def _load(
        self, places: frozenset[str], role: str, age_band: str, guardian: bool, sector: str
    ) -> cedarpy.Entities:
        """The person in all places at once, and the site. Checked by the schema, and looked at again: an absent person meets no `forbid`."""
        person = {"role": _word("Role", role), "age_band": _word("AgeBand", age_band)}
        delta = [
            {
                "uid": _PERSON,
                "attrs": {**person, "guardian": guardian},
                "parents": [place(code) for code in sorted(places)],
            },
            {"uid": _SITE, "attrs": {"sector": _word("Sector", sector)}, "parents": []},
        ]
        loaded = self.bundle.entities.with_added_json_str(json.dumps(delta), self.bundle.schema)
        require_loaded(loaded, {*places})
        return loaded

    def _answer(self, question: Question, reasons: Iterable[str], *, allow: bool) -> Decision:
        """`reasons` are ids of the bundle. Statutes come before our own choices."""
        policies = sorted(
            (self.bundle.policies[reason] for reason in reasons),
            key=lambda policy: (policy.certainty == "our-policy", policy.id),
        )
        if not policies:
            return self._refuse(question, (), ("no policy speaks of this question",))
        return Decision(
            allow=allow,
            policies=tuple(policy.id for policy in policies),
            laws=tuple(dict.fromkeys(law for policy in policies for law in policy.laws)),
            says=tuple(policy.says for policy in policies),
            bundle_version=self.bundle.version,
            bundle_sha256=self.bundle.sha256,
            at=question.now,
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


def require_loaded(entities: cedarpy.Entities, places: set[str]) -> None:
    """Raise `LookupError` unless person, site and every place are among the parsed entities."""
    found = {(e["uid"]["type"], e["uid"]["id"]) for e in json.loads(str(entities))}
    wanted = {("Person", "asked"), ("Site", "asking"), *(("Jurisdiction", code) for code in places)}
    if missing := wanted - found:
        kind, name = min(missing)
        message = f"{kind} `{name}` was not loaded"
        raise LookupError(message)


def _word(kind: str, word: str) -> dict[str, str]:
    return {"type": kind, "id": word}


def _context(question: Question, *, jurisdictions_known: bool) -> dict[str, Any]:
    """The rest of the question in the schema's words; Cedar itself refuses words and types that the schema does not know."""
    context = {
        "source": _word("Source", question.source),
        "effect": _word("Effect", question.effect),
        "consent_state": _word("ConsentState", question.consent_state),
        "consented_purposes": [_word("Purpose", p) for p in question.consented_purposes],
        "consent_expires_at": question.consent_expires_at,
        "notice_current": question.notice_current,
        "written_release": question.written_release,
        "impact_assessment": question.impact_assessment,
        "gpc": question.gpc,
        "explicit_after_gpc": question.explicit_after_gpc,
        "retain_until": question.retain_until,
        "now": question.now,
        "subject_known": question.subject_known,
        "jurisdictions_known": jurisdictions_known,
    }
    if question.purpose is not None:
        context["purpose"] = _word("Purpose", question.purpose)
    return context

"""Why a question is answered as it is: for a site that wants to know before it asks anybody. Reads nothing about any person and logs nothing.

The search over what would change an answer costs many decisions. So it runs beside the event loop, one at a time, under the bundle that was in force when
it was asked for; a few of each site may wait, so that no site keeps the others waiting for long. An answer is kept as long as bundle, site and question
are the same.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from mien.errors import ServerBusy
from mien.wire import messages
from mien.wire.canonical import b64
from mien.wire.messages import ChangeDoc, QuestionDoc, ReasonDoc, StepDoc, WayDoc
from mien_server.authorize import Authorizer, Bundle
from mien_server.authorize.explain import Decide, Explanation, Way, explain, strictest
from mien_server.authorize.reasons import Reason
from mien_server.pipeline.notices import purposes_of
from mien_server.pipeline.parts import Parts
from mien_server.values import Decision, Question, Site

WAITING: Final = 3
"""Searches of one site that may run or wait."""
KEPT: Final = 256
"""Explanations kept in memory."""
NOT_REGISTERED: Final = "mien:site-registration"
"""Stands for a policy in an answer that no policy gave, as `mien:fail-closed` does."""
_NOT_REGISTERED_LAW: Final = "policy:site-registration"
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Served:
    """What a site registered that bounds every answer: whom it serves, and what its notice asks for."""

    roles: tuple[str, ...]
    purposes: tuple[str, ...]

    def lacks(self, question: Question) -> tuple[str, ...]:
        """What of a question the site would refuse before any policy is asked, in words. What is there already may be kept as policy says."""
        if question.action == "retain":
            return ()
        found = []
        if question.role not in self.roles:
            found.append(f"This site does not serve people in the role {question.role}.")
        if question.purpose is not None and question.purpose not in self.purposes:
            found.append(f"This site's notice does not ask for the purpose {question.purpose}.")
        return tuple(found)


Asked = tuple[str, Question, tuple[str, ...], Served]


@dataclass
class Explaining:
    """Explains decisions."""

    parts: Parts
    _one: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _waiting: Counter[str] = field(default_factory=Counter)
    _found: OrderedDict[Asked, Explanation] = field(default_factory=OrderedDict)
    _authorizer: Authorizer | None = None

    async def explain(self, site: Site, doc: QuestionDoc) -> messages.Explanation:
        """The answer to a question with what the site registered added, why, and what would change it. Raises `ServerBusy`."""
        question, sectors = asked(site, doc, doc.now or _begun(self.parts.clock.now(), doc))
        served = Served(site.roles, purposes_of(site))
        found = await self._explained(site, question, sectors, served)
        return answered(found, tuple(_added(site, doc)))

    async def _explained(
        self, site: Site, question: Question, sectors: tuple[str, ...], served: Served
    ) -> Explanation:
        bundle = self.parts.authorizer.bundle
        wanted = bundle.sha256, question, sectors, served
        if wanted in self._found:
            self._found.move_to_end(wanted)
            return self._found[wanted]
        if self._waiting[site.id] >= WAITING:
            msg = "too many explanations are being worked out for this site; try again in a second"
            raise ServerBusy(msg, retry_after=1.0)
        self._waiting[site.id] += 1
        try:
            async with self._one:
                found = await asyncio.to_thread(self._search, bundle, question, sectors, served)
        finally:
            self._waiting[site.id] -= 1
            self._waiting += Counter()  # keeps what is not zero
        self._found[wanted] = found
        if len(self._found) > KEPT:
            self._found.popitem(last=False)
        return found

    def _search(
        self, bundle: Bundle, question: Question, sectors: tuple[str, ...], served: Served
    ) -> Explanation:
        """One search, under one bundle. Its authorizer is its own: the caches of the one that decides are left alone, and nothing is counted as decided."""
        if self._authorizer is None or self._authorizer.bundle is not bundle:
            self._authorizer = Authorizer(bundle)
        decide = registered(strictest(self._authorizer.decide, sectors), served)
        return explain(decide, bundle, question, served.purposes)


def registered(decide: Decide, served: Served) -> Decide:
    """A `Decide` that says no, and why, to what the site would refuse before any policy is asked."""

    def decided(question: Question) -> Decision:
        decision = decide(question)
        lacks = served.lacks(question)
        if not lacks:
            return decision
        refused = (
            () if decision.allow else tuple(zip(decision.policies, decision.says, strict=True))
        )
        said = (*refused, *((NOT_REGISTERED, words) for words in lacks))
        return replace(
            decision,
            allow=False,
            policies=tuple(name for name, _ in said),
            laws=(*(() if decision.allow else decision.laws), _NOT_REGISTERED_LAW),
            says=tuple(says for _, says in said),
        )

    return decided


def _begun(now: int, doc: QuestionDoc) -> int:
    """The beginning of this minute, so that one question asked twice is one search; `now` itself where a stated time lies between."""
    minute = now - now % _MINUTE
    stated = (doc.consent_expires_at, doc.retain_until)
    return now if any(minute < each <= now for each in stated) else minute


def asked(site: Site, doc: QuestionDoc, now: int) -> tuple[Question, tuple[str, ...]]:
    """The question, and every sector it is asked for: what the site registered is added as in a real decision, the strictest wins."""
    given = {name: getattr(doc, name) for name in QuestionDoc.model_fields}
    sectors = tuple(dict.fromkeys((site.sector, doc.sector or site.sector)))
    changed = {
        "sector": site.sector,
        "jurisdictions": frozenset({*doc.jurisdictions, *site.jurisdictions}),
        "consented_purposes": frozenset(doc.consented_purposes),
        "guardian_verified": doc.guardian_verified and site.verifier is not None,
        "impact_assessment": site.impact_assessment,
        "now": now,
    }
    return Question(**{**given, **changed}), sectors


def _added(site: Site, doc: QuestionDoc) -> Iterable[str]:
    """What of the site's own was added to the question."""
    for code in sorted(set(site.jurisdictions) - set(doc.jurisdictions)):
        yield f"jurisdiction {code}: the site registered it"
    if doc.sector != site.sector:
        yield f"sector {site.sector}: the site registered it"
    yield f"impact assessment: the site registered {'one' if site.impact_assessment else 'none'}"
    if doc.guardian_verified and site.verifier is None:
        yield "guardian not verified: the site configures no verifier"
    if doc.role not in site.roles:
        yield f"role {doc.role}: the site does not serve people in it"
    if doc.purpose is not None and doc.purpose not in purposes_of(site):
        yield f"purpose {doc.purpose}: the site's notice does not ask for it"


# ---- as a message ----
def answered(found: Explanation, added: Iterable[str]) -> messages.Explanation:
    """An explanation as it is sent."""
    decision = found.decision
    return messages.Explanation(
        allow=decision.allow,
        reasons=_reasons(found.reasons),
        ways=_ways(found.ways),
        instead=_ways(found.instead),
        fixed=_reasons(found.fixed),
        ends=_ways(found.ends),
        added=list(added),
        tried=found.tried,
        complete=found.complete,
        bundle_version=decision.bundle_version,
        bundle_sha256=b64(bytes.fromhex(decision.bundle_sha256)),
        at=found.question.now,
    )


def _reasons(reasons: Iterable[Reason]) -> list[ReasonDoc]:
    return [
        messages.parse(ReasonDoc, {
            "policy": each.policy, "effect": each.effect, "laws": list(each.laws), "says": each.says,
            "certainty": each.certainty, "place": each.place,
        })
        for each in reasons
    ]  # fmt: skip


def _ways(ways: Iterable[Way]) -> list[WayDoc]:
    return [
        WayDoc(
            steps=[messages.parse(StepDoc, {
                "kind": step.kind, "who": step.who, "says": step.says, "value": step.value,
            }) for step in way.steps],
            changes=[
                ChangeDoc(field=name, before=_plain(before), after=_plain(after))
                for name, before, after in way.changes
            ],
            allow=way.decision.allow,
            laws=list(way.decision.laws),
        )
        for way in ways
    ]  # fmt: skip


def _plain(value: object) -> messages.FieldValue:
    """A field's value in JSON: a set is a sorted list."""
    if isinstance(value, frozenset):
        return sorted(value)
    if value is None or isinstance(value, str | int):
        return value
    msg = f"a question holds no {type(value).__name__}"
    raise TypeError(msg)

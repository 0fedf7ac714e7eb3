"""Why a question is answered as it is: for a site that wants to know before it asks anybody. Reads nothing about any person and logs nothing.

The search over what would change an answer costs many decisions. So it runs beside the event loop, one at a time, a few may wait, and an answer is
kept as long as bundle and question are the same.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mien.errors import ServerBusy
from mien.wire import messages
from mien.wire.canonical import b64
from mien.wire.messages import ChangeDoc, QuestionDoc, ReasonDoc, StepDoc, WayDoc
from mien_server.authorize import Authorizer
from mien_server.authorize.explain import Explanation, Way, explain, strictest
from mien_server.authorize.reasons import Reason
from mien_server.pipeline.parts import Parts
from mien_server.values import Question, Site

WAITING: Final = 8
"""Searches that may wait for the one that runs."""
KEPT: Final = 256
"""Explanations kept in memory."""
Asked = tuple[str, Question, tuple[str, ...]]


@dataclass
class Explaining:
    """Explains decisions."""

    parts: Parts
    _one: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    _waiting: int = 0
    _found: OrderedDict[Asked, Explanation] = field(default_factory=OrderedDict)
    _authorizer: Authorizer | None = None

    async def explain(self, site: Site, doc: QuestionDoc) -> messages.Explanation:
        """The answer to a question with what the site registered added, why, and what would change it. Raises `ServerBusy`."""
        now = doc.now or self.parts.clock.now()
        question, sectors = asked(site, doc, now)
        found = await self._explained((self.parts.authorizer.bundle.sha256, question, sectors))
        return answered(found, tuple(_added(site, doc)))

    async def _explained(self, wanted: Asked) -> Explanation:
        if wanted in self._found:
            self._found.move_to_end(wanted)
            return self._found[wanted]
        if self._waiting > WAITING:
            msg = "too many explanations are being worked out; try again in a second"
            raise ServerBusy(msg, retry_after=1.0)
        self._waiting += 1
        try:
            async with self._one:
                found = await asyncio.to_thread(self._search, wanted)
        finally:
            self._waiting -= 1
        self._found[wanted] = found
        if len(self._found) > KEPT:
            self._found.popitem(last=False)
        return found

    def _search(self, wanted: Asked) -> Explanation:
        """One search. Its authorizer is its own: the caches of the one that decides are left alone, and nothing is counted as decided."""
        bundle = self.parts.authorizer.bundle
        if self._authorizer is None or self._authorizer.bundle.sha256 != bundle.sha256:
            self._authorizer = Authorizer(bundle)
        _, question, sectors = wanted
        return explain(strictest(self._authorizer.decide, sectors), bundle, question)


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

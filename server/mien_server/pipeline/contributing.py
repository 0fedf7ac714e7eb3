"""The door of a round: what is open here, and one sealed update of somebody, kept durably by whatever node it reaches.

find the round -> verify who speaks -> same head? -> room left? -> within the budget? -> ask policy -> keep it sealed -> log

No node but the round's owner can open what is kept here.
"""

from collections.abc import Callable
from typing import Any, Final

from mien.errors import MienError, RequestInvalid
from mien.wire.canonical import b64, unb64
from mien.wire.keys import SealKey
from mien.wire.messages import (
    MAX_ENDED_ROUNDS,
    Accepted,
    EndedDoc,
    HeadRef,
    RoundDoc,
    SignedAnswer,
    UpdateStatement,
    dump,
)
from mien.wire.messages import Rounds as RoundsAnswer
from mien.wire.signatures import Kind, sign, unverified
from mien_server import adapt
from mien_server.errors import (
    BudgetSpent,
    HeadStale,
    RoundFull,
    RoundOver,
    RoundUnknown,
    UpdateTwice,
)
from mien_server.pipeline.heads import head_in_force
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import CONTRIBUTE, Parts, Said, refused
from mien_server.ports import Transaction
from mien_server.values import Contribution, Decision, Person, Round, Site

LEASE: Final = 60
"""Seconds without a word of its owner after which a round takes nothing more and is given up by whoever sees it."""


class Contributing:
    """Shows rounds, takes updates."""

    def __init__(
        self,
        parts: Parts,
        notices: Notices,
        holdout: Callable[[], adapt.Holdout] = adapt.shipped_holdout,
    ) -> None:
        self._parts = parts
        self._notices = notices
        self._holdout = holdout

    async def offered(self, site: Site) -> SignedAnswer:
        """The open rounds of a site, the head in force and how the latest rounds ended, signed."""
        now, holdout = self._parts.clock.now(), self._holdout()

        def work(transaction: Transaction) -> RoundsAnswer:
            head = head_in_force(transaction, holdout)
            standing = transaction.rounds.standing()
            found = [] if standing is None or not takes(standing, site, now) else [_doc(standing)]
            # One more, because one may stand: a device reads from a full list that older ones were left out.
            latest = transaction.rounds.latest(MAX_ENDED_ROUNDS + 1)
            ended = [each for each in latest if each.over][:MAX_ENDED_ROUNDS]
            return RoundsAnswer(
                site=site.id, at=now, open=found,
                head=HeadRef(version=head.version, sha256=b64(head.sha256)),
                ended=[EndedDoc.model_validate({"round": each.id, "outcome": each.state}) for each in ended],
            )  # fmt: skip

        answer = await self._parts.store.transact(work)
        return SignedAnswer(jws=sign(Kind.ROUNDS, dump(answer), self._parts.keys.signing))

    async def take(self, site: Site, text: str, *, gpc: bool) -> Accepted:
        """Keep one sealed update; durable when this returns. `gpc` is whether the browser sent its privacy signal.

        Raises `RoundUnknown`, `RoundOver`, `RoundFull`, `HeadStale`, `UpdateTwice`, `BudgetSpent`, `ConsentMissing`, `PolicyDenied`, and what a statement
        can be refused for.
        """
        found = await self._parts.store.transact(lambda t: self._take(t, site, text, gpc=gpc))
        if isinstance(found, MienError):
            raise found
        return found

    def _take(
        self, transaction: Transaction, site: Site, text: str, *, gpc: bool
    ) -> Accepted | MienError:
        # The round's row before the person's: whoever closes it takes them in this order, too.
        standing = self._round(transaction, site, text)
        said = self._parts.statement(
            transaction, site, text, Kind.UPDATE, UpdateStatement, "share", gpc=gpc
        )
        statement, person, now = said.statement, said.person, said.now
        if said.key.role != "device":
            msg = "an update is signed by the device that trained it; use its key"
            raise RequestInvalid(msg)
        self._check(transaction, standing, said)
        decision = asked(self._parts, self._notices, site, person, now)
        self._parts.note(transaction, site, person, CONTRIBUTE, decision, CONTRIBUTE)
        if not decision.allow:
            # Returned, not raised: the decision stays in the log, and only it.
            return refused(person, now, decision, "this update may not be kept")
        update = Contribution(standing.id, site.id, person.subject, now, unb64(statement.sealed))
        if not transaction.rounds.add_update(update):
            raise UpdateTwice(_TWICE)
        return Accepted()

    def _round(self, transaction: Transaction, site: Site, text: str) -> Round:
        """The round that a statement names, before it is verified, locked: two at once do not both find the last place."""
        name: Any = unverified(text).get("round")
        found = transaction.rounds.get(name, "update") if isinstance(name, str) else None
        if found is None or not _for(found, site):
            msg = "this site has no such round; ask for `/v1/rounds`"
            raise RoundUnknown(msg)
        if not takes(found, site, self._parts.clock.now()):
            msg = "the round takes nothing more; ask for `/v1/rounds`"
            raise RoundOver(msg)
        return found

    def _check(
        self, transaction: Transaction, standing: Round, said: Said[UpdateStatement]
    ) -> None:
        """Return when the round has room for this update of its own head, within the person's budget; raise a leaf of `RoundError` otherwise."""
        head, person = said.statement.head, said.person
        if (head.version, head.sha256) != (standing.version, b64(standing.head_sha256)):
            msg = "the update was trained from another head than the round's; fetch that one and train again"
            raise HeadStale(msg)
        counts = transaction.rounds.counts(standing.id)
        terms = standing.terms
        if sum(counts.values()) >= terms.cohort or counts.get(person.site, 0) >= terms.quota:
            if transaction.rounds.has_update(standing.id, person.site, person.subject):
                raise UpdateTwice(_TWICE)
            msg = (
                "the round has all the updates that it takes from here; the next one may take yours"
            )
            raise RoundFull(msg)
        spent = transaction.rounds.spent(person.site, person.subject)
        if not adapt.may_join(spent, terms, said.now):
            msg = "one more round would pass what was promised of this person's privacy; take part in none"
            raise BudgetSpent(msg)


_TWICE: Final = "this person's update is in the round already; one each"


def asked(parts: Parts, notices: Notices, site: Site, person: Person, now: int) -> Decision:
    """Whether policy lets this person's update be kept or used now."""
    return parts.ask(
        site, person, CONTRIBUTE, now, purpose=CONTRIBUTE,
        notice_current=notices.is_current(site, person),
    )  # fmt: skip


def takes(found: Round, site: Site, now: int) -> bool:
    """Whether a round takes updates of a site now: it is open, in time, and its owner lives."""
    return (
        found.state == "open"
        and now < found.closes_at
        and alive_at(found, now)
        and _for(found, site)
    )


def alive_at(found: Round, now: int) -> bool:
    """Whether the owner of a round said something not long ago."""
    return now - found.beat_at <= LEASE


def _for(found: Round, site: Site) -> bool:
    return not found.terms.sites or site.id in found.terms.sites


def _doc(found: Round) -> RoundDoc:
    terms = found.terms
    return RoundDoc.model_validate({
        "round": found.id, "task": found.task, "model": found.model,
        "head": {"version": found.version, "sha256": b64(found.head_sha256)},
        "clip_millionths": terms.clip_millionths, "noise_thousandths": terms.noise_thousandths,
        "delta_one_in": terms.delta_one_in, "cap_millionths": terms.cap_millionths, "per_year": terms.per_year,
        "floor": terms.floor, "cohort": terms.cohort, "seal": SealKey(found.seal).text(),
        "opened_at": found.opened_at, "closes_at": found.closes_at,
    })  # fmt: skip

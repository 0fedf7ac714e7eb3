"""Legal holds: what is held of a person stays as it is, because a legal claim needs it, and is used for nothing else.

    place -> (nothing used, nothing deleted, nothing added) -> lifted, or its end has come -> deletion catches up

A hold has a reason and an end, the person sees both in their export, and placing, lifting and ending it are entries of the log. It restricts from the
moment it commits: the person's row says until when, and every use reads that row in its own transaction.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from mien.errors import KeepUnreadable, KeysMissing, PolicyDenied, RequestInvalid, ServerBusy
from mien_server import record
from mien_server.errors import HoldUnknown
from mien_server.pipeline import certificates
from mien_server.pipeline.parts import Parts, Said, erased, gdpr, unknown, where
from mien_server.pipeline.tidying import SWEEP, Tidying
from mien_server.ports import Transaction
from mien_server.record import Vault
from mien_server.values import Hold, Person, Site

LONGEST: Final = 1095 * 86_400
"""Seconds that a hold may stand: three years, as long as proof of consent is kept. A claim that lives longer needs a new hold, and so a new decision."""
REASON_CHARS: Final = 500
CHUNK: Final = 100
"""Holds whose end is written in one transaction."""
_TRIES: Final = 200
_PAUSE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Shown:
    """A hold and why it was placed: None where nobody can read that any more, because the person was erased or the key is missing."""

    hold: Hold
    reason: str | None


class Holds:
    """Places and lifts holds, and notices their ends."""

    def __init__(self, parts: Parts, tidying: Tidying) -> None:
        self._parts = parts
        self._tidying = tidying

    async def place(self, site: Site, subject: str, reason: str, ends_at: int) -> Hold:
        """Hold what is kept of a person until `ends_at`. In force when this returns.

        Raises `RequestInvalid` (no reason, an end that is past or more than three years away), `PersonUnknown`, `PersonErased` (unless another hold
        keeps the erasure waiting), `ServerBusy` when a sweep does not end.
        """
        check_reason(reason)

        def work(transaction: Transaction) -> Hold | None:
            # Not while a sweep is deleting: what it has chosen could still go after this was acknowledged.
            if not transaction.turn(SWEEP):
                return None
            return self._place(transaction, site, subject, reason, ends_at)

        for _ in range(_TRIES):
            hold = await self._parts.store.transact(work)
            if hold is not None:
                await self._tidying.at_once(site.id, subject)
                return hold
            await asyncio.sleep(_PAUSE)
        msg = "a sweep is deleting and does not end; place the hold again in a moment"
        raise ServerBusy(msg, retry_after=1.0)

    def _place(
        self, transaction: Transaction, site: Site, subject: str, reason: str, ends_at: int
    ) -> Hold:
        now = self._parts.clock.now()
        check_end(ends_at, now)
        person = transaction.people.get(site.id, subject, "update")
        if person is None:
            raise unknown()
        if person.wrapped_key is None or (person.tombstoned_at and person.held_until <= now):
            raise erased()
        name = record.new_id("hold", self._parts.entropy)
        vault = self._parts.vault(person)
        sealed = record.seal_reason(vault, name, reason, self._parts.entropy)
        hold = Hold(name, site.id, subject, sealed, now, ends_at)
        transaction.holds.put(hold)
        self._restrict(transaction, person, max(person.held_until, ends_at))
        self._log(transaction, site, person, "hold_placed", now)
        return hold

    async def lift(self, name: str) -> Hold:
        """End a hold before its time; what had to go meanwhile goes with the next sweep. Raises `HoldUnknown` for one that is not there or is over."""

        def work(transaction: Transaction) -> Hold:
            now = self._parts.clock.now()
            hold = transaction.holds.get(name)
            if hold is None or not hold.standing(now):
                msg = "no such hold stands; `mien hold list` shows those that do"
                raise HoldUnknown(msg)
            return self._end(transaction, hold, "hold_lifted", now)

        hold = await self._parts.store.transact(work)
        await self._tidying.at_once(hold.site, hold.subject)
        return hold

    def end_due(self, transaction: Transaction) -> int:
        """Write down the end of some holds whose time has come; how many."""
        now = self._parts.clock.now()
        found = transaction.holds.due(now, CHUNK)
        for each in found:
            hold = transaction.holds.get(each.id)  # locked: somebody may be lifting it
            if hold is not None and hold.over_at == 0:
                self._end(transaction, hold, "hold_ended", hold.ends_at)
        return len(found)

    def _end(self, transaction: Transaction, hold: Hold, action: str, over_at: int) -> Hold:
        now = self._parts.clock.now()
        person = transaction.people.get(hold.site, hold.subject, "update")
        site = transaction.sites.get(hold.site)
        if (
            person is None or site is None
        ):  # foreign keys keep both; without them there is nothing that the hold could hold
            ended = replace(hold, over_at=over_at, retain_until=now)
            transaction.holds.put(ended)
            return ended
        life = self._parts.known_life("decision_record", where(site, person))
        # Of somebody who was erased nothing stays: the hold goes with what it held.
        ended = replace(
            hold, over_at=over_at, retain_until=now if person.tombstoned_at else now + life
        )
        transaction.holds.put(ended)
        others = transaction.holds.standing(hold.site, hold.subject, now)
        self._restrict(transaction, person, max((each.ends_at for each in others), default=0))
        self._log(transaction, site, person, action, now)
        return ended

    def _restrict(self, transaction: Transaction, person: Person, until: int) -> None:
        """Write until when a person's data is held, and mark them: what rankings learned is set aside, or what waited is deleted.

        The certificate of an erasure that waits says so too.
        """
        transaction.people.put(replace(person, held_until=until))
        transaction.people.mark(person.site, person.subject)
        if not person.tombstoned_at:
            return
        erasure = transaction.erasures.of_person(person.site, person.subject)
        if erasure is not None:
            from_ = max(until, self._parts.clock.now())
            transaction.erasures.put(certificates.waiting(self._parts, erasure, from_))

    def _log(
        self, transaction: Transaction, site: Site, person: Person, action: str, now: int
    ) -> None:
        decision = self._parts.granted(now, *laws(where(site, person)))
        self._parts.log_anyhow(transaction, site, person, action, decision)

    async def all(self, site: str | None = None) -> tuple[Shown, ...]:
        """Every hold on record, of one site or of all, oldest first, with its reason."""

        def work(transaction: Transaction) -> tuple[Shown, ...]:
            found = [each for each in transaction.holds.all() if site in {None, each.site}]
            return tuple(Shown(each, self._reason(transaction, each)) for each in found)

        return await self._parts.store.transact(work)

    def _reason(self, transaction: Transaction, hold: Hold) -> str | None:
        person = transaction.people.get(hold.site, hold.subject, "none")
        if person is None or person.wrapped_key is None:
            return None
        try:
            return record.open_reason(self._parts.vault(person), hold)
        except (KeysMissing, KeepUnreadable):
            return None


def hold_doc(vault: Vault, hold: Hold) -> dict[str, Any]:
    """A hold as the person sees it in their export. Raises `KeepUnreadable`."""
    return {
        "hold": hold.id, "reason": record.open_reason(vault, hold), "placed_at": hold.placed_at,
        "ends_at": hold.ends_at, "over_at": hold.over_at,
    }  # fmt: skip


def laws(places: Collection[str]) -> tuple[str, ...]:
    """What a hold rests on where these places apply: keeping for legal claims (17(3)(e)), restriction (18)."""
    return gdpr(places, "17(3)(e)", "18(2)") or ("policy:legal-hold",)


def check_free(said: Said[Any]) -> None:
    """Return when nothing holds the person's data; raise `PolicyDenied` otherwise: a correction writes over what has to stay as it is.

    Nothing is used meanwhile, so what is wrong in it does no harm until the hold is over.
    """
    if said.now < said.person.held_until:
        msg = "what is kept is under a legal hold and stays as it is; correct it when the hold is over"
        raise PolicyDenied(msg, laws=("policy:legal-hold",))


def check_reason(reason: str) -> None:
    """Return for a reason that can be shown to the person; raise `RequestInvalid` otherwise."""
    if not reason.strip() or len(reason) > REASON_CHARS or not reason.isprintable():
        msg = f"a hold needs a reason of one line, at most {REASON_CHARS} characters; the person will read it"
        raise RequestInvalid(msg)


def check_end(ends_at: int, now: int) -> None:
    """Return for an end that a hold may have; raise `RequestInvalid` otherwise."""
    if ends_at <= now:
        msg = "a hold ends in the future; give a later day"
        raise RequestInvalid(msg)
    if ends_at > now + LONGEST:
        msg = "a hold ends within three years; place another one when it is still needed then"
        raise RequestInvalid(msg)

"""Tell the site: what was erased or taken back here, the site forgets too (GDPR 17(2), 19).

A notice is written in the transaction whose effect it tells, so that none is lost and none is told that did not happen. It is sent outside of any
transaction, until the site has answered 2xx, under one id: a site may hear it twice and never half. After a day nothing waits any more, because by
then an erasure must be complete; what was not told is counted and logged.
"""

import asyncio
from collections import Counter
from collections.abc import Collection
from functools import partial
from typing import Any, Final, Literal

from mien.wire import webhooks
from mien_server import record
from mien_server.pipeline.parts import Parts
from mien_server.ports import Poster, Transaction
from mien_server.values import Notification, Person, Reply, Site

TELL_WITHIN: Final = 23 * 3600
"""Seconds after which a notice gets its last attempt: an hour less than an erasure may take."""
FIRST_DELAY: Final = 5
LONGEST_DELAY: Final = 3600
"""Seconds until the next attempt: five, then four times as many each time, at most an hour; a random half is taken off."""
BATCH: Final = 32
"""Notices of one site in one round."""
BATCH_SECONDS: Final = 15
"""A slow site's turn ends after so long; the rest of its batch waits for the next."""
SITES: Final = 16
"""Sites spoken to at the same time, which is also all of a round. One that fails is left alone for a while with all that waits for it, so that the next
round is for others."""
LEASE: Final = 120
"""Seconds a claimed notice is nobody else's: longer than a batch can take. Whoever died with it, it is sent again after that."""
_GONE: Final = 410
_TYPES: Final[dict[str, Literal["person.erased", "consent.withdrawn"]]] = {
    "erased": "person.erased",
    "withdrawn": "consent.withdrawn",
}


def note_erased(
    parts: Parts, transaction: Transaction, person: Person, erasure: str, now: int
) -> None:
    """Write the notice that `person` (as they were until now) is erased. Nothing else about them needs to be told any more."""
    transaction.notifications.delete_of(person.site, person.subject)
    _note(parts, transaction, person, "erased", now, erasure=erasure)


def note_withdrawn(
    parts: Parts, transaction: Transaction, person: Person, purposes: Collection[str], now: int
) -> None:
    """Write the notice that these purposes of `person` (as they were until now) stand no more; none when there are none."""
    if purposes:
        _note(parts, transaction, person, "withdrawn", now, purposes=tuple(sorted(purposes)))


def _note(
    parts: Parts, transaction: Transaction, person: Person, kind: str, now: int, **more: Any
) -> None:
    site = transaction.sites.get(person.site)
    if site is None or site.webhook is None:
        return
    name = record.new_id("ntf", parts.entropy)
    transaction.notifications.add(
        Notification(name, site.id, person.subject, kind, now, now, **more)
    )


class Telling:
    """Rounds of sending."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def tell(self, poster: Poster, done: Counter[str] | None = None) -> Counter[str]:
        """One round; how many notices were `delivered`, `failed` (tried again later), `given_up`, refused as `gone`, or `dropped` (the site has no webhook).

        All of it is added to `done` also where a site's turn ended in a fault, which is raised once every other site had its own.
        """
        done = Counter() if done is None else done
        now = self._parts.clock.now()
        sites = await self._parts.store.transact(lambda t: t.notifications.sites_due(now, SITES))
        turns = (self._site(name, poster, done) for name in sites)
        faults = [each for each in await asyncio.gather(*turns, return_exceptions=True) if each]
        if faults:
            raise faults[0]
        return done

    async def waiting(self) -> int:
        """How many notices are not delivered yet."""
        return await self._parts.store.transact(lambda t: t.notifications.count())

    async def _site(self, name: str, poster: Poster, done: Counter[str]) -> None:
        """What is due for one site, one after the other; after a failure the rest waits as well, untried, and what waited for a day is given up."""
        started = self._parts.clock.now()
        site, batch, dropped = await self._parts.store.transact(
            lambda t: _claimed(t, name, started)
        )
        done["dropped"] += dropped
        pause, down = 0, False
        for notice in batch:
            now = self._parts.clock.now()
            if down and now >= notice.at + TELL_WITHIN:
                await self._parts.store.transact(partial(_forget, notice))
                done["given_up"] += 1
            elif site is None or pause or now - started >= BATCH_SECONDS:
                await self._put_back(notice, now + pause)
            else:
                outcome, pause = await self._one(site, notice, poster)
                down = down or outcome in {"failed", "given_up"}
                done[outcome] += 1

    async def _one(self, site: Site, notice: Notification, poster: Poster) -> tuple[str, int]:
        """Send one; what became of it, and for how many seconds the site is left alone."""
        now = self._parts.clock.now()
        body = webhooks.body_of(_TYPES[notice.kind], _about(notice))
        headers = webhooks.headers_of(notice.id, now, body, self._parts.keys.signing)
        reply = await poster.post(site.webhook or "", headers, body)
        now = self._parts.clock.now()
        outcome = _outcome(reply, notice, now)
        if outcome != "failed":
            await self._parts.store.transact(partial(_forget, notice))
            return outcome, 0
        pause = self._delay(notice, reply)
        until = max(now + 1, min(now + pause, notice.at + TELL_WITHIN))

        def work(transaction: Transaction) -> None:
            transaction.notifications.postpone(notice.id, until)
            transaction.notifications.rest(site.id, now, now + pause, TELL_WITHIN)

        await self._parts.store.transact(work)
        return outcome, pause

    async def _put_back(self, notice: Notification, until: int) -> None:
        """It was claimed and not tried."""
        until = min(until, max(notice.at + TELL_WITHIN, self._parts.clock.now()))
        await self._parts.store.transact(
            lambda t: t.notifications.postpone(notice.id, until, untried=True)
        )

    def _delay(self, notice: Notification, reply: Reply) -> int:
        longest = min(LONGEST_DELAY, FIRST_DELAY << min(2 * notice.attempts, 16))
        share = int.from_bytes(self._parts.entropy.bytes(2), "big") / 0xFFFF
        jittered = max(1, round(longest * (0.5 + share / 2)))
        return max(jittered, min(reply.retry_after, LONGEST_DELAY))


def _forget(notice: Notification, transaction: Transaction) -> None:
    transaction.notifications.delete(notice.id)


def _claimed(
    transaction: Transaction, name: str, now: int
) -> tuple[Site | None, tuple[Notification, ...], int]:
    """The site, what of its notices is ours now, and how many were dropped because nobody is to be told any more."""
    site = transaction.sites.get(name)
    if site is None or site.webhook is None:
        return None, (), transaction.notifications.delete_of(name)
    due = transaction.notifications.due(name, now, BATCH)
    return site, tuple(n for n in due if transaction.notifications.claim(n, now + LEASE)), 0


def _about(notice: Notification) -> webhooks.Subject:
    return webhooks.Subject.model_validate({
        "site": notice.site, "subject": notice.subject, "at": notice.at,
        "purposes": list(notice.purposes), "erasure": notice.erasure,
    })  # fmt: skip


def _outcome(reply: Reply, notice: Notification, now: int) -> str:
    if 200 <= reply.status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3: success
        return "delivered"
    if reply.status == _GONE:
        return "gone"
    return "given_up" if now >= notice.at + TELL_WITHIN else "failed"

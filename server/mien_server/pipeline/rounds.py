"""A round of the shared head, as its owner holds it: the one process that can open what is sealed to it.

open -> (beat ... updates arrive at any node) -> closing: nothing more is taken -> every update opened and checked
  -> ONE transaction: each person asked about, the noised sum, the gate, the new head, the ledger, the updates gone, the log

The private key is in this object and nowhere else. Whoever dies with it releases nothing: another process sees that the owner's beat has stopped, marks the
round aborted and deletes its updates, which nobody can open any more. So a head is released together with what it cost everybody in it, or neither is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mien.errors import (
    EnvelopeInvalid,
    KeepUnreadable,
    KeysMissing,
    RequestInvalid,
    ServerBusy,
)
from mien.wire.canonical import encode
from mien.wire.keys import OpenKey
from mien_server import adapt, record, unseal
from mien_server.adapt.terms import MILLION, THOUSAND
from mien_server.errors import (
    PersonErased,
    RoundOver,
    RoundStands,
    RoundUnknown,
    StoreError,
)
from mien_server.pipeline.contributing import alive_at, asked
from mien_server.pipeline.heads import TASK, head_in_force, released
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import CONTRIBUTE, Parts, alive
from mien_server.pipeline.retaining import EVERY_SITE
from mien_server.ports import Transaction
from mien_server.values import Contribution, Participation, Person, Round, SharedHead, Site, Terms

PAGE: Final = 100
"""Updates read in one transaction while a round closes."""
OWNER_BYTES: Final = 16
NOT_OPENED: Final = "envelope-invalid"
MISSHAPEN: Final = "update-misshapen"
REFUSED: Final[Mapping[str, str]] = {
    "shape": MISSHAPEN, "number": "update-not-finite", "norm": "update-too-long",
}  # fmt: skip
"""Why an update is dropped once it was opened, by `adapt.release`'s reasons: stable codes that the round keeps counts of."""
Floats = NDArray[np.float32]
Who = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How a round stands: its row, and how many updates wait in it."""

    round: Round
    updates: int


@dataclass(slots=True)
class _Counted:
    """What a closing transaction found: who is in the sum, what it cost each, and what was dropped."""

    sum: adapt.Adding
    charged: list[Participation]
    dropped: dict[str, int]

    def drop(self, code: str) -> None:
        self.dropped[code] = self.dropped.get(code, 0) + 1


class Rounds:
    """Opens, holds and closes rounds. `holdout` is the gate's; it is read when the first round is opened."""

    def __init__(
        self,
        parts: Parts,
        notices: Notices,
        holdout: Callable[[], adapt.Holdout] = adapt.shipped_holdout,
    ) -> None:
        self._parts = parts
        self._notices = notices
        self._holdout = holdout
        self._keys: dict[str, OpenKey] = {}
        self._name = parts.entropy.bytes(OWNER_BYTES)

    # ---- holding one ----
    async def open(self, terms: Terms, seconds: int) -> Round:
        """Open a round for so many seconds; this process owns it from now on and must `beat`.

        Raises `RequestInvalid` (terms on which none can be held), `RoundStands` (another is open), `RoundUnknown` (a site that is not registered).
        """
        adapt.checked(terms, seconds)
        key = OpenKey.generate()
        holdout = self._holdout()

        def work(transaction: Transaction) -> Round:
            now = self._parts.clock.now()
            bury(self._parts, transaction, now)
            if transaction.rounds.standing("update") is not None:
                msg = "a round is open already; wait until it ends, or end it with `mien rounds close` or `abort`"
                raise RoundStands(msg)
            _check_sites(transaction, terms)
            head = head_in_force(transaction, holdout)
            found = Round(
                id=record.new_id("rnd", self._parts.entropy), task=TASK, model=holdout.model,
                version=head.version, head_sha256=head.sha256, terms=terms, seal=key.seal_key().public,
                owner=self._name, opened_at=now, closes_at=now + seconds, beat_at=now,
            )  # fmt: skip
            transaction.rounds.put(found)
            return found

        found = await self._parts.store.transact(work)
        self._keys[found.id] = key
        return found

    async def beat(self, name: str) -> Waiting:
        """Say that this process lives; how the round stands. Raises `RoundOver` when it was given up or ended by somebody else."""

        def work(transaction: Transaction) -> Waiting:
            found = replace(self._own(transaction, name), beat_at=self._parts.clock.now())
            transaction.rounds.put(found)
            return Waiting(found, sum(transaction.rounds.counts(name).values()))

        return await self._parts.store.transact(work)

    async def close(self, name: str) -> Round:
        """End a round that this process owns: release, roll back, or find that too few came. How it ended.

        Raises `RoundOver` when it was ended by somebody else meanwhile: then nothing was released and nobody charged. After a `StoreError` or `ServerBusy` it may
        be tried again.
        """
        key = self._keys.get(name)
        if key is None:
            msg = "this process does not hold the round's key; only its owner can close it"
            raise RoundOver(msg)
        try:
            closing = await self._parts.store.transact(lambda t: self._closing(t, name))
            dropped: dict[str, int] = {}
            opened = await self._opened(closing, key, dropped)
            ended = await self._parts.store.transact(lambda t: self._end(t, name, opened, dropped))
        except (ServerBusy, StoreError):
            # The key is there to try again; where the lost answer was that of a commit, trying again finds the round over.
            raise
        except BaseException:
            self._keys.pop(name, None)
            raise
        self._keys.pop(name, None)
        return ended

    def _closing(self, transaction: Transaction, name: str) -> Round:
        found = self._own(transaction, name)
        closing = replace(found, state="closing", beat_at=self._parts.clock.now())
        transaction.rounds.put(closing)
        return closing

    def _own(self, transaction: Transaction, name: str) -> Round:
        found = transaction.rounds.get(name, "update")
        if found is None or found.over or found.owner != self._name:
            msg = "the round was ended, or given up because its owner was silent; nothing was released"
            raise RoundOver(msg)
        return found

    # ---- what came ----
    async def _opened(
        self, closing: Round, key: OpenKey, dropped: dict[str, int]
    ) -> dict[Who, Floats]:
        """Every update that opens and has the right shape, by whose it is. Nothing more can come: the round is closing."""
        found: dict[Who, Floats] = {}
        after: Who = ("", "")
        while page := await self._parts.store.transact(
            partial(self._page, name=closing.id, after=after)
        ):
            for each in page:
                numbers = _numbers(each, key, closing.head_sha256, dropped)
                if numbers is not None:
                    found[each.site, each.subject] = numbers
            after = page[-1].site, page[-1].subject
        return found

    def _page(self, transaction: Transaction, name: str, after: Who) -> tuple[Contribution, ...]:
        found = replace(self._own(transaction, name), beat_at=self._parts.clock.now())
        transaction.rounds.put(found)
        return transaction.rounds.updates(name, after, PAGE)

    # ---- the end, in one transaction ----
    def _end(
        self,
        transaction: Transaction,
        name: str,
        opened: Mapping[Who, Floats],
        dropped: Mapping[str, int],
    ) -> Round:
        """Release and charge, or neither. A store may run this again from the start: all that it makes is made in here."""
        found, now = self._own(transaction, name), self._parts.clock.now()
        head = head_in_force(transaction, self._holdout())
        if head.version != found.version:
            return _ended(self._parts, transaction, found, "aborted", now)
        counted = self._counted(transaction, found, opened, dropped, now)
        found = replace(found, dropped=tuple(sorted(counted.dropped.items())))
        if counted.sum.count < found.terms.floor:
            return _ended(self._parts, transaction, found, "too_few", now)
        return self._released(transaction, found, head, counted, now)

    def _counted(
        self,
        transaction: Transaction,
        found: Round,
        opened: Mapping[Who, Floats],
        dropped: Mapping[str, int],
        now: int,
    ) -> _Counted:
        """The sum of those who may be in it at this moment, one after the other; nobody else is read."""
        terms = found.terms
        counted = _Counted(adapt.Adding(terms.clip_millionths / MILLION), [], dict(dropped))
        sites = {each.id: each for each in transaction.sites.all()}
        for (site, subject), numbers in sorted(opened.items(), key=lambda each: each[0]):
            self._count(transaction, found, counted, sites[site], subject, numbers, now)
        return counted

    def _count(  # noqa: PLR0917 - one update and all that it must agree with
        self,
        transaction: Transaction,
        found: Round,
        counted: _Counted,
        site: Site,
        subject: str,
        numbers: Floats,
        now: int,
    ) -> None:
        person = transaction.people.get(site.id, subject, "share")
        spent = transaction.rounds.spent(site.id, subject)
        code: str | None
        if person is None:
            code = "person-unknown"
        elif not transaction.rounds.has_update(found.id, site.id, subject):
            # Taken back while the round closed. Read under the person's lock: a new yes may stand already, and it is not for this update.
            code = "consent-missing"
        else:
            code = self._refusal(transaction, site, person, now)
        if code is None and not adapt.may_join(spent, found.terms, now):
            code = "budget-spent"
        if code is None:
            code = _added(counted.sum, numbers)
        if code is not None:
            counted.drop(code)
            return
        counted.charged.append(
            Participation(
                site.id, subject, found.id, now, found.terms.noise_thousandths, found.terms.delta_one_in,
                adapt.after(spent, found.terms),
            )
        )  # fmt: skip

    def _refusal(
        self, transaction: Transaction, site: Site, person: Person, now: int
    ) -> str | None:
        """Why a person may not be in the sum now; None when they may. The decision is in the log either way."""
        try:
            decision = asked(self._parts, self._notices, site, alive(person), now)
            self._parts.note(transaction, site, person, CONTRIBUTE, decision, CONTRIBUTE)
        except (PersonErased, KeysMissing, KeepUnreadable) as error:
            return error.code
        return None if decision.allow else "policy-denied"

    def _released(
        self,
        transaction: Transaction,
        found: Round,
        head: SharedHead,
        counted: _Counted,
        now: int,
    ) -> Round:
        """Everybody in the sum is charged here, and only here: also where the gate then keeps the old head, because it has looked at the noised sum."""
        terms, holdout = found.terms, self._holdout()
        before = np.frombuffer(head.content, "<f4")
        noised = counted.sum.release(
            terms.noise_thousandths / THOUSAND, terms.cohort, self._parts.entropy
        )
        stride = terms.stride_thousandths / THOUSAND
        candidate = (before.astype(np.float64) + stride * noised).astype(np.float32)
        transaction.rounds.charge(counted.charged)
        better, losses = adapt.judged(holdout, before, candidate)
        found = replace(
            found, participants=counted.sum.count,
            before=round(losses[0] * MILLION), after=round(losses[1] * MILLION),
        )  # fmt: skip
        if not better:
            return _ended(self._parts, transaction, found, "rolled_back", now)
        content = candidate.astype("<f4").tobytes()
        new = released(self._parts, head, content, now, round_=found.id)
        transaction.rounds.put_head(new)
        found = replace(found, released=new.version)
        return _ended(self._parts, transaction, found, "released", now)

    # ---- by anybody ----
    async def end_now(self, name: str) -> Round:
        """Ask the owner of a round to close it: its time is over from now on. Raises `RoundUnknown`, `RoundOver`."""

        def work(transaction: Transaction) -> Round:
            found = _standing(transaction, name)
            asked_for = replace(found, closes_at=min(found.closes_at, self._parts.clock.now()))
            transaction.rounds.put(asked_for)
            return asked_for

        return await self._parts.store.transact(work)

    async def abort(self, name: str) -> Round:
        """Give a round up: nothing is released, nobody is charged, its updates are deleted. Raises `RoundUnknown`, `RoundOver`."""

        def work(transaction: Transaction) -> Round:
            found = _standing(transaction, name)
            return _ended(self._parts, transaction, found, "aborted", self._parts.clock.now())

        ended = await self._parts.store.transact(work)
        self._keys.pop(name, None)
        return ended

    async def mind(self) -> Waiting | None:
        """Give up a round whose owner is silent; the round that stands then, if one does."""

        def work(transaction: Transaction) -> Waiting | None:
            bury(self._parts, transaction, self._parts.clock.now())
            found = transaction.rounds.standing()
            if found is None:
                return None
            return Waiting(found, sum(transaction.rounds.counts(found.id).values()))

        return await self._parts.store.transact(work)

    async def latest(self, limit: int) -> tuple[Round, ...]:
        """The latest rounds, newest first."""
        return await self._parts.store.transact(lambda t: t.rounds.latest(limit))


def bury(parts: Parts, transaction: Transaction, now: int) -> Round | None:
    """Mark the round that stands as aborted where its owner is silent; that round."""
    found = transaction.rounds.standing()
    if found is None or alive_at(found, now):
        return None
    locked = transaction.rounds.get(found.id, "update")
    if locked is None or locked.over or alive_at(locked, now):
        return None
    return _ended(parts, transaction, locked, "aborted", now)


def _ended(parts: Parts, transaction: Transaction, found: Round, outcome: str, now: int) -> Round:
    """Write down how a round ended; its updates go, and the log says it, with counts and without a word of whom."""
    ended = replace(found, state=outcome, ended_at=now)
    transaction.rounds.drop_updates(found.id)
    transaction.rounds.put(ended)
    terms = found.terms
    content = encode({
        "v": 1, "action": "round", "allow": outcome == "released", "at": now, "round": found.id, "outcome": outcome,
        "participants": ended.participants, "dropped": dict(ended.dropped), "from_version": found.version,
        "version": ended.released, "noise_thousandths": terms.noise_thousandths, "delta_one_in": terms.delta_one_in,
        "cap_millionths": terms.cap_millionths, "floor": terms.floor, "cohort": terms.cohort,
        "bundle_sha256": parts.bundle,
    })  # fmt: skip
    parts.add_leaf(transaction, record.plain_leaf(EVERY_SITE, content, now, parts.entropy), now)
    return ended


def _standing(transaction: Transaction, name: str) -> Round:
    found = transaction.rounds.get(name, "update")
    if found is None:
        msg = f"there is no round `{name}`; `mien rounds list` shows them"
        raise RoundUnknown(msg)
    if found.over:
        msg = "this round has ended; `mien rounds list` shows how"
        raise RoundOver(msg)
    return found


def _check_sites(transaction: Transaction, terms: Terms) -> None:
    there = {each.id for each in transaction.sites.all()}
    for name in terms.sites:
        if name not in there:
            msg = f"no site `{name}` is registered; `mien site list` shows them"
            raise RoundUnknown(msg)


def _numbers(
    update: Contribution, key: OpenKey, head_sha256: bytes, dropped: dict[str, int]
) -> Floats | None:
    """The numbers of an update; one that does not open or has another shape is counted among those dropped."""
    try:
        plain = unseal.open_contribution(update, key, head_sha256)
    except (EnvelopeInvalid, RequestInvalid) as error:
        code = NOT_OPENED if isinstance(error, EnvelopeInvalid) else MISSHAPEN
        dropped[code] = dropped.get(code, 0) + 1
        return None
    return np.frombuffer(plain, "<f4").astype(np.float32)


def _added(total: adapt.Adding, numbers: NDArray[Any]) -> str | None:
    """Count an update in; the code that says why it was not."""
    try:
        total.add(numbers)
    except adapt.UpdateRefused as refused:
        return REFUSED[refused.reason]
    return None

"""The way of the data through the server: the one place that knows the order.

    unseal -> authorize -> record -> personalize -> audit

Each public method takes wire messages and gives wire messages. Everything it does to the database happens in one transaction, in which the
person's row is read: a use that commits after a withdrawal has seen it. Rooms know nothing of each other; this package hands one's answer to
the next.

- `parts`      what every step shares: person, vault, policy, log, statements
- `notices`    what a person is shown
- `answers`    receipts, capabilities, and the proofs of both
- `consents`   consent, withdrawal, capability
- `keyset`     who speaks for a person
- `stream`     envelopes of labels
- `knowing`    what may be known of a person now
- `ranking`    ranking and rewards
- `lessons`    the next exercise, answers, a teacher's view
- `rebuilding` what answers taught, made anew from those that remain
- `learning`   the sums that ranking learns
- `helping`    machine or human at a service desk
- `tidying`    what a consent no longer covers is deleted
- `telling`    the site hears what was erased or taken back
- `officer`    consents declared invalid, and the proof of one
- `exports`    see and take along
- `corrections` a label says what the person says
- `erasing`    be forgotten
- `certificates` what an erasure promised and did, signed
- `taking`     what is taken back is in the journal first
- `restoring`  after a backup was restored, what was taken back since is done again
- `looking`    what officers ask of the log
- `looks`      that they asked is in the log
- `opened`     leaves of the log, opened
- `sifting`    which decisions are meant, and counts of them
- `standing`   how things stand, in counts
- `explaining`  why a question is answered as it is
- `sequencing` the log
- `cosigning`  its witnesses
- `contributing` the door of a round of the shared head
- `rounds`     a round as its owner holds it
- `heads`      released heads, and going back
- `budgets`    what taking part cost people
- `holds`      legal holds: what is kept as it is for a claim
- `retaining`  what retention has ended is deleted
- `rotation`   keys
"""

import hashlib
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from mien.wire.messages import (
    Accepted,
    AnswersRequest,
    CapabilityAnswer,
    ConsentAnswer,
    Envelope,
    ErasureAnswer,
    Explanation,
    ExportAnswer,
    GroupAnswer,
    HelpAnswer,
    HelpRequest,
    LessonAnswer,
    LessonRequest,
    LookKind,
    Notice,
    ProofAnswer,
    QuestionDoc,
    RankAnswer,
    RankRequest,
    RewardRequest,
    Service,
    SignedAnswer,
    dump,
)
from mien.wire.proof import note_key
from mien.wire.signatures import Kind, sign
from mien_server import adapt
from mien_server.authorize import Authorizer
from mien_server.errors import SiteUnknown
from mien_server.personalize import Desk
from mien_server.pipeline.answers import Answers
from mien_server.pipeline.budgets import Budgets
from mien_server.pipeline.consents import Consents
from mien_server.pipeline.contributing import Contributing
from mien_server.pipeline.corrections import Corrections
from mien_server.pipeline.cosigning import Cosigning, Round
from mien_server.pipeline.erasing import Erasing
from mien_server.pipeline.explaining import Explaining
from mien_server.pipeline.exports import Exports
from mien_server.pipeline.heads import Heads
from mien_server.pipeline.helping import Helping
from mien_server.pipeline.holds import Holds, Shown
from mien_server.pipeline.keyset import KeySet
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.lessons import Lessons
from mien_server.pipeline.looking import Asks, Looking
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.officer import Officer
from mien_server.pipeline.parts import Parts
from mien_server.pipeline.ranking import LEARN_AFTER, Rankings
from mien_server.pipeline.rebuilding import EVERY, Rebuilding
from mien_server.pipeline.restoring import Applied, Restoring
from mien_server.pipeline.retaining import Plan, Retaining, Swept
from mien_server.pipeline.rotation import Rotated, Rotation
from mien_server.pipeline.rounds import Rounds, Waiting
from mien_server.pipeline.sequencing import Sequencing
from mien_server.pipeline.stream import Arrivals
from mien_server.pipeline.telling import Telling
from mien_server.pipeline.tidying import Tidying
from mien_server.ports import Asker, Clock, Entropy, Journal, Keys, Poster, Store, Transaction
from mien_server.unseal import Officers
from mien_server.values import (
    Cosigner,
    Hold,
    Holding,
    Participation,
    SharedHead,
    Site,
    Terms,
)
from mien_server.values import Officer as Listed
from mien_server.values import (
    Round as HeldRound,
)

SITE_SECONDS: Final = 5
"""How long a site is remembered by its key: a change of a site takes effect within this."""
SITES: Final = 1024


class Pipeline:
    """All that the server can be asked. `origin` names its audit log, `cosigners` are its witnesses, `desks` the service desks by site.

    `reward_seconds` is how long a ranking waits for a reward.
    """

    def __init__(
        self,
        store: Store,
        keys: Keys,
        authorizer: Authorizer,
        clock: Clock,
        entropy: Entropy,
        *,
        origin: str,
        journal: Journal,
        cosigners: Sequence[Cosigner] = (),
        officers: Iterable[Listed] = (),
        reward_seconds: int = LEARN_AFTER,
        desks: Mapping[str, Desk] | None = None,
        holdout: Callable[[], adapt.Holdout] = adapt.shipped_holdout,
    ) -> None:
        self._parts = Parts(store, keys, authorizer, clock, entropy, origin, journal)
        self._notices = Notices(self._parts)
        learning = Learning(self._parts)
        tidying = Tidying(self._parts, learning)
        answers = Answers(self._parts, self._notices)
        self._consents = Consents(self._parts, self._notices, answers, tidying)
        self._keys = KeySet(self._parts, answers)
        self._officer = Officer(self._parts, tidying)
        self._arrivals = Arrivals(self._parts, self._notices)
        self._helping = Helping(self._parts, self._notices, desks or {})
        self._rankings = Rankings(self._parts, self._notices, learning, reward_seconds)
        self._exports = Exports(self._parts)
        self._corrections = Corrections(self._parts)
        self._erasing = Erasing(self._parts, learning)
        self._restoring = Restoring(self._parts, self._erasing)
        self._cosigning = Cosigning(self._parts, cosigners)
        self._sequencing = Sequencing(self._parts, self._cosigning)
        self._holds = Holds(self._parts, tidying)
        self._retaining = Retaining(self._parts, tidying, learning, self._holds)
        self._rotation = Rotation(self._parts)
        self._explaining = Explaining(self._parts)
        self._looking = Looking(self._parts, Officers.of(officers, origin), self._cosigning)
        self._telling = Telling(self._parts)
        self._lessons = Lessons(self._parts, self._notices)
        self._rebuilding = Rebuilding(self._parts, self._lessons)
        self._contributing = Contributing(self._parts, self._notices, holdout)
        self._rounds = Rounds(self._parts, self._notices, holdout)
        self._heads = Heads(self._parts, holdout)
        self._budgets = Budgets(self._parts)
        self._sites: OrderedDict[bytes, tuple[int, Site]] = OrderedDict()

    # ---- what the server says of itself ----
    async def service(self) -> SignedAnswer:
        """Keys, log, policy bundle and limits, signed."""
        parts = self._parts
        now = parts.clock.now()
        document = Service(
            audit_origin=parts.origin,
            audit_key=note_key(parts.origin, parts.keys.log.verify_key()),
            seal_keys=list(parts.keys.seal_keys(now)),
            bundle_version=parts.authorizer.bundle.version,
            bundle_sha256=parts.bundle,
            at=now,
        )
        return SignedAnswer(jws=sign(Kind.SERVICE, dump(document), parts.keys.signing))

    def languages(self) -> tuple[str, ...]:
        """The languages that notices are in."""
        return tuple(self._parts.authorizer.bundle.notices)

    async def notice(self, site_id: str, locale: str) -> Notice:
        """What the site shows before it asks. Raises `SiteUnknown`."""
        site = await self._parts.store.transact(lambda t: t.sites.get(site_id))
        return self._notices.of(_found(site), locale)

    async def registered(self, site_id: str) -> tuple[Site, str]:
        """The site of this id, and the key that its visitors trust, as text. Raises `SiteUnknown`."""
        site = await self._parts.store.transact(lambda t: t.sites.get(site_id))
        return _found(site), self._parts.keys.signing.verify_key().text()

    async def explain(self, site: Site, question: QuestionDoc) -> Explanation:
        """See `explaining.Explaining.explain`."""
        return await self._explaining.explain(site, question)

    # ---- whose request it is ----
    async def site_of_publishable(self, key: str) -> Site:
        """The site with this publishable key. Raises `SiteUnknown`."""
        sha256 = hashlib.sha256(key.encode()).digest()
        return await self._site(b"publishable" + sha256, lambda t: t.sites.of_publishable(sha256))

    async def site_of_secret(self, key: str) -> Site:
        """The site with this secret key. Raises `SiteUnknown`."""
        sha256 = hashlib.sha256(key.encode()).digest()
        return await self._site(b"secret" + sha256, lambda t: t.sites.of_secret(sha256))

    # A key is remembered for what it was used as: a publishable key must never be found as a secret one.
    async def _site(self, used: bytes, find: Callable[[Transaction], Site | None]) -> Site:
        now = self._parts.clock.now()
        kept = self._sites.get(used)
        if kept is None or not 0 <= now - kept[0] < SITE_SECONDS:
            site = _found(await self._parts.store.transact(find))
            kept = self._sites[used] = (now, site)
            if len(self._sites) > SITES:
                self._sites.popitem(last=False)
        return kept[1]

    # ---- consent ----
    async def consent(self, site: Site, jws: str, *, gpc: bool = False) -> ConsentAnswer:
        """See `consents.Consents.consent`."""
        return await self._consents.consent(site, jws, gpc=gpc)

    async def withdraw(self, site: Site, jws: str, *, gpc: bool = False) -> ConsentAnswer:
        """See `consents.Consents.withdraw`."""
        return await self._consents.withdraw(site, jws, gpc=gpc)

    async def capability(self, site: Site, jws: str, *, gpc: bool = False) -> CapabilityAnswer:
        """See `consents.Consents.capability`."""
        return await self._consents.capability(site, jws, gpc=gpc)

    async def change_keys(self, site: Site, jws: str, *, gpc: bool = False) -> ConsentAnswer:
        """See `keyset.KeySet.change`."""
        return await self._keys.change(site, jws, gpc=gpc)

    # ---- the privacy officer ----
    async def invalidate(
        self, site_id: str, *, subject: str | None = None, notice: bytes | None = None
    ) -> int:
        """See `officer.Officer.invalidate`. Raises `SiteUnknown`."""
        site = await self._parts.store.transact(lambda t: t.sites.get(site_id))
        return await self._officer.invalidate(_found(site), subject=subject, notice=notice)

    async def evidence(self, site_id: str, subject: str, server: str) -> list[dict[str, Any]]:
        """See `officer.Officer.evidence`. Raises `SiteUnknown`."""
        site = await self._parts.store.transact(lambda t: t.sites.get(site_id))
        return await self._officer.evidence(_found(site), subject, server)

    async def asked_by_officer(self, text: str, kind: type[Asks]) -> BaseModel:
        """See `looking.Looking.signed`."""
        return await self._looking.signed(text, kind)

    async def asked_here(self, ask: Asks) -> BaseModel:
        """See `looking.Looking.here`."""
        return await self._looking.here(ask)

    async def note_look(
        self, what: LookKind, shown: int, opened: int, whom: tuple[str, str] | None = None
    ) -> None:
        """See `looking.Looking.note`."""
        await self._looking.note(what, shown, opened, whom)

    # ---- legal holds and retention ----
    async def place_hold(self, site_id: str, subject: str, reason: str, ends_at: int) -> Hold:
        """See `holds.Holds.place`. Raises `SiteUnknown`."""
        site = await self._parts.store.transact(lambda t: t.sites.get(site_id))
        return await self._holds.place(_found(site), subject, reason, ends_at)

    async def lift_hold(self, hold: str) -> Hold:
        """See `holds.Holds.lift`."""
        return await self._holds.lift(hold)

    async def holds(self, site_id: str | None = None) -> tuple[Shown, ...]:
        """See `holds.Holds.all`."""
        return await self._holds.all(site_id)

    async def retained(self) -> tuple[Holding, ...]:
        """See `retaining.Retaining.status`."""
        return await self._retaining.status()

    async def sweep_plan(self) -> Plan:
        """See `retaining.Retaining.plan`."""
        return await self._retaining.plan()

    # ---- labels and rankings ----
    async def labels(self, site: Site, envelope: Envelope, *, gpc: bool = False) -> Accepted:
        """See `stream.Arrivals.labels`."""
        return await self._arrivals.labels(site, envelope, gpc=gpc)

    async def rank(
        self, site: Site, request: RankRequest, *, backend: bool, gpc: bool = False
    ) -> RankAnswer:
        """See `ranking.Rankings.rank`."""
        return await self._rankings.rank(site, request, backend=backend, gpc=gpc)

    async def reward(
        self, site: Site, request: RewardRequest, *, backend: bool, gpc: bool = False
    ) -> Accepted:
        """See `ranking.Rankings.reward`."""
        return await self._rankings.reward(site, request, backend=backend, gpc=gpc)

    async def help(
        self, site: Site, request: HelpRequest, *, backend: bool, gpc: bool = False
    ) -> HelpAnswer:
        """See `helping.Helping.help`."""
        return await self._helping.help(site, request, backend=backend, gpc=gpc)

    # ---- rights ----
    async def export(self, site: Site, jws: str, *, gpc: bool = False) -> ExportAnswer:
        """See `exports.Exports.export`."""
        return await self._exports.export(site, jws, gpc=gpc)

    async def correct(self, site: Site, jws: str, *, gpc: bool = False) -> Accepted:
        """See `corrections.Corrections.correct`."""
        return await self._corrections.correct(site, jws, gpc=gpc)

    async def erase(self, site: Site, jws: str, *, gpc: bool = False) -> ErasureAnswer:
        """See `erasing.Erasing.erase`."""
        return await self._erasing.erase(site, jws, gpc=gpc)

    async def erasure(self, erasure_id: str) -> ErasureAnswer:
        """See `erasing.Erasing.erasure`."""
        return await self._erasing.erasure(erasure_id)

    # ---- lessons ----
    async def next_lesson(
        self, site: Site, request: LessonRequest, *, backend: bool, gpc: bool = False
    ) -> LessonAnswer:
        """See `lessons.Lessons.next`."""
        return await self._lessons.next(site, request, backend=backend, gpc=gpc)

    async def lesson_answers(
        self, site: Site, request: AnswersRequest, *, backend: bool, gpc: bool = False
    ) -> Accepted:
        """See `lessons.Lessons.answers`."""
        return await self._lessons.answers(site, request, backend=backend, gpc=gpc)

    async def lesson_group(self, site: Site) -> GroupAnswer:
        """See `lessons.Lessons.group`."""
        return await self._lessons.group(site)

    # ---- rounds of the shared head ----
    async def rounds(self, site: Site) -> SignedAnswer:
        """See `contributing.Contributing.offered`."""
        return await self._contributing.offered(site)

    async def update(self, site: Site, jws: str, *, gpc: bool = False) -> Accepted:
        """See `contributing.Contributing.take`."""
        return await self._contributing.take(site, jws, gpc=gpc)

    async def head(self, version: int) -> SignedAnswer:
        """See `heads.Heads.get`."""
        return await self._heads.get(version)

    async def heads(self) -> tuple[SharedHead, ...]:
        """See `heads.Heads.all`."""
        return await self._heads.all()

    async def restore_head(self, version: int) -> SharedHead:
        """See `heads.Heads.restore`."""
        return await self._heads.restore(version)

    async def open_round(self, terms: Terms, seconds: int) -> HeldRound:
        """See `rounds.Rounds.open`."""
        return await self._rounds.open(terms, seconds)

    async def beat_round(self, name: str) -> Waiting:
        """See `rounds.Rounds.beat`."""
        return await self._rounds.beat(name)

    async def close_round(self, name: str) -> HeldRound:
        """See `rounds.Rounds.close`."""
        return await self._rounds.close(name)

    async def end_round(self, name: str) -> HeldRound:
        """See `rounds.Rounds.end_now`."""
        return await self._rounds.end_now(name)

    async def abort_round(self, name: str) -> HeldRound:
        """See `rounds.Rounds.abort`."""
        return await self._rounds.abort(name)

    async def mind_rounds(self) -> Waiting | None:
        """See `rounds.Rounds.mind`."""
        return await self._rounds.mind()

    async def latest_rounds(self, limit: int) -> tuple[HeldRound, ...]:
        """See `rounds.Rounds.latest`."""
        return await self._rounds.latest(limit)

    async def ledger(self, site_id: str, subject: str | None = None) -> tuple[Participation, ...]:
        """See `budgets.Budgets.ledger`. Raises `SiteUnknown`."""
        site = await self._parts.store.transact(lambda t: t.sites.get(site_id))
        return await self._budgets.ledger(_found(site), subject)

    # ---- the log ----
    async def checkpoint(self) -> str:
        """See `sequencing.Sequencing.checkpoint`."""
        return await self._sequencing.checkpoint()

    async def tile(self, level: int, number: int, width: int) -> bytes:
        """See `sequencing.Sequencing.tile`."""
        return await self._sequencing.tile(level, number, width)

    async def entries(self, text: str, number: int, width: int) -> bytes:
        """Entries for an officer: see `looking.Looking.admit`, `sequencing.Sequencing.entries`."""
        await self._looking.admit(text)
        return await self._sequencing.entries(number, width)

    async def proof(self, leaf: bytes) -> ProofAnswer:
        """See `sequencing.Sequencing.proof`."""
        return await self._sequencing.proof(leaf)

    async def proof_at(self, index: int) -> str:
        """See `sequencing.Sequencing.proof_at`."""
        return await self._sequencing.proof_at(index)

    # ---- in the background ----
    async def sequence(self) -> bool:
        """See `sequencing.Sequencing.sequence`."""
        return await self._sequencing.sequence()

    async def begin_publishing(self) -> None:
        """See `cosigning.Cosigning.begin`."""
        await self._cosigning.begin()

    async def publish(self, asker: Asker, seconds: float) -> Round:
        """See `cosigning.Cosigning.publish`."""
        return await self._cosigning.publish(asker, seconds)

    async def stop_publishing(self) -> None:
        """See `cosigning.Cosigning.stop`."""
        await self._cosigning.stop()

    async def sweep(self, progress: Callable[[int], None] = lambda _rows: None) -> Swept:
        """Delete what has ended (`retaining.Retaining.sweep`), and learn the rankings that got no reward (`ranking.Rankings.learn`); what was deleted."""
        swept = await self._retaining.sweep(progress)
        await self._rankings.learn()
        return swept

    async def rebuild_lessons(self, every: int = EVERY) -> None:
        """See `rebuilding.Rebuilding.rebuild`."""
        await self._rebuilding.rebuild(every)

    async def complete_erasures(self) -> None:
        """See `erasing.Erasing.complete_erasures`."""
        await self._erasing.complete_erasures()

    async def tell(self, poster: Poster, done: Counter[str] | None = None) -> Counter[str]:
        """See `telling.Telling.tell`."""
        return await self._telling.tell(poster, done)

    async def untold(self) -> int:
        """See `telling.Telling.waiting`."""
        return await self._telling.waiting()

    async def restore(self) -> Applied:
        """See `restoring.Restoring.restore`: before the first request is served."""
        return await self._restoring.restore()

    async def renew_journal(self) -> int:
        """See `restoring.Restoring.renew`."""
        return await self._restoring.renew()

    async def heed(self) -> Applied:
        """See `restoring.Restoring.heed`."""
        return await self._restoring.heed()

    async def rotate(self, *, begin: bool = False) -> Rotated:
        """See `rotation.Rotation.rotate`."""
        return await self._rotation.rotate(begin=begin)


def _found(site: Site | None) -> Site:
    if site is None:
        msg = "no site has this key; ask the site's owner"
        raise SiteUnknown(msg)
    return site

"""Offers are ranked, and what came of it is learned.

    find the device -> authenticate -> ask policy -> open recent labels -> emotion -> choose -> keep the event -> log

Without an asker, or when policy denies, the same is done without emotion: same candidates, same prices, same shape of answer. Who may be shown what is
settled by the shop's rules before anything is drawn, once a request; a request that wants emotion to change anything but the order gets the
law as its answer, and the log has it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from mien.errors import EnvelopeReplayed, MienError, PolicyDenied, RequestInvalid
from mien.values import Deed, Offer
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import SealKey
from mien.wire.messages import (
    Accepted,
    Asker,
    OfferDoc,
    PlaceDoc,
    RankAnswer,
    RankRequest,
    RewardRequest,
    Why,
    dump,
)
from mien.wire.seal import Use, pad, seal
from mien_server import record, unseal
from mien_server.errors import EventUnknown
from mien_server.personalize import Choice, Told, choose, emotion_of
from mien_server.personalize.emotion import WINDOW
from mien_server.pipeline.knowing import Knowing, Known
from mien_server.pipeline.learning import Learning
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import Parts, alive, together, unknown, where
from mien_server.pipeline.stream import check_site, stream_key
from mien_server.ports import Stream, Transaction
from mien_server.record import Vault
from mien_server.values import (
    Catalogue,
    Decision,
    Event,
    Person,
    Question,
    Rules,
    SealedEvent,
    Site,
)

PURPOSE: Final = "personalize_offers"
WHY_BLOCK: Final = 8192
"""More than the longest words for the most places: a second block would tell that emotion was used."""
LEARN_AFTER: Final = 600
"""Seconds after which a ranking without a reward is learned as one that got none, where the setting says nothing else."""
LEARN_BATCH: Final = 16
"""Rankings learned in one transaction: until it ends nobody of theirs can withdraw. Of 200, on three overloaded nodes, 16 of 1,000 waited in vain."""
WORKS_AGAINST: Final[Mapping[str, str]] = MappingProxyType({
    "price": "what they pay", "eligibility": "what they may have", "urgency": "how they are hurried",
    "vulnerability": "who is aimed at",
})  # fmt: skip
"""Effects that no ranking has, and what each would change."""
_BITS: Final = 53
_UNKNOWN: Final = "this ranking is not kept; rank again"


@dataclass(frozen=True, slots=True)
class _Ranked:
    """What a transaction settled. `stream` is there when a device asked."""

    event: str
    choice: Choice
    stream: Stream | None
    decision: Decision | None


class Rankings:
    """Takes requests, gives orders; takes rewards."""

    def __init__(
        self, parts: Parts, notices: Notices, learning: Learning, wait: int = LEARN_AFTER
    ) -> None:
        self._parts = parts
        self._notices = notices
        self._wait = wait
        self._knowing = Knowing(parts, notices, PURPOSE, "order", WINDOW)
        self._learning = learning
        self._catalogues: dict[str, tuple[str, Catalogue]] = {}

    async def rank(
        self, site: Site, request: RankRequest, *, backend: bool, gpc: bool = False
    ) -> RankAnswer:
        """Rank the candidates, or the site's catalogue. `gpc` is whether the browser sent its privacy signal.

        Raises `RequestInvalid` (nothing to rank, a backend with an asker), `EnvelopeInvalid` (the MAC), `EnvelopeReplayed` (the same request
        again), `ClockSkewed`, `PersonUnknown`, `PersonErased`, `PolicyDenied` (a rule wants emotion to change something else than the order).
        """
        check_site(site, request.site)
        if backend and request.asker is not None:
            msg = "a site's backend ranks for nobody in particular; leave out the asker, or ask from the device"
            raise RequestInvalid(msg)
        now = self._parts.clock.now()
        ranked = await self._parts.store.transact(
            lambda t: self._rank(t, site, request, now, gpc=gpc)
        )
        if isinstance(ranked, MienError):
            raise ranked
        choice = ranked.choice
        places = [
            PlaceDoc(place=place, offer=_doc(offer)) for place, offer in enumerate(choice.order, 1)
        ]
        return RankAnswer(
            event=ranked.event, places=places, sealed_why=_sealed_why(site, ranked),
            behaviour=choice.behaviour, agreed=choice.agreed,
        )  # fmt: skip

    def _rank(
        self, transaction: Transaction, site: Site, request: RankRequest, now: int, *, gpc: bool
    ) -> _Ranked | MienError:
        if request.rules.effect != "order":
            return self._refused(transaction, site, request, now, gpc=gpc)
        stream, known, decision = self._asker(transaction, site, request, now, gpc=gpc)
        catalogue = self._catalogue(transaction, site)
        choice = choose(
            catalogue,
            _offers(request, catalogue),
            emotion_of(known.seen, now) if known else None,
            request.page,
            self._learning.sums(transaction, site.id),
            request.places,
            self._uniform,
            _told(site, request),
        )
        name = record.event_id(site.id, unb64(request.request))
        event = self._event(site, known, choice, request, name, now)
        if not transaction.events.add(event):
            msg = "this request was answered before; ask again with a fresh `request`"
            raise EnvelopeReplayed(msg)
        return _Ranked(name, choice, stream, decision)

    def _asker(
        self, transaction: Transaction, site: Site, request: RankRequest, now: int, *, gpc: bool
    ) -> tuple[Stream | None, Known | None, Decision | None]:
        if request.asker is None:
            return None, None, None
        stream, person, vault = self._found(
            transaction, site, request.asker, request, now, Use.RANK, gpc=gpc
        )
        known, decision = self._knowing.known(transaction, site, person, vault, now)
        named = ",".join(known.basis) if known else PURPOSE
        self._parts.note(transaction, site, person, "use", decision, named)
        return stream, known, decision

    def _found(  # noqa: PLR0917 - who asks, for what, and when
        self, transaction: Transaction, site: Site, asker: Asker, request: RankRequest | RewardRequest, now: int, use: Use, *, gpc: bool
    ) -> tuple[Stream, Person, Vault]:  # fmt: skip
        """The device that asks, its person and their vault. Raises what is wrong with it."""
        stream = transaction.people.stream(site.id, asker.subject, asker.device)
        if stream is None:
            raise unknown()
        vault = self._parts.vault(alive(stream.person))
        unseal.check_request(request, stream_key(vault, stream), use, now)
        return stream, self._parts.heard(transaction, stream.person, now, gpc=gpc), vault

    def _refused(
        self, transaction: Transaction, site: Site, request: RankRequest, now: int, *, gpc: bool
    ) -> MienError:
        """The answer to who wants emotion to work against a person: policy is asked about them, or about nobody, and its no is logged.

        Returned and not raised, so that the entry is kept. A ranking can do nothing of the kind, so even a yes would change nothing.
        """
        effect = request.rules.effect
        if request.asker is None:
            asked = Question(
                action="use", sector=site.sector, role=site.roles[0], now=now,
                jurisdictions=frozenset(site.jurisdictions), purpose=PURPOSE, effect=effect,
            )  # fmt: skip
            decision = self._parts.authorizer.decide(asked)
            content = record.decision_record("use", decision, site.id, "", PURPOSE, {})
            transaction.leaves.add(record.plain_leaf(site.id, content, now, self._parts.entropy))
        else:
            _stream, person, _vault = self._found(transaction, site, request.asker, request, now, Use.RANK, gpc=gpc)  # fmt: skip
            until = now + self._parts.retention("label", where(site, person))
            decision = self._parts.ask(
                site, person, "use", now, purpose=PURPOSE, source="face", effect=effect, data_class="label",
                notice_current=self._notices.is_current(site, person), retain_until=until,
            )  # fmt: skip
            self._parts.note(transaction, site, person, "use", decision, PURPOSE)
        msg = f"what a person feels never changes {WORKS_AGAINST[effect]}; rank without this rule"
        return PolicyDenied(msg, laws=decision.laws)

    def _event(  # noqa: PLR0917 - one argument for each thing an event holds
        self, site: Site, known: Known | None, choice: Choice, request: RankRequest, name: str, now: int
    ) -> SealedEvent:  # fmt: skip
        """An event of the person when policy let them be known, of nobody otherwise."""
        places = where(site, known.person) if known else frozenset(site.jurisdictions)
        event = Event(
            id=name, site=site.id, subject=known.person.subject if known else None, at=now,
            retain_until=now + self._parts.retention("event", places),
            offers=tuple(offer.id for offer in choice.order), features=choice.features,
            propensities=choice.propensities, used_emotion=choice.used_emotion,
            basis=known.basis if known else (), felt=choice.felt, otherwise=request.otherwise / 100,
            own=choice.agreed is not None,
        )  # fmt: skip
        if known is None:
            return record.plain_event(event, learned=False)
        return record.seal_event(known.vault, event, self._parts.entropy, learned=False)

    def _catalogue(self, transaction: Transaction, site: Site) -> Catalogue:
        version = transaction.sites.catalogue_version(site.id)
        if version is None:
            return Catalogue((), {})
        kept = self._catalogues.get(site.id)
        if kept is None or kept[0] != version:
            found = transaction.sites.catalogue(site.id) or Catalogue((), {})
            kept = self._catalogues[site.id] = (version, found)
        return kept[1]

    def _uniform(self) -> float:
        """A number in [0, 1) with all the bits a float has there."""
        drawn = int.from_bytes(self._parts.entropy.bytes(8), "big") >> (64 - _BITS)
        return drawn / (1 << _BITS)

    # ---- rewards ----
    async def reward(
        self, site: Site, request: RewardRequest, *, backend: bool, gpc: bool = False
    ) -> Accepted:
        """Note what came of a place of a ranking; the last word counts. The same reward again is a duplicate.

        Raises `EventUnknown` (never kept, expired, or its person's consent is gone), `RequestInvalid`, and what `rank` raises for an asker.
        """
        check_site(site, request.site)
        if backend and request.asker is not None:
            msg = "a site's backend rewards an event by its id; leave out the asker"
            raise RequestInvalid(msg)
        now = self._parts.clock.now()
        found = await self._parts.store.transact(
            lambda t: self._reward(t, site, request, now, backend=backend, gpc=gpc)
        )
        if isinstance(found, MienError):
            raise found
        return found

    def _reward(
        self, transaction: Transaction, site: Site, request: RewardRequest, now: int, *, backend: bool, gpc: bool
    ) -> Accepted | MienError:  # fmt: skip
        self._check_rewarder(transaction, site, request, now, gpc=gpc)
        sealed = transaction.events.get(site.id, request.event, "update")
        if sealed is None or sealed.retain_until <= now:
            raise EventUnknown(_UNKNOWN)
        if not (backend or _own(sealed, request)):
            raise EventUnknown(_UNKNOWN)
        if not self._may_learn(transaction, site, sealed, now):
            return EventUnknown(_UNKNOWN)
        event = self._learning.open(transaction, sealed)
        if request.place > len(event.offers):
            msg = "the ranking has no such place; reward one it has"
            raise RequestInvalid(msg)
        rewards = {**dict(event.rewards), request.place: request.amount / 100}
        if sealed.learned and dict(event.rewards) == rewards:
            return Accepted(duplicate=True)
        better = replace(event, rewards=tuple(sorted(rewards.items())))
        before = [event] if sealed.learned else []
        self._learning.change(transaction, site.id, learn=[better], forget=before)
        self._keep(transaction, sealed, better)
        return Accepted()

    def _check_rewarder(
        self, transaction: Transaction, site: Site, request: RewardRequest, now: int, *, gpc: bool
    ) -> None:
        if request.asker is not None:
            self._found(transaction, site, request.asker, request, now, Use.REWARD, gpc=gpc)

    def _may_learn(
        self, transaction: Transaction, site: Site, sealed: SealedEvent, now: int
    ) -> bool:
        """Learning from a person's event is a use of it: policy is asked again, now, about every purpose that it rests on."""
        if sealed.subject is None:
            return True
        if not self._learning.readable(transaction, sealed):
            return False
        person = transaction.people.get(site.id, sealed.subject, "share")
        if person is None or person.tombstoned_at:  # its erasure takes the event from here
            return False
        basis = sealed.basis
        decisions = self._knowing.again(site, person, basis, now, sealed.retain_until)
        allow = bool(decisions) and all(each.allow for each in decisions)
        if decisions:
            decision = together(decisions, allow=allow)
            self._parts.note(transaction, site, person, "use", decision, ",".join(basis))
        return allow

    def _keep(self, transaction: Transaction, sealed: SealedEvent, event: Event) -> None:
        vault = self._learning.vault(transaction, sealed)
        if vault is None:
            transaction.events.replace(record.plain_event(event, learned=True))
        else:
            entropy = self._parts.entropy
            transaction.events.replace(record.seal_event(vault, event, entropy, learned=True))

    async def learn(self) -> None:
        """Learn the rankings that got no reward in time; those whose person's consent is gone are deleted instead."""
        before = self._parts.clock.now() - self._wait
        while await self._parts.store.transact(lambda t: self._learn_some(t, before)):
            pass

    def _learn_some(self, transaction: Transaction, before: int) -> bool:
        now = self._parts.clock.now()
        found = transaction.events.unlearned(before, now, LEARN_BATCH)
        for name in sorted({each.site for each in found}):
            site = transaction.sites.get(name)
            of_site = [each for each in found if each.site == name]
            kept = [
                each
                for each in of_site
                if site is not None and self._may_learn(transaction, site, each, now)
            ]
            opened = [self._learning.open(transaction, each) for each in kept]
            if opened:
                self._learning.change(transaction, name, learn=opened)
            for each in kept:
                transaction.events.replace(replace(each, learned=True))
            gone = [each for each in of_site if each not in kept]
            gone = [each for each in gone if not self._learning.held(transaction, each, now)]
            self._learning.remove(transaction, gone)
        return len(found) == LEARN_BATCH


def _own(sealed: SealedEvent, request: RewardRequest) -> bool:
    """Whether the event is nobody's, or that of the person whose device asks: all that the publishable key, which everybody has, may reward."""
    return sealed.subject is None or (
        request.asker is not None and sealed.subject == request.asker.subject
    )


def _offers(request: RankRequest, catalogue: Catalogue) -> Sequence[Offer]:
    if request.candidates is None:
        return catalogue.offers
    return [
        Offer(doc.id, doc.title, doc.price, doc.currency, tuple(doc.tags), doc.stock)
        for doc in request.candidates
    ]


def _told(site: Site, request: RankRequest) -> Told:
    """What else the shop tells of this order, none of it an emotion."""
    return Told(
        history=tuple(Deed(doc.kind, doc.offer, doc.ago) for doc in request.history),
        rules=Rules.of(request.rules),
        own=tuple(request.own),
        adult=request.age_band == "adult",
        places=frozenset(site.jurisdictions),
    )


def _doc(offer: Offer) -> OfferDoc:
    return OfferDoc(
        id=offer.id, title=offer.title, price=offer.price, currency=offer.currency,
        tags=list(offer.tags), stock=offer.stock,
    )  # fmt: skip


def _sealed_why(site: Site, ranked: _Ranked) -> str | None:
    """Why, for the asking device only. Always there for a device and always the same size, so that its presence tells nothing."""
    if ranked.stream is None or ranked.decision is None or ranked.stream.key.seal is None:
        return None
    choice = ranked.choice
    why = Why(
        used_emotion=choice.used_emotion, why=choice.why, places=list(choice.places),
        laws=list(ranked.decision.laws),
    )  # fmt: skip
    context = (site.id.encode(), ranked.stream.person.subject.encode(), ranked.event.encode())
    key = SealKey(ranked.stream.key.seal)
    return b64(seal(pad(encode(dump(why)), WHY_BLOCK), key, Use.WHY, *context))

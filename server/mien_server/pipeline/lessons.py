"""Lessons: the next exercise for somebody, what they answered, and a teacher's view of the group.

    find the device -> authenticate -> ask policy about answers -> open them -> ask policy about emotion -> open labels -> choose -> say why, sealed

Without an asker, or when policy denies, the same is done with what the request itself says was answered: same exercises, same shape of answer. Where reading
faces is forbidden, the person's own word and their answers take over, and the sealed words name the law.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mien.errors import ClockSkewed, MienError, RequestInvalid
from mien.wire.canonical import b64, encode, unb64
from mien.wire.keys import SealKey
from mien.wire.messages import (
    CLOCK_SKEW,
    Accepted,
    AnswerDoc,
    AnswersRequest,
    Authenticated,
    GroupAnswer,
    LessonAnswer,
    LessonItemDoc,
    LessonRequest,
    LessonWhy,
    SkillDoc,
    dump,
)
from mien.wire.seal import Use, pad, seal
from mien_server import record, unseal
from mien_server.errors import AnswerLate, LessonUnknown
from mien_server.personalize.lessons import (
    CALM,
    MINIMUM,
    WINDOW,
    Feeling,
    Learned,
    Next,
    feeling_of,
    next_item,
)
from mien_server.pipeline.answers import MOOD
from mien_server.pipeline.knowing import Knowing
from mien_server.pipeline.notices import Notices
from mien_server.pipeline.parts import NONCE_SECONDS, Parts, alive, refused, unknown, where
from mien_server.pipeline.ranking import WHY_BLOCK
from mien_server.pipeline.stream import check_site, stream_key
from mien_server.ports import Stream, Transaction
from mien_server.record import Vault
from mien_server.values import Decision, GivenAnswer, LessonBank, Person, Record, Site

PURPOSE: Final = "adapt_lessons"
PURPOSES: Final = (PURPOSE, MOOD)
"""Under any of them answers are kept: the second is the one that is left where reading faces is forbidden."""
RECENT: Final = 500
"""How many of a learner's answers are enough."""
LATE: Final = 7 * 86_400
"""Seconds after which an answer is not taken any more: a device was offline for a week."""
HOUR: Final = 3600
_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class _Learner:
    """What a transaction settled about who asks.

    `answers` is None where none may be used; `felt` is whether anything of how they feel was; `refused` are the laws against reading a face.
    """

    stream: Stream | None = None
    answers: tuple[GivenAnswer, ...] | None = field(default=None, repr=False)
    feeling: Feeling = field(default=CALM, repr=False)
    felt: bool = False
    laws: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Lessons:
    """Takes requests, gives exercises; takes answers."""

    def __init__(self, parts: Parts, notices: Notices) -> None:
        self._parts = parts
        self._notices = notices
        self._knowing = Knowing(parts, notices, PURPOSE, "content", WINDOW)
        self._banks: dict[str, tuple[str, LessonBank]] = {}
        self._learned: dict[str, tuple[int, Learned]] = {}

    # ---- the next one ----
    async def next(
        self, site: Site, request: LessonRequest, *, backend: bool, gpc: bool = False
    ) -> LessonAnswer:
        """The next exercise. `gpc` is whether the browser sent its privacy signal.

        Raises `LessonUnknown` (the site has none), `RequestInvalid` (none of these skills, a backend with an asker), `EnvelopeInvalid` (the MAC),
        `EnvelopeReplayed` (the same request again), `ClockSkewed`, `PersonUnknown`, `PersonErased`.
        """
        check_asker(site, request, backend=backend)
        now = self._parts.clock.now()

        def work(transaction: Transaction) -> tuple[LessonBank, Learned, _Learner]:
            learner = self._learner(transaction, site, request, now, gpc=gpc)
            return self.bank(transaction, site.id), self.learned(transaction, site.id), learner

        bank, learned, learner = await self._parts.store.transact(work)
        answers = _given(request.history, now) if learner.answers is None else learner.answers
        chosen = next_item(bank, learned, answers, learner.feeling, request.skills, now)
        name = record.id_from("les", unb64(request.request))
        item = LessonItemDoc(id=chosen.item.id, skill=chosen.item.skill, title=chosen.item.title)
        why = _sealed_why(site, learner, chosen, name)
        return LessonAnswer(lesson=name, item=item, sealed_why=why)

    def _learner(
        self, transaction: Transaction, site: Site, request: LessonRequest, now: int, *, gpc: bool
    ) -> _Learner:
        if request.asker is None:
            return _Learner()
        stream, person, vault = self._heard(transaction, site, request, Use.LESSON, now, gpc=gpc)
        transaction.nonces.spend(site.id, request.request.encode(), now + NONCE_SECONDS)
        answers, of_answers = self._answers(transaction, site, person, vault, now)
        known, decision = self._knowing.known(transaction, site, person, vault, now)
        basis = known.basis if known else ()
        self._parts.note(transaction, site, person, "use", decision, ",".join(basis) or PURPOSE)
        laws = [*of_answers.laws, *decision.laws] if known else [*of_answers.laws]
        return _Learner(
            stream,
            answers,
            feeling_of(known.seen, now) if known else CALM,
            bool(known and known.seen),
            tuple(dict.fromkeys(laws)) if answers is not None or known else (),
            self._refused(transaction, site, person, basis, now),
        )

    def _refused(
        self, transaction: Transaction, site: Site, person: Person, basis: Sequence[str], now: int
    ) -> tuple[str, ...]:
        """The laws under which no face is read for this person's lessons; none where one may be."""
        if PURPOSE in basis:
            return ()
        until = now + self._parts.known_life("label", where(site, person))
        decision = self._parts.ask(
            site, person, "use", now, purpose=PURPOSE, source="face", effect="content",
            notice_current=self._notices.is_current(site, person), retain_until=until,
        )  # fmt: skip
        self._parts.note(transaction, site, person, "use", decision, PURPOSE)
        return () if decision.allow else decision.laws

    def _answers(
        self, transaction: Transaction, site: Site, person: Person, vault: Vault, now: int
    ) -> tuple[tuple[GivenAnswer, ...] | None, Decision]:
        """The person's answers, oldest first, where policy lets them be used now; it is asked before any is opened."""
        kept = transaction.records.answers(site.id, person.subject, now, RECENT)
        decision, purpose = self.ask(site, person, "use", now, kept)
        self._parts.note(transaction, site, person, "use", decision, purpose)
        if not decision.allow:
            return None, decision
        return tuple(record.open_answer(vault, each) for each in reversed(kept)), decision

    def ask(
        self, site: Site, person: Person, action: str, now: int, kept: Iterable[Record] = ()
    ) -> tuple[Decision, str]:
        """Whether answers may be kept or used for this person now, and under which purpose: one that allows it, else the last denial."""
        until = min((each.retain_until for each in kept), default=0)
        first, *others = [each for each in PURPOSES if each in person.purposes] or [PURPOSE]
        asked = self._ask(site, person, action, now, until, first), first
        for purpose in others:
            if not asked[0].allow:
                asked = self._ask(site, person, action, now, until, purpose), purpose
        return asked

    def _ask(  # noqa: PLR0917 - the parts of one question
        self, site: Site, person: Person, action: str, now: int, until: int, purpose: str
    ) -> Decision:
        life = self._parts.retention(record.ANSWER, where(site, person))
        return self._parts.ask(
            site, person, action, now, purpose=purpose, source="declared", data_class=record.ANSWER,
            effect="content" if action == "use" else "none",
            notice_current=self._notices.is_current(site, person), retain_until=until or now + life,
        )  # fmt: skip

    def _heard(
        self, transaction: Transaction, site: Site, request: Authenticated, use: Use, now: int, *, gpc: bool
    ) -> tuple[Stream, Person, Vault]:  # fmt: skip
        """The device that asks, authenticated; its person and their vault. Raises as `next`."""
        asker = request.asker
        if asker is None:
            raise unknown()
        stream = transaction.people.stream(site.id, asker.subject, asker.device)
        if stream is None:
            raise unknown()
        vault = self._parts.vault(alive(stream.person))
        unseal.check_request(request, stream_key(vault, stream), use, now)
        return stream, self._parts.heard(transaction, stream.person, now, gpc=gpc), vault

    def bank(self, transaction: Transaction, site: str) -> LessonBank:
        """The site's exercises. Raises `LessonUnknown`."""
        version = transaction.lessons.version(site)
        kept = self._banks.get(site)
        if version is not None and (kept is None or kept[0] != version):
            found = transaction.lessons.bank(site)
            kept = None if found is None else (version, found)
            if kept is not None:
                self._banks[site] = kept
        if version is None or kept is None:
            msg = "this site has no lessons; add them with `mien site lessons`"
            raise LessonUnknown(msg)
        return kept[1]

    def learned(self, transaction: Transaction, site: str) -> Learned:
        """What answers taught, as it was made last."""
        sums = transaction.lessons.sums(site)
        if sums is None or not sums.content:
            return Learned()
        kept = self._learned.get(site)
        if kept is None or kept[0] != sums.since:
            kept = self._learned[site] = (sums.since, Learned.from_bytes(sums.content))
        return kept[1]

    # ---- answers ----
    async def answers(
        self, site: Site, request: AnswersRequest, *, backend: bool, gpc: bool = False
    ) -> Accepted:
        """Keep what somebody answered. What was there already is a duplicate and changes nothing.

        Raises `LessonUnknown` (an item that the site does not have), `AnswerLate`, `ClockSkewed`, `ConsentMissing`, `PolicyDenied`, `RequestInvalid` (nobody
        asks; the same item answered otherwise at the same time), and what `next` raises for an asker.
        """
        check_asker(site, request, backend=backend)
        if request.asker is None:
            msg = "answers are kept for a person who agreed, and nobody asks; send them as `history` with the next request"
            raise RequestInvalid(msg)
        now = self._parts.clock.now()
        _check_times(request.answers, now)
        found = await self._parts.store.transact(lambda t: self._keep(t, site, request, now, gpc))
        if isinstance(found, MienError):
            raise found
        return found

    def _keep(
        self, transaction: Transaction, site: Site, request: AnswersRequest, now: int, gpc: bool
    ) -> Accepted | MienError:
        _stream, person, vault = self._heard(transaction, site, request, Use.ANSWERS, now, gpc=gpc)
        bank = self.bank(transaction, site.id)
        if any(each.item not in bank.items for each in request.answers):
            msg = "an answer is to an item that this site does not have; send answers to its lessons only"
            raise LessonUnknown(msg)
        decision, purpose = self.ask(site, person, "record", now)
        self._parts.note(transaction, site, person, "record", decision, purpose)
        if not decision.allow:
            # Returned, not raised: the decision stays in the log, and only it.
            return refused(person, now, decision, "these answers may not be kept")
        life = self._parts.retention(record.ANSWER, where(site, person))
        new = _new(transaction, vault, request.answers)
        transaction.records.add(
            [record.seal_answer(vault, each, each.at + life, self._parts.entropy) for each in new]
        )
        return Accepted(duplicate=not new)

    # ---- for the teacher ----
    async def group(self, site: Site) -> GroupAnswer:
        """What the group could do, by skill; nobody in particular, nothing of feelings, and nothing that rests on fewer than ten people."""

        def work(transaction: Transaction) -> GroupAnswer:
            self.bank(transaction, site.id)
            sums = transaction.lessons.sums(site.id)
            skills = [
                SkillDoc(
                    skill=each.skill, people=each.people, answers=each.answers,
                    success=each.success, difficulty=round(each.difficulty * 10),
                )
                for each in self.learned(transaction, site.id).skills
            ]  # fmt: skip
            made = sums.since // HOUR * HOUR if sums else 0
            return GroupAnswer(minimum=MINIMUM, skills=skills, made_at=made)

        return await self._parts.store.transact(work)


def check_asker(site: Site, request: LessonRequest | AnswersRequest, *, backend: bool) -> None:
    """Return when the request is for the site whose key came with it, and a backend asks for nobody in particular."""
    check_site(site, request.site)
    if backend and request.asker is not None:
        msg = "a site's backend asks for nobody in particular; leave out the asker, or ask from the device"
        raise RequestInvalid(msg)


def _new(transaction: Transaction, vault: Vault, answers: Iterable[AnswerDoc]) -> list[GivenAnswer]:
    """Those that are not kept yet. Raises `RequestInvalid` where one says otherwise than what is kept, or than another of them."""
    found: dict[str, GivenAnswer] = {}
    for doc in answers:
        given = GivenAnswer(doc.item, doc.correct, doc.at)
        name = record.answer_id(vault.site, vault.subject, given)
        kept = transaction.records.get(vault.site, vault.subject, name)
        before = found.get(name) if kept is None else record.open_answer(vault, kept)
        if before is not None and before.correct != given.correct:
            msg = "an item was answered otherwise at the same time; an answer is never changed, send a later one"
            raise RequestInvalid(msg)
        if kept is None:
            found[name] = given
    return list(found.values())


def _check_times(answers: Iterable[AnswerDoc], now: int) -> None:
    times = [each.at for each in answers]
    if max(times) > now + CLOCK_SKEW:
        msg = "an answer was given in the future; set the device's clock"
        raise ClockSkewed(msg)
    if min(times) < now - LATE:
        msg = "an answer is more than a week old; leave it out"
        raise AnswerLate(msg)


def _given(history: Iterable[AnswerDoc], now: int) -> tuple[GivenAnswer, ...]:
    """A request's own history, oldest first. Raises `ClockSkewed`."""
    found = sorted(history, key=lambda each: each.at)
    if found and found[-1].at > now + CLOCK_SKEW:
        msg = "an answer was given in the future; set the device's clock"
        raise ClockSkewed(msg)
    return tuple(GivenAnswer(each.item, each.correct, each.at) for each in found)


def _sealed_why(site: Site, learner: _Learner, chosen: Next, name: str) -> str | None:
    """Why, for the asking device only. Always there for a device and always the same size, so that its presence tells nothing."""
    stream = learner.stream
    if stream is None or stream.key.seal is None:
        return None
    why = LessonWhy(
        used_emotion=learner.felt, used_answers=learner.answers is not None,
        chance=round(chosen.chance * _HUNDRED), target=round(chosen.target * _HUNDRED),
        pace=chosen.pace, why=chosen.why, laws=list(learner.laws), refused=list(learner.refused),
    )  # fmt: skip
    context = (site.id.encode(), stream.person.subject.encode(), name.encode())
    key = SealKey(stream.key.seal)
    return b64(seal(pad(encode(dump(why)), WHY_BLOCK), key, Use.WHY, *context))

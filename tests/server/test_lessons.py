"""Lessons at the server: what may be used for whom, what is kept of answers and for how long, and what a teacher sees."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World, shop

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeInvalid,
    EnvelopeReplayed,
    RequestInvalid,
)
from mien.values import Claims, Label
from mien.wire import seal
from mien.wire.canonical import b64, decode, unb64
from mien.wire.messages import (
    Accepted,
    AnswerDoc,
    AnswersRequest,
    LessonAnswer,
    LessonRequest,
    LessonWhy,
    authenticate,
    parse,
)
from mien.wire.seal import Use
from mien_server import registry
from mien_server.errors import AnswerLate, LessonUnknown, PersonErased, PersonUnknown
from mien_server.personalize.lessons import MINIMUM, Learned, Tally
from mien_server.pipeline import rebuilding
from mien_server.record import Vault, open_answer
from mien_server.values import GivenAnswer, LessonBank

DAY = 86_400
BANK = registry.lessons(
    json.dumps(
        {
            "lessons": [
                {
                    "id": f"{skill}-{i}",
                    "skill": skill,
                    "difficulty": i - 2.0,
                    "title": f"{skill} {i}",
                }
                for skill in ("fractions", "angles")
                for i in range(6)
            ]
        }
    ).encode()
)
US = Claims(("US",), sector="education", role="student", age_band="adult")
EU = Claims(("EU-DE",), sector="education", role="student", age_band="adult")
HARD = [f"fractions-{i}" for i in (4, 5)]


@asynccontextmanager
async def school(
    make_world: MakeWorld, place: str = "US", bank: LessonBank | None = BANK
) -> AsyncIterator[World]:
    site = shop(sector="education", roles=("student",), jurisdictions=(place,))
    async with make_world(site=site) as world:
        if bank is not None:
            await world.store.transact(lambda t: t.lessons.put_bank(site.id, bank))
        yield world


async def learner(world: World, *purposes: str, claims: Claims = US) -> Phone:
    phone = world.phone()
    receipt = await phone.consent(*(purposes or ("adapt_lessons",)), claims=claims)
    assert receipt.outcome == "given", receipt
    return phone


def lesson_request(phone: Phone | None, world: World, **other: Any) -> LessonRequest:
    given = {"site": world.site.id, "request": b64(os.urandom(16)), **other}
    if phone is None:
        return LessonRequest(**given)
    request = LessonRequest(**given, asker=phone.asker(), mac=b64(bytes(32)))
    return authenticate(request, phone.stream_key, Use.LESSON)


async def ask(world: World, phone: Phone | None = None, **other: Any) -> LessonAnswer:
    request = lesson_request(phone, world, **other)
    return await world.pipeline.next_lesson(world.site, request, backend=False)


def why(phone: Phone, answer: LessonAnswer) -> LessonWhy:
    context = (phone.site.id.encode(), phone.subject.encode(), answer.lesson.encode())
    plain = seal.open_sealed(unb64(answer.sealed_why or ""), phone.opening, Use.WHY, *context)
    return parse(LessonWhy, decode(seal.unpad(plain)))


async def said(world: World, phone: Phone) -> LessonWhy:
    return why(phone, await ask(world, phone))


async def tell(phone: Phone, *items: str, correct: bool = True, ago: int = 0) -> Accepted:
    docs = [AnswerDoc(item=item, correct=correct, at=phone.now() - ago) for item in items]
    return await tell_all(phone, docs)


async def tell_all(phone: Phone, docs: list[AnswerDoc]) -> Accepted:
    request = AnswersRequest(
        site=phone.site.id, answers=docs, asker=phone.asker(), mac=b64(bytes(32))
    )
    request = authenticate(request, phone.stream_key, Use.ANSWERS)
    return await phone.world.pipeline.lesson_answers(phone.site, request, backend=False)


def feeling(world: World, state: str) -> list[Label]:
    now = world.clock.now()
    return [Label("neutral", now - i, confidence=15, state=state, model=1) for i in range(8)]


async def rebuild(world: World) -> Learned:
    """Everything there is to learn, learned; a second later, because within one nobody can tell who was first."""
    world.clock.at += 1
    await world.pipeline.rebuild_lessons(1)
    sums = await world.store.transact(lambda t: t.lessons.sums(world.site.id))
    assert sums is None or not sums.begun
    return Learned.from_bytes(sums.content) if sums else Learned()


async def kept(world: World, phone: Phone) -> int:
    """Rows of answers, whether or not anything opens them."""
    rows = await world.select(
        "SELECT id FROM record WHERE subject = :subject AND data_class = 'answer'",
        subject=phone.subject,
    )
    return len(rows)


# ---- nobody in particular ----
async def test_nobody_gets_lessons_by_what_their_request_says(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        fresh = await ask(world)
        past = [
            AnswerDoc(item=item, correct=True, at=world.clock.now() - DAY)
            for item in ("fractions-1", "fractions-2", "fractions-3", "gone", "fractions-4")
        ]
        after = await ask(world, history=past, skills=["fractions"])
        assert fresh.item.id == "fractions-1"
        assert BANK.items[after.item.id].difficulty > BANK.items[fresh.item.id].difficulty
        assert fresh.sealed_why is None
        assert await world.select("SELECT id FROM record") == []
        with pytest.raises(RequestInvalid, match="these skills"):
            await ask(world, skills=["history"])
        with pytest.raises(ClockSkewed):
            await ask(
                world, history=[AnswerDoc(item="x", correct=True, at=world.clock.now() + DAY)]
            )


@pytest.mark.sqlite
async def test_who_may_ask_for_what(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        request = lesson_request(phone, world)
        with pytest.raises(RequestInvalid, match="nobody in particular"):
            await world.pipeline.next_lesson(world.site, request, backend=True)
        anybody = AnswersRequest(
            site=world.site.id, answers=[AnswerDoc(item="angles-1", correct=True, at=phone.now())]
        )
        with pytest.raises(RequestInvalid, match="nobody asks"):
            await world.pipeline.lesson_answers(world.site, anybody, backend=True)
        forged = request.model_copy(update={"mac": b64(bytes(32))})
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.next_lesson(world.site, forged, backend=False)
        await world.pipeline.next_lesson(world.site, request, backend=False)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline.next_lesson(world.site, request, backend=False)


@pytest.mark.sqlite
async def test_a_site_without_lessons_says_so(make_world: MakeWorld) -> None:
    async with school(make_world, bank=None) as world:
        phone = await learner(world)
        for refused in (ask(world), ask(world, phone), tell(phone, "angles-1"), world.pipeline.lesson_group(world.site)):  # fmt: skip
            with pytest.raises(LessonUnknown, match="mien site lessons"):
                await refused
        await world.pipeline.rebuild_lessons(1)


# ---- what may be known ----
@pytest.mark.sqlite
@pytest.mark.parametrize(("state", "harder"), [("confused", False), ("bored", True)])
async def test_where_it_is_lawful_a_face_shifts_difficulty(
    make_world: MakeWorld, state: str, *, harder: bool
) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        calm = await ask(world, phone)
        await phone.send(feeling(world, state))
        shifted = await ask(world, phone)
        before, after = why(phone, calm), why(phone, shifted)
        assert (before.target, before.used_emotion) == (75, False)
        assert (after.target < 75) is harder  # a lower chance of success
        assert after.used_emotion
        assert state in after.why
        assert after.refused == []
        assert after.laws
        # The same shape and size: from outside nobody can tell that anything of the person was used.
        assert calm.sealed_why is not None
        assert shifted.sealed_why is not None
        assert len(calm.sealed_why) == len(shifted.sealed_why)
        assert calm.item.model_fields_set == shifted.item.model_fields_set


@pytest.mark.sqlite
async def test_in_a_school_of_the_eu_no_face_is_read_and_mood_and_answers_take_over(
    make_world: MakeWorld,
) -> None:
    async with school(make_world, "EU-DE") as world:
        face = world.phone()
        refused = await face.consent("adapt_lessons", claims=EU)
        assert refused.outcome == "refused"
        assert "AI Act 5(1)(f)" in refused.laws
        phone = await learner(world, "declare_mood", claims=EU)
        await tell(phone, "fractions-3", "fractions-4", ago=DAY)
        first = await said(world, phone)
        assert (first.used_emotion, first.used_answers, first.target) == (False, True, 75)
        assert "AI Act 5(1)(f)" in first.refused
        mood = Label("sadness", phone.now(), confidence=15, source="declared")
        await phone.send([mood])
        second = await said(world, phone)
        assert (second.used_emotion, second.used_answers) == (True, True)
        assert second.target > 75
        assert "You said that you are" in second.why
        assert "AI Act 5(1)(f)" in second.refused
        with pytest.raises(PersonUnknown):  # nobody agreed here, whatever a device would send
            await face.send(feeling(world, "bored"))


async def test_answers_are_used_and_what_was_taken_back_is_not(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        await tell(phone, "fractions-2", "fractions-3", "fractions-4", ago=DAY)
        used = await ask(world, phone, skills=["fractions"])
        assert why(phone, used).used_answers
        assert await kept(world, phone) == 3
        await phone.withdraw("adapt_lessons")
        assert await kept(world, phone) == 0
        after = await ask(world, phone, skills=["fractions"])
        assert not why(phone, after).used_answers
        assert after.item == (await ask(world, skills=["fractions"])).item  # as for anybody
        with pytest.raises(ConsentMissing):
            await tell(phone, "fractions-2")


async def test_an_answer_stays_while_either_purpose_stands(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world, "adapt_lessons", "declare_mood")
        await tell(phone, "angles-1")
        await phone.withdraw("adapt_lessons")
        assert await kept(world, phone) == 1
        assert (await said(world, phone)).used_answers
        await phone.withdraw("declare_mood")
        assert await kept(world, phone) == 0


@pytest.mark.sqlite
async def test_no_other_purpose_keeps_answers(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world, "adapt_service")
        with pytest.raises(Exception, match="may not be kept") as refused:
            await tell(phone, "angles-1")
        assert "policy:one-purpose" in refused.value.laws  # type: ignore[attr-defined]
        assert not (await said(world, phone)).used_answers


# ---- answers ----
async def test_the_same_answer_twice_is_one_and_another_at_that_time_is_refused(
    make_world: MakeWorld,
) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        assert await tell(phone, "angles-1", "angles-2", "angles-1") == Accepted()
        assert await tell(phone, "angles-2", "angles-1") == Accepted(duplicate=True)
        with pytest.raises(RequestInvalid, match="answered otherwise"):
            await tell(phone, "angles-1", correct=False)
        both = [AnswerDoc(item="angles-3", correct=c, at=phone.now()) for c in (True, False)]
        with pytest.raises(RequestInvalid, match="answered otherwise"):
            await tell_all(phone, both)
        assert await kept(world, phone) == 2


@pytest.mark.sqlite
async def test_late_future_and_unknown_answers_are_refused(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        with pytest.raises(AnswerLate):
            await tell(phone, "angles-1", ago=8 * DAY)
        with pytest.raises(ClockSkewed):
            await tell(phone, "angles-1", ago=-DAY)
        with pytest.raises(LessonUnknown):
            await tell(phone, "angles-1", "astronomy-1")
        assert await kept(world, phone) == 0


@pytest.mark.sqlite
async def test_answers_lie_sealed_and_of_one_size(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        await tell(phone, "angles-1", "fractions-5")
        await tell(phone, "angles-2", correct=False)
        person = await world.person(phone.subject)
        rows = await world.store.transact(
            lambda t: t.records.answers(world.site.id, phone.subject, world.clock.now(), 9)
        )
        assert len({len(each.sealed) for each in rows}) == 1
        vault: Vault = world.pipeline._parts.vault(person)
        opened = {open_answer(vault, each) for each in rows}
        assert GivenAnswer("angles-2", False, world.clock.now()) in opened
        assert {each.retain_until - each.ended_at for each in rows} == {30 * DAY}


async def test_answers_are_exported_and_are_no_labels(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        await tell(phone, "angles-1")
        await phone.send(feeling(world, "bored"))
        content = await phone.export()
        (only,) = content["answers"]
        assert (only["item"], only["correct"], only["at"]) == ("angles-1", True, phone.now())
        assert len(content["labels"]) == 8
        assert content["unreadable"] == []


async def test_many_answers_crowd_no_label_out(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        await phone.send(feeling(world, "confused"))
        for at in range(2):
            docs = [AnswerDoc(item="angles-1", correct=True, at=phone.now() - 64 * at - i) for i in range(64)]  # fmt: skip
            await tell_all(phone, docs)
        assert (await said(world, phone)).used_emotion


async def test_answers_go_when_their_time_has_passed(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        await tell(phone, "angles-1", "angles-2")
        world.clock.at += 30 * DAY
        assert (
            await ask(world, phone)
        ).item.id in BANK.items  # swept or not, it is not used any more
        swept = await world.pipeline.sweep()
        assert swept["retention"]["answer"] == 2
        assert await kept(world, phone) == 0


# ---- what everybody's answers teach ----
async def classroom(world: World, count: int, *items: str) -> list[Phone]:
    phones = [await learner(world) for _ in range(count)]
    for number, phone in enumerate(phones):
        right, now = number % 2 == 0, phone.now()
        docs = [AnswerDoc(item=item, correct=right, at=now - 9 + i) for i, item in enumerate(items)]
        await tell_all(phone, docs)
    return phones


async def test_a_teacher_sees_skills_of_ten_and_more_and_nothing_of_fewer(
    make_world: MakeWorld,
) -> None:
    async with school(make_world) as world:
        phones = await classroom(world, MINIMUM - 1, "fractions-1", "fractions-2")
        await rebuild(world)
        assert (await world.pipeline.lesson_group(world.site)).skills == []
        more = await classroom(world, 2, "fractions-1", "fractions-3")
        await tell(phones[0], "angles-1")  # of angles only one answered
        await more[0].send(feeling(world, "confused"))
        await rebuild(world)
        group = await world.pipeline.lesson_group(world.site)
        (only,) = group.skills
        assert (only.skill, only.people, only.answers, only.success) == ("fractions", 10, 20, 55)
        text = group.model_dump_json()
        assert "angles" not in text
        assert "confused" not in text
        assert all(phone.subject not in text for phone in [*phones, *more])
        assert set(group.model_fields_set) == {"minimum", "skills", "made_at"}  # and no totals


async def test_what_was_learned_is_used(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        fresh = await ask(world)
        phones = [await learner(world) for _ in range(MINIMUM)]
        for phone in phones:  # what the site thinks easy, everybody gets wrong
            await tell(phone, fresh.item.id, correct=False)
        learned = await rebuild(world)
        assert learned.moved[fresh.item.id] > 0.5
        assert (await ask(world)).item.id != fresh.item.id


async def test_an_erased_person_is_gone_from_what_was_learned_before_the_certificate(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "PEOPLE", 4)
    async with school(make_world) as world:
        phones = await classroom(world, MINIMUM + 2, "fractions-1", "angles-2")
        goes, takes_back = phones[0], phones[1]
        await tell(goes, *HARD)
        before = await rebuild(world)
        answer = await goes.erase()
        with pytest.raises(PersonErased):
            await ask(world, goes)
        await world.pipeline.complete_erasures()
        assert (
            phones[0].certificate(await world.pipeline.erasure(answer.erasure)).stage == "accepted"
        )
        world.clock.at += 2
        await world.pipeline.rebuild_lessons()  # nobody waits half a day for that
        await world.pipeline.complete_erasures()
        done = goes.certificate(await world.pipeline.erasure(answer.erasure))
        assert (done.stage, done.records_deleted) == ("completed", 4)
        await takes_back.withdraw("adapt_lessons")
        world.clock.at += 1
        await world.pipeline.rebuild_lessons()
        sums = await world.store.transact(lambda t: t.lessons.sums(world.site.id))
        after = Learned.from_bytes(sums.content)
        assert (before.people, after.people) == (MINIMUM + 2, MINIMUM)
        tally = Tally()
        for number in range(2, MINIMUM + 2):
            given = ("fractions-1", "angles-2")
            tally.person(BANK, [GivenAnswer(item, number % 2 == 0, 0) for item in given])
        expected = tally.finish(BANK)
        assert after.skills == expected.skills
        assert after.moved == pytest.approx(expected.moved, rel=1e-9)
        assert after.weights == pytest.approx(expected.weights, rel=1e-9)


async def test_a_rebuilding_that_was_interrupted_goes_on_in_another_process(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "PEOPLE", 3)
    async with school(make_world) as world:
        await classroom(world, MINIMUM + 1, "fractions-1")
        work = world.pipeline._rebuilding
        name = world.site.id
        world.clock.at += 1
        assert await world.store.transact(lambda t: work._begin(t, name, 1))
        assert await world.store.transact(lambda t: work._some(t, name))
        begun = await world.store.transact(lambda t: t.lessons.sums(name))
        assert begun is not None
        assert begun.last > ""
        await world.pipeline_over(world.store).rebuild_lessons()
        sums = await world.store.transact(lambda t: t.lessons.sums(name))
        assert sums == replace(begun, since=begun.begun, begun=0, last="", partial=b"", content=sums.content)  # fmt: skip
        assert Learned.from_bytes(sums.content).people == MINIMUM + 1


async def test_what_is_held_stays_and_teaches_nothing(make_world: MakeWorld) -> None:
    async with school(make_world) as world:
        phones = await classroom(world, MINIMUM + 1, "fractions-1")
        assert (await rebuild(world)).people == MINIMUM + 1
        until = world.clock.now() + 60 * DAY
        await world.pipeline.place_hold(world.site.id, phones[0].subject, "a claim", until)
        world.clock.at += 1
        await world.pipeline.rebuild_lessons()
        sums = await world.store.transact(lambda t: t.lessons.sums(world.site.id))
        assert Learned.from_bytes(sums.content).people == MINIMUM
        assert not (await said(world, phones[0])).used_answers
        world.clock.at += 40 * DAY
        await world.pipeline.sweep()
        assert await kept(world, phones[0]) == 1
        assert await kept(world, phones[1]) == 0


# ---- the site's exercises ----
BAD = {
    "not json": (b"{", "not JSON"),
    "twice": (b'{"lessons":[{"id":"a","skill":"s"},{"id":"a","skill":"s"}]}', "twice"),
    "no skill": (b'{"lessons":[{"id":"a"}]}', "skill"),
    "too hard": (b'{"lessons":[{"id":"a","skill":"s","difficulty":7.0}]}', "difficulty"),
    "no number": (b'{"lessons":[{"id":"a","skill":"s","difficulty":NaN}]}', "difficulty"),
    "none": (b'{"lessons":[]}', "lessons"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_wrong_file_of_lessons_is_refused(kind: str) -> None:
    data, says = BAD[kind]
    with pytest.raises(RequestInvalid, match=says):
        registry.lessons(data)


async def test_exercises_are_replaced_and_answers_to_old_ones_are_passed_over(
    make_world: MakeWorld,
) -> None:
    async with school(make_world) as world:
        phone = await learner(world)
        await tell(phone, "angles-1")
        new = registry.lessons(b'{"lessons":[{"id":"new-1","skill":"new","difficulty":-1.5}]}')
        await world.store.transact(lambda t: registry.teach(t, world.site.id, new, world.clock.at))
        assert (await ask(world, phone)).item.id == "new-1"
        assert await world.store.transact(lambda t: t.lessons.bank(world.site.id)) == new
        assert (await rebuild(world)).people == 0

"""Rankings with and without emotion: the same question, the same candidates and prices; and what is learned of them."""

import dataclasses
import os
from typing import Any

import pytest
from tests.server.world import MakeWorld, World

from mien.errors import ClockSkewed, EnvelopeInvalid, EnvelopeReplayed, RequestInvalid
from mien.values import Label, Offer
from mien.wire.canonical import b64, encode
from mien.wire.messages import (
    MAX_PLACES,
    OfferDoc,
    RankRequest,
    RewardRequest,
    Why,
    authenticate,
    dump,
)
from mien.wire.seal import Use
from mien.wire.slots import pack, read
from mien_server import record
from mien_server.errors import EventUnknown, PersonUnknown
from mien_server.personalize import Sums, words
from mien_server.pipeline.ranking import PURPOSE, WHY_BLOCK
from mien_server.ports import Transaction
from mien_server.values import Emotion


async def sums_of(world: World) -> Sums:
    learning = world.pipeline._rankings._learning
    found: Sums = await world.store.transact(lambda t: learning.sums(t, "shop"))
    return found


async def stored(world: World, name: str) -> Any:
    return await world.store.transact(lambda t: t.events.get("shop", name))


async def backend_reward(world: World, event: Any, reward: Any, place: Any = 1) -> Any:
    request = RewardRequest(site="shop", event=event, place=place, reward=reward)
    return await world.pipeline.reward(world.site, request, backend=True)


async def test_refusing_costs_nothing(make_world: MakeWorld) -> None:
    """P8: with emotion, without, and without anybody: the same offers at the same prices, and answers of the same shape."""
    async with make_world() as world:
        yes, no = await world.enrolled(), await world.enrolled()
        await yes.send()
        await no.withdraw()
        answers = [await yes.rank(places=6), await no.rank(places=6), await world.rank(places=6)]
        offers = [{(p.offer.id, p.offer.price) for p in answer.places} for answer in answers]
        assert offers[0] == offers[1] == offers[2]
        assert len(answers[0].sealed_why or "") == len(answers[1].sealed_why or "")
        assert answers[2].sealed_why is None
        assert [yes.why(answers[0]).used_emotion, no.why(answers[1]).used_emotion] == [True, False]


async def test_why_is_for_the_asking_device_alone(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        await phone.send()
        answer = await phone.rank()
        why = phone.why(answer)
        assert why.used_emotion
        assert len(why.places) == len(answer.places)
        assert why.laws
        other.subject = phone.subject
        with pytest.raises(EnvelopeInvalid):
            other.why(answer)


async def test_without_labels_or_with_old_ones_no_emotion_is_used(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        assert not phone.why(await phone.rank()).used_emotion
        await phone.send()
        world.clock.at += 901
        assert not phone.why(await phone.rank()).used_emotion


async def test_a_backend_learns_no_emotion(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        request = RankRequest(site="shop", request=b64(os.urandom(16)))
        answer = await world.pipeline.rank(world.site, request, backend=True)
        assert answer.sealed_why is None
        assert (await stored(world, answer.event)).subject is None
        with pytest.raises(RequestInvalid, match="backend"):
            await world.pipeline.rank(world.site, phone.rank_request(), backend=True)


async def test_candidates_are_those_sent(make_world: MakeWorld) -> None:
    async with make_world() as world:
        docs = [OfferDoc(id="a", title="A", price=5), OfferDoc(id="b", title="B", price=6)]
        answer = await world.rank(candidates=docs)
        assert sorted(place.offer.id for place in answer.places) == ["a", "b"]
        assert [place.place for place in answer.places] == [1, 2]


async def test_nothing_to_rank(make_world: MakeWorld) -> None:
    async with make_world() as world:
        none_left = [OfferDoc(id="a", title="A", price=5, stock=0)]
        with pytest.raises(RequestInvalid, match="nothing to rank"):
            await world.rank(candidates=none_left)


async def test_a_request_is_answered_once(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        request = phone.rank_request()
        await world.pipeline.rank(world.site, request, backend=False)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline.rank(world.site, request, backend=False)


async def test_who_asks_must_be_who_they_say(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        forged = phone.rank_request().model_copy(update={"asker": other.asker()})
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.rank(world.site, forged, backend=False)
        as_reward = authenticate(phone.rank_request(), phone.stream_key, Use.REWARD)
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.rank(world.site, as_reward, backend=False)
        with pytest.raises(PersonUnknown):
            await world.phone().rank()
        late = phone.rank_request()
        world.clock.at += 121
        with pytest.raises(ClockSkewed):
            await world.pipeline.rank(world.site, late, backend=False)


async def test_an_event_of_a_person_is_sealed_and_one_of_nobody_is_nobodys(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        mine = await stored(world, (await phone.rank()).event)
        assert mine.subject == phone.subject
        assert b"offer-" not in mine.content
        await phone.withdraw()
        refused = await stored(world, (await phone.rank()).event)
        assert refused.subject is None
        assert b"offer-" in refused.content


async def test_every_use_is_logged_allowed_or_not(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await phone.rank()
        await phone.withdraw()
        await phone.rank()
        decisions = [each["record"] for each in (await phone.export())["decisions"]]
        uses = ['"allow":true' in each for each in decisions if '"action":"use"' in each]
        assert uses == [True, False]


# ---- learning ----
async def test_a_reward_is_learned_once_and_can_be_corrected(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        answer = await phone.rank()
        assert (await sums_of(world)).n == 0
        assert not (await phone.reward(answer.event, 30)).duplicate
        first = await sums_of(world)
        assert first.n == 1
        assert (await phone.reward(answer.event, 30)).duplicate
        assert await sums_of(world) is first
        await phone.reward(answer.event, 100)
        await phone.reward(answer.event, 50, place=2)
        second = await sums_of(world)
        assert second.n == 1
        assert second.b[0] == pytest.approx(1.5)
        (event,) = (await phone.export())["events"]
        assert [place["reward_percent"] for place in event["places"]] == [100, 50, None, None, None]


async def test_rankings_without_a_reward_are_learned_later(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await world.rank()
        await phone.send()
        await phone.rank()
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 0
        world.clock.at += 601
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 2
        await world.pipeline.sweep()
        assert (await sums_of(world)).n == 2


async def test_what_came_of_a_ranking_whose_consent_is_gone_is_not_learned(
    make_world: MakeWorld,
) -> None:
    """Consent that ran out but was not swept yet: learning is a use, so policy is asked again."""
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        event = (await phone.rank()).event
        # sooner than the event: what retention has ended is not read at all
        soon = dataclasses.replace(
            await world.person(phone.subject), expires_at=world.clock.at + 1000
        )
        await world.store.transact(lambda t: t.people.put(soon))
        world.clock.at = soon.expires_at
        with pytest.raises(EventUnknown):
            await backend_reward(world, event, 100)
        await world.pipeline._rankings.learn()
        assert (await sums_of(world)).n == 0
        assert await stored(world, event) is None


async def test_expired_events_are_forgotten(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await phone.reward((await phone.rank()).event, 100)
        anonymous = await world.rank()
        await backend_reward(world, anonymous.event, 40)
        assert (await sums_of(world)).n == 2
        world.clock.at += 30 * 86_400
        await world.pipeline.sweep()
        sums = await sums_of(world)
        assert (sums.n, abs(sums.b).max()) == (0, pytest.approx(0, abs=1e-12))
        with pytest.raises(EventUnknown):
            await backend_reward(world, anonymous.event, 40)


async def test_who_only_has_the_publishable_key_rewards_nobodys_rankings_alone(
    make_world: MakeWorld,
) -> None:
    """Everybody has that key: for a person's ranking it takes the MAC of their device, or the backend's secret key."""
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        theirs, nobodys = (await phone.rank()).event, (await world.rank()).event
        request = RewardRequest(site="shop", event=theirs, reward=100)
        with pytest.raises(EventUnknown):
            await world.pipeline.reward(world.site, request, backend=False)
        assert (await sums_of(world)).n == 0
        request = RewardRequest(site="shop", event=nobodys, reward=100)
        await world.pipeline.reward(world.site, request, backend=False)
        await backend_reward(world, theirs, 100)
        assert (await sums_of(world)).n == 2


async def test_rewards_that_cannot_be(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        await phone.send()
        answer = await phone.rank(places=2)
        with pytest.raises(RequestInvalid, match="no such place"):
            await phone.reward(answer.event, 100, place=3)
        with pytest.raises(EventUnknown):
            await other.reward(answer.event, 100)
        with pytest.raises(EventUnknown):
            await phone.reward("evt_" + "a" * 26, 100)
        request = RewardRequest(
            site="shop", event=answer.event, reward=1, asker=phone.asker(), mac=b64(bytes(32))
        )
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.reward(world.site, request, backend=False)
        with pytest.raises(RequestInvalid, match="backend"):
            await world.pipeline.reward(world.site, request, backend=True)
        assert (await sums_of(world)).n == 0


async def test_sums_of_an_undone_transaction_are_not_used(make_world: MakeWorld) -> None:
    """The sums are cached in memory: a commit that failed must not leave its own there."""
    async with make_world() as world:
        answer = await world.rank()
        learning = world.pipeline._rankings._learning

        def fails(transaction: Transaction) -> None:
            sealed = transaction.events.get("shop", answer.event)
            assert sealed is not None
            learning.change(transaction, "shop", learn=[learning.open(transaction, sealed)])
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await world.store.transact(fails)
        assert (await sums_of(world)).n == 0
        await backend_reward(world, answer.event, 100)
        assert (await sums_of(world)).n == 1


# ---- rights over what is kept ----
async def test_a_label_is_corrected(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send([Label("anger", phone.now() - 5, confidence=9)])
        (kept,) = (await phone.export())["labels"]
        await phone.correct(
            kept["record"], Label("joy", kept["ended_at"], confidence=15, source="declared")
        )
        (now,) = (await phone.export())["labels"]
        assert (now["expression"], now["class"], now["record"]) == (
            "joy",
            "correction",
            kept["record"],
        )
        with pytest.raises(EnvelopeInvalid, match="time"):
            await phone.correct(kept["record"], Label("joy", kept["ended_at"] + 1, confidence=15))
        with pytest.raises(Exception, match="no such label"):
            await phone.correct("rec_" + "a" * 26, Label("joy", kept["ended_at"], confidence=15))


async def test_the_export_is_whole(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        answer = await phone.rank()
        export = await phone.export()
        assert export["consent"]["purposes"] == ["personalize_offers"]
        assert [key["id"] for key in export["keys"]] == [phone.id]
        assert [event["event"] for event in export["events"]] == [answer.event]
        assert len(export["decisions"]) == 3


def test_the_longest_words_fit_one_block() -> None:
    """Or the size of what is sealed to the device would tell the page that emotion was used."""
    tag = "t" * 40
    offer = Offer("o", "An offer", 1000, tags=(tag,))
    lengths = []
    for look in words.LOOKS:
        felt = Emotion({look: 1.0}, -1.0, 1.0, 64)
        said = words.Said(felt, {tag: 1.0}, 10_000, True, behaviour="comparing", hesitant=True)
        lift = words.Lift(declared=0.5, learned=0.5, behaviour=-0.5, likeliest=False)
        place = words.place(said, offer, lift)
        why = Why(used_emotion=True, why=words.whole(said), places=[place] * MAX_PLACES, laws=[])
        lengths.append(len(encode(dump(why))))
    for_laws = 1000
    assert 4 + max(lengths) + for_laws <= WHY_BLOCK


async def test_a_month_of_labels_is_exported(make_world: MakeWorld) -> None:
    """GDPR 15 has no upper bound: seven hours of reading were once too many for the answer."""
    async with make_world() as world:
        phone = await world.enrolled()
        person = await world.person(phone.subject)
        vault = world.pipeline._parts.vault(person)
        first = world.clock.at - 25_000
        month = [Label("surprise", first + i, 14, valence=-10, arousal=15) for i in range(25_000)]
        parts = [month[i : i + 64] for i in range(0, len(month), 64)]
        sheets = [read(pack(part, part[0].ended_at)) for part in parts]
        held = [
            run
            for sheet in sheets
            for run in record.seal_runs(vault, sheet, "label", 86_400, world.entropy)
        ]
        await world.store.transact(lambda t: t.records.add(held))
        assert len((await phone.export())["labels"]) == 25_000


async def test_of_a_run_only_what_is_recent_counts(make_world: MakeWorld) -> None:
    """A run may reach back an hour: what ended before the window is not used because something else in its run did not."""
    async with make_world() as world:
        phone = await world.enrolled()
        now = phone.now()
        await phone.send([Label("sadness", now - 601 - i, 15) for i in range(20)] + [Label("joy", now - 300, 15)])  # fmt: skip
        (run,) = await world.store.transact(lambda t: t.records.all("shop", phone.subject))
        knowing, vault = world.pipeline._rankings._knowing, world.pipeline._parts.vault(await world.person(phone.subject))  # fmt: skip
        found = knowing._opened(vault, [run], {PURPOSE}, now)
        assert [(what.expression, ended_at) for _purpose, what, ended_at in found] == [("joy", now - 300)]  # fmt: skip
        assert phone.why(await phone.rank()).used_emotion
        world.clock.at += 300
        assert phone.why(await phone.rank()).used_emotion
        world.clock.at += 1
        assert not phone.why(await phone.rank()).used_emotion


async def test_no_more_records_are_opened_than_needed(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        for back in (130, 66, 2):
            await phone.send([Label("joy", phone.now() - back - i, 15) for i in range(64)])
        vault = world.pipeline._parts.vault(await world.person(phone.subject))
        since = phone.now() - 600
        records = await world.store.transact(
            lambda t: t.records.recent("shop", phone.subject, since, since, 64)
        )
        assert len(records) == 3
        damaged = dataclasses.replace(records[-1], sealed=bytes(9))
        found = world.pipeline._rankings._knowing._opened(vault, [*records[:-1], damaged], {PURPOSE}, phone.now())  # fmt: skip
        assert len(found) == 64
        assert world.pipeline._rankings._knowing._opened(vault, [damaged], {"declare_mood"}, phone.now()) == []  # fmt: skip

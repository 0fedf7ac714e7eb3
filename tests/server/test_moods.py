"""The declared mood: a purpose of its own, without camera or model, where faces may not be read as well."""

import dataclasses
from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World

from mien.errors import EnvelopeInvalid, PolicyDenied
from mien.values import Claims, Label
from mien_server.ports import Transaction

OFFERS, MOOD = "personalize_offers", "declare_mood"


def mood(phone: Phone, word: str = "joy") -> list[Label]:
    return [Label(word, phone.now(), confidence=15, source="declared")]


async def kept(world: World, phone: Phone) -> list[str]:
    """The classes of the records that are kept."""

    def work(transaction: Transaction) -> Any:
        return sorted(each.data_class for each in transaction.records.all("shop", phone.subject))

    found: list[str] = await world.store.transact(work)
    return found


async def events(world: World, phone: Phone) -> int:
    found = await world.store.transact(lambda t: t.events.of_person("shop", phone.subject, 99))
    return len(found)


async def test_a_mood_without_camera_and_model(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone(model=0)
        assert (await phone.consent(MOOD)).purposes == [MOOD]
        capability = await phone.capability()
        assert (capability["may"], capability["purposes"], capability["model"]) == (["send"], [MOOD], 0)  # fmt: skip
        await phone.send(mood(phone))
        assert await kept(world, phone) == ["mood"]
        assert phone.why(await phone.rank()).used_emotion


PLACES = [("education", "student", "EU-DE"), ("workplace", "employee", "EU-DE"), ("education", "student", "US-NY")]  # fmt: skip


@pytest.mark.parametrize(("sector", "role", "place"), PLACES)
async def test_it_works_where_faces_may_not_be_read(
    make_world: MakeWorld, sector: str, role: str, place: str
) -> None:
    site = make_world().site
    site = dataclasses.replace(site, sector=sector, roles=(role,), jurisdictions=(place,))
    async with make_world("there", site=site) as world:
        phone = world.phone()
        claims = Claims((place,), sector=sector, role=role, age_band="adult")
        receipt = await phone.consent(OFFERS, MOOD, claims=claims)
        assert receipt.purposes == [MOOD]
        (refused,) = receipt.refused  # a no in part names its law as well
        assert refused.purpose == OFFERS
        assert refused.laws
        assert set(refused.laws).isdisjoint(receipt.laws)
        await phone.send(mood(phone))
        assert phone.why(await phone.rank()).used_emotion
        with pytest.raises(PolicyDenied) as caught:
            await phone.send()
        assert any("5(1)(f)" in law or "106-b" in law for law in caught.value.laws) or caught.value.laws  # fmt: skip


async def test_a_yes_to_the_camera_is_no_yes_to_moods_nor_the_other_way(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS)
        with pytest.raises(PolicyDenied) as caught:
            await phone.send(mood(phone))
        assert "policy:one-purpose" in caught.value.laws
        other = await world.enrolled(MOOD)
        with pytest.raises(PolicyDenied):
            await other.send()


async def test_an_envelope_is_kept_whole_or_not_at_all(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS)
        face = Label("joy", phone.now(), confidence=14, valence=10, arousal=5, model=1)
        with pytest.raises(PolicyDenied):
            await phone.send([face, *mood(phone)])
        assert await kept(world, phone) == []


async def test_each_purpose_takes_its_own_with_it(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS, MOOD)
        await phone.send()
        await phone.send(mood(phone))
        assert await kept(world, phone) == ["label", "mood"]
        await phone.rank()
        assert await events(world, phone) == 1
        assert (await phone.withdraw(OFFERS, "adapt_service")).withdrawn == [OFFERS]
        assert await kept(world, phone) == ["mood"]
        assert await events(world, phone) == 0  # it rested on both
        await phone.rank()
        assert await events(world, phone) == 1
        await phone.consent(OFFERS, MOOD)
        assert await events(world, phone) == 1  # it rests on the mood, which stands
        await phone.withdraw(MOOD)
        assert await kept(world, phone) == []
        assert await events(world, phone) == 0


async def test_after_the_mood_is_withdrawn_it_is_not_used(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS, MOOD)
        await phone.send(mood(phone))
        assert phone.why(await phone.rank()).used_emotion
        await phone.withdraw(MOOD)
        assert not phone.why(await phone.rank()).used_emotion


async def test_what_a_correction_says_stays_with_the_label_it_corrects(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS)
        await phone.send()
        first = (await phone.export())["labels"][0]
        said = Label("sadness", first["ended_at"], confidence=15, source="declared")
        await phone.correct(first["record"], said)
        assert "correction" in await kept(world, phone)
        assert phone.why(await phone.rank()).used_emotion


async def test_a_corrected_mood_stays_a_mood(make_world: MakeWorld) -> None:
    """It must neither serve a purpose that it was not said for, nor outlive the one that it was."""
    async with make_world() as world:
        phone = await world.enrolled(OFFERS, MOOD)
        await phone.send(mood(phone))
        (first,) = (await phone.export())["labels"]
        said = Label("sadness", first["ended_at"], confidence=15, source="declared")
        await phone.correct(first["record"], said)
        assert await kept(world, phone) == ["mood"]
        assert phone.why(await phone.rank()).used_emotion
        await phone.withdraw(MOOD)
        assert await kept(world, phone) == []
        assert not phone.why(await phone.rank()).used_emotion


async def test_a_correction_is_the_persons_own_word(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled(OFFERS)
        await phone.send()
        first = (await phone.export())["labels"][0]
        with pytest.raises(EnvelopeInvalid, match="own word"):
            await phone.correct(first["record"], Label("joy", first["ended_at"], confidence=15))

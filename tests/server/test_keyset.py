"""The key set: a second device by a link code, a lost one removed, and what each key may not do."""

import pytest
from tests.server.world import MakeWorld, Phone, World

from mien.errors import RequestInvalid, SignatureInvalid
from mien.wire.keys import SigningKey
from mien.wire.messages import ConsentAnswer, KeyChange, KeyDoc
from mien_server.errors import PersonUnknown

OFFERS = "personalize_offers"


def public(role: str, key: SigningKey) -> KeyDoc:
    return KeyDoc.model_validate({"role": role, "sign": key.verify_key().text()})


async def changed(world: World, text: str) -> ConsentAnswer:
    return await world.pipeline.change_keys(world.site, text)


async def linked(world: World, phone: Phone, seconds: int = 600) -> SigningKey:
    """A link key that `phone` registered."""
    link = SigningKey.generate()
    ends = world.clock.at + seconds
    await changed(world, phone.key_change(link, public("link", link), expires_at=ends))
    return link


def joining(phone: Phone, link: SigningKey) -> tuple[Phone, str]:
    second = phone.world.phone(subject=phone.subject)
    return second, second.key_change(second.signing, second.key_doc(), by=link)


async def roles(world: World, phone: Phone) -> list[str]:
    keys = await world.store.transact(lambda t: t.people.keys("shop", phone.subject))
    return sorted(key.role for key in keys)


async def test_a_second_device_joins_by_a_link_code(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        second, text = joining(phone, await linked(world, phone))
        answer = await changed(world, text)
        assert answer.capability is None  # the link key is no device
        receipt = phone.receipt(answer.receipt)
        assert (receipt.outcome, receipt.by) == ("given", "link")
        assert await roles(world, phone) == ["device", "device"]
        assert (await second.capability())["device"] == second.id
        assert not (await second.send()).duplicate
        assert second.why(await second.rank()).used_emotion
        assert (await second.withdraw()).outcome == "withdrawn"
        assert not phone.why(await phone.rank()).used_emotion


async def test_a_link_code_is_used_once(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        link = await linked(world, phone)
        await changed(world, joining(phone, link)[1])
        with pytest.raises(PersonUnknown):
            await changed(world, joining(phone, link)[1])


async def test_a_link_code_runs_out(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        link = await linked(world, phone)
        world.clock.at += 600
        with pytest.raises(PersonUnknown):
            await changed(world, joining(phone, link)[1])


async def test_a_new_link_code_ends_the_one_before(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        first, second = await linked(world, phone), await linked(world, phone)
        with pytest.raises(PersonUnknown):
            await changed(world, joining(phone, first)[1])
        await changed(world, joining(phone, second)[1])


@pytest.mark.parametrize("seconds", [0, -5, 721])
async def test_a_link_code_lives_for_minutes(make_world: MakeWorld, seconds: int) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        with pytest.raises(RequestInvalid, match="600 seconds"):
            await linked(world, phone, seconds)


async def test_a_link_code_adds_a_device_and_nothing_else(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        link = await linked(world, phone)
        paper = SigningKey.generate()
        with pytest.raises(RequestInvalid, match="adds one device"):
            await changed(world, phone.key_change(paper, public("recovery", paper), by=link))
        with pytest.raises(RequestInvalid, match="adds one device"):
            await changed(world, phone.key_removal(phone.id, by=link))
        with pytest.raises(PersonUnknown):
            await world.pipeline.withdraw(world.site, phone.withdrawal(OFFERS, key=link))
        with pytest.raises(PersonUnknown):
            await world.pipeline.erase(world.site, phone.erasure(link))
        assert (await phone.send()).accepted


async def test_a_key_joins_only_by_its_own_will(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        wanted = world.phone(subject=phone.subject)
        with pytest.raises(SignatureInvalid):
            await changed(world, phone.key_change(SigningKey.generate(), wanted.key_doc()))


async def test_a_key_joins_once(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        with pytest.raises(RequestInvalid, match="already"):
            await changed(world, phone.key_change(phone.signing, phone.key_doc()))


async def with_paper(world: World) -> tuple[Phone, SigningKey]:
    """A phone whose person has a recovery code."""
    phone, paper = world.phone(), SigningKey.generate()
    keys = [phone.key_doc(), public("recovery", paper)]
    assert (await phone.consent(OFFERS, keys=keys)).outcome == "given"
    return phone, paper


async def test_a_key_set_is_bounded(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()

        async def add() -> None:
            other = world.phone(subject=phone.subject)
            await changed(world, phone.key_change(other.signing, other.key_doc()))

        for _ in range(15):
            await add()
        with pytest.raises(RequestInvalid, match="16 keys"):
            await add()


async def test_a_recovery_key_asks_for_no_capability(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, paper = await with_paper(world)
        phone.signing = paper
        with pytest.raises(RequestInvalid, match="device"):
            await phone.capability()


async def test_a_stolen_device_makes_no_recovery_code_of_its_own(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, paper = await with_paper(world)
        thief, spare = SigningKey.generate(), SigningKey.generate()
        with pytest.raises(RequestInvalid, match="added by a recovery code"):
            await changed(world, phone.key_change(thief, public("recovery", thief)))
        await changed(world, phone.key_change(spare, public("recovery", spare), by=paper))
        for by in (phone.signing, spare):  # one code does not remove another either
            with pytest.raises(RequestInvalid, match="removed by itself"):
                await changed(world, phone.key_removal(paper.verify_key().id, by=by))
        await changed(world, phone.key_removal(paper.verify_key().id, by=paper))
        await changed(world, phone.key_removal(phone.id, by=spare))


async def test_a_renewal_leaves_the_other_keys_as_they_are(make_world: MakeWorld) -> None:
    """A consent of one device must not replace another's stream key, nor its own other keys' roles."""
    async with make_world() as world:
        phone, paper = await with_paper(world)
        keys = [phone.key_doc(), public("recovery", paper)]
        world.clock.at += 5
        assert (await phone.consent(OFFERS, keys=keys)).outcome == "renewed"
        held = await world.store.transact(lambda t: t.people.keys("shop", phone.subject))
        assert {key.role: key.added_at for key in held} == {
            "device": world.clock.at,
            "recovery": world.clock.at - 5,
        }


# ---- removing ----
async def test_a_lost_device_is_removed_and_speaks_no_more(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        lost, text = joining(phone, await linked(world, phone))
        await changed(world, text)
        await lost.send()
        await changed(world, phone.key_removal(lost.id))
        with pytest.raises(PersonUnknown):
            await lost.send()
        with pytest.raises(PersonUnknown):
            await lost.withdraw()
        assert (await phone.send()).accepted


async def test_the_recovery_key_removes_every_device_and_stays(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, paper = await with_paper(world)
        with pytest.raises(RequestInvalid, match="removed by itself"):
            await changed(world, phone.key_removal(paper.verify_key().id))
        await changed(world, phone.key_removal(phone.id, by=paper))
        with pytest.raises(RequestInvalid, match="last key"):
            await changed(world, phone.key_removal(paper.verify_key().id, by=paper))
        await phone.erase(key=paper)


async def test_a_removed_device_leaves_no_door_open(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        lost, text = joining(phone, await linked(world, phone))
        await changed(world, text)
        code = await linked(world, lost)
        await changed(world, phone.key_removal(lost.id))
        with pytest.raises(PersonUnknown):
            await changed(world, joining(lost, code)[1])
        with pytest.raises(SignatureInvalid):
            await lost.consent(OFFERS)


async def test_a_device_that_removes_itself_gets_no_capability(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        second, text = joining(phone, await linked(world, phone))
        await changed(world, text)
        assert (await changed(world, second.key_removal(second.id))).capability is None
        assert (await phone.send()).accepted


async def test_the_sweep_takes_link_codes_that_ended(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await linked(world, phone)
        world.clock.at += 600
        await world.pipeline.sweep()
        assert await roles(world, phone) == ["device"]


async def test_the_last_key_stays(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await linked(world, phone)  # a link code does not count: it cannot withdraw
        with pytest.raises(RequestInvalid, match="last key"):
            await changed(world, phone.key_removal(phone.id))


async def test_removing_what_is_not_there(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        with pytest.raises(RequestInvalid, match="no such key"):
            await changed(world, phone.key_removal(SigningKey.generate().verify_key().id))


def test_a_key_change_does_one_thing() -> None:
    with pytest.raises(ValueError, match="adds one key or removes one"):
        KeyChange(site="shop", subject="sub_" + "a" * 26, at=1, nonce="A" * 22)

"""The browser's privacy signal: a no as our policy, from whatever request brings it first; an explicit, later yes wins; both are on record."""

import contextlib
import json
from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World

from mien.errors import PolicyDenied
from mien.values import Claims
from mien.wire.messages import ExportRequest
from mien.wire.signatures import Kind
from mien_server.errors import EventUnknown

OFFERS = "personalize_offers"


async def decisions(phone: Phone) -> list[dict[str, Any]]:
    return [json.loads(each["record"]) for each in (await phone.export())["decisions"]]


async def given(world: World, *, gpc: bool) -> Phone:
    phone = world.phone()
    text = phone.signed(Kind.CONSENT, await phone.consent_statement(OFFERS))
    await world.pipeline.consent(world.site, text, gpc=gpc)
    return phone


async def test_a_yes_under_the_signal_is_explicit_and_wins(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await given(world, gpc=True)
        world.clock.at += 60
        answer = await world.pipeline.labels(world.site, phone.envelope(), gpc=True)
        assert not answer.duplicate
        asked = (await decisions(phone))[-1]["asked"][0]["question"]
        assert (asked["gpc"], asked["explicit_after_gpc"]) == (True, True)


async def test_a_signal_that_comes_later_is_a_no_until_a_new_yes(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await given(world, gpc=False)
        assert (await phone.send()).accepted
        with pytest.raises(PolicyDenied) as caught:
            await world.pipeline.labels(world.site, phone.envelope(), gpc=True)
        assert "policy:gpc" in caught.value.laws
        with pytest.raises(PolicyDenied):  # and it stays one when a request comes without it
            await phone.send()
        with pytest.raises(PolicyDenied):
            await phone.capability()
        asked = (await decisions(phone))[-1]["asked"][0]["question"]
        assert (asked["gpc"], asked["explicit_after_gpc"]) == (True, False)
        world.clock.at += 10
        assert (await phone.consent(OFFERS, claims=Claims(("EU-DE",), age_band="adult", gpc=True))).outcome == "renewed"  # fmt: skip
        assert (await phone.send()).accepted


async def test_the_signal_counts_with_any_request_of_a_device(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await given(world, gpc=False)
        with pytest.raises(PolicyDenied):
            await phone.capability(gpc=True)
        other = await given(world, gpc=False)
        await other.send()
        request = other.rank_request()
        ranked = await world.pipeline.rank(world.site, request, backend=False, gpc=True)
        assert not other.why(ranked).used_emotion
        with pytest.raises(PolicyDenied):
            await other.send()


async def test_a_signal_in_the_same_second_as_the_yes_comes_after_it(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await given(world, gpc=False)
        with pytest.raises(PolicyDenied):
            await world.pipeline.labels(world.site, phone.envelope(), gpc=True)


async def test_a_yes_in_the_same_second_as_the_signal_comes_after_it(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await given(world, gpc=False)
        with pytest.raises(PolicyDenied):
            await world.pipeline.labels(world.site, phone.envelope(), gpc=True)
        text = phone.signed(Kind.CONSENT, await phone.consent_statement(OFFERS))
        await world.pipeline.consent(world.site, text, gpc=True)
        assert (await phone.send()).accepted


async def test_the_signal_takes_nothing_away_but_emotion(make_world: MakeWorld) -> None:
    """P8: the same offers at the same prices."""
    async with make_world() as world:
        phone = await given(world, gpc=False)
        request = phone.rank_request()
        ranked = await world.pipeline.rank(world.site, request, backend=False, gpc=True)
        without = await world.rank()
        assert {(p.offer.id, p.offer.price) for p in ranked.places} <= {
            (offer.id, offer.price) for offer in world.catalogue.offers
        }
        assert len(ranked.places) == len(without.places)


async def test_whatever_brings_the_signal_it_is_heard(make_world: MakeWorld) -> None:
    async with make_world() as world:
        for ask in ("withdraw", "export", "reward", "keys"):
            phone = await given(world, gpc=False)
            if ask == "withdraw":
                text = phone.withdrawal("adapt_service")
                answer = await world.pipeline.withdraw(world.site, text, gpc=True)
                assert answer.capability is None
            elif ask == "export":
                statement = ExportRequest(**phone.by_person(seal=phone.opening.seal_key().text()))
                signed = phone.signed(Kind.EXPORT_REQUEST, statement)
                await world.pipeline.export(world.site, signed, gpc=True)
            elif ask == "reward":
                event = (await phone.rank()).event
                request = phone.reward_request(event, 100)
                with contextlib.suppress(EventUnknown):  # its person's emotion is not learned from
                    await world.pipeline.reward(world.site, request, backend=False, gpc=True)
            else:
                other = world.phone(subject=phone.subject)
                text = phone.key_change(other.signing, other.key_doc())
                answer = await world.pipeline.change_keys(world.site, text, gpc=True)
                assert answer.capability is None
            assert (await world.person(phone.subject)).gpc_at, ask


async def test_a_signal_that_was_seen_stays_on_record_beside_the_yes(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await given(world, gpc=True)
        world.clock.at += 10
        await phone.consent(OFFERS)
        await phone.send()
        asked = (await decisions(phone))[-1]["asked"][0]["question"]
        assert (asked["gpc"], asked["explicit_after_gpc"]) == (True, True)

"""Envelopes arrive: kept once, in any order within the window, or refused by name with nothing lost and nothing kept."""

from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeInvalid,
    EnvelopeReplayed,
    PolicyDenied,
    SealKeyExpired,
    SealKeyUnknown,
)
from mien.values import Label
from mien.wire.canonical import b64
from mien_server.errors import PersonUnknown
from mien_server.ports import Transaction
from mien_server.unseal import WINDOW

DAY = 86_400


async def labels(world: World, phone: Phone) -> Any:
    return (await phone.export())["labels"]


async def test_what_arrives_is_what_is_kept(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        now = phone.now()
        sent = [Label("surprise", now - 1, confidence=7, second="fear", state="confused", valence=-3, window=2, model=4)]  # fmt: skip
        await phone.send(sent)
        (kept,) = await labels(world, phone)
        assert kept["retain_until"] == now - 1 + 30 * DAY
        assert {"expression": "surprise", "second": "fear", "state": "confused", "valence": -3, "arousal": None,
                "confidence": 7, "window": 2, "model": 4, "source": "face", "class": "label", "polarity": "none",
                "ended_at": now - 1, "record": kept["record"], "retain_until": kept["retain_until"]} == kept  # fmt: skip


async def test_the_same_envelope_again_is_a_duplicate(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        envelope = phone.envelope()
        assert not (await world.pipeline.labels(world.site, envelope)).duplicate
        assert (await world.pipeline.labels(world.site, envelope)).duplicate
        assert len(await labels(world, phone)) == 8


async def test_two_envelopes_under_one_number(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send(seq=5)
        with pytest.raises(EnvelopeReplayed, match="another"):
            await phone.send(seq=5)
        assert len(await labels(world, phone)) == 8


async def test_out_of_order_within_the_window(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        for seq in (2000, 1999, 2000 - WINDOW + 1, 2001):
            await phone.send([Label("joy", phone.now(), confidence=1)], seq=seq)
        for seq in (2001 - WINDOW - 1, 1):
            with pytest.raises(EnvelopeReplayed, match="too old"):
                await phone.send(seq=seq)
        assert len(await labels(world, phone)) == 4


async def test_devices_count_by_themselves(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        second = world.phone(subject=phone.subject)
        await world.pipeline.change_keys(
            world.site, phone.key_change(second.signing, second.key_doc())
        )
        await phone.send(seq=7)
        await second.send(seq=7)
        assert len(await labels(world, phone)) == 16


async def test_an_envelope_of_somebody_else(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        moved = phone.envelope().model_copy(update={"subject": other.subject})
        with pytest.raises(PersonUnknown):
            await world.pipeline.labels(world.site, moved)
        moved = phone.envelope().model_copy(update={"subject": other.subject, "device": other.id})
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.labels(world.site, moved)
        assert await labels(world, other) == []


async def test_a_wrong_mac_opens_nothing_and_spends_no_number(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        envelope = phone.envelope()
        forged = envelope.model_copy(update={"mac": b64(bytes(32))})
        with pytest.raises(EnvelopeInvalid):
            await world.pipeline.labels(world.site, forged)
        assert not (await world.pipeline.labels(world.site, envelope)).duplicate


async def test_an_unknown_seal_key_and_one_that_died(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        late = phone.envelope()
        with pytest.raises(SealKeyUnknown):
            await world.pipeline.labels(world.site, late.model_copy(update={"kid": "2026-11-29"}))
        world.clock.at += DAY
        await world.pipeline.rotate()
        assert not (
            await world.pipeline.labels(world.site, late)
        ).duplicate  # yesterday's still opens
        late = phone.envelope().model_copy(update={"kid": "2026-11-22"})
        world.clock.at += DAY
        await world.pipeline.rotate()
        with pytest.raises(SealKeyExpired):
            await world.pipeline.labels(world.site, late)


async def test_labels_of_the_future(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send([Label("joy", phone.now() + 120, confidence=1)])
        with pytest.raises(ClockSkewed):
            await phone.send([Label("joy", phone.now() + 121, confidence=1)])


async def test_labels_whose_time_has_passed_are_refused_with_the_law(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        with pytest.raises(PolicyDenied) as caught:
            await phone.send([Label("joy", phone.now() - 31 * DAY, confidence=1)])
        assert "policy:retention" in caught.value.laws
        assert await labels(world, phone) == []


async def test_an_envelope_without_labels_is_accepted_like_any_other(make_world: MakeWorld) -> None:
    """Dummies only: the cadence goes on while nothing is seen."""
    async with make_world() as world:
        phone = await world.enrolled()
        assert not (await phone.send([])).duplicate
        assert await labels(world, phone) == []


async def test_a_refusal_is_logged_and_nothing_else(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.withdraw()
        before = await world.store.transact(lambda t: t.leaves.pending_count())
        envelope = phone.envelope()
        for _ in range(
            2
        ):  # the number is not spent: the same envelope is refused again, not called a duplicate
            with pytest.raises(ConsentMissing):
                await world.pipeline.labels(world.site, envelope)
        assert await world.store.transact(lambda t: t.leaves.pending_count()) == before + 2


async def test_declared_moods_are_labels_too(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled("declare_mood")
        await phone.send([Label("joy", phone.now(), confidence=15, source="declared")])
        assert (await labels(world, phone))[0]["source"] == "declared"


async def test_used_numbers_are_forgotten_when_their_keys_are_dead(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()

        def numbers(_transaction: Transaction) -> Any:
            return world.store._raw.execute("SELECT count(*) FROM accepted").fetchone()[0]

        assert await world.store.transact(numbers) == 1
        world.clock.at += 2 * DAY + 1
        await world.pipeline.sweep()
        assert await world.store.transact(numbers) == 0

"""What happens without being asked: the log grows, time runs out, keys change."""

from dataclasses import replace

import pytest
from tests.server.world import MakeWorld

from mien.errors import KeysMissing, PolicyDenied
from mien.values import Claims
from mien.wire.canonical import unb64
from mien.wire.proof import parse_checkpoint, read_entry, verify_consistency, verify_tlog_proof
from mien_server.errors import LeafUnknown, NotFound
from mien_server.keys import EPOCH, GRACE
from mien_server.ports import Transaction
from mien_server.values import Site

DAY = 86_400


async def test_leaves_get_their_place_and_a_proof(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = world.phone()
        leaf = unb64((await phone.consent("personalize_offers")).promise.leaf)
        with pytest.raises(LeafUnknown, match="yet"):
            await world.pipeline.proof(leaf)
        await world.pipeline.sequence()
        answer = await world.pipeline.proof(leaf)
        entry = unb64(answer.entry)
        key = world.keys.log.verify_key()
        assert verify_tlog_proof(answer.proof, entry, "shop.example/log", key) == 0
        assert read_entry(entry) == (leaf, world.clock.at - world.clock.at % 3600)
        with pytest.raises(LeafUnknown):
            await world.pipeline.proof(bytes(32))


async def test_more_leaves_than_a_round_takes(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien_server.pipeline.sequencing.BATCH", 4)
    async with make_world() as world:
        phone = await world.enrolled()
        for _ in range(9):
            await phone.send([])
        await world.pipeline.sequence()
        assert await world.store.transact(lambda t: (t.tiles.size(), t.leaves.pending_count())) == (
            10,
            0,
        )
        body = await world.pipeline._sequencing.entries(0, 10)
        assert len(body) == 10 * 42
        assert len(await world.pipeline.tile(0, 0, 10)) == 320
        with pytest.raises(NotFound):
            await world.pipeline.tile(0, 0, 11)


async def test_every_checkpoint_grows_from_the_one_before(make_world: MakeWorld) -> None:
    from mien_server import audit

    async with make_world() as world:
        phone = await world.enrolled()
        key = world.keys.log.verify_key()
        await world.pipeline.sequence()
        old = parse_checkpoint(await world.pipeline.checkpoint(), "shop.example/log", key)
        await phone.send()
        await world.pipeline.sequence()
        new = parse_checkpoint(await world.pipeline.checkpoint(), "shop.example/log", key)
        assert (old.size, new.size) == (1, 2)
        path = await world.store.transact(lambda t: audit.consistency(t.tiles, old.size, new.size))
        verify_consistency(old.size, old.root, new.size, new.root, path)


async def test_labels_live_as_long_as_declared_and_are_not_used_after(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        world.clock.at += 30 * DAY - 9
        await world.pipeline.rotate()
        await world.pipeline.sweep()
        assert len((await phone.export())["labels"]) == 8
        world.clock.at += 20
        assert not phone.why(await phone.rank()).used_emotion
        await world.pipeline.sweep()
        assert (await phone.export())["labels"] == []


async def test_decisions_close_after_a_year_and_stay_in_the_log(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await world.phone().consent(
            "personalize_offers", claims=Claims(("EU-DE",), age_band="under_13")
        )
        await world.pipeline.sequence()
        leaves = await world.store.transact(lambda t: t.leaves.of_person("shop", phone.subject))
        world.clock.at += 365 * DAY
        await world.pipeline.rotate()
        await world.pipeline.sweep()
        assert await world.store.transact(lambda t: t.leaves.of_person("shop", phone.subject)) == ()
        found = await world.select("SELECT opening, wrapped_key FROM leaf")
        (left,) = [each for row in found for each in row if each is not None]
        assert b'"action":"swept"' in bytes(
            left
        )  # that they were closed, and of whom it does not say
        assert (await world.pipeline.proof(leaves[0].hash)).proof


async def test_nonces_are_forgotten_when_the_clock_check_refuses_them_anyway(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        text = phone.withdrawal("personalize_offers")
        await world.pipeline.withdraw(world.site, text)
        spent = "SELECT count(*) FROM nonce"
        assert await world.select(spent) == [(2,)]
        world.clock.at += 3601
        await world.pipeline.sweep()
        assert await world.select(spent) == [(0,)]
        with pytest.raises(Exception, match="clock"):
            await world.pipeline.withdraw(world.site, text)


async def test_a_new_epoch_wraps_the_living_anew(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.clock.at = (world.keys.epoch() + 1) * EPOCH - 10
        await world.pipeline.rotate()
        phone = await world.enrolled()
        await phone.send()
        refused = await world.phone().consent(
            "personalize_offers", claims=Claims(("EU-DE",), age_band="under_13")
        )
        old = world.keys.epoch()
        before = await world.person(phone.subject)
        world.clock.at += 10
        await world.pipeline.rotate()
        after = await world.person(phone.subject)
        assert (after.epoch, before.epoch) == (old + 1, old)
        assert after.wrapped_key != before.wrapped_key
        world.clock.at += GRACE
        await world.pipeline.rotate()
        with pytest.raises(KeysMissing):
            world.keys.kek(old)
        assert (await phone.export())["decisions"]  # the labels' own time has passed meanwhile
        (leaf,) = [
            each for each in await world.store.transact(lambda t: t.leaves.pending(9))
            if each.hash == unb64(refused.promise.leaf)
        ]  # fmt: skip
        assert leaf.epoch == old + 1
        await world.pipeline.rotate()  # again: nothing to do


async def test_retention_that_nobody_declared_refuses(
    make_world: MakeWorld, conftest_shop: Site
) -> None:
    """A jurisdiction that no file knows: denied by name, not kept by default."""
    import dataclasses

    from mien.errors import RetentionUndeclared

    async with make_world() as world:
        phone = await world.enrolled()
        world.site = dataclasses.replace(conftest_shop, jurisdictions=("XX",))
        with pytest.raises((RetentionUndeclared, PolicyDenied)):
            await phone.send()


async def test_one_damaged_event_stops_neither_retention_nor_erasure(make_world: MakeWorld) -> None:
    async with make_world() as world:
        learned, waiting, other = [await world.enrolled() for _ in range(3)]
        await learned.reward((await learned.rank()).event, 100)
        await waiting.rank()
        await other.send()

        def damage(transaction: Transaction) -> None:
            for phone in (learned, waiting):
                for event in transaction.events.of_person(world.site.id, phone.subject, 10):
                    transaction.events.replace(replace(event, content=bytes(64)))

        await world.store.transact(damage)
        erasure = await learned.erase()
        await world.pipeline.complete_erasures()
        answer = await world.pipeline.erasure(erasure.erasure)
        assert other.certificate(answer).stage == "completed"
        world.clock.at += 200 * DAY
        await world.pipeline.sweep()
        assert not await world.store.transact(lambda t: t.records.all(world.site.id, other.subject))
        gone = await world.store.transact(lambda t: t.events.expired(2**32, 10))
        assert gone == ()


async def test_learning_goes_on_while_somebody_is_being_erased(make_world: MakeWorld) -> None:
    async with make_world() as world:
        leaving = await world.enrolled()
        mine = (await leaving.rank()).event
        theirs = (await world.rank()).event
        await leaving.erase()
        world.clock.at += 3600
        await world.pipeline.sweep()
        learned = await world.store.transact(lambda t: t.events.get(world.site.id, theirs))
        assert learned is not None
        assert learned.learned
        assert await world.store.transact(lambda t: t.events.get(world.site.id, mine)) is None

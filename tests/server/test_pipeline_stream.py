"""Envelopes arrive: kept once, in any order within the window, or refused by name with nothing lost and nothing kept."""

import asyncio
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
from mien_server import record
from mien_server.errors import PersonUnknown, RecordUnknown
from mien_server.unseal import WINDOW
from mien_server.values import Record

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
        count = "SELECT count(*) FROM accepted"
        assert await world.select(count) == [(1,)]
        world.clock.at += 2 * DAY + 1
        await world.pipeline.sweep()
        assert await world.select(count) == [(0,)]


# ---- labels lie in runs ----
async def held(world: World, phone: Phone) -> tuple[Record, ...]:
    found: tuple[Record, ...] = await world.store.transact(
        lambda t: t.records.all("shop", phone.subject)
    )
    return found


async def test_an_envelope_is_one_record_and_every_label_has_a_name(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        (run,) = await held(world, phone)
        exported = await labels(world, phone)
        assert [each["record"] for each in exported] == [f"{run.id}-{i:02d}" for i in range(8)]
        ends = [each["ended_at"] for each in exported]
        assert (run.ended_at, run.retain_until) == (max(ends), min(ends) + 30 * DAY)
        assert {each["retain_until"] for each in exported} == {run.retain_until}


async def test_an_envelope_of_two_classes_and_of_hours_is_cut(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled("personalize_offers", "declare_mood")
        now = phone.now()
        sent = [
            Label("joy", now - 7201, confidence=1),
            Label("fear", now - 3601, confidence=2),
            Label("anger", now - 2, confidence=3),
            Label("joy", now - 1, confidence=15, source="declared"),
        ]
        await phone.send(sent)
        kept: dict[str, list[int]] = {}
        for each in await held(world, phone):
            kept.setdefault(each.data_class, []).append(each.ended_at)
        assert kept == {"label": [now - 3601, now - 2], "mood": [now - 1]}
        exported = await labels(world, phone)
        assert [each["expression"] for each in exported] == ["joy", "fear", "anger", "joy"]
        assert [each["record"][-3:] for each in exported] == ["-00", "-01", "-02", "-03"]


async def test_no_label_outlives_its_time(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        oldest = phone.now() - 3600
        await phone.send([Label("joy", end, confidence=1) for end in (oldest, phone.now())])
        world.clock.at = oldest + 30 * DAY - 1
        await world.pipeline.sweep()
        assert len(await held(world, phone)) == 1
        world.clock.at = oldest + 30 * DAY
        await world.pipeline.sweep()
        assert await held(world, phone) == ()


async def test_a_corrected_label_leaves_its_run(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        (run,) = await held(world, phone)
        before = await labels(world, phone)
        for nth in (5, 0, 5):  # one of them twice
            said = Label("fear", before[nth]["ended_at"], confidence=15 - nth, source="declared")
            await phone.correct(before[nth]["record"], said)
        after = await labels(world, phone)
        assert [each["record"] for each in after] == [each["record"] for each in before]
        for was, now in zip(before, after, strict=True):
            if was["record"][-3:] in {"-05", "-00"}:
                assert (now["expression"], now["class"]) == ("fear", "correction")
                assert now["retain_until"] <= was["retain_until"]
            else:
                assert now == was
        kept = await held(world, phone)
        assert sorted(each.id for each in kept) == [run.id, f"{run.id}-00", f"{run.id}-05"]
        (left,) = [each for each in kept if each.id == run.id]
        assert (left.ended_at, left.retain_until) == (run.ended_at, run.retain_until)
        assert left.sealed != run.sealed
        assert len(left.sealed) == len(run.sealed)


async def test_a_run_whose_last_label_is_corrected_is_gone(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send([Label("joy", phone.now(), confidence=1)])
        ((name, ended_at),) = [(each["record"], each["ended_at"]) for each in await labels(world, phone)]  # fmt: skip
        await phone.correct(name, Label("fear", ended_at, confidence=15, source="declared"))
        (kept,) = await held(world, phone)
        assert (kept.id, kept.data_class) == (name, "correction")


@pytest.mark.parametrize("place", ["-08", "-63", "-64", "-69", ""])
async def test_no_label_lies_there(make_world: MakeWorld, place: str) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        (run,) = before = await held(world, phone)
        said = Label("fear", phone.now() - 1, confidence=15, source="declared")
        with pytest.raises(RecordUnknown):
            await phone.correct(run.id + place, said)
        assert await held(world, phone) == before


async def test_a_label_is_corrected_by_its_own_person_only(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        await phone.send()
        (first, *_) = before = await labels(world, phone)
        said = Label("fear", first["ended_at"], confidence=15, source="declared")
        with pytest.raises(RecordUnknown):
            await other.correct(first["record"], said)
        assert await labels(world, phone) == before


async def test_corrections_at_the_same_time_lose_nothing(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        before = await labels(world, phone)
        await asyncio.gather(*(
            phone.correct(each["record"], Label("fear", each["ended_at"], confidence=15, source="declared"))
            for each in before
        ))  # fmt: skip
        after = await labels(world, phone)
        assert [each["record"] for each in after] == [each["record"] for each in before]
        assert {each["class"] for each in after} == {"correction"}
        assert sorted(each.id for each in await held(world, phone)) == sorted(each["record"] for each in before)  # fmt: skip


async def test_a_label_from_before_there_were_runs_is_used_exported_and_corrected(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        vault = world.pipeline._parts.vault(await world.person(phone.subject))
        name, now = "rec_" + "a" * 26, phone.now()
        old = record.seal_label(vault, Label("joy", now - 5, 12), "label", now + DAY, name, world.entropy)  # fmt: skip
        await world.store.transact(lambda t: t.records.add([old]))
        assert phone.why(await phone.rank()).used_emotion
        assert [each["record"] for each in await labels(world, phone)] == [name]
        await phone.correct(name, Label("fear", now - 5, confidence=15, source="declared"))
        (kept,) = await labels(world, phone)
        assert (kept["record"], kept["class"], kept["expression"]) == (name, "correction", "fear")

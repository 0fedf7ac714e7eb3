"""A legal hold: nothing used, nothing deleted, nothing added; then deletion catches up by itself."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World, joyful

from mien.errors import KeepUnreadable, KeysMissing, MienError, PolicyDenied, RequestInvalid
from mien.values import Label
from mien.wire.messages import Certificate
from mien_server import record
from mien_server.errors import EventUnknown, HoldUnknown, PersonErased, PersonUnknown
from mien_server.keys import GRACE
from mien_server.pipeline.holds import LONGEST
from mien_server.ports import Transaction
from mien_server.stores.sqlite import SqliteStore
from mien_server.values import Hold, Question

DAY = 86_400
REASON = "dispute 17 before the court of Cologne"


async def held(world: World, phone: Phone, days: int = 90, reason: str = REASON) -> Hold:
    return await world.pipeline.place_hold(
        "shop", phone.subject, reason, world.clock.now() + days * DAY
    )


async def rows(world: World, phone: Phone) -> dict[str, int]:
    """What lies in the store of a person, whether or not its time has passed."""
    who = "shop", phone.subject

    def count(t: Transaction) -> dict[str, int]:
        return {
            "records": len(t.records.all(*who)),
            "events": len(t.events.of_person(*who, 1000)),
            "leaves": len(t.leaves.of_person(*who)),
            "evidence": len(t.evidence.of_person(*who)),
        }

    counted: dict[str, int] = await world.store.transact(count)
    return counted


async def used(world: World, phone: Phone) -> bool:
    return phone.why(await phone.rank()).used_emotion


async def opened(world: World) -> list[dict[str, Any]]:
    """The log's entries of nobody in particular."""
    await world.pipeline.sequence()
    found = await world.store.transact(lambda t: t.leaves.openable(0, 1000))
    plain = [leaf for _, leaf in found if leaf.subject is None and leaf.wrapped_key is None]
    return [json.loads(record.open_leaf(None, leaf).record) for leaf in plain]


async def sums(world: World) -> float:
    """How many places the site's sums have learned."""
    from mien_server.personalize import Sums

    content = await world.store.transact(lambda t: t.sites.sums("shop"))
    return Sums.from_bytes(content).n if content else 0


# ---- no use ----
async def test_what_is_held_is_not_used_and_the_law_says_so(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        assert await used(world, phone)
        await held(world, phone)
        answer = phone.why(await phone.rank())
        assert not answer.used_emotion
        assert {"GDPR 18(2)", "policy:legal-hold"} <= set(answer.laws)


async def test_nothing_is_added_to_what_is_held(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        before = await rows(world, phone)
        await held(world, phone)
        for act in (phone.send, phone.capability):
            with pytest.raises(PolicyDenied) as refused:
                await act()
            assert "GDPR 5(1)(c)" in refused.value.laws
        assert (await rows(world, phone))["records"] == before["records"]


async def test_a_new_yes_waits_until_the_hold_is_over(make_world: MakeWorld) -> None:
    """It would bring back what was withdrawn and could not be deleted."""
    async with make_world() as world:
        phone = await world.enrolled("personalize_offers", "adapt_service")
        await phone.send()
        hold = await held(world, phone)
        await phone.withdraw("personalize_offers", "adapt_service")
        assert (await phone.consent("personalize_offers")).outcome == "refused"
        assert (await rows(world, phone))["records"] > 0
        await world.pipeline.lift_hold(hold.id)
        assert (await rows(world, phone))["records"] == 0
        assert (await phone.consent("personalize_offers")).outcome == "given"
        assert not await used(world, phone)


async def test_what_rankings_learned_of_a_held_person_is_set_aside_and_comes_back(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        event = (await phone.rank()).event
        await phone.reward(event, 100)
        learned = await sums(world)
        assert learned > 0
        hold = await held(world, phone)
        assert await sums(world) == 0
        with pytest.raises(EventUnknown):
            await phone.reward(event, 50)
        world.clock.at += 3600
        await world.pipeline.sweep()
        assert await sums(world) == 0
        assert (await rows(world, phone))["events"] == 1
        await world.pipeline.lift_hold(hold.id)
        await world.pipeline.sweep()
        assert await sums(world) == learned


async def test_use_begins_again_when_the_hold_is_lifted(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        hold = await held(world, phone)
        assert not await used(world, phone)
        lifted = await world.pipeline.lift_hold(hold.id)
        assert lifted.over_at == world.clock.at
        assert await used(world, phone)
        with pytest.raises(HoldUnknown):
            await world.pipeline.lift_hold(hold.id)


async def test_a_hold_ends_at_its_second(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        hold = await held(world, phone, days=1)
        world.clock.at = hold.ends_at - 1
        with pytest.raises(PolicyDenied):
            await phone.send()
        world.clock.at = hold.ends_at
        await world.pipeline.rotate()
        await phone.send()
        with pytest.raises(HoldUnknown):
            await world.pipeline.lift_hold(hold.id)


async def test_of_two_holds_the_longer_one_counts(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        long, short = await held(world, phone, days=20), await held(world, phone, days=10)
        await world.pipeline.lift_hold(long.id)
        assert (await world.person(phone.subject)).held_until == short.ends_at
        assert not await used(world, phone)
        await world.pipeline.lift_hold(short.id)
        assert (await world.person(phone.subject)).held_until == 0


# ---- no deletion ----
async def test_a_sweep_leaves_what_is_held_and_takes_it_after_the_end(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        for each in (phone, other):
            await each.send()
            await each.rank()
        hold = await held(world, phone, days=40)
        world.clock.at += 31 * DAY
        await world.pipeline.rotate()
        await world.pipeline.sweep()
        assert (await rows(world, other))["records"] == 0
        assert (await rows(world, other))["events"] == 0
        kept = await rows(world, phone)
        assert kept["records"] > 0
        assert kept["events"] == 1
        world.clock.at = hold.ends_at
        swept = await world.pipeline.sweep()
        assert swept["retention"]["label"] == kept["records"]
        assert swept["retention"]["event"] == 1
        assert (await rows(world, phone))["records"] == 0


async def test_proofs_and_openings_are_held_as_well(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await held(world, phone, days=1095)
        before = await rows(world, phone)
        world.clock.at += 1095 * DAY - 1
        await world.pipeline.sweep()
        assert await rows(world, phone) == before
        world.clock.at += 1
        await world.pipeline.rotate()
        await world.pipeline.sweep()
        after = await rows(world, phone)
        assert after["evidence"] == 0
        assert after["leaves"] == 1  # that the hold ended


async def test_a_withdrawal_takes_effect_at_once_and_its_deletion_waits(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        before = await rows(world, phone)
        hold = await held(world, phone, days=10)
        await phone.withdraw()
        await world.pipeline.sweep()
        assert (await rows(world, phone))["records"] == before["records"]
        assert (await world.person(phone.subject)).state == "withdrawn"
        world.clock.at = hold.ends_at
        swept = await world.pipeline.sweep()
        assert swept["consent"] == {"label": before["records"]}
        assert (await rows(world, phone))["records"] == 0


async def test_an_erasure_takes_effect_at_once_and_its_deletion_waits(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        before = await rows(world, phone)
        hold = await held(world, phone, days=10)
        answer = await phone.erase()
        assert phone.certificate(answer).held_until == hold.ends_at
        with pytest.raises(PersonErased):
            await phone.rank()
        await world.pipeline.sweep()
        await world.pipeline.complete_erasures()
        assert (await rows(world, phone))["records"] == before["records"]
        assert phone.certificate(await world.pipeline.erasure(answer.erasure)).stage == "accepted"
        world.clock.at = hold.ends_at
        await world.pipeline.sweep()
        await world.pipeline.complete_erasures()
        done = phone.certificate(await world.pipeline.erasure(answer.erasure))
        assert (done.stage, done.key_destroyed, done.held_until) == (
            "completed",
            True,
            hold.ends_at,
        )
        assert set((await rows(world, phone)).values()) <= {0, 1}  # the proof of consent stays
        assert await world.store.transact(lambda t: t.holds.all()) == ()


async def test_the_certificate_of_a_waiting_erasure_follows_its_holds(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        first = await held(world, phone, days=10)
        answer = await phone.erase()

        async def said() -> Certificate:
            return phone.certificate(await world.pipeline.erasure(answer.erasure))

        begun = await said()
        second = await held(world, phone, days=60)
        longer = await said()
        assert (longer.held_until, longer.complete_by) == (second.ends_at, second.ends_at + DAY)
        assert (longer.promise, longer.accepted_at) == (begun.promise, begun.accepted_at)
        await world.pipeline.lift_hold(second.id)
        assert await said() == begun
        world.clock.at += DAY
        lifted_at = world.clock.at
        await world.pipeline.lift_hold(first.id)
        assert ((await said()).held_until, (await said()).complete_by) == (
            lifted_at,
            lifted_at + DAY,
        )
        world.clock.at += 60
        await world.pipeline.complete_erasures()
        done = await said()
        assert (done.stage, done.held_until) == ("completed", lifted_at)
        assert done.completed_at is not None
        assert done.completed_at <= done.complete_by


async def test_a_certificate_counts_the_backups_that_are_made_while_a_hold_stands(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        hold = await held(world, phone, days=45)
        answer = await phone.erase()
        promised = phone.certificate(answer).backups_unreadable_by

        async def rotate() -> None:
            await world.pipeline.rotate()
            world.clock.at += GRACE
            await world.pipeline.rotate()

        while world.clock.at + DAY < hold.ends_at:  # a server rotates all the time
            world.clock.at += DAY
            await rotate()
        backed_up = await world.person(phone.subject)
        world.clock.at = hold.ends_at
        await world.pipeline.sweep()
        await world.pipeline.complete_erasures()
        done = phone.certificate(await world.pipeline.erasure(answer.erasure))
        assert (done.stage, done.backups_unreadable_by) == ("completed", promised)
        assert world.keys.kek(backed_up.epoch)  # until then the backup opens
        world.clock.at = promised - GRACE
        await rotate()
        assert world.clock.at == promised
        with pytest.raises(KeysMissing):
            world.keys.kek(backed_up.epoch)


async def test_lifting_lets_a_waiting_erasure_go(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        hold = await held(world, phone)
        answer = await phone.erase()
        await world.pipeline.lift_hold(hold.id)
        await world.pipeline.complete_erasures()
        done = phone.certificate(await world.pipeline.erasure(answer.erasure))
        assert done.stage == "completed"


async def test_many_waiting_erasures_do_not_keep_others_waiting(make_world: MakeWorld) -> None:
    async with make_world() as world:
        for _ in range(20):
            phone = await world.enrolled()
            await held(world, phone)
            await phone.erase()
        free = await world.enrolled()
        answer = await free.erase()
        await world.pipeline.complete_erasures()
        done = free.certificate(await world.pipeline.erasure(answer.erasure))
        assert done.stage == "completed"


async def test_somebody_erased_is_not_held_any_more_unless_a_hold_was_there_before(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone, late = await world.enrolled(), await world.enrolled()
        first = await held(world, phone, days=10)
        await phone.erase()
        again = await held(world, phone, days=20)
        world.clock.at = first.ends_at
        await world.pipeline.sweep()
        await world.pipeline.complete_erasures()
        assert (await world.person(phone.subject)).held_until == again.ends_at
        await late.erase()
        with pytest.raises(PersonErased):
            await held(world, late)


async def test_a_correction_waits(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        label = (await phone.export())["labels"][0]
        await held(world, phone)
        with pytest.raises(PolicyDenied) as refused:
            await phone.correct(
                label["record"], Label("sadness", label["ended_at"], 15, source="declared")
            )
        assert "policy:legal-hold" in refused.value.laws
        assert (await phone.export())["labels"][0] == label


async def test_a_hold_that_comes_while_learning_deletes_nothing(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL a hold may commit after the events to learn were found and before their person was read."""
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await phone.rank()
        found = await world.store.transact(lambda t: t.events.of_person("shop", phone.subject, 9))
        await held(world, phone)
        world.clock.at += 3600
        events = await world.store.transact(lambda t: type(t.events))
        monkeypatch.setattr(events, "unlearned", lambda *_: found)
        await world.pipeline.sweep()
        assert (await rows(world, phone))["events"] == 1
        assert await sums(world) == 0


# ---- reason, end, and who sees it ----
@pytest.mark.parametrize(("reason", "seconds", "told"), [
    ("", DAY, "reason"), ("  ", DAY, "reason"), ("two\nlines", DAY, "reason"), ("x" * 501, DAY, "reason"),
    (REASON, 0, "future"), (REASON, -DAY, "future"), (REASON, LONGEST + 1, "three years"),
])  # fmt: skip
async def test_a_hold_needs_a_reason_and_an_end(
    make_world: MakeWorld, reason: str, seconds: int, told: str
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        with pytest.raises(RequestInvalid, match=told):
            await world.pipeline.place_hold("shop", phone.subject, reason, world.clock.at + seconds)
        assert await world.pipeline.holds() == ()


async def test_nobody_unknown_is_held(make_world: MakeWorld) -> None:
    async with make_world() as world:
        with pytest.raises(PersonUnknown):
            await held(world, world.phone())


async def test_the_person_sees_it(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        hold = await held(world, phone, days=60)
        world.clock.at += 31 * DAY
        await world.pipeline.rotate()
        export = await phone.export()
        assert export["holds"] == [{
            "hold": hold.id, "reason": REASON, "placed_at": hold.placed_at, "ends_at": hold.ends_at, "over_at": 0,
        }]  # fmt: skip
        assert len(export["labels"]) == 8  # past their time, and still there: so they are shown
        await world.pipeline.lift_hold(hold.id)
        export = await phone.export()
        assert export["holds"][0]["over_at"] == world.clock.at
        assert export["labels"] == []


async def test_the_reason_is_not_in_the_database_in_the_clear(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        hold = await held(world, phone)
        assert REASON.encode() not in hold.reason
        (shown,) = await world.pipeline.holds("shop")
        assert (shown.hold, shown.reason) == (hold, REASON)
        assert await world.pipeline.holds("elsewhere") == ()


async def test_placing_lifting_and_ending_are_in_the_log(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        hold = await held(world, phone)
        await world.pipeline.lift_hold(hold.id)
        await held(world, phone, days=1)
        world.clock.at += DAY
        await world.pipeline.sweep()
        await world.pipeline.sweep()
        decisions = [json.loads(each["record"]) for each in (await phone.export())["decisions"]]
        acts = [each["action"] for each in decisions]
        assert acts == [
            "give_consent", "hold_placed", "hold_lifted", "hold_placed", "hold_ended",
        ]  # fmt: skip
        assert decisions[1]["laws"] == ["GDPR 17(3)(e)", "GDPR 18(2)"]


async def test_a_hold_that_is_over_goes_after_a_year(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        hold = await held(world, phone, days=1)
        world.clock.at = hold.ends_at
        await world.pipeline.sweep()
        world.clock.at += 365 * DAY - 1
        await world.pipeline.sweep()
        assert len(await world.pipeline.holds()) == 1
        world.clock.at += 1
        await world.pipeline.sweep()
        assert await world.pipeline.holds() == ()


async def test_no_hold_is_placed_while_a_sweep_deletes(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien_server.pipeline.holds._PAUSE", 0)
    async with make_world() as world:
        phone = await world.enrolled()
        runner = await world.store.transact(lambda t: type(t.people._runner))
        turns = [False, False, True]
        with monkeypatch.context() as patched:
            patched.setattr(runner, "turn", lambda _r, _name: turns.pop(0) if turns else True)
            if isinstance(world.store, SqliteStore):
                await world.close()
                await world.open()
            assert (await held(world, phone)).over_at == 0
            assert turns == []
            patched.setattr(runner, "turn", lambda _r, _name: False)
            if isinstance(world.store, SqliteStore):
                await world.close()
                await world.open()
            with pytest.raises(MienError, match="sweep"):
                await held(world, phone)


async def test_joy_is_joy_again(make_world: MakeWorld) -> None:
    """After a hold labels come in as before."""
    async with make_world() as world:
        phone = await world.enrolled()
        hold = await held(world, phone)
        await world.pipeline.lift_hold(hold.id)
        assert not (await phone.send(joyful(world.clock.at))).duplicate


def test_a_record_from_before_there_were_holds_reads_as_not_held() -> None:
    asked = Question("use", "retail", "customer", frozenset({"EU-DE"}), 1, held=True)
    doc = record.question_doc(asked)
    assert record.question_of(doc) == asked
    older = {name: value for name, value in doc.items() if name != "held"}
    assert record.question_of(older) == replace(asked, held=False)
    with pytest.raises(KeepUnreadable):
        record.question_of({**doc, "held": 1})
    with pytest.raises(KeepUnreadable):
        record.question_of({name: value for name, value in doc.items() if name != "gpc"})

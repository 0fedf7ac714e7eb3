"""Promise P3: nothing is used after a withdrawal, in the order of commits, however requests race. The log itself is the witness.

Decisions are leaves written in the transaction they decide, and the store numbers leaves in the order they commit. So: open a person's leaves in
that order, find the withdrawal, and nothing allowed may follow it.
"""

import asyncio
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from tests.server.world import MakeWorld, Phone, World

from mien.errors import ConsentMissing, MienError
from mien_server import record
from mien_server.pipeline import Pipeline
from mien_server.ports import Transaction

USES = {"record", "use", "infer"}


async def history(world: World, phone: Phone) -> list[tuple[str, bool]]:
    """(action, allowed) of every decision on a person, in the order of their commits."""

    def work(transaction: Transaction) -> Any:
        person = transaction.people.get("shop", phone.subject, "none")
        assert person is not None
        vault = world.pipeline._parts.vault(person)
        leaves = transaction.leaves.of_person("shop", phone.subject)
        return [json.loads(record.open_leaf(vault, leaf).record) for leaf in leaves]

    return [(each["action"], each["allow"]) for each in await world.store.transact(work)]


def uses_after_withdrawal(seen: list[tuple[str, bool]]) -> list[str]:
    last = max(i for i, (action, _) in enumerate(seen) if action == "withdraw")
    return [action for action, allowed in seen[last:] if allowed and action in USES]


async def attempts(work: Callable[..., Any], times: int) -> list[object]:
    found: list[object] = []
    for _ in range(times):
        try:
            found.append(await work())
        except MienError as error:
            found.append(error)
    return found


async def race(world: World, others: list[Pipeline], phone: Phone) -> list[object]:
    """Labels, rankings and capabilities in many tasks, on every pipeline, while one of them withdraws."""

    async def rank_on(pipeline: Pipeline) -> Any:
        answer = await pipeline.rank(world.site, phone.rank_request(), backend=False)
        return "emotion" if phone.why(answer).used_emotion else "plain"

    async def label_on(pipeline: Pipeline) -> Any:
        return await pipeline.labels(world.site, phone.envelope())

    pipelines = [world.pipeline, *others]
    tasks = [
        attempts(lambda act=act, pipeline=pipeline: act(pipeline), 6)
        for pipeline in pipelines
        for act in (rank_on, label_on)
        for _ in range(3)
    ]

    async def withdraw() -> Any:
        await asyncio.sleep(0)
        await pipelines[-1].withdraw(world.site, phone.withdrawal("personalize_offers"))
        return []

    found = await asyncio.gather(*tasks[:6], withdraw(), *tasks[6:])
    return [each for group in found for each in group]


async def test_nothing_is_used_after_a_withdrawal(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(6)]
        for phone in phones:
            await phone.send()
        await asyncio.gather(*(race(world, [], phone) for phone in phones))
        for phone in phones:
            seen = await history(world, phone)
            assert uses_after_withdrawal(seen) == []
            # The race was one: something was allowed before, something refused after.
            assert ("record", True) in seen
            assert any(not allowed for _, allowed in seen)
            assert (await phone.export())["labels"] == []


async def test_nor_by_another_node_on_the_same_database(make_world: MakeWorld) -> None:
    """Two nodes on one database, each with its own caches: the row decides, not what a node remembers."""
    async with make_world() as world:
        world.wait_for_others()
        other = world.new_store()
        try:
            phones = [await world.enrolled() for _ in range(3)]
            for phone in phones:
                await phone.send()
            pipeline = world.pipeline_over(other)
            await asyncio.gather(*(race(world, [pipeline], phone) for phone in phones))
            for phone in phones:
                assert uses_after_withdrawal(await history(world, phone)) == []
        finally:
            await other.close()


async def test_a_node_that_knew_the_person_asks_again(make_world: MakeWorld) -> None:
    """The straight line of the race: node A has everything cached, B withdraws, A must see it in its next transaction."""
    async with make_world() as world:
        other = world.new_store()
        try:
            phone = await world.enrolled()
            await phone.send()
            assert phone.why(await phone.rank()).used_emotion
            await world.pipeline_over(other).withdraw(
                world.site, phone.withdrawal("personalize_offers")
            )
            assert not phone.why(await phone.rank()).used_emotion
            with pytest.raises(ConsentMissing) as caught:
                await phone.send()
            assert caught.value.laws
        finally:
            await other.close()


async def test_one_nonce_is_spent_once_however_many_race(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        text = phone.withdrawal("personalize_offers")
        answers = await asyncio.gather(
            *(world.pipeline.withdraw(world.site, text) for _ in range(20)), return_exceptions=True
        )
        codes = [getattr(each, "code", "given") for each in answers]
        assert sorted(codes) == ["envelope-replayed"] * 19 + ["given"]


async def test_one_envelope_is_kept_once_however_many_race(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        envelope = phone.envelope()
        answers = await asyncio.gather(
            *(world.pipeline.labels(world.site, envelope) for _ in range(20))
        )
        assert [each.duplicate for each in answers].count(False) == 1
        assert len((await phone.export())["labels"]) == 8


async def test_rewards_and_erasure_leave_the_sums_exact(make_world: MakeWorld) -> None:
    """Everything that touches a site's sums at once: at the end they are what the events that are left say."""
    async with make_world() as world:
        phones = [await world.enrolled() for _ in range(4)]

        async def visit(phone: Phone, rounds: int) -> None:
            for i in range(rounds):
                await phone.send()
                answer = await phone.rank()
                await phone.reward(answer.event, 10 * i, place=1 + i % 2)

        await asyncio.gather(*(visit(phone, 3) for phone in phones))

        async def leave(phone: Phone) -> None:
            await phone.erase()
            await world.pipeline.complete_erasures()

        await asyncio.gather(leave(phones[0]), leave(phones[1]), *(visit(p, 2) for p in phones[2:]))
        sums = await world.store.transact(
            lambda t: world.pipeline._rankings._learning.sums(t, "shop")
        )
        assert sums.n == 10


async def test_leaves_have_one_place_each_and_none_before_what_was_committed_first(
    make_world: MakeWorld,
) -> None:
    """Envelopes that arrive together may be written down in any order; what was there before them and what waited for them may not."""
    async with make_world() as world:
        phone = await world.enrolled()
        await asyncio.gather(*(phone.send() for _ in range(10)), world.pipeline.sequence())
        await phone.withdraw()
        await world.pipeline.sequence()

        def places(transaction: Transaction) -> Any:
            leaves = transaction.leaves.of_person("shop", phone.subject)
            return [(transaction.leaves.placed(leaf.hash) or (0, 0))[0] for leaf in leaves]

        found = await world.store.transact(places)
        assert len(found) == 12
        assert (found[0], found[-1]) == (min(found), max(found))
        assert all(b == a + 1 for a, b in pairwise(sorted(found)))


# ---- two nodes on one database ----
async def test_two_nodes_keep_an_envelope_and_spend_a_nonce_once(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.wait_for_others()
        other = world.new_store()
        try:
            nodes = [world.pipeline, world.pipeline_over(other)]
            phone = await world.enrolled()
            envelope = phone.envelope()
            answers = await asyncio.gather(
                *(node.labels(world.site, envelope) for node in nodes * 5)
            )
            assert [each.duplicate for each in answers].count(False) == 1
            assert len((await phone.export())["labels"]) == 8
            text = phone.withdrawal("personalize_offers")
            withdrawn = await asyncio.gather(
                *(node.withdraw(world.site, text) for node in nodes * 5), return_exceptions=True
            )
            codes = [getattr(each, "code", "given") for each in withdrawn]
            assert sorted(codes) == ["envelope-replayed"] * 9 + ["given"]
        finally:
            await other.close()


async def test_two_nodes_learn_and_lose_nothing(make_world: MakeWorld) -> None:
    """Both change one site's sums at the same time, from the very first row on: every reward is in them once."""
    async with make_world() as world:
        world.wait_for_others()
        other = world.new_store()
        try:
            nodes = [world.pipeline, world.pipeline_over(other)]
            phones = [await world.enrolled() for _ in range(4)]
            events = [(phone, (await phone.rank()).event) for phone in phones for _ in range(3)]
            await asyncio.gather(
                *(
                    nodes[i % 2].reward(world.site, phone.reward_request(event, 100), backend=False)
                    for i, (phone, event) in enumerate(events)
                )
            )
            for node in nodes:
                sums = await world.store.transact(
                    lambda t, node=node: node._rankings._learning.sums(t, "shop")
                )
                assert sums.n == len(events)
        finally:
            await other.close()


async def test_two_nodes_sequence_the_log_without_a_gap(make_world: MakeWorld) -> None:
    async with make_world() as world:
        world.wait_for_others()
        other = world.new_store()
        try:
            nodes = [world.pipeline, world.pipeline_over(other)]
            phones = [await world.enrolled() for _ in range(3)]
            for _ in range(3):
                await asyncio.gather(
                    *(phone.send() for phone in phones), *(node.sequence() for node in nodes)
                )
            await world.pipeline.sequence()
            size, pending = await world.store.transact(
                lambda t: (t.tiles.size(), t.leaves.pending_count())
            )
            placed = await world.select("SELECT log_index FROM leaf ORDER BY log_index")
            assert pending == 0
            assert [row[0] for row in placed] == list(range(size))
        finally:
            await other.close()

"""The way of the data, step by step, without HTTP."""

import asyncio

import pytest


def test_the_whole_way(make_world):
    async def run():
        world = await make_world().open()
        phone = await world.enrolled()
        assert (await phone.capability())["may"] == ["infer", "send"]
        plain = await world.rank()
        assert plain.sealed_why is None
        assert not (await phone.send()).duplicate
        answer = await phone.rank()
        why = phone.why(answer)
        assert why.used_emotion, why
        assert {p.offer.id for p in answer.places} <= {f"offer-{i}" for i in range(6)}
        assert not (await phone.reward(answer.event, 100)).duplicate
        assert (await phone.reward(answer.event, 100)).duplicate
        export = await phone.export()
        assert len(export["labels"]) == 8
        receipt = await phone.withdraw()
        assert (receipt.outcome, receipt.purposes) == ("withdrawn", [])
        answer = await phone.rank()
        assert not phone.why(answer).used_emotion
        assert phone.why(answer).laws
        erasure = await phone.erase()
        assert phone.certificate(erasure).stage == "accepted"
        await world.pipeline.complete_erasures()
        done = phone.certificate(await world.pipeline.erasure(erasure.erasure))
        assert done.stage == "completed"
        await world.pipeline.sequence()
        await world.pipeline.sweep()
        await world.pipeline.rotate()
        await world.close()

    asyncio.run(run())

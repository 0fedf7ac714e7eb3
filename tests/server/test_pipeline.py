"""The way of the data, from consent to erasure, without HTTP."""

from tests.server.world import MakeWorld

from mien.wire.messages import Service, parse
from mien.wire.signatures import Kind, verify


async def test_the_whole_way(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        assert (await phone.capability())["may"] == ["infer", "send"]
        assert (await world.rank()).sealed_why is None
        assert not (await phone.send()).duplicate
        answer = await phone.rank()
        assert phone.why(answer).used_emotion
        assert not (await phone.reward(answer.event, 100)).duplicate
        assert len((await phone.export())["labels"]) == 8
        receipt = await phone.withdraw()
        assert (receipt.outcome, receipt.purposes) == ("withdrawn", [])
        refused = phone.why(await phone.rank())
        assert not refused.used_emotion
        assert refused.laws
        erasure = await phone.erase()
        assert phone.certificate(erasure).stage == "accepted"
        await world.pipeline.complete_erasures()
        done = phone.certificate(await world.pipeline.erasure(erasure.erasure))
        assert done.stage == "completed"
        for task in (world.pipeline.sequence, world.pipeline.sweep, world.pipeline.rotate):
            await task()


async def test_the_server_says_who_it_is_under_its_key(make_world: MakeWorld) -> None:
    async with make_world() as world:
        text = (await world.pipeline.service()).jws
        service = parse(Service, verify(text, Kind.SERVICE, world.keys.signing.verify_key()))
        assert [doc.kid for doc in service.seal_keys] == ["2026-11-22"]
        assert service.audit_key.startswith(service.audit_origin + "+")

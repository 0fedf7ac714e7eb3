"""An export holds everything, each once, and the server's signature of it."""

import asyncio
import hashlib
import json
import threading
import tracemalloc
import zlib
from typing import Any

import pytest
from sqlalchemy import text
from tests.server.world import DAY, MakeWorld, Phone, joyful, shop

from mien.errors import ServerBusy
from mien.values import Label
from mien.wire import seal
from mien.wire.canonical import decode, encode, unb64
from mien.wire.keys import OpenKey
from mien.wire.messages import ExportAnswer, ExportRequest, ExportSeal, parse
from mien.wire.proof import leaf_of
from mien.wire.seal import Use
from mien.wire.signatures import Kind, unverified, verify
from mien_server.pipeline import exports

DAMAGED = {
    "evidence": ("evidence", "sealed"),
    "label": ("record", "sealed"),
    "event": ("event", "content"),
    "decision": ("leaf", "opening"),
    "hold": ("hold", "reason"),
}
"""Where each kind of row is sealed: table and column."""


async def asked(phone: Phone) -> tuple[bytes, ExportAnswer]:
    """The canonical bytes of an export, and the answer they came in."""
    key = OpenKey.generate()
    statement = ExportRequest(**phone.by_person(seal=key.seal_key().text()))
    text = phone.signed(Kind.EXPORT_REQUEST, statement)
    answer = await phone.world.pipeline.export(phone.site, text)
    context = (phone.site.id.encode(), phone.subject.encode())
    plain = seal.open_sealed(unb64(answer.sealed), key, Use.EXPORT, *context)
    return zlib.decompress(seal.unpad(plain)), answer


async def test_the_server_signs_what_it_exports(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await phone.rank()
        content, answer = await asked(phone)
        stated = parse(ExportSeal, verify(answer.signature, Kind.EXPORT, world.keys.signing.verify_key()))  # fmt: skip
        assert unb64(stated.sha256) == hashlib.sha256(content).digest()
        assert (stated.site, stated.subject, stated.at) == ("shop", phone.subject, world.clock.now())  # fmt: skip
        # Written piece by piece, it has the one canonical spelling: a device can spell it again.
        assert encode(decode(content, limit=2**24)) == content


async def test_an_export_of_nobody_s_traces_is_canonical_too(make_world: MakeWorld) -> None:
    async with make_world() as world:
        content, _answer = await asked(await world.enrolled())
        found = decode(content)
        assert encode(found) == content
        assert (found["labels"], found["events"], found["holds"], found["untold"]) == ([], [], [], [])  # fmt: skip


async def test_everything_is_there_once(make_world: MakeWorld) -> None:
    async with make_world(site=shop(webhook="https://shop.example/")) as world:
        phone = await world.enrolled("personalize_offers", "adapt_service")
        for hour in range(3):
            world.clock.at += 3600 * hour
            await phone.send(joyful(world.clock.now(), 64))
        answer = await phone.rank()
        await phone.reward(answer.event, 100)
        held = decode((await asked(phone))[0], limit=2**24)
        first = held["labels"][0]
        await phone.correct(first["record"], Label("sadness", first["ended_at"], confidence=15, source="declared"))  # fmt: skip
        await phone.withdraw("adapt_service")
        held = decode((await asked(phone))[0], limit=2**24)
        assert len({each["record"] for each in held["labels"]}) == len(held["labels"]) == 192
        assert held["labels"] == sorted(held["labels"], key=lambda each: (each["ended_at"], each["record"]))  # fmt: skip
        [corrected] = [each for each in held["labels"] if each["record"] == first["record"]]
        assert (corrected["expression"], corrected["source"]) == ("sadness", "declared")
        assert [each["event"] for each in held["events"]] == [answer.event]
        assert [each["kind"] for each in held["untold"]] == ["withdrawn"]
        outcomes = [unverified(each["file"]["receipt"])["outcome"] for each in held["evidence"]]
        assert outcomes == ["given", "withdrawn"]
        leaves = {
            leaf_of(unb64(each["nonce"]), each["record"].encode()) for each in held["decisions"]
        }
        pending = await world.store.transact(lambda t: t.leaves.of_person("shop", phone.subject))
        assert leaves == {leaf.hash for leaf in pending[:-1]}  # all but that of this export
        timed = [*held["labels"], *held["events"], *held["evidence"], *held["decisions"]]
        assert all(each["retain_until"] > world.clock.now() for each in timed)


@pytest.mark.parametrize("what", ["evidence", "label", "event", "decision", "hold"])
async def test_a_damaged_row_is_listed_and_the_rest_exported(
    make_world: MakeWorld, what: str
) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send(joyful(world.clock.now(), 2))
        await phone.rank()
        if what == "hold":
            await world.pipeline.place_hold(shop().id, phone.subject, "a claim", world.clock.now() + 9 * DAY)  # fmt: skip
        table, column = DAMAGED[what]
        statement = text(f"UPDATE {table} SET {column} = :bytes WHERE subject = :subject")  # noqa: S608 - names of ours
        await world.store.transact(lambda t: t.leaves._runner.change(statement, {"bytes": bytes(99), "subject": phone.subject}))  # fmt: skip
        held = decode((await asked(phone))[0], limit=2**24)
        assert {each["what"] for each in held["unreadable"]} == {what}
        assert all(each["id"] and each["retain_until"] > world.clock.now() for each in held["unreadable"])  # fmt: skip
        full = {"evidence": 1, "label": 2, "event": 1, "decision": 1, "hold": 0} | {what: 0}
        names = {"label": "labels", "event": "events", "decision": "decisions"}
        assert all(len(held[names.get(name, name)]) >= full[name] for name in ("evidence", *names))
        assert held[names.get(what, what if what == "evidence" else "holds")] == []


async def test_a_person_has_one_export_made_at_a_time(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they hung up: the thread goes on, and asking again and again must not pile up threads."""
    made, go = exports._exported, threading.Event()

    def slow(*given: Any) -> ExportAnswer:
        assert go.wait(20)
        return made(*given)

    monkeypatch.setattr(exports, "_exported", slow)
    async with make_world() as world:
        phone, other = await world.enrolled(), await world.enrolled()
        begun = world.pipeline._exports._begun
        first = asyncio.create_task(asked(phone))
        while not begun:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(ServerBusy):
            await asked(phone)
        theirs = asyncio.create_task(asked(other))
        go.set()
        await theirs
        while begun:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        await asked(phone)


async def test_what_retention_ended_is_not_exported(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        await phone.send()
        await phone.rank()
        world.clock.at += 400 * DAY  # and nothing was swept
        held = decode((await asked(phone))[0], limit=2**24)
        assert (held["labels"], held["events"]) == ([], [])
        assert all(each["retain_until"] > world.clock.now() for each in held["decisions"])


def test_an_export_is_packed_as_it_is_opened() -> None:
    """What there is much of is an iterator: memory holds what is sent, and not the text it unpacks to."""

    def rows() -> Any:
        return ({"record": f"rec_{n:026}", "expression": "joy", "ended_at": n} for n in range(50_000))  # fmt: skip

    content = {"labels": rows(), "b": 1, "a": "é", "c": iter(()), "events": []}
    tracemalloc.start()
    digest, size = hashlib.sha256(), 0
    for piece in exports._spelled(content):
        digest.update(piece)
        size += len(piece)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole = encode({**content, "labels": list(rows()), "c": []})
    assert (digest.digest(), size) == (hashlib.sha256(whole).digest(), len(whole))
    assert peak < size / 10
    assert json.loads(whole)["c"] == []

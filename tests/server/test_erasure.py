"""Promises P4 and P5: erasure takes effect at once, is complete, survives crashes and old backups; a stolen database is unreadable."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy.dialects import sqlite
from tests.server.stuck import stuck_sums
from tests.server.world import ROOT, MakeWorld, Phone, World, shop

from mien.errors import EnvelopeReplayed, KeysMissing, RequestInvalid, SignatureInvalid
from mien.values import Claims, Label
from mien.wire.canonical import decode, unb64
from mien.wire.keys import SigningKey
from mien.wire.messages import ErasureAnswer, KeyDoc
from mien.wire.proof import verify_tlog_proof
from mien.wire.signatures import unverified
from mien.wire.slots import pack_slot
from mien_server import record
from mien_server.errors import ErasureUnknown, PersonErased, PersonUnknown
from mien_server.keys import EPOCH, GRACE
from mien_server.personalize import Sums
from mien_server.ports import Transaction
from mien_server.stores import erasures

TABLES = (
    "person", "person_key", "accepted", "record", "event", "leaf", "mark", "erasure", "notification",
)  # fmt: skip


async def visited(world: World, *, rounds: int = 2) -> Any:
    """A phone with labels, rankings and rewards behind it."""
    phone = await world.enrolled()
    for i in range(rounds):
        await phone.send()
        answer = await phone.rank()
        if i % 2 == 0:
            await phone.reward(answer.event, 100)
    return phone


async def sums_of(world: World) -> Sums:
    content = await world.store.transact(lambda t: t.sites.sums("shop"))
    return Sums.empty() if content is None else Sums.from_bytes(content)


async def rows_of(world: World, subject: str) -> dict[str, int]:
    """How many rows of each table name the subject."""
    counts = {}
    for name in TABLES:
        query = f"SELECT count(*) FROM {name} WHERE subject = :subject"  # noqa: S608 - our own names
        ((counts[name],),) = await world.select(query, subject=subject)
    return {name: count for name, count in counts.items() if count}


# ---- at once ----
async def test_from_the_acknowledgement_on_nothing_is_answered(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await visited(world)
        event = (await phone.rank()).event
        label = (await phone.export())["labels"][0]["record"]
        certificate = phone.certificate(await phone.erase())
        assert certificate.stage == "accepted"
        assert certificate.complete_by == certificate.accepted_at + 86_400
        assert not certificate.key_destroyed
        attempts = [
            lambda: phone.consent("personalize_offers"),
            phone.withdraw,
            phone.capability,
            phone.send,
            phone.rank,
            lambda: phone.reward(event, 50),
            phone.export,
            lambda: phone.correct(label, Label("joy", phone.now(), confidence=3)),
            phone.erase,
        ]
        for when in ("accepted", "completed"):
            for attempt in attempts:
                with pytest.raises((PersonErased, PersonUnknown)) as caught:
                    await attempt()
                assert caught.value.code == "person-erased" or when == "completed"
            await world.pipeline.complete_erasures()
        with pytest.raises(PersonErased):
            await phone.consent("personalize_offers")


async def test_the_same_statement_twice_at_once_is_one_erasure(make_world: MakeWorld) -> None:
    async with make_world() as world:
        for _ in range(5):
            phone = await world.enrolled()
            text = phone.erasure()
            both = await asyncio.gather(
                *(world.pipeline.erase(world.site, text, gpc=False) for _ in range(3))
            )
            assert both == [both[0]] * 3


async def test_the_same_statement_again_gives_the_latest_certificate(make_world: MakeWorld) -> None:
    """An answer that was lost on the way is asked for again, with the same bytes; anything else is a replay."""
    async with make_world() as world:
        phone = await visited(world)
        text = phone.erasure()
        first = await world.pipeline.erase(world.site, text)
        assert await world.pipeline.erase(world.site, text) == first
        await world.pipeline.complete_erasures()
        again = await world.pipeline.erase(world.site, text)
        assert phone.certificate(again).stage == "completed"
        assert again.erasure == first.erasure


async def test_only_the_key_set_erases(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await visited(world)
        with pytest.raises(PersonUnknown):
            await phone.erase(key=SigningKey.generate())
        stranger = world.phone(subject=phone.subject)
        with pytest.raises(PersonUnknown):
            await stranger.erase()
        assert (await phone.export())["labels"]


async def test_a_recovery_key_erases(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone, recovery = world.phone(), SigningKey.generate()
        doc = KeyDoc(role="recovery", sign=recovery.verify_key().text())
        await phone.consent("personalize_offers", keys=[phone.key_doc(), doc])
        assert phone.certificate(await phone.erase(key=recovery)).stage == "accepted"
        with pytest.raises(PersonErased):
            await phone.rank()


async def test_no_such_erasure(make_world: MakeWorld) -> None:
    async with make_world() as world:
        with pytest.raises(ErasureUnknown):
            await world.pipeline.erasure("era_" + "a" * 26)


# ---- complete ----
async def test_after_completion_only_a_tombstone_is_left(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await visited(world, rounds=3)
        answer = await phone.erase()
        world.clock.at += 60
        await world.pipeline.complete_erasures()
        assert await rows_of(world, phone.subject) == {"person": 1}
        person = await world.person(phone.subject)
        assert (person.wrapped_key, person.purposes, person.jurisdictions) == (
            None,
            frozenset(),
            (),
        )
        done = phone.certificate(await world.pipeline.erasure(answer.erasure))
        assert (done.stage, done.key_destroyed) == ("completed", True)
        assert (done.records_deleted, done.events_subtracted) == (3, 3)  # a row an envelope
        assert done.completed_at == world.clock.at
        assert done.backups_unreadable_by > world.clock.at


async def test_the_sums_are_as_if_they_had_never_been(make_world: MakeWorld) -> None:
    async with make_world() as world:
        stays = await visited(world, rounds=3)
        before = await sums_of(world)
        goes = await visited(world, rounds=4)
        world.clock.at += 700
        await world.pipeline.sweep()  # the rankings without a reward are learned too
        with_both = await sums_of(world)
        assert with_both.n == 7
        await goes.erase()
        await world.pipeline.complete_erasures()
        after = await sums_of(world)
        assert after.n == 3
        unrewarded = [
            e for e in (await stays.export())["events"] if not e["places"][0]["reward_percent"]
        ]
        assert before.n == 3 - len(unrewarded)
        # What is left is what the one who stays taught, to rounding.
        rebuilt = Sums.empty()

        def learn(transaction: Transaction) -> None:
            learning = world.pipeline._rankings._learning
            for sealed in transaction.events.of_person("shop", stays.subject, 99):
                rebuilt.learn(learning.open(transaction, sealed))

        await world.store.transact(learn)
        np.testing.assert_allclose(after.A, rebuilt.A, atol=1e-9)
        np.testing.assert_allclose(after.b, rebuilt.b, atol=1e-9)
        assert not np.allclose(with_both.A, after.A)


async def test_the_log_stays_whole_and_says_that_somebody_was_erased(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await visited(world)
        answer = await phone.erase()
        promised = phone.certificate(answer).promise
        await world.pipeline.sequence()
        log_key = world.keys.log.verify_key()
        before = await world.pipeline.proof(unb64(promised.leaf))
        await world.pipeline.complete_erasures()
        await world.pipeline.sequence()
        for leaf in (
            promised.leaf,
            phone.certificate(await world.pipeline.erasure(answer.erasure)).promise.leaf,
        ):
            proof = await world.pipeline.proof(unb64(leaf))
            verify_tlog_proof(proof.proof, unb64(proof.entry), promised.origin, log_key)
        verify_tlog_proof(before.proof, unb64(before.entry), promised.origin, log_key)

        (only,) = await world.select("SELECT opening FROM leaf WHERE opening IS NOT NULL")
        content = decode(only[0][32:])
        assert content["action"] == "erased"
        assert "subject" not in content


# ---- interrupted ----
async def steps_until_done(make_world: MakeWorld) -> int:
    """How many commits and scrubs one erasure takes when nothing goes wrong: the places to die at."""
    async with make_world("counted") as world:
        phone = await visited(world)
        await phone.erase()
        calls = 0

        class Counting:
            async def transact(self, work: Callable[..., Any]) -> Any:
                nonlocal calls
                calls += 1
                return await world.store.transact(work)

            async def scrub(self) -> None:
                nonlocal calls
                calls += 1
                await world.store.scrub()

        await world.pipeline_over(Counting()).complete_erasures()
    return calls


@pytest.mark.slow
@pytest.mark.sqlite
async def test_killed_between_any_two_steps_it_goes_on(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    steps = await steps_until_done(make_world)
    assert steps >= 6
    async with make_world("origin") as world:
        stays, goes = await visited(world), await visited(world)
        answer = await goes.erase()
        await world.store.scrub()
    for step in range(1, steps):
        directory = tmp_path / f"died-{step}"
        shutil.copytree(tmp_path / "origin", directory)
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "tests.server.dying", str(directory), str(world.clock.at), str(step)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr
        async with make_world(directory.name) as again:
            goes.world = again
            with pytest.raises((PersonErased, PersonUnknown)):
                await goes.rank()
            await again.pipeline.complete_erasures()
            certificate = goes.certificate(await again.pipeline.erasure(answer.erasure))
            assert certificate.stage == "completed"
            assert (certificate.records_deleted, certificate.events_subtracted) == (2, 2)
            assert await rows_of(again, goes.subject) == {"person": 1}
            assert (await sums_of(again)).n == 1
            stays.world = again
            assert len((await stays.export())["labels"]) == 16


async def test_one_that_fails_keeps_no_other_waiting(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A site's sums cannot be changed: whoever is erased there waits until they can, and nobody else."""
    monkeypatch.setattr("mien_server.pipeline.erasing.ROUND", 1)
    async with make_world() as world:
        site, bad = world.site, shop("bad")
        await world.store.transact(lambda t: t.sites.put(bad))
        await world.store.transact(lambda t: t.sites.put_catalogue(bad.id, world.catalogue))
        world.site = bad
        stuck = await visited(world)
        waits = await stuck.erase()
        world.site = site
        free = await visited(world)
        goes = await free.erase()
        with stuck_sums(bad.id), pytest.raises(RequestInvalid, match="sums"):
            await world.pipeline.complete_erasures()
        assert stages(free, await world.pipeline.erasure(goes.erasure)) == "completed"
        assert stages(stuck, await world.pipeline.erasure(waits.erasure)) == "accepted"
        await world.pipeline.complete_erasures()
        assert stages(stuck, await world.pipeline.erasure(waits.erasure)) == "completed"


def stages(phone: Phone, answer: ErasureAnswer) -> str:
    return phone.certificate(answer).stage


async def test_who_cannot_be_read_any_more_can_still_take_back_and_be_forgotten(
    make_world: MakeWorld,
) -> None:
    async with make_world() as world:
        phone = await visited(world)
        person = await world.person(phone.subject)
        broken = replace(person, wrapped_key=bytes(len(person.wrapped_key or b"")))
        await world.store.transact(lambda t: t.people.put(broken))
        assert (await phone.withdraw()).outcome == "withdrawn"
        assert (await world.person(phone.subject)).state == "withdrawn"
        answer = await phone.erase()
        await world.pipeline.complete_erasures()
        assert stages(phone, await world.pipeline.erasure(answer.erasure)) == "completed"
        assert await rows_of(world, phone.subject) == {"person": 1}


@pytest.mark.sqlite
async def test_looking_for_open_erasures_reads_an_index_of_those_alone(
    make_world: MakeWorld,
) -> None:
    """PostgreSQL has the same index; its plan for a small table is a scan."""
    async with make_world() as world:
        query = erasures._OPEN_ERASURES.compile(dialect=sqlite.dialect(paramstyle="named"))
        values = dict.fromkeys(query.params, 1)
        plan = world.store._raw.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
        assert "erasure_open" in plan[0][-1], plan
        assert not any("TEMP B-TREE" in row[-1] for row in plan), plan


# ---- backups ----
@pytest.mark.sqlite
async def test_an_old_backup_is_unreadable_after_the_epoch(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    async with make_world() as world:
        goes, stays = await visited(world), await visited(world)
        await world.store.scrub()
        shutil.copy(world.database, tmp_path / "backup.db")
        answer = await goes.erase()
        await world.pipeline.complete_erasures()
        until = goes.certificate(answer).backups_unreadable_by
        assert until - world.clock.at <= EPOCH + 2 * 86_400
        old = world.keys.epoch()
        world.clock.at = until - 86_400
        await world.pipeline.rotate()
        world.clock.at += GRACE
        await world.pipeline.rotate()
        assert world.keys.epoch() == old + 1
        # The living were wrapped anew: their labels still open.
        person = await world.person(stays.subject)
        assert person.epoch == old + 1
        assert world.pipeline._parts.vault(person).subject == stays.subject
    shutil.copy(tmp_path / "backup.db", world.database)
    async with make_world(clock=world.clock) as restored:
        backed_up = await restored.person(goes.subject)
        assert backed_up.wrapped_key is not None
        with pytest.raises(KeysMissing, match="epoch"):
            restored.pipeline._parts.vault(backed_up)
        goes.world = restored
        with pytest.raises(KeysMissing):
            await goes.rank()
        # Nobody can read it, but its time still ends.
        restored.clock.at += 30 * 86_400
        await restored.pipeline.sweep()
        assert not {"record", "event"} & (await rows_of(restored, goes.subject)).keys()


async def test_an_erasure_on_its_way_outlives_the_end_of_an_epoch(make_world: MakeWorld) -> None:
    """Its events are taken out of the sums, whether the old key is there still or died meanwhile."""
    async with make_world() as world:
        phone = await visited(world)
        await phone.erase()
        old = world.keys.epoch()
        world.clock.at += EPOCH
        assert (await world.pipeline.rotate()).waiting == 1
        assert (await world.person(phone.subject)).epoch == old
        world.clock.at += GRACE
        await world.pipeline.rotate()
        with pytest.raises(KeysMissing):
            world.keys.kek(old)
        await world.pipeline.complete_erasures()
        with pytest.raises(KeysMissing):
            world.keys.kek(old)
        assert (await sums_of(world)).n == 0


# ---- a stolen database ----
def stolen(world: World) -> bytes:
    """Everything a thief of the database's disk has."""
    return b"".join(path.read_bytes() for path in sorted(world.directory.glob("mien.db*")))


@pytest.mark.sqlite
async def test_a_stolen_database_says_nothing(make_world: MakeWorld) -> None:
    """Canaries: words of labels, their slots, keys. While the server runs (with its log) and after it closed."""
    async with make_world() as world:
        phone = await visited(world)
        labels = [
            Label("contempt", phone.now() - i, confidence=15, state="frustrated")
            for i in range(1, 9)
        ]
        await phone.send(labels)
        person = await world.person(phone.subject)
        kek = world.keys.kek(person.epoch)
        data_key = record.unwrap(
            kek, person.wrapped_key or b"", person.epoch, "shop", phone.subject
        )
        canaries = {
            "stream key": phone.stream_key, "data key": data_key, "key-encryption key": kek,
            "signing key": world.keys.signing.secret(), "phone": phone.signing.secret(),
            "word": b"contempt", "state": b"frustrated", "adult decision": b"permit-use",
            "slot": pack_slot(labels[0], labels[0].ended_at), "site key": b"pk_shop",
        }  # fmt: skip
        found = stolen(world)
        assert phone.subject.encode() in found  # the scan does look at the rows
        # The catalogue declares affinities of expressions: a site's words, nobody's. None of them is a canary.
        assert {name for name, secret in canaries.items() if secret in found} == set()
    assert {name for name, secret in canaries.items() if secret in stolen(world)} == set()


@pytest.mark.sqlite
async def test_what_is_erased_is_gone_from_the_files(make_world: MakeWorld) -> None:
    """Not only from the tables: the sealed bytes themselves are overwritten, in the database and in its log."""
    async with make_world() as world:
        stays, goes = await visited(world), await visited(world)

        def sealed(transaction: Transaction) -> Any:
            person = transaction.people.get("shop", goes.subject, "none")
            assert person is not None
            records = transaction.records.all("shop", goes.subject)
            events = transaction.events.of_person("shop", goes.subject, 9)
            leaves = transaction.leaves.of_person("shop", goes.subject)
            keys = transaction.people.keys("shop", goes.subject)
            return [
                person.wrapped_key, *(each.sealed for each in records), *(each.content[:64] for each in events),
                *((each.opening or b"")[:64] for each in leaves), *(each.sealed_stream for each in keys), *(each.sign for each in keys),
            ]  # fmt: skip

        secrets = await world.store.transact(sealed)
        assert len(secrets) > 10
        assert all(secret in stolen(world) for secret in secrets)
        await goes.erase()
        await world.pipeline.complete_erasures()
        assert [secret for secret in secrets if secret in stolen(world)] == []
        assert len((await stays.export())["labels"]) == 16


async def test_a_replayed_statement_is_told(make_world: MakeWorld) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        text = phone.withdrawal("personalize_offers")
        await world.pipeline.withdraw(world.site, text)
        with pytest.raises(EnvelopeReplayed):
            await world.pipeline.withdraw(world.site, text)
        assert unverified(text)["subject"] == phone.subject
        with pytest.raises(SignatureInvalid):
            await world.pipeline.erase(world.site, text)


async def test_what_was_refused_before_is_closed_for_good_as_well(make_world: MakeWorld) -> None:
    """It lies under a key of its own: without the key even whoever has the database and every key-encryption key learns nothing of it."""
    async with make_world() as world:
        phone, other = world.phone(), world.phone()
        for each in (phone, other):
            await each.consent("personalize_offers", claims=Claims(("EU-DE",), age_band="under_13"))
        await phone.consent("personalize_offers")
        await phone.erase()
        await world.pipeline.complete_erasures()
        left = await world.select(
            "SELECT opening, wrapped_key, tag FROM leaf WHERE wrapped_key IS NOT NULL"
        )
        assert [row[2] for row in left] == [record.refusal_tag("shop", other.subject)]
        closed = await world.select("SELECT opening, tag FROM leaf WHERE opening IS NULL")
        assert len(closed) >= 2
        assert all(tag is None for _opening, tag in closed)

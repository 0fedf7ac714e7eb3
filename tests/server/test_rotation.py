"""Epochs change while servers run: nothing readable is lost, nothing old stays readable, and no row stops a round."""

import asyncio
import io
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite
from tests.server.web import Web
from tests.server.world import NOON, MakeWorld, Phone, StillClock, World
from typer.testing import CliRunner

from mien.cli import app as commands
from mien.errors import KeepUnreadable, KeysMissing, KeysUnsafe, KeysUnwritable
from mien.values import Claims
from mien.wire.canonical import b64
from mien_server import logs
from mien_server.app import create_app
from mien_server.keys import EPOCH, GRACE, Keyring, create_keys, epoch_of
from mien_server.pipeline import rotation
from mien_server.ports import Transaction
from mien_server.routes.shell import document
from mien_server.settings import Settings
from mien_server.stores import evidence, leaves, people


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "CHUNK", 3)


class DiedError(Exception):
    """The process ends here."""


EVE = (epoch_of(NOON) + 1) * EPOCH - 10
"""Ten seconds before an epoch ends: labels of then are kept long enough to be looked for."""


def eve() -> StillClock:
    return StillClock(EVE)


def beside(world: World) -> World:
    """Another node on the same database and keys."""
    return World(world.directory, clock=world.clock, url=world.url)


async def refuse(world: World) -> None:
    """A refused consent: its leaf has a key of its own."""
    await world.phone().consent(
        "personalize_offers", claims=Claims(("EU-DE",), age_band="under_13")
    )


async def wrapped(world: World) -> dict[str, dict[int, int]]:
    def work(t: Transaction) -> dict[str, dict[int, int]]:
        return {
            "people": t.people.wrapped_by(),
            "leaves": t.leaves.wrapped_by(),
            "proofs": t.evidence.wrapped_by(),
        }

    found: dict[str, dict[int, int]] = await world.store.transact(work)
    return found


async def labels(phone: Phone) -> int:
    return len((await phone.export())["labels"])


# ---- nothing is lost ----
async def test_everything_that_has_a_key_is_wrapped_anew_in_chunks(make_world: MakeWorld) -> None:
    async with make_world(clock=eve()) as world:
        phones = [await world.enrolled() for _ in range(8)]
        for _ in range(7):
            await refuse(world)
        await phones[0].send()
        old = world.keys.epoch()
        before = await wrapped(world)
        assert before == {"people": {old: 8}, "leaves": {old: 7}, "proofs": {old: 8}}
        world.clock.at += 10
        done = await world.pipeline.rotate()
        assert (done.people, done.leaves, done.proofs) == (8, 7, 8)
        assert (done.epoch, done.unreadable, done.destroyed) == (old + 1, 0, 0)
        assert await wrapped(world) == {
            name: {old + 1: sum(counts.values())} for name, counts in before.items()
        }
        assert await labels(phones[0]) == 8
        world.clock.at += GRACE
        assert (await world.pipeline.rotate()).destroyed == 1
        assert await labels(phones[0]) == 8
        assert (await world.pipeline.rotate()).rewrapped == 0


async def test_two_nodes_rotate_while_labels_arrive_people_join_and_people_leave(
    make_world: MakeWorld,
) -> None:
    async with make_world(clock=eve()) as one, beside(one) as two:
        one.wait_for_others()
        two.wait_for_others()
        phones = [await one.enrolled() for _ in range(12)]
        leaving, staying = phones[:3], phones[3:]
        for phone in phones[::2]:
            phone.world = two
        one.clock.at += 10

        async def live(phone: Phone) -> None:
            for _ in range(3):
                await phone.send()

        joined = await asyncio.gather(
            *(world.enrolled() for world in (one, two, one)),
            *(live(phone) for phone in staying),
            *(phone.erase() for phone in leaving),
            one.pipeline.rotate(), two.pipeline.rotate(), one.pipeline.rotate(),
        )  # fmt: skip
        await one.pipeline.complete_erasures()
        one.clock.at += GRACE
        await one.pipeline.rotate()
        await two.pipeline.rotate()
        new = one.keys.epoch()
        assert {epoch for counts in (await wrapped(one)).values() for epoch in counts} == {new}
        assert [*one.keys._keks] == [*two.keys._keks] == [new]
        for phone in staying:
            phone.world = two if phone.world is one else one
            assert await labels(phone) == 24
        for phone in [each for each in joined if isinstance(each, Phone)]:
            assert await labels(phone) == 0


async def test_what_a_node_that_slept_wrapped_with_the_old_key_is_found_before_that_dies(
    make_world: MakeWorld,
) -> None:
    async with make_world() as awake, beside(awake) as asleep:
        old = awake.keys.epoch()
        await awake.pipeline.rotate(begin=True)
        straggler = await asleep.enrolled()
        await straggler.send()
        assert (await asleep.person(straggler.subject)).epoch == old
        awake.clock.at += GRACE
        done = await awake.pipeline.rotate()
        assert (done.people, done.destroyed) == (1, 1)
        assert await labels(straggler) == 8
        straggler.world = awake
        assert await labels(straggler) == 8


async def test_a_server_that_dies_before_the_old_key_does_destroys_it_at_its_next_start(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_keys: Keyring, _epoch: int) -> int:
        raise DiedError

    async with make_world(clock=eve()) as world:
        phone = await world.enrolled()
        await phone.send()
        old = world.keys.epoch()
        world.clock.at += 10
        await world.pipeline.rotate()
        world.clock.at += GRACE
        with monkeypatch.context() as patched:
            patched.setattr(Keyring, "drop_epochs_before", dies)
            with pytest.raises(DiedError):
                await world.pipeline.rotate()
        assert (world.key_directory / f"kek-{old:05d}.key").exists()
    async with World(world.directory, clock=world.clock, url=world.url) as again:
        assert (await again.pipeline.rotate()).destroyed == 1
        assert not (again.key_directory / f"kek-{old:05d}.key").exists()
        phone.world = again
        assert await labels(phone) == 8


async def test_a_server_that_dies_between_two_chunks_goes_on(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with make_world(clock=eve()) as world:
        phones = [await world.enrolled() for _ in range(8)]
        old = world.keys.epoch()
        world.clock.at += 10
        transact, left = world.store.transact, 2

        async def dying(work: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise DiedError
            return await transact(work)

        with monkeypatch.context() as patched:
            patched.setattr(world.store, "transact", dying)
            with pytest.raises(DiedError):
                await world.pipeline.rotate()
        assert (await wrapped(world))["people"] == {old: 2, old + 1: 6}
        for phone in phones:
            assert await labels(phone) == 0  # whichever key wraps theirs
        assert (await world.pipeline.rotate()).people == 2


# ---- what cannot be read ----
async def test_rows_that_do_not_open_are_counted_and_stop_nothing(make_world: MakeWorld) -> None:
    async with make_world(clock=eve()) as world:
        phones = [await world.enrolled() for _ in range(9)]
        for _ in range(5):
            await refuse(world)
        damaged = phones[:5]

        def damage(t: Transaction) -> None:
            for phone in damaged:
                person = t.people.get("shop", phone.subject, "update")
                assert person is not None
                t.people.put(replace(person, wrapped_key=bytes(60)))
            old = world.keys.epoch()
            for leaf in t.leaves.wrapped_before(old + 1, None, 4):
                t.leaves.rewrap([replace(leaf, wrapped_key=b"")])
            for proof in [
                t.evidence.of_person("shop", each.subject, EVE)[0] for each in damaged[:3]
            ]:
                t.evidence.rewrap([replace(proof, wrapped_key=bytes(60), epoch=old - 1)])

        await world.store.transact(damage)
        old = world.keys.epoch()
        world.clock.at += 10
        done = await asyncio.wait_for(world.pipeline.rotate(), 30)
        assert done.unreadable == 5 + 4 + 3
        assert (done.people, done.leaves, done.proofs) == (4, 1, 9 - 3)
        with pytest.raises(KeepUnreadable):
            await damaged[0].export()
        world.clock.at += GRACE
        done = await world.pipeline.rotate()
        assert (done.unreadable, done.rewrapped, done.destroyed) == (12, 0, 1)
        with pytest.raises(KeysMissing, match=f"epoch {old}"):
            await damaged[0].export()
        for phone in phones[5:]:
            assert await labels(phone) == 0


@pytest.mark.sqlite
async def test_looking_for_old_keys_reads_an_index_and_no_table(make_world: MakeWorld) -> None:
    """PostgreSQL has the same indexes; its plan for a small table is a scan."""
    async with make_world() as world:
        statements = (people._WRAPPED_BEFORE, leaves._WRAPPED_BEFORE, evidence._WRAPPED_BEFORE)
        for statement in statements:
            query = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
            values = dict.fromkeys(query.params, 1)
            plan = world.store._raw.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
            assert all("_by_epoch" in row[-1] and "SCAN" not in row[-1] for row in plan), plan
            assert not any("TEMP B-TREE" in row[-1] for row in plan), plan


# ---- old backups ----
async def test_an_early_epoch_ends_old_backups_too(make_world: MakeWorld, tmp_path: Path) -> None:
    """After a suspected leak: what was copied before opens with nothing that is left."""
    async with make_world() as world:
        phone = await world.enrolled()
        before = await world.person(phone.subject)
        leaked = tmp_path / "leaked"
        shutil.copytree(world.key_directory, leaked)
        done = await world.pipeline.rotate(begin=True)
        assert (done.people, done.epoch) == (1, before.epoch + 1)
        world.clock.at += GRACE
        await world.pipeline.rotate()
        with pytest.raises(KeysMissing, match=f"epoch {before.epoch}"):
            world.pipeline._parts.vault(before)
        now = await world.person(phone.subject)
        thief = create_keys(leaked, world.entropy, world.clock)
        assert thief.kek(before.epoch)
        with pytest.raises(KeysMissing):
            thief.kek(now.epoch)  # what is written from now on, the thief cannot read


# ---- variables ----
@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, make_world: MakeWorld) -> dict[str, str]:
    now = epoch_of(make_world("any").clock.at)
    names = ["SIGNING", "LOG", f"EPOCH_{now:05d}", f"EPOCH_{now + 1:05d}"]
    found = {f"MIEN_KEY_{name}": b64(os.urandom(32)) for name in names}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


async def test_keys_from_variables_from_consent_over_a_restart_to_the_next_epoch(
    make_world: MakeWorld, variables: dict[str, str]
) -> None:
    async with make_world() as world:

        def start() -> None:
            world.keys = create_keys("env:", world.entropy, world.clock, variables)
            world.pipeline = world.pipeline_over(world.store)

        start()
        phone = await world.enrolled()
        await phone.send()
        old = world.keys.epoch()
        first = variables[f"MIEN_KEY_EPOCH_{old:05d}"]
        start()
        await phone.send()
        assert await labels(phone) == 16
        world.clock.at = (old + 1) * EPOCH
        assert (await world.pipeline.rotate()).people == 1
        world.clock.at += GRACE
        assert (await world.pipeline.rotate()).destroyed == 1
        start()  # the variable is still there, and so is the key: only its removal is the end
        assert world.keys.kek(old)
        assert (await world.pipeline.rotate()).destroyed == 1
        del variables[f"MIEN_KEY_EPOCH_{old:05d}"]
        start()
        with pytest.raises(KeysMissing, match=f"MIEN_KEY_EPOCH_{old:05d}"):
            world.keys.kek(old)
        assert await labels(phone) == 16
        assert first not in variables.values()


def test_no_secret_of_a_variable_reaches_the_log_or_an_answer(
    make_world: MakeWorld, variables: dict[str, str], tmp_path: Path
) -> None:
    log = io.StringIO()
    settings = Settings(
        database=f"sqlite:///{tmp_path / 'mien.db'}", keys="env:", journal=tmp_path / "journal"
    )
    clock = make_world("other").clock
    app = create_app(settings, clock=clock, logger=logs.make("debug", log))
    told = []
    with Web(app) as web:
        told.append(web.get("/readyz"))
        clock.at += 2 * EPOCH  # no variable for that epoch
        told.append(web.get("/.well-known/mien"))
        told.append(web.get("/readyz"))
        with pytest.raises(KeysMissing, match="MIEN_KEY_EPOCH"):
            web.run(app.state.pipeline.rotate())
    assert [answer.status_code for answer in told[::2]] == [200, 503]
    said = log.getvalue() + "".join(answer.text for answer in told)
    for value in variables.values():
        assert value not in said


# ---- commands ----
def mien(monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    monkeypatch.setenv("COLUMNS", "160")
    return CliRunner().invoke(commands, list(words))


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rotating_by_hand(monkeypatch: pytest.MonkeyPatch, at_home: Path) -> None:
    mien(monkeypatch, "keys", "init")
    listed = json.loads(mien(monkeypatch, "keys", "list", "--json").stdout)
    assert not (at_home / "var/mien.db").exists()  # looking makes nothing
    first = listed["epoch"]
    assert mien(monkeypatch, "keys", "rotate").stdout.startswith(f"epoch {first}:")
    early = json.loads(mien(monkeypatch, "keys", "rotate", "--now", "--json").stdout)
    assert (early["epoch"], early["destroyed"]) == (first + 1, 0)
    shown = mien(monkeypatch, "keys", "list").stdout
    assert f"kek-{first:05d}" in shown
    assert f"kek-{first + 1:05d}" in shown
    secrets = [path.read_text().strip() for path in (at_home / "var/keys").iterdir()]
    assert not any(secret in shown for secret in secrets)
    rows = json.loads(mien(monkeypatch, "keys", "list", "--json").stdout)["keys"]
    assert [row["wraps"] for row in rows if row["kind"] == "epoch"] == [
        {"people": 0, "leaves": 0, "proofs": 0}
    ] * 2
    assert "an hour from now" in mien(monkeypatch, "keys", "rotate", "--now").stdout


@pytest.mark.usefixtures("at_home")
def test_the_operator_of_variables_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_KEYS", "env:")
    refused = mien(monkeypatch, "keys", "list")
    assert refused.exit_code == 2
    assert "MIEN_KEY_SIGNING" in refused.stderr
    for name in ("SIGNING", "LOG"):
        secret = mien(monkeypatch, "keys", "secret").stdout.strip()
        monkeypatch.setenv(f"MIEN_KEY_{name}", secret)
    from mien_server.machine import SystemClock

    now = epoch_of(SystemClock().now())
    early = mien(monkeypatch, "keys", "secret", "--begins-now").stdout.strip()
    monkeypatch.setenv(f"MIEN_KEY_EPOCH_{now + 1:05d}", early)
    old = mien(monkeypatch, "keys", "secret").stdout.strip()
    for epoch in (now, now - 1, now - 2):
        monkeypatch.setenv(f"MIEN_KEY_EPOCH_{epoch:05d}", old)
    assert mien(monkeypatch, "keys", "init").exit_code == 0
    assert json.loads(mien(monkeypatch, "keys", "list", "--json").stdout)["epoch"] == now + 1
    mien(monkeypatch, "keys", "rotate")
    shown = mien(monkeypatch, "keys", "list").stdout
    assert f"remove `MIEN_KEY_EPOCH_{now - 2:05d}`" in shown
    assert f"remove `MIEN_KEY_EPOCH_{now:05d}`" not in shown  # its days' seal keys still live
    assert early not in shown
    assert old not in shown
    refused = mien(monkeypatch, "keys", "rotate", "--now")
    assert f"MIEN_KEY_EPOCH_{now + 2:05d}" in refused.stderr


# ---- what strangers are told ----
def test_a_caller_is_not_told_where_the_secrets_lie() -> None:
    for kind in (KeysMissing, KeysUnsafe, KeysUnwritable):
        answer = document(kind("`/srv/secret/kek-00692.key` is not there"))
        assert answer.status_code == 503
        assert b"srv" not in bytes(answer.body)
        assert b"operator" in bytes(answer.body)

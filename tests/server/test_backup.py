"""Backup and restore: whole, of one moment, beside a running server; and what people took back since stays taken back."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command as alembic
from sqlalchemy import make_url
from tests.postgres import databases, programs
from tests.server.test_erasure import visited
from tests.server.world import DAY, MakeWorld, World
from typer.testing import CliRunner, Result

from mien.errors import ConsentMissing, KeysMissing
from mien.values import Label
from mien.wire.slots import pack_slot
from mien_server.cli.database import app
from mien_server.errors import PersonErased
from mien_server.stores import SqliteStore, revisions, upgrading
from mien_server.stores import backup as backups

RUN = CliRunner()


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `mien database ...` on the world's server, in an empty working directory."""
    monkeypatch.chdir(tmp_path)

    def run(world: World, *words: str, url: str | None = None) -> Result:
        monkeypatch.setenv("MIEN_DATABASE", url or world.address)
        monkeypatch.setenv("MIEN_KEYS", str(world.key_directory))
        monkeypatch.setenv("MIEN_JOURNAL", str(world.journal_directory))
        if world.url:
            monkeypatch.setenv("PATH", f"{programs()}:{os.environ['PATH']}")
        return RUN.invoke(app, list(words))

    return run


@pytest.fixture
def empty_url(database_kind: str) -> Iterator[Callable[[], str]]:
    """Makes the URL of a PostgreSQL database without any table; empty on SQLite, where the world's own file is replaced."""
    if database_kind == "sqlite":
        yield lambda: ""
        return
    made: list[str] = []

    def make() -> str:
        made.append(databases().cluster.create())
        return made[-1]

    yield make
    for url in made:
        databases().cluster.drop(url)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands go by the machine's clock; here it is that of the worlds."""
    monkeypatch.setattr("mien_server.errands.SystemClock", lambda: _CLOCK)


class _Clock:
    world: World

    def now(self) -> int:
        return self.world.clock.now()


_CLOCK = _Clock()


async def test_what_was_taken_back_since_stays_taken_back(
    make_world: MakeWorld, tmp_path: Path, command: Any, empty_url: Any
) -> None:
    backup = tmp_path / "backup"
    async with make_world() as world:
        _CLOCK.world = world
        erased, withdrawn, stays = [await visited(world) for _ in range(3)]
        done = await asyncio.to_thread(command, world, "backup", str(backup))
        assert done.exit_code == 0, done.output
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        world.clock.at += 60
        first = await erased.erase()
        await world.pipeline.complete_erasures()
        await withdrawn.withdraw()
        await stays.send()
        entries = world.journal.entries()
    url = empty_url() or world.address
    done = await asyncio.to_thread(command, world, "restore", str(backup), url=url)
    assert done.exit_code == 0, done.output
    assert "erasures 1, withdrawals 1" in done.output
    world.url = url if world.url else ""
    world.clock.at += 60
    async with world as again:
        for phone in (erased, withdrawn, stays):
            phone.world = again
        with pytest.raises(PersonErased):
            await erased.consent("personalize_offers")
        certificate = erased.certificate(await again.pipeline.erasure(first.erasure))
        assert (certificate.stage, certificate.records_deleted) == ("completed", 2)
        with pytest.raises(ConsentMissing):
            await withdrawn.send()
        await again.pipeline.sweep()
        assert await again.store.transact(lambda t: t.records.all("shop", withdrawn.subject)) == ()
        said = [each["record"] for each in (await withdrawn.export())["decisions"]]
        assert sum('"action":"withdraw"' in each for each in said) == 1
        assert len((await stays.export())["labels"]) == 16  # what came after the backup is lost
        assert (await stays.send()).accepted
        opened = await again.select("SELECT opening FROM leaf WHERE opening IS NOT NULL AND subject IS NULL")  # fmt: skip
        words = b"".join(bytes(row[0]) for row in opened)
        assert b'"action":"erase"' in words
        assert b'"action":"erased"' in words
        assert erased.subject.encode() not in words
        assert again.journal.entries() == entries


async def test_a_backup_of_an_older_revision_is_brought_to_the_newest(
    make_world: MakeWorld, tmp_path: Path, command: Any, empty_url: Any
) -> None:
    """Whoever upgrades and then loses the disk has backups of before."""
    source, target = (empty_url() or f"sqlite:///{tmp_path / name}" for name in ("old", "new"))

    def make() -> None:
        if source.startswith("sqlite"):
            Path(source.removeprefix("sqlite:///")).touch()
        upgrading._connected(source, lambda connection: alembic.upgrade(upgrading.config(connection), revisions.BASELINE), alone=True)  # fmt: skip

    async with make_world() as world:
        _CLOCK.world = world
        await asyncio.to_thread(make)
        for words, url in ((("backup", "made"), source), (("restore", "made"), target)):
            done = await asyncio.to_thread(command, world, *words, url=url)
            assert done.exit_code == 0, done.output
    assert await asyncio.to_thread(upgrading.status, target) == revisions.HEAD


@pytest.mark.sqlite
async def test_the_old_file_is_kept_and_nothing_else(
    make_world: MakeWorld, tmp_path: Path, command: Any
) -> None:
    async with make_world() as world:
        _CLOCK.world = world
        await visited(world)
        await asyncio.to_thread(command, world, "backup", str(tmp_path / "backup"))
        later = await visited(world)
    await asyncio.to_thread(command, world, "restore", str(tmp_path / "backup"))
    names = {path.name for path in world.directory.glob("mien.db*")}
    assert names == {"mien.db", "mien.db.before-20261122T120000Z"}
    kept = SqliteStore(world.directory / "mien.db.before-20261122T120000Z")
    assert await kept.transact(lambda t: t.people.get("shop", later.subject, "none"))
    await kept.close()


@pytest.mark.sqlite
async def test_a_backup_is_of_one_moment_while_a_server_writes(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """Each transaction moves one from one row to the other; what is copied in steps must still add up."""
    async with make_world() as world:
        await world.store.transact(lambda t: t.tiles.put_tile(9, 0, bytes(8 * 2**20)))
        stop, moves = threading.Event(), 0

        async def write() -> None:
            nonlocal moves
            while not stop.is_set():
                moves += 1
                hashes = moves.to_bytes(8, "big")

                def move(t: Any, hashes: bytes = hashes) -> None:
                    t.tiles.put_tile(7, 0, hashes)
                    t.tiles.put_tile(8, 0, hashes)

                await world.store.transact(move)

        writing = asyncio.create_task(write())
        steps: list[int] = []

        def progress(done: int, _all: int) -> None:
            steps.append(moves)

        await asyncio.to_thread(backups.back_up, world.address, tmp_path / "backup", progress)
        stop.set()
        await writing
        assert len(steps) >= 2
        copy = SqliteStore(tmp_path / "backup")
        one, other = await copy.transact(lambda t: (t.tiles.tile(7, 0), t.tiles.tile(8, 0)))
        await copy.close()
        assert one == other


_HOLD = """
import asyncio, pathlib, sys
from mien_server.stores import SqliteStore
store = SqliteStore(pathlib.Path(sys.argv[1]))
asyncio.run(store.transact(lambda t: t.tiles.size()))
print("open", flush=True)
sys.stdin.read()
"""


@pytest.mark.sqlite
async def test_refusals(make_world: MakeWorld, tmp_path: Path, command: Any) -> None:
    backup, other = tmp_path / "backup", tmp_path / "other"
    async with make_world() as world:
        _CLOCK.world = world
        phone = await world.enrolled()
        assert (await asyncio.to_thread(command, world, "backup", str(backup))).exit_code == 0
        again = await asyncio.to_thread(command, world, "backup", str(backup))
        assert (again.exit_code, "settings-invalid" in again.stderr) == (2, True)
        await phone.withdraw()
    with subprocess.Popen(  # noqa: ASYNC220 - it only has to be there
        [sys.executable, "-c", _HOLD, str(world.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert server.stdout.readline() == b"open\n"
        held = await asyncio.to_thread(command, world, "restore", str(backup))
        assert "stop it first [store-busy]" in held.stderr
    with sqlite3.connect(other) as made:
        made.execute("CREATE TABLE person (id)")
    made.close()
    half = bytearray(backup.read_bytes())
    half[8192 : len(half) // 2] = os.urandom(len(half) // 2 - 8192)
    (tmp_path / "damaged").write_bytes(half)
    (tmp_path / "text").write_text("no database at all, " * 99)
    for name in ("other", "damaged", "text", "nothing"):
        before = world.database.read_bytes()
        refused = await asyncio.to_thread(command, world, "restore", str(tmp_path / name))
        assert "[backup-invalid]" in refused.stderr, (name, refused.stderr)
        assert world.database.read_bytes() == before
    world.journal_directory.rename(tmp_path / "away")
    lost = await asyncio.to_thread(command, world, "restore", str(backup))
    assert lost.exit_code == 0  # it has heard of nothing that a journal could lack
    await asyncio.to_thread(command, world, "backup", str(tmp_path / "second"))
    assert [path.name for path in world.directory.glob("*.restoring*")] == []


async def test_without_its_journal_a_backup_that_has_heard_of_it_is_refused(
    make_world: MakeWorld, tmp_path: Path, command: Any, empty_url: Any
) -> None:
    async with make_world() as world:
        _CLOCK.world = world
        await (await world.enrolled()).withdraw()
        done = await asyncio.to_thread(command, world, "backup", str(tmp_path / "backup"))
        assert done.exit_code == 0, done.output
    world.journal_directory.rename(tmp_path / "away")
    url = empty_url() or world.address
    refused = await asyncio.to_thread(command, world, "restore", str(tmp_path / "backup"), url=url)
    assert (refused.exit_code, "[journal-missing]" in refused.stderr) == (2, True)


async def test_a_backup_older_than_its_epochs_opens_nothing(
    make_world: MakeWorld, tmp_path: Path, command: Any, empty_url: Any
) -> None:
    async with make_world() as world:
        _CLOCK.world = world
        goes, stays = await visited(world), await visited(world)
        await asyncio.to_thread(command, world, "backup", str(tmp_path / "backup"))
        world.clock.at += DAY
        first = await goes.erase()
        await world.pipeline.complete_erasures()
        world.clock.at = goes.certificate(first).backups_unreadable_by + DAY
        for _ in range(3):
            await world.pipeline.rotate()
            world.clock.at += 2 * 3600
    url = empty_url() or world.address
    done = await asyncio.to_thread(command, world, "restore", str(tmp_path / "backup"), url=url)
    assert "erasures 1" in done.output, done.output
    world.url = url if world.url else ""
    async with world as again:
        stays.world = again
        with pytest.raises(KeysMissing):
            again.pipeline._parts.vault(await again.person(stays.subject))
        assert (await again.person(goes.subject)).wrapped_key is None


async def test_nothing_a_person_said_is_in_backup_or_journal_in_the_clear(
    make_world: MakeWorld, tmp_path: Path, command: Any
) -> None:
    async with make_world() as world:
        _CLOCK.world = world
        phone = await visited(world)
        labels = [Label("contempt", phone.now() - i, confidence=15, state="frustrated") for i in range(1, 9)]  # fmt: skip
        await phone.send(labels)
        await phone.withdraw()
        await phone.consent("personalize_offers")
        await phone.send(labels)
        await phone.erase()
        await asyncio.to_thread(command, world, "backup", str(tmp_path / "backup"))
    content = (tmp_path / "backup").read_bytes()
    journal = b"".join(path.read_bytes() for path in world.journal_directory.iterdir())
    for name, secret in {
        "word": b"contempt", "state": b"frustrated", "stream key": phone.stream_key,
        "slot": pack_slot(labels[0], labels[0].ended_at), "device": phone.id.encode(),
        "key": world.keys.signing.secret(),
    }.items():  # fmt: skip
        assert secret not in journal, name
        # Public keys and their ids lie in the clear until the erasure deletes them.
        assert secret not in content or name == "device", name
    assert journal.count(b"\n") == 2


def test_its_programs_trust_whom_the_server_trusts_and_hear_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = {"PGSSLROOTCERT": "/ca.pem", "PGHOST": "elsewhere", "MIEN_KEY_LOG": "secret", "HOME": "/"}  # fmt: skip
    monkeypatch.setattr(os, "environ", given)
    url = make_url("postgresql://mien:word@here/mien?ssl=verify-full")
    assert backups._environment(url) == {
        "PGSSLROOTCERT": "/ca.pem", "HOME": "/", "PGHOST": "here", "PGUSER": "mien", "PGPASSWORD": "word", "PGDATABASE": "mien", "PGSSLMODE": "verify-full",
    }  # fmt: skip


async def test_the_password_is_on_no_command_line(
    make_world: MakeWorld, tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every user of a machine sees what its programs were called with."""
    if not (world := make_world()).url:
        monkeypatch.setenv("PATH", "/nowhere")
        url = "postgresql://mien:pw-canary@127.0.0.1:1/mien"
        _CLOCK.world = world
        refused = command(world, "backup", str(tmp_path / "b"), url=url)
        assert "`pg_dump` is not installed here" in refused.stderr
        assert "pw-canary" not in refused.output
        return
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "pg_dump").write_text('#!/bin/sh\necho "$@" >&2\necho "error: $*" >&2\ntest -n "$PGPASSWORD" && exit 3\n')  # fmt: skip
    (fake / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake}:/usr/bin:/bin")
    with pytest.raises(Exception, match="format=custom") as caught:
        backups.back_up(world.url, tmp_path / "b", lambda _done, _all: None)
    password = world.url.partition("://mien:")[2].partition("@")[0]
    assert len(password) > 8
    assert password not in str(caught.value)
    assert not (tmp_path / "b").exists()

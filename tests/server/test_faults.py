"""What breaks under a running server: it says so (503 with a code that has a page), acknowledges nothing it does not keep, and goes on when it is mended.

Both databases, real faults: a full disk, files moved away or damaged, locks held by other programs, a database that is killed, full or read-only.
"""

import asyncio
import os
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from tests.postgres import Cluster, run_elsewhere
from tests.server.served import PUBLISHABLE, Served
from tests.server.web import Web
from tests.server.world import Phone, World

from mien.wire.messages import dump
from mien_server.app import create_app
from mien_server.errors import StoreUnwritable
from mien_server.settings import Settings
from mien_server.stores import SqliteStore

RECOVERY_SECONDS = 20.0
PAGES = Path(__file__).resolve().parents[2] / "docs/reference/errors"


def _refused(served: Served, phone: Phone, *codes: str) -> str:
    """Send a label, which must be refused with one of these codes and not be kept; the code. The same envelope is accepted later."""
    body = served.envelope(phone)
    answer = served.post("/v1/labels", body)
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1
    code: str = answer.json()["code"]
    assert code in codes, answer.text
    assert (PAGES / f"{code}.md").exists()
    return code


def _recovers(served: Served, phone: Phone) -> None:
    """It answers again, by itself, and keeps what it says it keeps."""
    until = time.monotonic() + RECOVERY_SECONDS
    while (answer := served.send(phone)).status_code != 200:
        assert answer.status_code == 503, answer.text
        assert time.monotonic() < until, answer.text
        time.sleep(0.1)
    assert served.kept(phone, phone.seq)
    assert served.get("/readyz").status_code == 200


def _alive_but_not_ready(served: Served) -> None:
    assert served.get("/healthz").status_code == 200
    began = time.monotonic()
    told = served.get("/readyz")
    assert told.status_code == 503
    assert time.monotonic() - began < 5
    assert told.json()["code"] in {"not-ready", "store-busy", "store-unwritable"}


# ---- a file ----
@pytest.fixture(scope="module")
def on_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on an SQLite file."""
    with Served(tmp_path_factory.mktemp("faults") / "served") as served:
        yield served


@pytest.fixture
def phone(on_file: Served) -> Phone:
    return on_file.enrolled()


@contextmanager
def _full_disk(served: Served) -> Iterator[None]:
    """No file of the server can grow beyond what its log of the database has now: what a full disk does, by the kernel's own limit."""
    pid, size = served.process.pid, served.database.with_name("mien.db-wal").stat().st_size
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_full_disk(on_file: Served, phone: Phone) -> None:
    assert on_file.send(phone).status_code == 200
    with _full_disk(on_file):
        _refused(on_file, phone, "store-unwritable")
        refused = phone.seq
        _refused(on_file, phone, "store-unwritable")
        assert on_file.get("/healthz").status_code == 200
    _recovers(on_file, phone)
    assert not on_file.kept(phone, refused)


def test_full_disk_of_the_log_too_changes_no_answer(on_file: Served, phone: Phone) -> None:
    _, hard = resource.prlimit(on_file.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(on_file.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        _refused(on_file, phone, "store-unwritable")
        assert on_file.post("/v1/rank", {}).status_code == 400  # a refusal is logged, or would be
        assert on_file.get("/none").status_code == 404
    finally:
        resource.prlimit(on_file.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    _recovers(on_file, phone)
    on_file.post("/v1/rank", {})
    assert any(line["event"] == "lines-lost" for line in on_file.lines())


@pytest.mark.parametrize("name", ["mien.db", "mien.db-wal"])
def test_file_moved_away(on_file: Served, phone: Phone, name: str) -> None:
    """A file without a name still takes what is written to it, and loses it when the process ends."""
    assert on_file.send(phone).status_code == 200
    there = on_file.directory / name
    away = on_file.directory / "away"
    there.rename(away)
    try:
        _refused(on_file, phone, "store-unwritable")
        _alive_but_not_ready(on_file)
        there.touch(mode=0o600)  # another file of that name is not it
        _refused(on_file, phone, "store-unwritable")
    finally:
        away.replace(there)
    _recovers(on_file, phone)


def test_lock_held_by_another_program(on_file: Served, phone: Phone) -> None:
    with closing(sqlite3.connect(on_file.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        _refused(on_file, phone, "store-busy")
        _alive_but_not_ready(on_file)
        other.execute("ROLLBACK")
    _recovers(on_file, phone)


def test_what_was_acknowledged_through_all_of_it_survives_the_process(on_file: Served) -> None:
    phone = on_file.enrolled()
    for _ in range(3):
        assert on_file.send(phone).status_code == 200
    on_file.tell(signal.SIGKILL)
    on_file.ended()
    assert all(on_file.kept(phone, seq) for seq in range(1, phone.seq + 1))
    on_file.start()
    _recovers(on_file, phone)


@pytest.mark.sqlite
async def test_damaged_page_is_told_and_the_rest_goes_on(make_world: Callable[..., World]) -> None:
    world = make_world()
    async with world:
        phone = await world.enrolled()
        await phone.send()
    with closing(sqlite3.connect(world.database)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = raw.execute("PRAGMA page_size").fetchone()
        (page,) = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'record'"
        ).fetchone()
    whole = world.database.read_bytes()
    at = (page - 1) * size
    world.database.write_bytes(whole[:at] + b"\xa5" * size + whole[at + size :])
    async with world:
        with pytest.raises(StoreUnwritable, match="CORRUPT"):
            await phone.send()
        assert (await world.rank()).places  # beside what is damaged, everything is as it was
        stream = await world.store.transact(
            lambda t: t.people.stream(world.site.id, phone.subject, phone.id, phone.seq)
        )
        assert stream is not None
        assert stream.digest is None  # refused, so not kept in part either
    world.database.write_bytes(whole)
    async with world:
        assert not (await phone.send()).duplicate


@pytest.mark.sqlite
async def test_read_only_database(make_world: Callable[..., World]) -> None:
    async with make_world() as world:
        phone = await world.enrolled()
        world.store._raw.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreUnwritable, match="READONLY"):
            await phone.send()
        world.store._raw.execute("PRAGMA query_only = OFF")
        assert not (await phone.send()).duplicate


@pytest.mark.skipif(os.geteuid() == 0, reason="NOT HERE: root may write what is read-only")
def test_read_only_file_is_refused_at_the_start(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "mien.db")
    (tmp_path / "mien.db").chmod(0o400)
    with pytest.raises(StoreUnwritable, match="permissions"):
        SqliteStore(tmp_path / "mien.db")


# ---- too much of it ----
@pytest.mark.sqlite
def test_more_than_the_queue_holds_is_told_to_come_back(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request is answered, at once, with a yes that is kept or a 429 that is not."""
    world = make_world()
    world.clock.at = int(time.time())
    phones: list[Phone] = []

    async def prepare() -> None:
        async with world:
            phones.extend([await world.enrolled() for _ in range(10)])

    asyncio.run(prepare())
    monkeypatch.setattr(
        "mien_server.app.open_store",
        lambda url: SqliteStore(Path(url.removeprefix("sqlite:///")), queue_size=4),
    )
    settings = Settings(
        database=world.address, keys=world.key_directory, journal=world.journal_directory,
        rate_per_address=1e9, rate_per_subject=1e9,
    )  # fmt: skip
    bodies = [dump(phone.envelope()) for phone in phones for _ in range(30)]
    with Web(create_app(settings, clock=world.clock)) as web:
        answers = web.run(_all_at_once(web, bodies))
        kept = [web.run(_kept(web, body)) for body in bodies]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert all(answer.json()["code"] == "server-busy" for answer in answers if answer.is_error)
    assert all("retry-after" in answer.headers for answer in answers if answer.is_error)
    assert kept == [answer.status_code == 200 for answer in answers]


async def _all_at_once(web: Web, bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    return await asyncio.gather(
        *(web._client.post("/v1/labels", json=body, headers=PUBLISHABLE) for body in bodies)
    )


async def _kept(web: Web, body: dict[str, Any]) -> bool:
    store = web._app.state.pipeline._parts.store
    found = await store.transact(
        lambda t: t.people.stream(body["site"], body["subject"], body["device"], body["seq"])
    )
    return found.digest is not None


# ---- PostgreSQL ----
@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of its own, because it is killed."""
    cluster = Cluster(shared_buffers="16MB", max_connections="16", jit="off")
    cluster.start()
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def on_postgres(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on it."""
    with Served(tmp_path_factory.mktemp("faults") / "served", cluster.create()) as served:
        yield served


def test_postgres_killed_under_load_and_back(cluster: Cluster, on_postgres: Served) -> None:
    phones = [on_postgres.enrolled() for _ in range(4)]
    other = on_postgres.enrolled()
    acknowledged: list[tuple[Phone, int]] = []
    statuses: set[int] = set()
    on, over = threading.Event(), threading.Event()

    def load(phone: Phone) -> None:
        with on_postgres.client() as client:
            while not over.is_set():
                body = on_postgres.envelope(phone)
                answer = client.post("/v1/labels", json=body)
                statuses.add(answer.status_code)
                if answer.status_code == 200:
                    acknowledged.append((phone, body["seq"]))
                    if len(acknowledged) > 20:
                        on.set()

    with ThreadPoolExecutor(len(phones)) as pool:
        running = [pool.submit(load, phone) for phone in phones]
        try:
            assert on.wait(60)
            cluster.stop(signal.SIGKILL)
            _alive_but_not_ready(on_postgres)
            cluster.start()
            _recovers(on_postgres, other)
        finally:
            over.set()
        for each in running:
            each.result()
    assert [line for line in on_postgres.lines() if line["event"] == "fault"] == []
    assert statuses == {200, 503}
    assert [seq for phone, seq in acknowledged if not on_postgres.kept(phone, seq)] == []


@pytest.mark.parametrize("table", ["person", "accepted"])
def test_postgres_lock_held_by_another_program(on_postgres: Served, table: str) -> None:
    phone = on_postgres.enrolled()

    async def refused() -> None:
        other = await asyncpg.connect(on_postgres.url)
        try:
            await other.execute("BEGIN")
            await other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            await asyncio.to_thread(_refused, on_postgres, phone, "store-busy")
        finally:
            await other.close()

    run_elsewhere(refused())
    _recovers(on_postgres, phone)


def test_postgres_read_only(cluster: Cluster, on_postgres: Served) -> None:
    phone = on_postgres.enrolled()
    name = on_postgres.url.rpartition("/")[2]
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
    cluster.say(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    cluster.say(end)
    try:
        _refused(on_postgres, phone, "store-unwritable")
    finally:
        cluster.say(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        cluster.say(end)
    _recovers(on_postgres, phone)


def test_postgres_takes_no_more_connections(cluster: Cluster, on_postgres: Served) -> None:
    phone = on_postgres.enrolled()
    name = on_postgres.url.rpartition("/")[2]

    async def refused() -> None:
        taken: list[Any] = []
        try:
            await _take_all(cluster, taken)
            # The server's own connections are ended, and others are faster to take their places.
            while await taken[0].fetch(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
            ):
                await _take_all(cluster, taken)
            await asyncio.to_thread(_refused, on_postgres, phone, "store-busy", "store-unwritable")
        finally:
            for each in taken:
                await each.close()

    run_elsewhere(refused())
    _recovers(on_postgres, phone)


async def _take_all(cluster: Cluster, taken: list[Any]) -> None:
    while True:
        try:
            taken.append(await asyncpg.connect(cluster.url()))
        except asyncpg.TooManyConnectionsError:
            return


# ---- too slow ----
@pytest.mark.sqlite
def test_overdue_request_is_done_whole_or_not_at_all(make_world: Callable[..., World]) -> None:
    """The database is held for longer than a request may take; what was told `overdue` is then not half there, and the re-send counts once."""
    world = make_world()
    world.clock.at = int(time.time())
    phones: list[Phone] = []

    async def prepare() -> None:
        async with world:
            phones.append(await world.enrolled())

    asyncio.run(prepare())
    settings = Settings(
        database=world.address, keys=world.key_directory, journal=world.journal_directory,
        request_seconds=0.4,
    )  # fmt: skip
    body = dump(phones[0].envelope())
    with Web(create_app(settings, clock=world.clock)) as web:
        assert web.get("/.well-known/mien").status_code == 200
        with closing(sqlite3.connect(world.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            told = web.post("/v1/labels", json=body, headers=PUBLISHABLE)
            other.execute("ROLLBACK")
        assert (told.status_code, told.json()["code"]) == (503, "request-overdue")
        time.sleep(0.3)  # the writer goes on with what it had
        again = web.post("/v1/labels", json=body, headers=PUBLISHABLE)
        assert again.status_code == 200
        assert web.run(_kept(web, body))
    with closing(sqlite3.connect(world.database)) as raw:
        (accepted,) = raw.execute("SELECT count(*) FROM accepted").fetchone()
        (leaves,) = raw.execute("SELECT count(*) FROM leaf").fetchone()
    assert (accepted, leaves) == (1, 2)  # the consent's leaf and this one's

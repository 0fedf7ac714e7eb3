"""The embedded store on real files: what is answered is durable, what fails undoes only itself, what cannot be is said clearly.

What every store must do, noun by noun, is asked of both (`where`). PostgreSQL's own tests are `test_postgres.py`.
"""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mien.errors import EnvelopeReplayed, ServerBusy, SettingsError
from mien.values import Offer
from mien_server.errors import LeafUnknown, StoreBusy, StoreUnwritable
from mien_server.ports import Transaction
from mien_server.stores import SqliteStore, open_store
from mien_server.stores.postgres_faults import DatabaseFault
from mien_server.values import (
    Catalogue,
    Erasure,
    Person,
    PersonKey,
    Record,
    SealedEvent,
    SealedLeaf,
    Site,
)

SITE = Site("shop", "Shop", "retail", ("customer", "client"), ("EU-DE", "EU-FR"), "c", "x", b"p" * 32, b"s" * 32, origins=("https://a.example",), impact_assessment=True, created_at=5)  # fmt: skip


def person(subject: str = "sub_a", **other: Any) -> Person:
    given = {
        "site": "shop", "subject": subject, "state": "given", "purposes": frozenset({"adapt_service", "personalize_offers"}),
        "jurisdictions": ("EU-DE",), "sector": "retail", "role": "customer", "age_band": "adult", "gpc_at": 1, "revoked_at": 0,
        "guardian": False, "guardian_verified": False, "written_release": True, "notice_sha256": b"n" * 32, "consented_at": 1, "expires_at": 100,
        "wrapped_key": b"k" * 60, "epoch": 3, "site_handle": None, "tombstoned_at": 0,
    }  # fmt: skip
    return Person(**{**given, **other})


def record(name: str, ended_at: int, *, until: int = 1000, subject: str = "sub_a") -> Record:
    return Record(name, "shop", subject, "label", ended_at, until, b"sealed " + name.encode())


def event(
    name: str, at: int, *, subject: str | None = "sub_a", until: int = 1000, learned: bool = False
) -> Any:
    return SealedEvent(name, "shop", subject, at, until, b"content", learned)


def leaf(byte: int, *, subject: str | None = "sub_a", until: int = 1000) -> SealedLeaf:
    return SealedLeaf(bytes([byte]) * 32, 3600, "shop", subject, until, b"opening")


def put(subject: str) -> Callable[[Transaction], None]:
    """A closure that adds a person."""
    return lambda transaction: transaction.people.put(person(subject))


Where = Path | str
"""A file for SQLite, a URL for PostgreSQL."""


class Opened:
    """A store, with the site in it."""

    def __init__(self, where: Where, **options: Any) -> None:
        self.where, self.options = where, options

    async def __aenter__(self) -> Any:
        self.store: Any = (
            SqliteStore(self.where, **self.options)
            if isinstance(self.where, Path)
            else open_store(self.where)
        )
        await self.store.transact(lambda t: t.sites.put(SITE))
        return self.store

    async def __aexit__(self, *_error: object) -> None:
        await self.store.close()


@pytest.fixture
def path(tmp_path: Path) -> Any:
    return tmp_path / "mien.db"


@pytest.fixture
def where(tmp_path: Path, new_url: Callable[[], str]) -> Where:
    return new_url() or tmp_path / "mien.db"


# ---- one writer, one commit for many ----
async def test_a_failing_closure_undoes_itself_and_nobody_else(path: Path) -> None:
    """All wait together and are committed together: the second must not take the others with it."""
    async with Opened(path) as store:

        def add(name: str, *, fails: bool = False) -> Any:
            def work(transaction: Transaction) -> Any:
                transaction.people.put(person(name))
                if fails:
                    raise ZeroDivisionError(name)
                return name

            return store.transact(work)

        answers = await asyncio.gather(
            add("sub_1"), add("sub_2", fails=True), add("sub_3"), return_exceptions=True
        )
        assert list(answers[::2]) == ["sub_1", "sub_3"]
        assert isinstance(answers[1], ZeroDivisionError)
        there = await store.transact(
            lambda t: [bool(t.people.get("shop", f"sub_{i}", "none")) for i in (1, 2, 3)]
        )
        assert there == [True, False, True]


async def test_many_share_a_commit(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Opened(path) as store:
        said: list[str] = []
        say = store._say

        def heard(statement: str) -> None:
            said.append(statement)
            say(statement)

        monkeypatch.setattr(store, "_say", heard)
        await asyncio.gather(*(store.transact(put(f"sub_{i}")) for i in range(100)))
        assert said.count("RELEASE job") == 100
        assert said.count("COMMIT") < 100


async def test_answers_come_only_after_the_commit(path: Path) -> None:
    """At the moment a caller is answered, another connection sees the row."""
    async with Opened(path) as store:
        other = sqlite3.connect(path)
        for i in range(20):
            await store.transact(put(f"sub_{i}"))
            (count,) = other.execute("SELECT count(*) FROM person").fetchone()
            assert count == i + 1
        other.close()


async def test_every_commit_is_synced(path: Path) -> None:
    """FULL: the log is synced before COMMIT returns, and callers wake after it. What is deleted is overwritten."""
    async with Opened(path) as store:

        def pragma(name: str) -> Any:
            return store.transact(lambda _t: store._raw.execute(f"PRAGMA {name}").fetchone()[0])

        assert await pragma("journal_mode") == "wal"
        assert await pragma("synchronous") == 2
        assert await pragma("foreign_keys") == 1
        assert await pragma("secure_delete") == 1


async def test_a_process_that_dies_loses_nothing_it_answered(path: Path) -> None:
    """Atomicity under SIGKILL: all that was answered is there, and of what was not, all or nothing."""
    code = f"""
import asyncio, os, signal, sys
from pathlib import Path
sys.path.insert(0, str(Path({str(Path(__file__).parent)!r})))
import importlib.util
spec = importlib.util.spec_from_file_location("stores_under_test", {__file__!r})
mod = importlib.util.module_from_spec(spec); spec.loader.exec_module(mod)
async def main():
    store = mod.SqliteStore(Path(sys.argv[1]))
    await store.transact(lambda t: t.sites.put(mod.SITE))
    def two(i):
        def work(t):
            t.people.put(mod.person(f"sub_{{i}}"))
            t.records.add([mod.record(f"rec_{{i}}", i, subject=f"sub_{{i}}")])
        return work
    for i in range(10_000):
        await store.transact(two(i))
        print(i, flush=True)
        if i == 40:
            os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    answered = len(done.stdout.split())
    async with Opened(path) as store:
        people, records = await store.transact(
            lambda _t: [
                store._raw.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
                for name in ("person", "record")
            ]
        )
    assert people == records
    assert people >= answered == 41


async def test_a_caller_who_goes_away_disturbs_nobody(path: Path) -> None:
    async with Opened(path) as store:
        gone = asyncio.create_task(store.transact(lambda t: t.people.put(person("sub_1"))))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await store.transact(lambda t: t.people.put(person("sub_2")))
        assert await store.transact(lambda t: t.people.get("shop", "sub_2", "none"))


# ---- what goes wrong ----
async def test_too_many_wait(path: Path) -> None:
    async with Opened(path, queue_size=4) as store:
        waiting = [store.transact(lambda t: t.tiles.size()) for _ in range(50)]
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        busy = [each for each in answers if isinstance(each, ServerBusy)]
        assert busy
        assert busy[0].retry_after > 0
        assert all(each == 0 for each in answers if not isinstance(each, ServerBusy))


async def test_another_program_holds_the_database(path: Path) -> None:
    """Nothing is lost: told to come back, they do, and it works."""
    async with Opened(path, busy_seconds=0.05) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy) as caught:
            await store.transact(lambda t: t.people.put(person()))
        assert caught.value.retry_after > 0
        assert caught.value.code == "store-busy"
        other.execute("COMMIT")
        other.close()
        await store.transact(lambda t: t.people.put(person()))


def test_held_while_it_is_opened(path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy):
        SqliteStore(path, busy_seconds=0.05)
    other.close()


async def test_a_reader_stands_in_the_way_of_scrubbing(path: Path) -> None:
    async with Opened(path, busy_seconds=0.05) as store:
        await store.transact(lambda t: t.people.put(person()))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM person").fetchone()
        await store.transact(lambda t: t.people.put(person("sub_b")))
        with pytest.raises(StoreBusy):
            await store.scrub()
        other.close()
        await store.scrub()
        assert path.with_name("mien.db-wal").stat().st_size == 0


async def test_a_full_disk_is_told_to_everybody_and_changes_nothing(path: Path) -> None:
    async with Opened(path) as store:
        await store.transact(lambda t: t.people.put(person()))
        pages = await store.transact(
            lambda _t: store._raw.execute("PRAGMA page_count").fetchone()[0]
        )
        await store.transact(
            lambda _t: store._raw.execute(f"PRAGMA max_page_count = {pages}").fetchone()
        )
        big = [record(f"rec_{i}", i) for i in range(5000)]
        answers = await asyncio.gather(
            *(store.transact(lambda t: t.records.add(big)) for _ in range(3)),
            return_exceptions=True,
        )
        assert [type(each) for each in answers] == [StoreUnwritable] * 3
        assert "SQLITE_FULL" in str(answers[0])
        await store.transact(
            lambda _t: store._raw.execute("PRAGMA max_page_count = 100000").fetchone()
        )
        assert await store.transact(lambda t: t.records.all("shop", "sub_a")) == ()


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may write anywhere: while root's tests look at permissions, they are somebody else."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("there", [True, False])
def test_a_directory_that_cannot_be_written(there: bool) -> None:
    directory = Path(tempfile.mkdtemp(prefix="mien-test-"))
    try:
        if there:
            asyncio.run(SqliteStore(directory / "mien.db").close())
            for file in directory.iterdir():
                file.chmod(0o444)
        directory.chmod(0o555)
        with ordinary_user(), pytest.raises(StoreUnwritable) as caught:
            SqliteStore(directory / "mien.db")
        assert caught.value.code == "store-unwritable"
    finally:
        directory.chmod(0o700)
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()


async def test_a_database_that_becomes_read_only(path: Path) -> None:
    """The same error later: nothing is written, the cure is named, and afterwards it goes on."""
    async with Opened(path) as store:
        await store.transact(lambda t: t.people.put(person()))
        await store.transact(lambda _t: store._raw.execute("PRAGMA query_only = 1").fetchone())
        with pytest.raises(StoreUnwritable, match="permissions"):
            await store.transact(lambda t: t.people.put(person("sub_b")))
        await store._submit(
            lambda _t: store._raw.execute("PRAGMA query_only = 0").fetchone(), alone=True
        )
        await store.transact(lambda t: t.people.put(person("sub_b")))


def test_a_file_that_is_no_database(path: Path) -> None:
    path.write_bytes(b"this is not a database, it only lies where one should" * 100)
    with pytest.raises(StoreUnwritable, match="cannot be written"):
        SqliteStore(path)


def test_a_path_that_is_a_directory(tmp_path: Path) -> None:
    with pytest.raises(StoreUnwritable):
        SqliteStore(tmp_path)


async def test_tables_of_another_version_are_left_alone(path: Path) -> None:
    async with Opened(path):
        pass
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StoreUnwritable, match="version 99"):
        SqliteStore(path)


def move(path: Path, name: str) -> Path:
    """Give a file another name, which must be free."""
    assert not path.with_name(name).exists()
    return path.rename(path.with_name(name))


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_rollback_that_fails_ends_no_other_request(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, replaced: bool
) -> None:
    """The connection is given up for another, to the same file and no other."""
    async with Opened(path) as store:
        say, fails = store._say, ["COMMIT", "ROLLBACK"]

        def heard(statement: str) -> None:
            if statement in fails:
                fails.remove(statement)
                msg = "disk I/O error"
                raise sqlite3.OperationalError(msg)
            say(statement)

        monkeypatch.setattr(store, "_say", heard)
        with pytest.raises(sqlite3.OperationalError):
            await store.transact(put("sub_1"))
        assert fails == []
        if replaced:
            moved = move(path, "moved.db")
            for _ in range(2):
                with pytest.raises(StoreUnwritable):
                    await store.transact(put("sub_2"))
            move(moved, path.name)
        async with asyncio.timeout(20):
            await store.transact(put("sub_2"))
            await store.scrub()
        there = await store.transact(
            lambda t: [bool(t.people.get("shop", f"sub_{i}", "none")) for i in (1, 2)]
        )
        assert there == [False, True]


async def test_closing_waits_for_a_write_but_not_for_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien_server.stores.sqlite.CLOSE_SECONDS", 0.1)
    ending = threading.Event()
    async with Opened(path) as store:
        writing = asyncio.create_task(store.transact(lambda _t: ending.wait(20)))
        await asyncio.sleep(0)
        with pytest.raises(StoreUnwritable, match="did not end a write"):
            await store.close()
        ending.set()
        assert await writing


async def test_a_closed_store_answers_nothing(path: Path) -> None:
    async with Opened(path) as store:
        waiting = [asyncio.create_task(store.transact(lambda t: t.tiles.size())) for _ in range(5)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*waiting) == [0] * 5
    with pytest.raises(StoreUnwritable, match="closed"):
        await store.transact(lambda t: t.tiles.size())
    await store.close()


def test_other_urls_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="MIEN_DATABASE"):
        open_store("mysql://localhost/mien")
    asyncio.run(open_store(f"sqlite:///{tmp_path}/x/mien.db").close())


def test_the_files_are_for_their_owner(path: Path) -> None:
    async def run() -> set[int]:
        async with Opened(path):
            return {stat.S_IMODE(file.stat().st_mode) for file in path.parent.glob("mien.db*")}

    assert asyncio.run(run()) == {0o600}


# ---- by noun ----
async def test_sites_and_what_they_offer(where: Where) -> None:
    catalogue = Catalogue((Offer("a", "Ä", 5, tags=("x", "y")),), {"joy": {"x": 0.1}})
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.sites.put_catalogue("shop", catalogue)
            first = t.sites.catalogue_version("shop")
            t.sites.put_catalogue("shop", Catalogue((), {}))
            assert t.sites.catalogue_version("shop") != first
            t.sites.put_catalogue("shop", catalogue)
            assert t.sites.catalogue_version("shop") == first
            t.sites.put_sums("shop", b"1", b"sums")
            assert (t.sites.sums_version("shop"), t.sites.sums("shop")) == (b"1", b"sums")
            assert (t.sites.sums_version("no"), t.sites.sums("no"), t.sites.catalogue("no")) == (
                None,
            ) * 3
            return (
                t.sites.catalogue("shop"),
                t.sites.all(),
                t.sites.of_secret(b"s" * 32),
                t.sites.get("no"),
            )

        assert await store.transact(work) == (catalogue, (SITE,), SITE, None)
        assert await store.transact(lambda t: t.sites.of_publishable(b"p" * 32)) == SITE
        assert await store.transact(lambda t: t.sites.of_publishable(b"s" * 32)) is None


async def test_people_come_back_as_they_were(where: Where) -> None:
    key = PersonKey("shop", "sub_a", "dev", "device", b"s" * 32, b"e" * 9, b"t" * 60, 7)
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.people.put(person())
            t.people.put_key(key)
            t.people.put_key(
                PersonKey("shop", "sub_a", "rec", "recovery", b"r" * 32, None, None, 6)
            )
            for seq in (3, 9, 5):
                t.people.accept("shop", "sub_a", "dev", seq, bytes([seq]) * 32, at=seq)
            return t.people.get("shop", "sub_a", "share"), t.people.keys("shop", "sub_a")

        found, keys = await store.transact(work)
        assert found == person()
        assert type(found.guardian_verified) is bool
        assert [each.id for each in keys] == ["rec", "dev"]
        stream = await store.transact(lambda t: t.people.stream("shop", "sub_a", "dev", 5))
        assert stream is not None
        assert (stream.person, stream.key) == (person(), key)
        assert (stream.highest, stream.digest) == (9, b"\x05" * 32)
        assert await store.transact(lambda t: t.people.stream("shop", "sub_a", "no", 5)) is None
        assert await store.transact(lambda t: t.people.delete_accepted(5, 10)) == 1
        await store.transact(lambda t: t.people.put(person(state="withdrawn", wrapped_key=None)))
        await store.transact(lambda t: t.people.delete_keys("shop", "sub_a"))
        assert await store.transact(lambda t: t.people.stream("shop", "sub_a", "dev", 5)) is None
        found = await store.transact(lambda t: t.people.get("shop", "sub_a", "update"))
        assert found is not None
        assert found.wrapped_key is None


async def test_who_expired_and_who_is_wrapped_by_an_old_key(where: Where) -> None:
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.people.put(person("sub_now", expires_at=50))
            t.people.put(person("sub_later", expires_at=51, state="renewed", epoch=4))
            t.people.put(person("sub_gone", expires_at=1, state="withdrawn"))
            t.people.put(person("sub_dead", expires_at=1, tombstoned_at=9, wrapped_key=None))
            t.people.mark("shop", "sub_now")
            t.people.mark("shop", "sub_now")
            return (
                [each.subject for each in t.people.expired(50, 9)],
                [each.subject for each in t.people.wrapped_before(4, None, 9)],
                t.people.marked(9),
            )

        expired, old, marked = await store.transact(work)
        assert expired == ["sub_now"]
        assert sorted(old) == ["sub_gone", "sub_now"]
        assert marked == (("shop", "sub_now"),)
        await store.transact(lambda t: t.people.unmark("shop", "sub_now"))
        assert await store.transact(lambda t: t.people.marked(9)) == ()


async def test_records_by_time(where: Where) -> None:
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.people.put(person())
            t.records.add([record(f"rec_{i}", i, until=100 + i) for i in range(10)])
            t.records.replace(Record("rec_5", "shop", "sub_a", "correction", 5, 104, b"new"))
            return t.records.recent("shop", "sub_a", 3, 104, 4), t.records.get(
                "shop", "sub_a", "rec_5"
            )

        recent, corrected = await store.transact(work)
        assert [each.id for each in recent] == ["rec_9", "rec_8", "rec_7", "rec_6"]
        assert (corrected.data_class, corrected.sealed, corrected.retain_until) == (
            "correction",
            b"new",
            104,
        )
        # rec_0 to rec_4 end by 104, and rec_5 that was corrected to end then
        assert await store.transact(lambda t: t.records.delete_expired(104, 4)) == {"label": 4}
        assert (await store.transact(lambda t: t.records.delete_expired(104, 9))).total() == 2
        assert len(await store.transact(lambda t: t.records.all("shop", "sub_a"))) == 4
        assert await store.transact(lambda t: t.records.delete("shop", "sub_a", 3)) == 3
        assert await store.transact(lambda t: t.records.delete("shop", "sub_a", 3)) == 1


async def test_events(where: Where) -> None:
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.people.put(person())
            assert t.events.add(event("evt_1", 5))
            assert not t.events.add(event("evt_1", 6))
            assert t.events.add(event("evt_2", 3, subject=None, until=9))
            t.events.replace(event("evt_1", 5, learned=True))
            return (
                t.events.get("shop", "evt_1"),
                t.events.get("other", "evt_1"),
                [each.id for each in t.events.unlearned(9, 8, 9)],
                [each.id for each in t.events.of_person("shop", "sub_a", 9)],
                [each.id for each in t.events.expired(9, 9)],
            )

        found, foreign, unlearned, own, expired = await store.transact(work)
        assert found == event("evt_1", 5, learned=True)
        assert foreign is None
        assert (unlearned, own, expired) == (["evt_2"], ["evt_1"], ["evt_2"])
        await store.transact(lambda t: t.events.delete("shop", ["evt_1", "evt_2"]))
        assert await store.transact(lambda t: t.events.get("shop", "evt_2")) is None


async def test_leaves_are_pending_then_placed_and_their_openings_go(where: Where) -> None:
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.people.put(person())
            for byte in (3, 1, 2):
                t.leaves.add(leaf(byte))
            t.leaves.add(leaf(4, subject=None, until=10))
            assert [each.hash[0] for each in t.leaves.pending(3)] == [3, 1, 2]
            assert t.leaves.pending_count() == 4
            t.leaves.place([bytes([byte]) * 32 for byte in (3, 1)], 7)
            return t.leaves.placed(bytes([1]) * 32), t.leaves.placed(bytes([2]) * 32)

        assert await store.transact(work) == ((8, 3600), None)
        with pytest.raises(LeafUnknown):
            await store.transact(lambda t: t.leaves.placed(bytes(32)))
        assert await store.transact(lambda t: t.leaves.drop_expired_openings(10, 9)) == 1
        assert len(await store.transact(lambda t: t.leaves.of_person("shop", "sub_a"))) == 3
        assert await store.transact(lambda t: t.leaves.drop_openings("shop", "sub_a", 2)) == 2
        assert await store.transact(lambda t: t.leaves.drop_openings("shop", "sub_a", 2)) == 1
        assert await store.transact(lambda t: t.leaves.of_person("shop", "sub_a")) == ()
        assert await store.transact(lambda t: t.leaves.placed(bytes([1]) * 32)) == (8, 3600)


async def test_nonces_are_spent_once_a_site(where: Where) -> None:
    async with Opened(where) as store:
        await store.transact(lambda t: t.nonces.spend("shop", b"1", 10))
        await store.transact(lambda t: t.nonces.spend("other", b"1", 10))
        with pytest.raises(EnvelopeReplayed):
            await store.transact(lambda t: t.nonces.spend("shop", b"1", 20))
        assert await store.transact(lambda t: t.nonces.delete_expired(10, 9)) == 0
        assert await store.transact(lambda t: t.nonces.delete_expired(11, 9)) == 2


async def test_erasures_stay_open_until_completed(where: Where) -> None:
    one = Erasure("era_1", "shop", "sub_a", 5, None, "jws", 1, 2, key_destroyed=True)
    async with Opened(where) as store:
        await store.transact(lambda t: t.erasures.put(one))
        assert await store.transact(lambda t: t.erasures.open(9)) == (one,)
        assert await store.transact(lambda t: t.erasures.of_person("shop", "sub_a")) == one
        done = Erasure("era_1", "shop", "", 5, 6, "jws2", 1, 2, key_destroyed=True)
        await store.transact(lambda t: t.erasures.put(done))
        assert await store.transact(lambda t: t.erasures.open(9)) == ()
        assert await store.transact(lambda t: t.erasures.get("era_1")) == done


async def test_tiles(where: Where) -> None:
    async with Opened(where) as store:

        def work(t: Transaction) -> Any:
            t.tiles.put_tile(0, 1, b"h" * 64)
            t.tiles.put_entry_tile(1, (b"", b"ab", b"c" * 300))
            t.tiles.grow(0, 258)
            return t.tiles.tile(0, 1), t.tiles.tile(1, 1), t.tiles.entry_tile(1), t.tiles.size()

        assert await store.transact(work) == (b"h" * 64, b"", (b"", b"ab", b"c" * 300), 258)


async def test_a_record_needs_its_person(where: Where) -> None:
    async with Opened(where) as store:
        with pytest.raises((sqlite3.IntegrityError, DatabaseFault)):
            await store.transact(lambda t: t.records.add([record("rec_1", 1)]))

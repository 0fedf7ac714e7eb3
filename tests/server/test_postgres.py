"""The store of many nodes on a real PostgreSQL: what is answered is durable, what fails undoes only itself, what cannot be is said clearly."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text
from tests.postgres import PASSWORD, Cluster, databases
from tests.server.test_stores import SITE, person, put, record
from tests.server.world import DAY, NOON

from mien.errors import RequestInvalid, ServerBusy, SettingsError
from mien_server.errors import StoreBusy, StoreUnwritable
from mien_server.ports import Transaction
from mien_server.settings import load
from mien_server.stores import postgres
from mien_server.stores.partitions import AHEAD, WEEK
from mien_server.stores.postgres import PostgresStore
from mien_server.stores.postgres_faults import DatabaseFault
from mien_server.stores.statements import INSERTS
from mien_server.values import Hold, Record


class Opened:
    """Nodes on one database, with the site in it."""

    def __init__(self, url: str, nodes: int = 1, **options: Any) -> None:
        self.url, self.nodes, self.options = url, nodes, options

    async def __aenter__(self) -> Any:
        self.stores = [PostgresStore(self.url, **self.options) for _ in range(self.nodes)]
        await self.stores[0].transact(lambda t: t.sites.put(SITE))
        return self.stores[0] if self.nodes == 1 else self.stores

    async def __aexit__(self, *_error: object) -> None:
        for store in self.stores:
            await store.close()


@pytest.fixture
def url() -> Iterator[str]:
    taken = databases().take()
    yield taken
    databases().give_back(taken)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of the test's own, to be stopped and killed."""
    own = Cluster(autovacuum="off", max_connections="20")
    own.start()
    yield own
    own.close()


def select(query: str, **values: Any) -> Callable[[Transaction], Any]:
    """A closure that runs a query past the ports."""
    return lambda t: t.people._runner.rows(text(query), values)  # type: ignore[attr-defined]


def backend(t: Transaction) -> int:
    found: int = select("SELECT pg_backend_pid()")(t)[0][0]
    return found


async def people(store: PostgresStore) -> list[str]:
    rows = await store.transact(select("SELECT subject FROM person ORDER BY subject"))
    return [row[0] for row in rows]


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not seen():  # noqa: ASYNC110 - set by another node's closure, which cannot wait
            await asyncio.sleep(0.01)


# ---- one transaction a closure ----
async def test_a_failing_closure_undoes_itself_and_nobody_else(url: str) -> None:
    def fails(t: Transaction) -> None:
        t.people.put(person("sub_2"))
        raise ZeroDivisionError

    async with Opened(url) as store:
        answers = await asyncio.gather(
            store.transact(put("sub_1")), store.transact(fails), store.transact(put("sub_3")),
            return_exceptions=True,
        )  # fmt: skip
        assert [type(each) for each in answers] == [type(None), ZeroDivisionError, type(None)]
        assert await people(store) == ["sub_1", "sub_3"]


async def test_a_closure_that_goes_on_after_an_error_is_not_acknowledged(url: str) -> None:
    """PostgreSQL answers COMMIT of a failed transaction politely, with ROLLBACK: that is no success."""

    def swallows(t: Transaction) -> str:
        t.people.put(person("sub_1"))
        with pytest.raises(Exception, match="no_such_table"):
            select("SELECT * FROM no_such_table")(t)
        return "written"

    async with Opened(url) as store:
        with pytest.raises(DatabaseFault, match="nothing was written"):
            await store.transact(swallows)
        assert await people(store) == []


async def test_every_session_is_durable_and_reads_what_is_committed(url: str) -> None:
    names = ("synchronous_commit", "fsync", "transaction_isolation", "application_name")
    async with Opened(url) as store:
        found = await store.transact(
            lambda t: [select(f"SELECT current_setting('{name}')")(t)[0][0] for name in names]
        )
    assert found == ["on", "on", "read committed", "mien"]


async def test_answers_come_only_after_the_commit(url: str) -> None:
    """At the moment a caller is answered, another connection sees the row."""
    async with Opened(url) as store:
        for i in range(5):
            await store.transact(put(f"sub_{i}"))
            (row,) = databases().cluster.say("SELECT count(*) FROM person", url)
            assert row[0] == i + 1


async def test_a_caller_who_goes_away_leaves_nothing_half_done(url: str) -> None:
    async with Opened(url, pool=1) as store:
        started = threading.Event()

        def slow(t: Transaction) -> None:
            t.people.put(person("sub_1"))
            started.set()
            select("SELECT pg_sleep(10)")(t)

        gone = asyncio.create_task(store.transact(slow))
        await until(started.is_set)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        async with asyncio.timeout(5):
            await store.transact(put("sub_2"))
            assert await people(store) == ["sub_2"]


# ---- many at once ----
async def test_conflicts_are_run_again_from_the_start(url: str) -> None:
    """Both find no nonce and spend it: one must lose, look again, and find it."""
    async with Opened(url, nodes=2) as stores:
        runs: list[int] = []

        def spend(t: Transaction) -> str:
            there = select("SELECT 1 FROM nonce")(t)
            runs.append(1)
            if len(runs) <= 2:
                select("SELECT pg_sleep(0.2)")(t)
            if not there:
                t.people._runner.change(INSERTS["nonce"], {"site": "shop", "nonce": b"n", "until": 1})  # type: ignore[attr-defined]  # fmt: skip
            return "found" if there else "made"

        answers = await asyncio.gather(*(store.transact(spend) for store in stores))
        assert sorted(answers) == ["found", "made"]
        assert len(runs) == 3


async def test_a_row_that_is_not_there_yet_is_locked_too(url: str) -> None:
    """Two first consents of one subject: the second must find the first, not replace its key."""
    async with Opened(url, nodes=2) as stores:

        def consent(t: Transaction) -> str:
            there = t.people.get("shop", "sub_1", "update")
            select("SELECT pg_sleep(0.2)")(t)
            t.people.put(there or person("sub_1"))
            return "found" if there else "made"

        answers = await asyncio.gather(*(store.transact(consent) for store in stores))
        assert sorted(answers) == ["found", "made"]


async def test_a_conflict_that_never_ends_is_told(url: str) -> None:
    async with Opened(url) as store:
        runs: list[int] = []

        def duplicate(t: Transaction) -> None:
            runs.append(1)
            t.records.add([record("rec_1", 1), record("rec_1", 1)])

        await store.transact(put("sub_a"))
        with pytest.raises(StoreBusy, match="same rows"):
            await store.transact(duplicate)
        assert len(runs) == postgres.ATTEMPTS


async def test_deadlocks_are_undone_and_run_again(url: str) -> None:
    async with Opened(url, nodes=2) as stores:
        for name in ("sub_1", "sub_2"):
            await stores[0].transact(put(name))

        def crosswise(first: str, second: str) -> Callable[[Transaction], int]:
            def work(t: Transaction) -> int:
                for name in (first, second):
                    found = t.people.get("shop", name, "update")
                    assert found is not None
                    select("SELECT pg_sleep(0.1)")(t)
                return 1

            return work

        answers = await asyncio.gather(
            stores[0].transact(crosswise("sub_1", "sub_2")),
            stores[1].transact(crosswise("sub_2", "sub_1")),
        )
        assert list(answers) == [1, 1]


async def test_who_waits_for_a_withdrawal_sees_it(url: str) -> None:
    """READ COMMITTED reads the row again after it waited for it: a use that began first must not go by what it saw then."""
    async with Opened(url, nodes=2) as (one, other):
        await one.transact(put("sub_1"))
        withdrawing = threading.Event()

        def withdraw(t: Transaction) -> None:
            assert t.people.get("shop", "sub_1", "update") is not None
            withdrawing.set()
            select("SELECT pg_sleep(0.3)")(t)
            t.people.put(person("sub_1", state="withdrawn"))

        def use(t: Transaction) -> Any:
            found = t.people.get("shop", "sub_1", "share")
            assert found is not None
            return found.state

        change = asyncio.create_task(one.transact(withdraw))
        await until(withdrawing.is_set)
        assert await other.transact(use) == "withdrawn"
        await change


async def test_one_node_at_a_time_has_its_turn(url: str) -> None:
    async with Opened(url, nodes=2) as (one, other):
        holding = threading.Event()

        def hold(t: Transaction) -> bool:
            mine = t.turn("sweep")
            holding.set()
            select("SELECT pg_sleep(0.3)")(t)
            return mine and t.turn("sweep")

        first = asyncio.create_task(one.transact(hold))
        await until(holding.is_set)
        assert not await other.transact(lambda t: t.turn("sweep"))
        assert await other.transact(lambda t: t.turn("rotate"))
        assert await first
        assert await other.transact(lambda t: t.turn("sweep"))


async def test_too_many_wait(url: str) -> None:
    async with Opened(url, pool=2, waiting=3, wait_seconds=0.2) as store:
        slow = select("SELECT pg_sleep(0.6)")
        answers = await asyncio.gather(
            *(store.transact(slow) for _ in range(10)), return_exceptions=True
        )
        busy = [each for each in answers if isinstance(each, ServerBusy)]
        # Five are refused at once, three waited for a connection in vain, two were served.
        assert len(busy) == 8
        assert all(each.retry_after > 0 for each in busy)
        assert await people(store) == []


# ---- what goes wrong ----
async def test_closing_waits_for_what_runs_but_not_for_ever(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CLOSE_SECONDS", 0.1)
    async with Opened(url) as store:
        running = asyncio.create_task(store.transact(select("SELECT pg_sleep(1)")))
        await asyncio.sleep(0)
        with pytest.raises(StoreUnwritable, match="did not end"):
            await store.close()
        await running
        monkeypatch.setattr(postgres, "CLOSE_SECONDS", 20)


async def test_a_connection_killed_in_the_middle(url: str) -> None:
    """Told to try again, and nothing half-written; the next one has another connection."""
    async with Opened(url, pool=1) as store:

        def killed(t: Transaction) -> None:
            t.people.put(person("sub_1"))
            databases().cluster.say(f"SELECT pg_terminate_backend({backend(t)})", url)
            t.people.put(person("sub_2"))

        with pytest.raises((StoreBusy, StoreUnwritable)) as caught:
            await store.transact(killed)
        assert "try again" in str(caught.value) or "send the same request again" in str(
            caught.value
        )
        await store.transact(put("sub_3"))
        assert await people(store) == ["sub_3"]


async def test_a_connection_killed_between_two_requests_is_not_noticed(url: str) -> None:
    async with Opened(url, pool=1) as store:
        pid = await store.transact(backend)
        databases().cluster.say(f"SELECT pg_terminate_backend({pid})", url)
        await store.transact(put("sub_1"))
        assert await people(store) == ["sub_1"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
async def test_a_database_that_stops_and_comes_back(cluster: Cluster, how: signal.Signals) -> None:
    """Refused while it is away, served when it is back, nothing answered lost; nobody restarts a node."""
    async with Opened(cluster.create()) as store:
        await asyncio.gather(*(store.transact(put(f"sub_{i}")) for i in range(5)))
        cluster.stop(how)
        for _ in range(2):
            with pytest.raises((StoreUnwritable, StoreBusy)) as caught:
                await store.transact(put("sub_x"))
            assert PASSWORD not in str(caught.value)
        cluster.start()
        await store.transact(put("sub_y"))
        assert await people(store) == [*(f"sub_{i}" for i in range(5)), "sub_y"]


async def test_a_database_that_becomes_read_only(cluster: Cluster) -> None:
    async with Opened(cluster.create()) as store:
        cluster.say("ALTER SYSTEM SET default_transaction_read_only = on")
        cluster.say("SELECT pg_reload_conf()")
        await asyncio.sleep(0.3)
        with pytest.raises(StoreUnwritable, match="read-only"):
            await store.transact(put("sub_1"))
        assert await people(store) == []
        cluster.say("ALTER SYSTEM RESET default_transaction_read_only")
        cluster.say("SELECT pg_reload_conf()")
        await asyncio.sleep(0.3)
        await store.transact(put("sub_1"))


def test_a_server_that_does_not_sync_is_refused(cluster: Cluster) -> None:
    url = cluster.create()
    cluster.stop()
    cluster.settings["fsync"] = "off"
    cluster.start()
    with pytest.raises(StoreUnwritable, match="fsync"):
        PostgresStore(url)


async def test_too_many_connections(cluster: Cluster) -> None:
    cluster.stop()
    cluster.settings |= {"max_connections": "5", "superuser_reserved_connections": "0"}
    cluster.start()
    async with Opened(cluster.create(), pool=10) as store:
        slow = select("SELECT pg_sleep(0.5)")
        answers = await asyncio.gather(
            *(store.transact(slow) for _ in range(10)), return_exceptions=True
        )
        refused = [each for each in answers if isinstance(each, BaseException)]
        assert refused
        assert {type(each) for each in refused} == {StoreBusy}
        await store.transact(put("sub_1"))


def test_what_cannot_be_opened_is_told_without_the_password(cluster: Cluster) -> None:
    good = cluster.create()
    cluster.say("CREATE TABLE stranger (a int)", other := cluster.create())
    for url, word in (
        (good.replace(PASSWORD, "wrong-canary-1f"), "password"),
        (cluster.url("nowhere"), "no such database"),
        (good.replace(f":{cluster.port}/", ":1/"), "cannot be reached"),
        (other, "another program"),
    ):
        with pytest.raises(StoreUnwritable, match=word) as caught:
            PostgresStore(url)
        assert "canary" not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_url_is_never_echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_DATABASE", f"postgresql://mien:{PASSWORD}@nowhere?x=y")
    with pytest.raises(SettingsError) as caught:
        load({})
    assert PASSWORD not in str(caught.value)
    monkeypatch.setenv("MIEN_DATABASE", f"postgresql://mien:{PASSWORD}@db:5432/mien?ssl=require")
    assert PASSWORD not in repr(load({}))


async def test_values_of_rows_are_in_no_error(url: str) -> None:
    """PostgreSQL says which key was there already, and with which values."""
    async with Opened(url) as store:

        def foreign(t: Transaction) -> None:
            t.records.add([record("rec_canary", 1, subject="sub_canary")])

        with pytest.raises(DatabaseFault) as caught:
            await store.transact(foreign)
        assert "canary" not in str(caught.value)
        assert "23503" in str(caught.value)
        assert caught.value.__suppress_context__


async def test_values_that_postgresql_cannot_keep(url: str) -> None:
    async with Opened(url) as store:
        with pytest.raises(RequestInvalid, match="NUL") as caught:
            await store.transact(lambda t: t.sites.get("canary\0"))
        assert "canary" not in str(caught.value)
        with pytest.raises(DatabaseFault) as fault:
            await store.transact(lambda t: t.records.add([record("rec_1", 2**70)]))
        assert str(2**70) not in str(fault.value)


# ---- tables ----
async def test_many_nodes_open_an_empty_database_at_once() -> None:
    cluster = databases().cluster
    url = cluster.create()
    try:
        stores = await asyncio.gather(*(asyncio.to_thread(PostgresStore, url) for _ in range(6)))
        for store in stores:
            assert await store.transact(lambda t: t.tiles.size()) == 0
            await store.close()
    finally:
        cluster.drop(url)


async def pieces(store: PostgresStore) -> list[str]:
    rows = await store.transact(
        select(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'record'::regclass ORDER BY 1"
        )
    )
    return [row[0] for row in rows]


def kept(name: str, until: int, subject: str = "sub_a", data_class: str = "label") -> Record:
    return Record(name, "shop", subject, data_class, until - 30 * DAY, until, b"sealed")


async def test_pieces_are_made_ahead_and_take_what_lay_in_the_rest(url: str) -> None:
    async with Opened(url) as store:
        await store.transact(put("sub_a"))
        far = NOON + 400 * DAY
        await store.transact(
            lambda t: t.records.add([kept("rec_1", NOON + DAY), kept("rec_2", far)])
        )
        assert await pieces(store) == ["record_rest"]
        for _ in range(2):
            await store.transact(lambda t: t.partitions.ahead(NOON))
        weeks = [f"record_w{NOON // WEEK + i}" for i in range(AHEAD + 1)]
        assert await pieces(store) == ["record_rest", *weeks]
        await store.transact(lambda t: t.records.add([kept("rec_3", NOON + 8 * DAY)]))
        where = await store.transact(select("SELECT tableoid::regclass::text, id FROM record"))
        assert {row[1]: row[0] for row in where} == {
            "rec_1": weeks[0] if (NOON + DAY) // WEEK == NOON // WEEK else weeks[1],
            "rec_2": "record_rest",
            "rec_3": f"record_w{(NOON + 8 * DAY) // WEEK}",
        }


async def test_nodes_make_pieces_at_once(url: str) -> None:
    async with Opened(url, nodes=3) as stores:
        await asyncio.gather(*(s.transact(lambda t: t.partitions.ahead(NOON)) for s in stores))
        assert len(await pieces(stores[0])) == AHEAD + 2


async def test_a_piece_goes_when_its_week_has_passed_and_not_before(url: str) -> None:
    first = NOON // WEEK * WEEK
    async with Opened(url) as store:
        await store.transact(put("sub_a"))
        await store.transact(lambda t: t.partitions.ahead(first))
        rows = [
            kept(f"rec_{i}", first + i, data_class="mood" if i == 2 else "label") for i in range(4)
        ]
        await store.transact(lambda t: t.records.add([*rows, kept("rec_next", first + WEEK)]))
        before = await pieces(store)
        assert not await store.transact(lambda t: t.partitions.drop_past(first + WEEK - 1))
        assert await pieces(store) == before
        gone = await store.transact(lambda t: t.partitions.drop_past(first + WEEK))
        assert gone == {"label": 3, "mood": 1}
        assert await pieces(store) == [name for name in before if name != f"record_w{first // WEEK}"]  # fmt: skip
        left = await store.transact(lambda t: t.records.all("shop", "sub_a"))
        assert [each.id for each in left] == ["rec_next"]


async def test_a_piece_with_a_held_row_stays(url: str) -> None:
    first = NOON // WEEK * WEEK
    hold = Hold("hold_1", "shop", "sub_a", b"r", NOON, NOON + 90 * DAY, 0, NOON + 900 * DAY)
    async with Opened(url) as store:
        for name in ("sub_a", "sub_b"):
            await store.transact(put(name))
        await store.transact(lambda t: t.partitions.ahead(first))
        await store.transact(
            lambda t: t.records.add([kept("rec_1", first), kept("rec_2", first, "sub_b")])
        )
        await store.transact(lambda t: t.holds.put(hold))
        assert not await store.transact(lambda t: t.partitions.drop_past(first + WEEK))
        after = NOON + 90 * DAY
        assert (await store.transact(lambda t: t.partitions.drop_past(after))).total() == 2


@pytest.mark.parametrize("act", ["read", "add", "delete"])
async def test_nobody_misses_a_row_that_is_being_moved(url: str, act: str) -> None:
    """Whoever waits for the pieces to be made sees the rows where they are then: an erasure that saw none would believe that it was done."""
    first = NOON // WEEK * WEEK
    acts: dict[str, Callable[[Transaction], Any]] = {
        "read": lambda t: len(t.records.all("shop", "sub_a")),
        "add": lambda t: t.records.add([kept("rec_2", first + 6)]),
        "delete": lambda t: t.records.delete("shop", "sub_a", 10),
    }
    async with Opened(url, 2) as (one, other):
        await one.transact(put("sub_a"))
        await one.transact(lambda t: t.records.add([kept("rec_1", first + 5)]))
        made = threading.Event()

        def make(t: Transaction) -> None:
            t.partitions.ahead(first)
            made.set()
            select("SELECT pg_sleep(0.3)")(t)

        making = asyncio.create_task(one.transact(make))
        await until(made.is_set)
        assert await other.transact(acts[act]) == {"read": 1, "add": None, "delete": 1}[act]
        await making
        left = await one.transact(acts["read"])
        assert left == {"read": 1, "add": 2, "delete": 0}[act]


async def test_a_piece_that_goes_is_in_nobodys_way(url: str) -> None:
    """Who deletes it waits for those who were there first, and never in a ring with them."""
    async with Opened(url, 2) as (one, other):
        await one.transact(put("sub_a"))
        first = NOON // WEEK * WEEK
        await one.transact(lambda t: t.partitions.ahead(first))
        ran, there = [], threading.Event()

        def write(t: Transaction) -> int:
            ran.append("write")
            t.records.add([kept("rec_1", first + 3 * WEEK)])
            there.set()
            select("SELECT pg_sleep(0.3)")(t)
            return len(t.records.all("shop", "sub_a"))

        def drop(t: Transaction) -> None:
            ran.append("drop")
            t.partitions.drop_past(first + 2 * WEEK)

        writing = asyncio.create_task(one.transact(write))
        await until(there.is_set)
        await other.transact(drop)
        assert await writing == 1
        assert ran == ["write", "drop"]


def test_an_older_postgresql_does_as_well() -> None:
    own = Cluster(version=16)
    try:
        own.start()
        url = own.create()

        async def run() -> list[str]:
            async with Opened(url) as store:
                await store.transact(put("sub_1"))
                await store.transact(lambda t: t.partitions.ahead(NOON))
                await store.scrub()
                return await people(store)

        assert asyncio.run(run()) == ["sub_1"]
    finally:
        own.close()

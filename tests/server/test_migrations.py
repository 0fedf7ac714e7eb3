"""Tables of an older revision become those of the newest, with every row, on both databases; a server starts on no others."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    insert,
    inspect,
    text,
)
from tests.postgres import databases

from mien_server.errors import StoreBusy, StoreUnwritable
from mien_server.stores import SqliteStore, open_store, revisions, schema, upgrading

NEW = {"held_until", "webhook", "tag", "contributes"}
"""Columns that 0002, 0005 and 0006 add to tables that were there."""
STEPS = [f"{a} -> {b}" for a, b in pairwise(revisions.REVISIONS)]


@pytest.fixture
def url(tmp_path: Path, new_url: Callable[[], str]) -> str:
    """An empty database of each kind."""
    if new_url():
        return databases().cluster.create()
    return f"sqlite:///{tmp_path / 'mien.db'}"


def on(url: str, work: Callable[[Connection], Any]) -> Any:
    return upgrading._connected(url, work)


def value_of(column: Any, table: str) -> Any:
    kind = column.type
    if isinstance(kind, LargeBinary):
        return f"{table} {column.name}".encode()
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, String):
        return {"site": "shop", "subject": "sub_a", "device": "dev", "id": "dev"}.get(column.name, f"{table} {column.name}")  # fmt: skip
    assert isinstance(kind, Integer)
    return 7


def fill(connection: Connection) -> dict[str, Any]:
    """A row in every table there is, past the ports; the rows as they are read back."""
    there = MetaData()
    there.reflect(connection)
    rows = {}
    for table in there.sorted_tables:
        if table.name in {"alembic_version", "record_rest"}:
            continue
        row = {column.name: value_of(column, table.name) for column in table.c}
        if table.name == "site":
            row["id"] = "shop"
        connection.execute(insert(table).values(row))
        rows[table.name] = row
    return rows


def old(url: str) -> dict[str, Any]:
    """A database of 0001 with a row in every table."""

    def work(connection: Connection) -> dict[str, Any]:
        command.upgrade(upgrading.config(connection), revisions.BASELINE)
        return fill(connection)

    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    rows: dict[str, Any] = on(url, work)
    return rows


def rows_of(connection: Connection, names: Any) -> dict[str, Any]:
    there = MetaData()
    there.reflect(connection, only=list(names))
    found = {}
    for name in names:
        (row,) = connection.execute(there.tables[name].select()).mappings()
        found[name] = {key: bytes(v) if isinstance(v, memoryview) else v for key, v in row.items()}
    return found


def differences(connection: Connection) -> Any:
    options = {"include_name": revisions.is_ours, "compare_server_default": False}
    return compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata)


def shape(connection: Connection) -> dict[str, Any]:
    """What Alembic does not compare: primary keys, foreign keys, the conditions of indexes."""
    see = inspect(connection)
    return {
        name: (
            see.get_pk_constraint(name)["constrained_columns"],
            sorted(str(each["constrained_columns"]) for each in see.get_foreign_keys(name)),
            sorted(
                (str(each["name"]), str(each["column_names"]), str({k: str(v) for k, v in each.get("dialect_options", {}).items()}))
                for each in see.get_indexes(name)
            ),
            [column["name"] for column in see.get_columns(name)] if name == "record" else sorted(column["name"] for column in see.get_columns(name)),
        )
        for name in schema.metadata.tables
    }  # fmt: skip


# ---- from one to the next ----
def test_an_old_database_becomes_a_new_one_with_every_row(url: str) -> None:
    rows = old(url)
    assert on(url, revisions.found) == "0001"
    heard: list[tuple[str, str]] = []
    assert upgrading.upgrade(url, lambda a, b: heard.append((a, b))) == revisions.HEAD
    assert heard == list(zip(revisions.REVISIONS, revisions.REVISIONS[1:], strict=False))
    assert on(url, differences) == []
    after = on(url, lambda c: rows_of(c, rows))
    for name, row in rows.items():
        assert {key: v for key, v in after[name].items() if key not in NEW} == row, name
    assert (after["person"]["held_until"], after["leaf"]["tag"]) == (0, None)
    # It serves, and an upgrade of what is new is nothing.
    assert upgrading.upgrade(url, lambda _a, _b: pytest.fail("a step")) == revisions.HEAD

    async def serves() -> Any:
        store = open_store(url)
        try:
            return await store.transact(lambda t: t.records.all("shop", "sub_a"))
        finally:
            await store.close()

    assert [each.id for each in asyncio.run(serves())] == ["dev"]


def test_it_is_the_same_as_a_fresh_one(url: str, tmp_path: Path) -> None:
    old(url)
    upgrading.upgrade(url, lambda _a, _b: None)
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}" if url.startswith("sqlite") else databases().take()
    asyncio.run(open_store(fresh).close())
    assert on(fresh, differences) == []
    assert on(url, shape) == on(fresh, shape)
    if not url.startswith("sqlite"):
        databases().give_back(fresh)


def test_the_revisions_are_alembics(url: str) -> None:
    def known(connection: Connection) -> list[str]:
        script = ScriptDirectory.from_config(upgrading.config(connection))
        return [each.revision for each in script.walk_revisions()][::-1]

    old(url)
    assert tuple(on(url, known)) == revisions.REVISIONS


def test_a_step_that_fails_changes_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = old(url)
    stamp = command.upgrade

    def fails(*given: Any) -> None:
        stamp(*given)
        raise OSError

    monkeypatch.setattr(command, "upgrade", fails)
    with pytest.raises(StoreUnwritable):
        upgrading.upgrade(url, lambda _a, _b: None)
    monkeypatch.undo()
    assert on(url, revisions.found) == "0001"
    assert on(url, lambda c: rows_of(c, rows)) == rows
    upgrading.upgrade(url, lambda _a, _b: None)


# ---- what a server starts on ----
def test_a_server_refuses_an_older_database_and_says_what_to_do(url: str) -> None:
    old(url)
    with pytest.raises(StoreUnwritable, match="mien database upgrade"):
        open_store(url)
    assert upgrading.status(url) == "0001"


def test_a_server_refuses_a_newer_database(url: str) -> None:
    asyncio.run(open_store(url).close())
    on(url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '0999'")))
    with pytest.raises(StoreUnwritable, match="0999"):
        open_store(url)
    with pytest.raises(StoreUnwritable, match="0999"):
        upgrading.upgrade(url, lambda _a, _b: None)


def test_an_empty_database_has_no_revision_and_gets_the_newest(url: str) -> None:
    assert upgrading.status(url) is None
    with pytest.raises(StoreUnwritable, match="no tables"):
        upgrading.upgrade(url, lambda _a, _b: None)
    asyncio.run(open_store(url).close())
    assert upgrading.status(url) == revisions.HEAD


RUNNING = """
import asyncio, sys
from mien_server.stores import open_store

async def main():
    store = open_store(sys.argv[1])
    await store.transact(lambda t: t.tiles.size())
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await store.close()

asyncio.run(main())
"""


def test_no_upgrade_while_a_server_runs(url: str) -> None:
    """It would go on saying the statements of the old tables."""
    old(url)
    mark = "UPDATE alembic_version SET version_num = '{}'"
    on(url, lambda c: c.execute(text(mark.format(revisions.HEAD))))
    with subprocess.Popen(
        [sys.executable, "-c", RUNNING, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == "up\n"
        on(url, lambda c: c.execute(text(mark.format("0001"))))
        with pytest.raises(StoreBusy, match="stop"):
            upgrading.upgrade(url, lambda _a, _b: None)
        server.stdin.close()
    assert server.returncode == 0
    upgrading.upgrade(url, lambda _a, _b: None)


def test_a_file_of_the_first_servers_counts_as_the_first_revision(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    url = f"sqlite:///{path}"
    old(url)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("DROP TABLE alembic_version")
        raw.execute("PRAGMA user_version = 2")
    assert upgrading.status(url) == "0001"
    with pytest.raises(StoreUnwritable, match="mien database upgrade"):
        SqliteStore(path)
    upgrading.upgrade(url, lambda _a, _b: None)
    asyncio.run(SqliteStore(path).close())
    with closing(sqlite3.connect(path)) as raw:
        # What the first servers look at: they leave it alone from now on.
        assert raw.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE stranger (a)")
    with pytest.raises(StoreUnwritable, match="another program"):
        SqliteStore(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("stranger",)]


# ---- the commands ----
def run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mien.cli", "database", *words],
        env={**os.environ, "MIEN_DATABASE": url},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_say_what_there_is_and_do_it(url: str) -> None:
    old(url)
    before = run(url, "status", "--json")
    assert (before.returncode, json.loads(before.stdout)) == (
        1,
        {"revision": "0001", "needed": revisions.HEAD},
    )
    assert "mien database upgrade" in run(url, "status").stdout
    done = run(url, "upgrade")
    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [*STEPS, f"upgraded to {revisions.HEAD}"],
    )
    assert run(url, "status").returncode == 0
    assert "nothing to do" in run(url, "upgrade").stdout


def test_the_commands_say_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "mien.db"
    path.write_bytes(b"no database at all" * 100)
    for words in (["status"], ["upgrade"]):
        done = run(f"sqlite:///{path}", *words)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "store-unwritable" in done.stderr
    secret = run("postgresql://mien:pw-canary-3f9d1c@127.0.0.1:1/mien", "status")
    assert secret.returncode == 2
    assert "pw-canary" not in secret.stderr + secret.stdout

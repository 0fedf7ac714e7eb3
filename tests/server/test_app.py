"""Starting and stopping: nothing is served unless everything needed is there, and what was promised is kept to the end."""

import asyncio
import io
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.server.web import Web

import mien_policies
from mien.errors import KeysMissing, KeysUnsafe, MienError, PolicyInvalid, SettingsError
from mien_server import app, background, logs
from mien_server.app import create_app, openapi_document
from mien_server.background import Task
from mien_server.errands import administer, make_keys
from mien_server.errors import StoreBusy, StoreError, StoreUnwritable
from mien_server.machine import SystemEntropy
from mien_server.metrics import Meters
from mien_server.pipeline.cosigning import News, Round
from mien_server.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(
        database=f"sqlite:///{tmp_path / 'data' / 'mien.db'}", keys=tmp_path / "data" / "keys"
    )
    make_keys(found)
    return found


def _started(settings: Settings, log: io.StringIO | None = None) -> Web:
    return Web(create_app(settings, logger=logs.make("info", log or io.StringIO())))


def _refusal(settings: Settings, kind: type[MienError]) -> str:
    with pytest.raises(kind) as caught:
        create_app(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def _changed(settings: Settings, **changes: Any) -> Settings:
    return Settings(**{**settings.model_dump(), **changes})


# ---- refusing to start ----
def test_no_start_without_keys(settings: Settings, tmp_path: Path) -> None:
    told = _refusal(_changed(settings, keys=tmp_path / "none"), KeysMissing)
    assert "mien keys init" in told
    (Path(settings.keys) / "log.key").unlink()
    assert "log.key" in _refusal(settings, KeysMissing)


@pytest.mark.parametrize("name", [".", "signing.key"])
def test_no_start_with_keys_that_others_can_read(settings: Settings, name: str) -> None:
    (Path(settings.keys) / name).chmod(0o755 if name == "." else 0o644)
    assert "chmod" in _refusal(settings, KeysUnsafe)


def test_no_start_with_a_policy_that_does_not_parse_and_file_and_line_are_named(
    settings: Settings, tmp_path: Path
) -> None:
    import shutil

    bundle = tmp_path / "policies"
    shutil.copytree(mien_policies.directory(), bundle)
    broken = bundle / "cedar" / "consent.cedar"
    lines = broken.read_text().splitlines()
    broken.write_text(
        "\n".join([*lines, '@id("x") @law("y")', "forbid (principal, action resource);"])
    )
    told = _refusal(_changed(settings, policies=bundle), PolicyInvalid)
    assert "consent.cedar" in told
    assert str(len(lines) + 2) in told


def test_no_start_with_another_programs_file_as_database(
    settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    other.write_bytes(b"not a database at all" * 100)
    assert "database" in _refusal(_changed(settings, database=f"sqlite:///{other}"), StoreError)


def test_no_start_with_a_database_of_another_version(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "old.db"
    connection = sqlite3.connect(other)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    assert "version" in _refusal(_changed(settings, database=f"sqlite:///{other}"), StoreUnwritable)


# ---- running ----
def test_directories_are_private(settings: Settings) -> None:
    with _started(settings):
        for path in (Path(settings.keys), Path(settings.keys).parent):
            assert path.stat().st_mode & 0o777 == 0o700
        for path in Path(settings.keys).iterdir():
            assert path.stat().st_mode & 0o777 == 0o600
        assert Path(settings.database.removeprefix("sqlite:///")).stat().st_mode & 0o077 == 0


def test_start_and_stop_are_logged_without_paths(settings: Settings) -> None:
    log = io.StringIO()
    with _started(settings, log):
        pass
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["started", "stopped"]
    assert str(settings.keys) not in log.getvalue()


def test_stopping_sequences_what_was_promised(make_world: Callable[..., Any]) -> None:
    world = make_world()

    async def prepare() -> None:
        await world.open()
        await world.enrolled()
        await world.close()

    asyncio.run(prepare())
    settings = Settings(database=world.address, keys=world.key_directory)
    with Web(create_app(settings, clock=world.clock)):
        pass
    size, pending = administer(settings, lambda t: (t.tiles.size(), t.leaves.pending_count()))
    assert size > 0
    assert pending == 0


def test_store_is_closed_at_the_end(settings: Settings) -> None:
    app = create_app(settings)
    with Web(app):
        pass
    with pytest.raises(StoreError, match="closed"):
        asyncio.run(app.state.pipeline.notice("shop", "en"))


def test_a_second_program_may_administer_beside_the_server(settings: Settings) -> None:
    with _started(settings) as web:
        assert administer(settings, lambda transaction: transaction.sites.all()) == ()
        assert web.get("/readyz").status_code == 200


def test_frameworks_own_telemetry_and_pages_are_off(settings: Settings) -> None:
    with _started(settings) as web:
        for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
            assert web.get(path).status_code == 404
    app = create_app(settings)
    assert not any(app._telemetry[kind] for kind in ("tracing", "metrics", "logs"))
    asyncio.run(_closed(app))


async def _closed(app: Any) -> None:
    async with app.router.lifespan_context(app):
        pass


# ---- randomness ----
def test_randomness_is_never_given_twice() -> None:
    entropy = SystemEntropy()
    given = [entropy.bytes(12) for _ in range(1000)]
    assert {len(nonce) for nonce in given} == {12}
    assert len(set(given)) == len(given)
    joined = b"".join(given)
    assert entropy.bytes(32) not in joined
    assert len(entropy.bytes(32)) == 32


def test_keys_never_come_from_a_page_of_nonces() -> None:
    entropy = SystemEntropy()
    entropy.bytes(12)
    rest = entropy._pages.rest
    entropy.bytes(17)
    assert entropy._pages.rest is rest


# ---- tasks ----
def test_failed_round_is_counted_and_logged_and_the_next_one_runs() -> None:
    log, meters = io.StringIO(), Meters()
    rounds: list[int] = []

    async def main() -> None:
        second = asyncio.Event()

        async def work() -> None:
            rounds.append(len(rounds))
            if len(rounds) == 1:
                msg = "canary-9c1"
                raise SettingsError(msg)
            second.set()

        async with background.running(
            [Task("sweep", 0.001, work)], meters, logs.make("info", log), seconds=10
        ):
            await second.wait()

    asyncio.run(main())
    text = meters.text().decode()
    assert 'mien_background_total{outcome="failed",task="sweep"} 1.0' in text
    assert 'mien_background_total{outcome="done",task="sweep"}' in text
    line = json.loads(log.getvalue().splitlines()[0])
    assert (line["event"], line["task"], line["kind"], line["code"]) == (
        "task-failed", "sweep", "SettingsError", "settings-invalid",
    )  # fmt: skip
    assert "canary" not in log.getvalue()


def test_a_round_begins_early_when_there_is_a_reason() -> None:
    rounds: list[float] = []

    async def main() -> None:
        early, second = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            rounds.append(time.monotonic())
            (early if len(rounds) == 1 else second).set()

        task = Task("publish", 60, work, early)
        logger = logs.make("info", io.StringIO())
        async with background.running([task], Meters(), logger, seconds=10), asyncio.timeout(10):
            await second.wait()
            assert not early.is_set()  # one reason, one round

    asyncio.run(main())
    assert len(rounds) == 2


async def test_a_round_with_witnesses_that_broke_off_tells_first_what_came_and_then_fails() -> None:
    done = Round(Counter(cosigned=1), [News("cosigned", "w.example", 5)], cosigned=1)
    done.broken.append(StoreBusy("no time"))

    async def publish(*_: object) -> Round:
        return done

    log, meters = io.StringIO(), Meters()
    parts: Any = SimpleNamespace(
        pipeline=SimpleNamespace(publish=publish), cosigners=None, meters=meters,
        settings=SimpleNamespace(witness_seconds=1), logger=logs.make("info", log),
    )  # fmt: skip
    with pytest.raises(StoreBusy):
        await app._publish(parts)()
    assert 'mien_witness_answers_total{outcome="cosigned"} 1.0' in meters.text().decode()
    assert "witness-back" in log.getvalue()


def test_stopping_waits_for_the_round_under_way() -> None:
    done = []

    async def main() -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await go_on.wait()
            done.append(True)

        async with background.running(
            [Task("sweep", 3600, work)], Meters(), logs.make("info", io.StringIO()), seconds=10
        ):
            await begun.wait()
            asyncio.get_running_loop().call_soon(go_on.set)

    asyncio.run(main())
    assert done == [True]


def test_description_needs_no_keys_and_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    openapi_document.cache_clear()
    assert openapi_document()["info"]["title"] == "mien"
    assert list(tmp_path.iterdir()) == []

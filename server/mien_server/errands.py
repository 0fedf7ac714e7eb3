"""The errands of the commands: what is done on the configured database, keys and journal beside a running server, or without one.

    sites = administer(load(os.environ), lambda transaction: transaction.sites.all())

Wires the same parts as `app`, for the length of one errand, and serves nothing.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mien_server.machine import SystemClock, SystemEntropy

if TYPE_CHECKING:  # each errand loads the parts it needs: making keys takes no database, adding a site no policy engine
    from mien_server.journal import FileJournal
    from mien_server.keys import Keyring
    from mien_server.pipeline import Pipeline
    from mien_server.pipeline.restoring import Applied
    from mien_server.ports import Transaction
    from mien_server.settings import Settings

T = TypeVar("T")


def open_keys(settings: "Settings") -> "Keyring":
    """The server's keys. Raises `KeysMissing` or `KeysUnsafe`."""
    from mien_server.keys import open_keys as open_ring

    return open_ring(settings.keys, SystemEntropy(), SystemClock(), os.environ)


def make_keys(settings: "Settings") -> "Keyring":
    """The server's keys, made where they are missing. Raises `KeysMissing`, `KeysUnsafe`, `KeysUnwritable`."""
    from mien_server.keys import create_keys

    return create_keys(settings.keys, SystemEntropy(), SystemClock(), os.environ)


def administer(settings: "Settings", work: "Callable[[Transaction], T]") -> T:
    """Run one closure in one transaction of the configured database, beside a running server or without one."""
    from mien_server.stores import open_store

    async def run() -> T:
        store = open_store(settings.database)
        try:
            return await store.transact(work)
        finally:
            await store.close()

    return asyncio.run(run())


def attend(
    settings: "Settings", work: "Callable[[Pipeline], Awaitable[T]]", *, restored: bool = False
) -> T:
    """Run one errand of the pipeline on the configured database and keys, beside a running server or without one.

    `restored`: what the journal has beyond the database is applied first, as a server does at its start.
    """
    return _run(settings, lambda pipeline, _renew: work(pipeline), restored=restored)


def own(settings: "Settings", work: "Callable[[Pipeline, Callable[[], None]], Awaitable[T]]") -> T:
    """Run an errand that lasts, such as holding a round: `work` gets the pipeline, and what takes the policy bundle over as it lies on the disk by then."""
    return _run(settings, work, restored=False)


def _run(
    settings: "Settings",
    work: "Callable[[Pipeline, Callable[[], None]], Awaitable[T]]",
    *,
    restored: bool,
) -> T:
    """Wire the pipeline for as long as `work` takes."""
    from mien_server.authorize import Authorizer, load_bundle
    from mien_server.pipeline import Pipeline
    from mien_server.stores import open_store

    async def run() -> T:
        clock, entropy = SystemClock(), SystemEntropy()
        authorizer = Authorizer(load_bundle(settings.policies))
        keys = open_keys(settings)
        store = open_store(settings.database)
        try:
            journal = journal_of(settings)
            pipeline = Pipeline(
                store, keys, authorizer, clock, entropy, origin=settings.origin, journal=journal,
                cosigners=settings.cosigners, officers=settings.officers,
            )  # fmt: skip
            if restored:
                await pipeline.restore()
            return await work(pipeline, lambda: authorizer.use(load_bundle(settings.policies)))
        finally:
            await store.close()

    return asyncio.run(run())


def revision(settings: "Settings") -> tuple[str | None, str]:
    """The revision of the configured database's tables (None: there are none yet), and the one that this program needs. Raises `StoreError`."""
    from mien_server.stores import upgrading  # it loads Alembic, which no server needs
    from mien_server.stores.revisions import HEAD

    return upgrading.status(settings.database), HEAD


def upgrade(settings: "Settings", tell: Callable[[str, str], None]) -> str:
    """Bring the configured database's tables to the newest revision. See `stores.upgrading.upgrade`."""
    from mien_server.stores import upgrading

    return upgrading.upgrade(settings.database, tell)


def back_up(settings: "Settings", to: Path, progress: Callable[[int, int], None]) -> None:
    """Write a backup of the configured database to the new file `to`, beside running servers. See `stores.backup.back_up`."""
    from mien_server.stores import backup

    backup.back_up(settings.database, to, progress)


def restore(
    settings: "Settings", source: Path, progress: Callable[[int, int], None]
) -> "tuple[Applied, Path | None]":
    """Put the backup `source` in the place of the configured database; what was done again, and where the old file is kept (SQLite).

    A backup of an older revision is brought to the newest first. What people took back since is applied before the exchange: at no time is there an
    SQLite file in place that has forgotten it, and whatever serves a PostgreSQL database applies it before its first answer. Raises `BackupInvalid`,
    `JournalMissing`, `JournalInvalid`, `StoreBusy` while a server runs, `KeysMissing`.
    """
    from mien_server.stores import backup

    journal_of(settings).entries()  # readable, before anything is done
    if not settings.database.startswith("sqlite:///"):
        backup.load(source, settings.database, progress)
        upgrade(settings, _silent)
        return attend(settings, _apply), None
    database = Path(settings.database.removeprefix("sqlite:///"))
    copy = backup.unpack(source, database, progress)
    try:
        beside = settings.model_copy(
            update={"database": f"sqlite:///{copy}", "journal": settings.journal_directory}
        )
        upgrade(beside, _silent)
        applied = attend(beside, _apply)
        kept = _aside(database)
        backup.exchange(copy, database, kept)
    finally:
        backup.drop(copy)
    return applied, kept if kept.exists() else None


def journal_of(settings: "Settings") -> "FileJournal":
    """The journal of withdrawals and erasures."""
    from mien_server.journal import FileJournal

    return FileJournal(settings.journal_directory, SystemEntropy())


def _silent(_old: str, _new: str) -> None:
    """Said by `mien database upgrade` alone."""


async def _apply(pipeline: "Pipeline") -> "Applied":
    """The journal, and all that follows from it."""
    applied = await pipeline.restore()
    if applied.erased:
        await pipeline.complete_erasures()
    await pipeline.sequence()
    return applied


def _aside(database: Path) -> Path:
    moment = datetime.fromtimestamp(SystemClock().now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    return database.with_name(f"{database.name}.before-{moment}")

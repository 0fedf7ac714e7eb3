"""The application: the only file that chooses who fills the ports, and wires stores, keys, policies, pipeline and routes together.

    app = create_app(load(os.environ))

Nothing is served unless everything needed is there: a missing or readable key, a policy that does not parse, a database that cannot be opened
end it here, as an error of one line.
"""

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from structlog.typing import FilteringBoundLogger

from mien.errors import MienError, PolicyInvalid
from mien_server import logs
from mien_server.authorize import Authorizer, Bundle, load_bundle
from mien_server.authorize.reload import Reloader, place_of_fault
from mien_server.background import Task, once, running
from mien_server.errors import JournalError, NotReady
from mien_server.journal import FileJournal
from mien_server.keys import Keyring, create_keys, day_of
from mien_server.keys import open_keys as open_ring
from mien_server.limits import Budgets, Limiter, Veil
from mien_server.metrics import Meters
from mien_server.pipeline import Pipeline
from mien_server.pipeline.restoring import Applied
from mien_server.ports import Clock, Entropy, Journal, Keys, Store, Transaction
from mien_server.routes import ENDPOINTS
from mien_server.routes.call import Services
from mien_server.routes.endpoint import describe, install
from mien_server.routes.shell import Shell, Surroundings, http_error
from mien_server.settings import Settings
from mien_server.stores import backup, open_store
from mien_server.stores.revisions import HEAD
from mien_server.values import Decision, Question
from mien_server.webhooks import Webhooks

T = TypeVar("T")
TITLE: Final = "mien"
NONCE_BYTES: Final = 16
"""Randomness up to this size is no key."""
PAGE_BYTES: Final = 1024
READY_SECONDS: Final = 3.0
"""How long `/readyz` waits for the database."""
ABOUT: Final = "Personalization that asks first. Every error is a problem document (RFC 9457) with a stable `code`."


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Unix seconds."""
        return int(time.time())


class SystemEntropy:
    """The operating system's randomness; nonces come from a page of it fetched at once.

    Each call into the kernel lets go of the interpreter's lock, and a request needs many nonces. Keys never come from a page: what is used of it
    stays in memory until the next.
    """

    def __init__(self) -> None:
        self._pages = threading.local()

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        if count > NONCE_BYTES:
            return os.urandom(count)
        page: bytes = getattr(self._pages, "rest", b"")
        if len(page) < count:
            page = os.urandom(PAGE_BYTES)
        self._pages.rest = page[count:]
        return page[:count]


class CountedAuthorizer(Authorizer):
    """The authorizer, its answers counted by action and outcome."""

    def __init__(self, bundle: Bundle, meters: Meters) -> None:
        super().__init__(bundle)
        self._meters = meters

    def decide(self, question: Question) -> Decision:
        """See `Authorizer.decide`."""
        decision = super().decide(question)
        self._meters.decided(question.action, "allow" if decision.allow else "deny")
        return decision


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    logger: FilteringBoundLogger | None = None,
) -> FastAPI:
    """The application, ready to be served. Raises a leaf of `MienError` when something it needs is missing or unsafe.

    `clock`, `entropy` and `logger` are the machine's own unless given.
    """
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    logger = logger or logs.make(settings.log_level)
    logs.capture_libraries(logger)
    keys = open_keys(settings, entropy, clock)
    keys.rotate(clock.now())
    meters = Meters()
    reloader = Reloader(settings.policies)
    authorizer = CountedAuthorizer(load_bundle(settings.policies), meters)
    store = open_store(settings.database)
    journal = FileJournal(settings.journal_directory, entropy)
    journal.make()
    pipeline = Pipeline(
        store, keys, authorizer, clock, entropy, origin=settings.origin, journal=journal
    )
    uses, rights, veil = _budgets(settings), _budgets(settings), Veil(entropy.bytes, clock.now)
    leaving = threading.Event()
    services = Services(
        pipeline=pipeline,
        meters=meters,
        uses=uses,
        rights=rights,
        veil=veil,
        officers=frozenset(bytes.fromhex(each) for each in settings.officer_keys),
        max_body_bytes=settings.max_body_bytes,
        body_seconds=settings.body_seconds,
        publish_metrics=settings.metrics,
        ready=_ready(store, keys, journal, clock, meters, leaving),
        openapi=openapi_document,
    )
    reload = _reload(reloader, authorizer, meters, logger)
    heed, rotate = _heed(pipeline, logger), _rotate(pipeline, keys, logger)
    tasks = _tasks(settings, pipeline, reload, _tell(pipeline, meters, logger), heed, rotate)
    life = _lifespan(tasks, store, pipeline, meters, logger, settings.stop_seconds)
    app = _bare(life)
    app.state.pipeline = pipeline
    app.state.refused = None
    app.state.leaving = leaving  # whoever stops the server sets it: not ready from then on
    install(app, ENDPOINTS, services)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(
        Shell,
        around=Surroundings(
            logger=logger,
            meters=meters,
            uses=uses,
            rights=rights,
            veil=veil,
            random=entropy.bytes,
            seconds=settings.request_seconds,
        ),
    )
    return app


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI description of the application. Needs no keys and no database."""
    app = _bare(None)
    install(app, ENDPOINTS, None)
    return describe(app, ENDPOINTS)


def open_keys(
    settings: Settings, entropy: Entropy | None = None, clock: Clock | None = None
) -> Keyring:
    """The server's keys. Raises `KeysMissing` or `KeysUnsafe`."""
    return open_ring(settings.keys, entropy or SystemEntropy(), clock or SystemClock(), os.environ)


def make_keys(settings: Settings) -> Keyring:
    """The server's keys, made where they are missing. Raises `KeysMissing`, `KeysUnsafe`, `KeysUnwritable`."""
    return create_keys(settings.keys, SystemEntropy(), SystemClock(), os.environ)


def administer(settings: Settings, work: Callable[[Transaction], T]) -> T:
    """Run one closure in one transaction of the configured database, beside a running server or without one."""

    async def run() -> T:
        store = open_store(settings.database)
        try:
            return await store.transact(work)
        finally:
            await store.close()

    return asyncio.run(run())


def attend(
    settings: Settings, work: Callable[[Pipeline], Awaitable[T]], *, restored: bool = False
) -> T:
    """Run one errand of the pipeline on the configured database and keys, beside a running server or without one.

    `restored`: what the journal has beyond the database is applied first, as a server does at its start.
    """

    async def run() -> T:
        clock, entropy = SystemClock(), SystemEntropy()
        authorizer = Authorizer(load_bundle(settings.policies))
        keys = open_keys(settings, entropy)
        store = open_store(settings.database)
        try:
            journal = FileJournal(settings.journal_directory, entropy)
            pipeline = Pipeline(
                store, keys, authorizer, clock, entropy, origin=settings.origin, journal=journal
            )
            if restored:
                await pipeline.restore()
            return await work(pipeline)
        finally:
            await store.close()

    return asyncio.run(run())


def revision(settings: Settings) -> tuple[str | None, str]:
    """The revision of the configured database's tables (None: there are none yet), and the one that this program needs. Raises `StoreError`."""
    from mien_server.stores import upgrading  # it loads Alembic, which no server needs

    return upgrading.status(settings.database), HEAD


def upgrade(settings: Settings, tell: Callable[[str, str], None]) -> str:
    """Bring the configured database's tables to the newest revision. See `stores.upgrading.upgrade`."""
    from mien_server.stores import upgrading

    return upgrading.upgrade(settings.database, tell)


def back_up(settings: Settings, to: Path, progress: Callable[[int, int], None]) -> None:
    """Write a backup of the configured database to the new file `to`, beside running servers. See `stores.backup.back_up`."""
    backup.back_up(settings.database, to, progress)


def restore(
    settings: Settings, source: Path, progress: Callable[[int, int], None]
) -> tuple[Applied, Path | None]:
    """Put the backup `source` in the place of the configured database; what was done again, and where the old file is kept (SQLite).

    A backup of an older revision is brought to the newest first. What people took back since is applied before the exchange: at no time is there an
    SQLite file in place that has forgotten it, and whatever serves a PostgreSQL database applies it before its first answer. Raises `BackupInvalid`,
    `JournalMissing`, `JournalInvalid`, `StoreBusy` while a server runs, `KeysMissing`.
    """
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


def journal_of(settings: Settings) -> FileJournal:
    """The journal of withdrawals and erasures."""
    return FileJournal(settings.journal_directory, SystemEntropy())


def _silent(_old: str, _new: str) -> None:
    """Said by `mien database upgrade` alone."""


async def _apply(pipeline: Pipeline) -> Applied:
    """The journal, and all that follows from it."""
    applied = await pipeline.restore()
    if applied.erased:
        await pipeline.complete_erasures()
    await pipeline.sequence()
    return applied


def _aside(database: Path) -> Path:
    moment = datetime.fromtimestamp(SystemClock().now(), UTC).strftime("%Y%m%dT%H%M%SZ")
    return database.with_name(f"{database.name}.before-{moment}")


def _bare(lifespan: Any) -> FastAPI:
    # No interactive pages: they would load scripts from elsewhere. No redirects: one address for one thing. No telemetry of the framework's own,
    # whoever configures OpenTelemetry in this process: it would see addresses and paths.
    return FastAPI(
        title=TITLE, version=version("mien"), description=ABOUT, lifespan=lifespan,
        openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )  # fmt: skip


def _limiter(rate: float, settings: Settings) -> Limiter:
    return Limiter(rate, rate * settings.burst_seconds, time.monotonic)


def _budgets(settings: Settings) -> Budgets:
    return Budgets(
        addresses=_limiter(settings.rate_per_address, settings),
        sites=_limiter(settings.rate_per_site, settings),
        subjects=_limiter(settings.rate_per_subject, settings),
    )


def _ready(  # noqa: PLR0917 - all that must be there
    store: Store,
    keys: Keys,
    journal: Journal,
    clock: Clock,
    meters: Meters,
    leaving: threading.Event,
) -> Callable[[], Any]:
    async def ready() -> None:
        try:
            await look()
        except BaseException:
            meters.ready(yes=False)
            raise
        meters.ready(yes=True)

    async def look() -> None:
        if leaving.is_set():
            msg = "the server is stopping; ask another one"
            raise NotReady(msg)
        today = day_of(clock.now())
        if all(doc.kid != today for doc in keys.seal_keys(clock.now())):
            msg = "there is no sealing key for today; look for failed rounds of `rotate` in the log"
            raise NotReady(msg)
        try:
            async with asyncio.timeout(READY_SECONDS):
                await store.transact(lambda transaction: transaction.tiles.size())
                await asyncio.to_thread(journal.check)
        except JournalError:
            msg = "the journal of withdrawals and erasures cannot be written; see MIEN_JOURNAL"
            raise NotReady(msg) from None
        except TimeoutError:
            msg = (
                "the database does not answer; see that it runs and is not held by another program"
            )
            raise NotReady(msg) from None

    return ready


def _reload(
    reloader: Reloader, authorizer: Authorizer, meters: Meters, logger: FilteringBoundLogger
) -> Callable[[], Awaitable[None]]:
    """One look at the bundle. A bad one is told by the place of its fault, and the one in force stays."""

    async def reload() -> None:
        try:
            bundle = await asyncio.to_thread(reloader.look, authorizer)
        except PolicyInvalid as error:
            meters.task("reload", "refused")
            logger.error("policy-invalid", code=error.code, where=place_of_fault(error))  # noqa: TRY400 - the place is all that may be told
        else:
            if bundle:
                logger.info("policies-reloaded", version=bundle.version, bundle=bundle.sha256)

    return reload


def _tell(
    pipeline: Pipeline, meters: Meters, logger: FilteringBoundLogger
) -> Callable[[], Awaitable[None]]:
    """One round of telling sites. What a site will never hear is logged as a number, never as whom."""

    async def tell() -> None:
        done: Counter[str] = Counter()
        try:
            async with Webhooks() as poster:
                await pipeline.tell(poster, done)
        finally:
            for outcome, count in done.items():
                meters.told(outcome, count)
            if lost := done["given_up"] + done["gone"]:
                logger.warning("webhook-given-up", count=lost)
        meters.untold(await pipeline.untold())

    return tell


async def _restored(
    app: FastAPI, pipeline: Pipeline, store: Store, logger: FilteringBoundLogger
) -> None:
    """Before the first request: what the journal has and the database has not. Whoever runs the server reads `app.state.refused` when that fails."""
    try:
        _told_of(await pipeline.restore(), logger)
    except MienError as error:
        app.state.refused = error
        logger.error("not-started", code=error.code)  # noqa: TRY400 - the text goes to whoever started the server
        await store.close()
        raise


def _heed(pipeline: Pipeline, logger: FilteringBoundLogger) -> Callable[[], Awaitable[None]]:
    """One look at the journal while the server runs: the database under it may have been exchanged."""

    async def heed() -> None:
        _told_of(await pipeline.heed(), logger)

    return heed


def _told_of(done: Applied, logger: FilteringBoundLogger) -> None:
    if done:
        count = done.erased + done.withdrawn
        logger.warning("journal-applied", count=count, erasures=done.erased)
    if done.waiting:
        # Their site is not in this database: register it again under its id, and they are applied.
        logger.warning("journal-waits", count=done.waiting)


def _rotate(
    pipeline: Pipeline, keys: Keyring, logger: FilteringBoundLogger
) -> Callable[[], Awaitable[None]]:
    """A round of rotation. Told: what it did, what it could not read (when that changed), and which secret the operator must set (once)."""
    told: dict[str, object] = {"unreadable": 0, "missing": None}

    async def rotate() -> None:
        done = await pipeline.rotate()
        if done.rewrapped or done.destroyed:
            logger.info("keys-rotated", count=done.rewrapped, size=done.destroyed)
        if done.unreadable != told["unreadable"]:
            told["unreadable"] = done.unreadable
            tell = logger.error if done.unreadable else logger.info
            tell("keys-unreadable", count=done.unreadable)
        missing = keys.next_missing()
        if missing is not None and missing != told["missing"]:
            told["missing"] = missing
            logger.warning("keys-next-missing", where=missing)

    return rotate


def _tasks(  # noqa: PLR0917 - a round each
    settings: Settings,
    pipeline: Pipeline,
    reload: Callable[[], Awaitable[None]],
    tell: Callable[[], Awaitable[None]],
    heed: Callable[[], Awaitable[None]],
    rotate: Callable[[], Awaitable[None]],
) -> tuple[Task, ...]:
    tasks = (
        Task("rotate", settings.rotate_seconds, rotate),
        Task("sequence", settings.sequence_seconds, pipeline.sequence),
        Task("complete_erasures", settings.erase_seconds, pipeline.complete_erasures),
        Task("sweep", settings.sweep_seconds, pipeline.sweep),
        Task("tell", settings.tell_seconds, tell),
        Task("heed_journal", settings.sweep_seconds, heed),
        Task("reload", settings.reload_seconds, reload),
    )
    return tuple(task for task in tasks if task.seconds)


def _lifespan(  # noqa: PLR0917 - what lives as long as the application
    tasks: tuple[Task, ...],
    store: Store,
    pipeline: Pipeline,
    meters: Meters,
    logger: FilteringBoundLogger,
    stop_seconds: float,
) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await _restored(_app, pipeline, store, logger)
        async with running(tasks, meters, logger, seconds=stop_seconds):
            logger.info("started", pid=os.getpid(), version=version("mien"))
            yield
        # What was promised within a second is in the tree before the process ends; where it cannot be (a full disk), it waits in the database.
        await once(Task("sequence", 0, pipeline.sequence), meters, logger)
        await store.close()
        logger.info("stopped", pid=os.getpid())

    return lifespan

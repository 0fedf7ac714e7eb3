"""The application: the only file that chooses who fills the ports, and wires stores, keys, policies, pipeline and routes together.

    app = create_app(load(os.environ))

Nothing is served unless everything needed is there: a missing or readable key, a policy that does not parse, a database that cannot be opened
end it here, as an error of one line.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version
from typing import Any, Final, TypeVar

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from structlog.typing import FilteringBoundLogger

from mien.errors import PolicyInvalid
from mien_server import logs
from mien_server.authorize import Authorizer, Bundle, load_bundle
from mien_server.authorize.reload import Reloader, place_of_fault
from mien_server.background import Task, running
from mien_server.errors import NotReady
from mien_server.keys import FileKeys, create_keys, day_of
from mien_server.limits import Limiter, Veil
from mien_server.metrics import Meters
from mien_server.pipeline import Pipeline
from mien_server.ports import Clock, Entropy, Keys, Store, Transaction
from mien_server.routes import ENDPOINTS
from mien_server.routes.call import Services
from mien_server.routes.endpoint import describe, install
from mien_server.routes.shell import Shell, Surroundings, http_error
from mien_server.settings import Settings
from mien_server.stores import open_store
from mien_server.values import Decision, Question

T = TypeVar("T")
TITLE: Final = "mien"
NONCE_BYTES: Final = 16
"""Randomness up to this size is no key."""
PAGE_BYTES: Final = 1024
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
    keys = open_keys(settings, entropy)
    keys.rotate(clock.now())
    meters = Meters()
    reloader = Reloader(settings.policies)
    authorizer = CountedAuthorizer(load_bundle(settings.policies), meters)
    store = open_store(settings.database)
    pipeline = Pipeline(store, keys, authorizer, clock, entropy, origin=settings.origin)
    services = Services(
        pipeline=pipeline,
        meters=meters,
        sites=_limiter(settings.rate_per_site, settings),
        officers=frozenset(bytes.fromhex(each) for each in settings.officer_keys),
        max_body_bytes=settings.max_body_bytes,
        publish_metrics=settings.metrics,
        ready=_ready(store, keys, clock),
        openapi=openapi_document,
    )
    tasks = _tasks(settings, pipeline, _reload(reloader, authorizer, meters, logger))
    app = _bare(_lifespan(tasks, store, pipeline, meters, logger))
    app.state.pipeline = pipeline
    install(app, ENDPOINTS, services)
    app.add_exception_handler(HTTPException, http_error)
    app.add_middleware(
        Shell,
        around=Surroundings(
            logger=logger,
            meters=meters,
            addresses=_limiter(settings.rate_per_address, settings),
            veil=Veil(entropy.bytes, clock.now),
            random=entropy.bytes,
        ),
    )
    return app


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI description of the application. Needs no keys and no database."""
    app = _bare(None)
    install(app, ENDPOINTS, None)
    return describe(app, ENDPOINTS)


def open_keys(settings: Settings, entropy: Entropy | None = None) -> FileKeys:
    """The server's keys. Raises `KeysMissing` or `KeysUnsafe`."""
    return FileKeys(settings.keys, entropy or SystemEntropy())


def make_keys(settings: Settings) -> FileKeys:
    """The server's keys, made where they are missing. Raises `KeysUnsafe`."""
    settings.keys.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return create_keys(settings.keys, SystemEntropy(), SystemClock().now())


def administer(settings: Settings, work: Callable[[Transaction], T]) -> T:
    """Run one closure in one transaction of the configured database, beside a running server or without one."""

    async def run() -> T:
        store = open_store(settings.database)
        try:
            return await store.transact(work)
        finally:
            await store.close()

    return asyncio.run(run())


def attend(settings: Settings, work: Callable[[Pipeline], Awaitable[T]]) -> T:
    """Run one errand of the pipeline on the configured database and keys, beside a running server or without one."""

    async def run() -> T:
        clock, entropy = SystemClock(), SystemEntropy()
        authorizer = Authorizer(load_bundle(settings.policies))
        keys = open_keys(settings, entropy)
        store = open_store(settings.database)
        try:
            pipeline = Pipeline(store, keys, authorizer, clock, entropy, origin=settings.origin)
            return await work(pipeline)
        finally:
            await store.close()

    return asyncio.run(run())


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


def _ready(store: Store, keys: Keys, clock: Clock) -> Callable[[], Any]:
    async def ready() -> None:
        today = day_of(clock.now())
        if all(doc.kid != today for doc in keys.seal_keys(clock.now())):
            msg = "there is no sealing key for today; look for failed rounds of `rotate` in the log"
            raise NotReady(msg)
        await store.transact(lambda transaction: transaction.tiles.size())

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


def _tasks(
    settings: Settings, pipeline: Pipeline, reload: Callable[[], Awaitable[None]]
) -> tuple[Task, ...]:
    tasks = (
        Task("rotate", settings.rotate_seconds, pipeline.rotate),
        Task("sequence", settings.sequence_seconds, pipeline.sequence),
        Task("complete_erasures", settings.erase_seconds, pipeline.complete_erasures),
        Task("sweep", settings.sweep_seconds, pipeline.sweep),
        Task("reload", settings.reload_seconds, reload),
    )
    return tuple(task for task in tasks if task.seconds)


def _lifespan(
    tasks: tuple[Task, ...],
    store: Store,
    pipeline: Pipeline,
    meters: Meters,
    logger: FilteringBoundLogger,
) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running(tasks, meters, logger):
            logger.info("started", pid=os.getpid(), version=version("mien"))
            yield
        await (
            pipeline.sequence()
        )  # what was promised within a second is in the tree before the process ends
        await store.close()
        logger.info("stopped", pid=os.getpid())

    return lifespan

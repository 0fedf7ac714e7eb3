"""The application: chooses who fills the ports, and wires stores, keys, policies, pipeline and routes together.

    app = create_app(load(os.environ))

Nothing is served unless everything needed is there: a missing or readable key, a policy that does not parse, a database that cannot be opened
end it here, as an error of one line.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from structlog.typing import FilteringBoundLogger

from mien.errors import MienError, PolicyInvalid, SettingsError
from mien_server import logs, measured
from mien_server.authorize import Authorizer, Bundle, load_bundle
from mien_server.authorize.reload import Reloader, place_of_fault
from mien_server.background import Task, once, running
from mien_server.built import Built
from mien_server.cosigners import Cosigners
from mien_server.journal import FileJournal
from mien_server.keys import Keyring, open_keys
from mien_server.limits import Budgets, Limiter, Veil
from mien_server.machine import SystemClock, SystemEntropy
from mien_server.metrics import Meters
from mien_server.personalize import Desk, desks, shipped_rates
from mien_server.pipeline import Pipeline
from mien_server.pipeline.restoring import Applied
from mien_server.ports import Clock, Entropy, Store
from mien_server.readiness import Readiness
from mien_server.routes import ENDPOINTS
from mien_server.routes.call import Services
from mien_server.routes.endpoint import describe, install
from mien_server.routes.front import Front
from mien_server.routes.shell import Surroundings
from mien_server.settings import Settings
from mien_server.stores import open_store
from mien_server.values import Decision, Question
from mien_server.webhooks import Webhooks

TITLE: Final = "mien"
WITNESS_NEWS: Final = {
    "cosigned": ("witness-back", "info"),
    "failed": ("witness-unreachable", "warning"),
    "refused": ("witness-refuses", "warning"),
    "forked": ("log-forked", "error"),
}
"""What the log says of a witness, and how loud."""
REBUILD_LOOK: Final = 60
"""Seconds between two looks at whether somebody took answers back."""
ABOUT: Final = "Personalization that asks first. Every error is a problem document (RFC 9457) with a stable `code`."


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


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one application is made of."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    logger: FilteringBoundLogger
    meters: Meters
    keys: Keyring
    authorizer: Authorizer
    reloader: Reloader
    store: Store
    pipeline: Pipeline
    readiness: Readiness
    cosigners: Cosigners = field(default_factory=Cosigners)


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
    logger = logger or logs.make(settings.log_level)
    logs.capture_libraries(logger)
    parts = _parts(settings, clock or SystemClock(), entropy or SystemEntropy(), logger)
    services = _services(parts)
    app = Front(_surroundings(parts, services), lifespan=_lifespan(parts), **_options())
    app.state.pipeline = parts.pipeline
    app.state.refused = None
    app.state.leaving = parts.readiness.leaving
    install(app, ENDPOINTS, services)
    return app


def _parts(
    settings: Settings, clock: Clock, entropy: Entropy, logger: FilteringBoundLogger
) -> _Parts:
    keys = open_keys(settings.keys, entropy, clock, os.environ)
    keys.rotate(clock.now())
    meters = Meters()
    reloader = Reloader(settings.policies)
    authorizer = CountedAuthorizer(load_bundle(settings.policies), meters)
    store = open_store(settings.database)
    journal = FileJournal(settings.journal_directory, entropy)
    journal.make()
    pipeline = Pipeline(
        store, keys, authorizer, clock, entropy, origin=settings.origin, journal=journal,
        cosigners=settings.cosigners,
        officers=settings.officers, reward_seconds=settings.reward_seconds,
        desks=_desks(settings),
    )  # fmt: skip
    return _Parts(
        settings=settings,
        clock=clock,
        entropy=entropy,
        logger=logger,
        meters=meters,
        keys=keys,
        authorizer=authorizer,
        reloader=reloader,
        store=store,
        pipeline=pipeline,
        readiness=Readiness(store, keys, journal, clock),
    )


def _desks(settings: Settings) -> dict[str, Desk]:
    """What the service desks count with. Raises `SettingsError`."""
    if settings.desks is None:
        return {}
    try:
        data = settings.desks.read_bytes()
    except OSError as error:
        msg = f"`{settings.desks}` cannot be read: {(error.strerror or 'unreadable').lower()}; see `MIEN_DESKS`"
        raise SettingsError(msg) from None
    return desks(data, shipped_rates(measured.shipped()))


def _services(parts: _Parts) -> Services:
    settings = parts.settings
    return Services(
        pipeline=parts.pipeline,
        meters=parts.meters,
        uses=_budgets(settings),
        rights=_budgets(settings),
        veil=Veil(parts.entropy.bytes, parts.clock.now),
        max_body_bytes=settings.max_body_bytes,
        body_seconds=settings.body_seconds,
        publish_metrics=settings.metrics,
        ready=_ready(parts),
        openapi=openapi_document,
        built=Built(),
    )


def _surroundings(parts: _Parts, services: Services) -> Surroundings:
    return Surroundings(
        logger=parts.logger,
        meters=parts.meters,
        uses=services.uses,
        rights=services.rights,
        veil=services.veil,
        random=parts.entropy.bytes,
        seconds=parts.settings.request_seconds,
    )


@cache
def openapi_document() -> dict[str, Any]:
    """The OpenAPI description of the application. Needs no keys and no database."""
    app = FastAPI(**_options())
    install(app, ENDPOINTS, None)
    return describe(app, ENDPOINTS)


def _options() -> dict[str, Any]:
    # No interactive pages: they would load scripts from elsewhere. No redirects: one address for one thing. No telemetry of the framework's own,
    # whoever configures OpenTelemetry in this process: it would see addresses and paths.
    return {
        "title": TITLE, "version": version("mien"), "description": ABOUT,
        "openapi_url": None, "docs_url": None, "redoc_url": None, "redirect_slashes": False,
        "telemetry": {"tracing": False, "metrics": False, "logs": False},
    }  # fmt: skip


def _limiter(rate: float, settings: Settings) -> Limiter:
    return Limiter(rate, rate * settings.burst_seconds, time.monotonic)


def _budgets(settings: Settings) -> Budgets:
    return Budgets(
        addresses=_limiter(settings.rate_per_address, settings),
        sites=_limiter(settings.rate_per_site, settings),
        subjects=_limiter(settings.rate_per_subject, settings),
    )


def _ready(parts: _Parts) -> Callable[[], Awaitable[None]]:
    async def ready() -> None:
        try:
            await parts.readiness.check()
        except BaseException:
            parts.meters.ready(yes=False)
            raise
        parts.meters.ready(yes=True)

    return ready


def _reload(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """One look at the bundle. A bad one is told by the place of its fault, and the one in force stays."""

    async def reload() -> None:
        try:
            bundle = await asyncio.to_thread(parts.reloader.look, parts.authorizer)
        except PolicyInvalid as error:
            parts.meters.task("reload", "refused")
            parts.logger.error("policy-invalid", code=error.code, where=place_of_fault(error))  # noqa: TRY400 - the place is all that may be told
        else:
            if bundle:
                parts.logger.info("policies-reloaded", version=bundle.version, bundle=bundle.sha256)

    return reload


def _tell(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """One round of telling sites. What a site will never hear is logged as a number, never as whom."""

    async def tell() -> None:
        done: Counter[str] = Counter()
        try:
            async with Webhooks() as poster:
                await parts.pipeline.tell(poster, done)
        finally:
            for outcome, count in done.items():
                parts.meters.told(outcome, count)
            if lost := done["given_up"] + done["gone"]:
                parts.logger.warning("webhook-given-up", count=lost)
        parts.meters.untold(await parts.pipeline.untold())

    return tell


async def _restored(app: FastAPI, parts: _Parts) -> None:
    """Before the first request: what the journal has and the database has not. Whoever runs the server reads `app.state.refused` when that fails."""
    try:
        _told_of(await parts.pipeline.restore(), parts.logger)
    except MienError as error:
        app.state.refused = error
        parts.logger.error("not-started", code=error.code)  # noqa: TRY400 - the text goes to whoever started the server
        await parts.store.close()
        raise


def _heed(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """One look at the journal while the server runs: the database under it may have been exchanged."""

    async def heed() -> None:
        _told_of(await parts.pipeline.heed(), parts.logger)

    return heed


def _told_of(done: Applied, logger: FilteringBoundLogger) -> None:
    if done:
        count = done.erased + done.withdrawn
        logger.warning("journal-applied", count=count, erasures=done.erased)
    if done.waiting:
        # Their site is not in this database: register it again under its id, and they are applied.
        logger.warning("journal-waits", count=done.waiting)


def _rotate(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """A round of rotation. Told: what it did, what it could not read (when that changed), and which secret the operator must set (once)."""
    logger = parts.logger
    told: dict[str, object] = {"unreadable": 0, "missing": None}

    async def rotate() -> None:
        done = await parts.pipeline.rotate()
        if done.rewrapped or done.destroyed:
            logger.info("keys-rotated", count=done.rewrapped, size=done.destroyed)
        if done.unreadable != told["unreadable"]:
            told["unreadable"] = done.unreadable
            tell = logger.error if done.unreadable else logger.info
            tell("keys-unreadable", count=done.unreadable)
        missing = parts.keys.next_missing()
        if missing is not None and missing != told["missing"]:
            told["missing"] = missing
            logger.warning("keys-next-missing", where=missing)

    return rotate


def _rebuild(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """A round of making anew what lessons learned, where that is due."""

    async def rebuild() -> None:
        await parts.pipeline.rebuild_lessons(parts.settings.rebuild_seconds)

    return rebuild


def _mind(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """One look at rounds: one whose owner died is given up."""

    async def mind() -> None:
        standing = await parts.pipeline.mind_rounds()
        parts.meters.round(None if standing is None else standing.updates)

    return mind


def _sequence(parts: _Parts, grown: asyncio.Event) -> Callable[[], Awaitable[None]]:
    """A round of sequencing; whoever waits for the log to grow is told."""

    async def sequence() -> None:
        if await parts.pipeline.sequence():
            grown.set()

    return sequence


def _publish(parts: _Parts) -> Callable[[], Awaitable[None]]:
    """One round with the witnesses. What is news of one is told; that the log forked is told each time one says so. What broke off fails the round."""

    async def publish() -> None:
        done = await parts.pipeline.publish(parts.cosigners, parts.settings.witness_seconds)
        for outcome, count in done.answers.items():
            parts.meters.asked(outcome, count)
        parts.meters.witnessed(cosigned=done.cosigned, forked=done.forked)
        for news in done.news:
            event, level = WITNESS_NEWS[news.word]
            getattr(parts.logger, level)(event, where=news.name, size=news.size)
        if done.broken:
            raise done.broken[0]

    return publish


def _tasks(parts: _Parts) -> tuple[Task, ...]:
    settings, pipeline = parts.settings, parts.pipeline
    grown = asyncio.Event()
    tasks = (
        Task("rotate", settings.rotate_seconds, _rotate(parts)),
        Task("sequence", settings.sequence_seconds, _sequence(parts, grown)),
        Task(
            "publish",
            settings.sequence_seconds if settings.witnesses else 0,
            _publish(parts),
            grown,
        ),
        Task("complete_erasures", settings.erase_seconds, pipeline.complete_erasures),
        Task("rebuild_lessons", min(settings.rebuild_seconds, REBUILD_LOOK), _rebuild(parts)),
        Task("sweep", settings.sweep_seconds, pipeline.sweep),
        Task("mind_rounds", settings.sweep_seconds, _mind(parts)),
        Task("tell", settings.tell_seconds, _tell(parts)),
        Task("heed_journal", settings.sweep_seconds, _heed(parts)),
        Task("reload", settings.reload_seconds, _reload(parts)),
    )
    return tuple(task for task in tasks if task.seconds)


def _lifespan(parts: _Parts) -> Callable[[FastAPI], Any]:
    meters, logger, patience = parts.meters, parts.logger, parts.settings.stop_seconds

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await _restored(app, parts)
        await parts.pipeline.begin_publishing()
        async with running(_tasks(parts), meters, logger, seconds=patience):
            logger.info("started", pid=os.getpid(), version=version("mien"))
            yield
        # What was promised within a second is in the tree before the process ends; where it cannot be (a full disk), it waits in the database.
        await once(Task("sequence", 0, parts.pipeline.sequence), meters, logger)
        await parts.pipeline.stop_publishing()
        await parts.cosigners.close()
        await parts.store.close()
        logger.info("stopped", pid=os.getpid())

    return lifespan

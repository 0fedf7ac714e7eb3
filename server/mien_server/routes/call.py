"""One request at the desk: who asks, what they sent, and how it is answered. The only place that reads headers and bodies.

Works on the ASGI scope itself: the busiest endpoints spend less here than in what they ask for.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope

from mien.errors import (
    ClockSkewed,
    ConsentMissing,
    EnvelopeReplayed,
    MienError,
    PolicyDenied,
    RequestInvalid,
    SignatureInvalid,
)
from mien.wire import canonical, messages
from mien_server.built import Built
from mien_server.errors import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeRefused,
    NotReady,
    OfficerUnknown,
    OriginRefused,
    SiteUnknown,
)

if TYPE_CHECKING:
    from mien_server.limits import Budgets, Veil
    from mien_server.metrics import Meters
    from mien_server.pipeline import Pipeline
    from mien_server.values import Site

M = TypeVar("M", bound=BaseModel)
SITE: Final = "mien.site"
"""Where the scope remembers the site that was found, for the answer's CORS headers."""
PUBLIC: Final = "mien.public"
"""Set in the scope by answers that any web page may read."""
PATIENCE: Final = "mien.patience"
"""Where the scope has the time that the answer may take."""
MAX_KEY_CHARS: Final = 200
MAX_QUERY: Final = 16
PROVEN: Final = (ConsentMissing, PolicyDenied, EnvelopeReplayed, ClockSkewed)
"""Refusals that nobody hears who did not show the person's key first."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes may use. `ready` raises what is missing. `uses` and `rights` are the budgets of the two kinds of requests."""

    pipeline: "Pipeline"
    meters: "Meters"
    uses: "Budgets"
    rights: "Budgets"
    veil: "Veil"
    max_body_bytes: int
    body_seconds: float
    publish_metrics: bool
    ready: Callable[[], Any]
    openapi: Callable[[], dict[str, Any]]
    built: Built = field(default_factory=Built)


class Call:
    """One request. Methods raise leaves of `MienError`; the shell answers those as problem documents."""

    __slots__ = ("_receive", "budgets", "headers", "scope", "services")

    def __init__(
        self, scope: Scope, receive: Receive, services: Services, budgets: "Budgets"
    ) -> None:
        self.scope = scope
        self.services = services
        self.budgets = budgets
        self.headers: Mapping[bytes, bytes] = dict(scope["headers"])
        self._receive = receive

    @property
    def pipeline(self) -> "Pipeline":
        """What answers."""
        return self.services.pipeline

    def path(self, name: str) -> str:
        """A parameter of the path."""
        value: str = self.scope["path_params"][name]
        return value

    def query(self, name: str) -> str:
        """A parameter of the query; empty when it is not there. Raises `RequestInvalid` for more than a few."""
        try:
            pairs = parse_qsl(
                self.scope["query_string"].decode("latin-1"), max_num_fields=MAX_QUERY
            )
        except ValueError:
            msg = f"the query has more than {MAX_QUERY} fields; see the reference of the API"
            raise RequestInvalid(msg) from None
        found: dict[str, str] = dict(pairs)
        return found.get(name, "")

    def allow(self, seconds: float) -> None:
        """Let the answer take so many seconds more: it is large, and lines are slow."""
        patience: asyncio.Timeout | None = self.scope.get(PATIENCE)
        due = None if patience is None else patience.when()
        if patience is not None and due is not None:
            patience.reschedule(due + seconds)

    # ---- who asks ----
    async def device_site(self) -> "Site":
        """The site whose publishable key the device sent. Raises `SiteUnknown`, `OriginRefused`, `RateLimited`."""
        key = self.headers.get(b"mien-site-key", b"")
        if not 0 < len(key) <= MAX_KEY_CHARS:
            msg = "the request names no site; send the publishable key in `Mien-Site-Key`"
            raise SiteUnknown(msg)
        site = await self.pipeline.site_of_publishable(key.decode("latin-1"))
        self._admit(site)
        return site

    async def any_site(self) -> "tuple[Site, bool]":
        """The site by its backend's secret key (True) or by the device's publishable key (False). Raises as `device_site`."""
        secret = self._authorization(b"bearer")
        if not secret:
            return await self.device_site(), False
        site = await self.pipeline.site_of_secret(secret)
        self._admit(site)
        return site, True

    def statement(self) -> str:
        """The signed statement in the `Authorization` header. Raises `SignatureInvalid` when there is none."""
        text = self._authorization(b"mien-statement")
        if not text:
            msg = "this needs a signed statement; send it as `Authorization: Mien-Statement`"
            raise SignatureInvalid(msg)
        return messages.parse(messages.SignedAnswer, {"jws": text}).jws

    def officer(self) -> str:
        """What a privacy officer signed, not verified yet. Raises `OfficerUnknown` when there is nothing."""
        if not self._authorization(b"mien-statement"):
            msg = "only privacy officers read this; send what you ask, signed, as `Authorization: Mien-Statement`"
            raise OfficerUnknown(msg)
        return self.statement()

    @contextmanager
    def on_account_of(
        self, site: "Site", subject: object, *proven: type[MienError]
    ) -> Iterator[None]:
        """Do what is asked in the name of `subject` within that person's budget. Raises `RateLimited` before anything costly is done.

        Only what the person's own key asked for is charged: an answer, or one of the refusals `proven`. So a stranger who names somebody can neither
        use up their budget nor make this remember them.
        """
        if not isinstance(subject, str):
            yield
            return
        who = self.services.veil.hide_person(site.id, subject)
        self.budgets.subjects.check(who)
        try:
            yield
        except proven:
            self.budgets.subjects.charge(who)
            raise
        self.budgets.subjects.charge(who)

    @property
    def gpc(self) -> bool:
        """Whether the browser sends the Global Privacy Control signal (W3C: `Sec-GPC: 1`)."""
        return self.headers.get(b"sec-gpc") == b"1"

    # ---- what was sent ----
    async def message(self, kind: type[M]) -> M:
        """The body as a message of this kind. Raises `RequestInvalid`, `BodyTooLarge`, `MediaTypeRefused`."""
        media = self.headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()
        if media != b"application/json":
            msg = "the body must be `application/json`; set `Content-Type`"
            raise MediaTypeRefused(msg)
        return messages.parse(kind, canonical.decode(await self.body()))

    async def body(self) -> bytes:
        """The raw body. Raises `BodyTooLarge` before holding more than the limit, `BodyTooSlow` when it takes too long to come."""
        limit = self.services.max_body_bytes
        declared = self.headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            raise _too_large(limit)
        patience = asyncio.timeout(self.services.body_seconds)
        try:
            async with patience:
                data = await self._arriving(limit)
        except TimeoutError:
            if not patience.expired():
                raise
            msg = "the body did not come in time; send it at once"
            raise BodyTooSlow(msg) from None
        if len(data) > limit:
            raise _too_large(limit)
        return data

    async def _arriving(self, limit: int) -> bytes:
        message = await self._receive()
        data: bytes = message.get("body", b"")
        while message.get("more_body", False) and len(data) <= limit:
            message = await self._receive()
            data += message.get("body", b"")
        if message["type"] == "http.disconnect":
            msg = "the caller went away before the body was complete"
            raise NotReady(msg)
        return data

    # ---- inside ----
    def _authorization(self, scheme: bytes) -> str:
        given, _, credentials = self.headers.get(b"authorization", b"").partition(b" ")
        return credentials.strip().decode("latin-1") if given.lower() == scheme else ""

    def _admit(self, site: "Site") -> None:
        self.budgets.sites.take(site.id.encode())
        origin = self.headers.get(b"origin")
        # A frame of this server's own origin, which the site's pages alone may embed. Browsers write this header themselves, and let no script do it.
        own = self.headers.get(b"sec-fetch-site") == b"same-origin"
        if origin is not None and not own and origin.decode("latin-1") not in site.origins:
            msg = (
                "this site does not list that web origin; register it with `mien site add --origin`"
            )
            raise OriginRefused(msg)
        self.scope[SITE] = site


def answer(message: BaseModel) -> Response:
    """A message as the answer."""
    return Response(message.__pydantic_serializer__.to_json(message), media_type="application/json")


def public(call: Call, response: Response, cache: str = "no-store") -> Response:
    """`response`, readable by any web page and cacheable as `cache` says."""
    call.scope[PUBLIC] = True
    response.headers["cache-control"] = cache
    return response


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body has more than {limit} bytes; send less")

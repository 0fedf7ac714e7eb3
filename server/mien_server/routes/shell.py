"""Around every request: limit by address, CORS, security headers, problem documents, counts, log. Plain ASGI, no buffering.

Errors become RFC 9457 documents here and nowhere else. What went wrong inside is told to nobody: the caller and the log get the same id.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.errors import MienError, SettingsError
from mien_server import logs
from mien_server.errors import (
    CHALLENGES,
    RETRY_SECONDS,
    MethodRefused,
    NotFound,
    RequestOverdue,
    ServerFault,
    status_of,
)
from mien_server.routes.call import PATIENCE, PUBLIC, SITE
from mien_server.routes.endpoint import PROBLEM_TYPE, is_right

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from mien_server.limits import Budgets, Veil
    from mien_server.metrics import Meters

TYPE_BASE: Final = "https://mien.example/errors/"
OPERATORS: Final = "the server lacks something that its operator must mend; try again later"
UNKNOWN_ROUTE: Final = "unknown"
CODE: Final = "mien.code"
HANG_UP: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""Answers that end the connection: what is still coming of the body is not waited for."""
SECURITY: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"permissions-policy", b"camera=(), microphone=()"),
)
"""On every answer. Strict-Transport-Security is the TLS proxy's to send (RFC 6797 section 7.2)."""
PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, mien-site-key"),
    (b"access-control-max-age", b"600"),
    (b"vary", b"origin"),
)
READABLE: Final = (b"access-control-expose-headers", b"retry-after")
"""What a page of the site may read beside the answer: when to ask again."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the shell needs. `seconds` is how long a request may take from its head to the end of its answer."""

    logger: "FilteringBoundLogger"
    meters: "Meters"
    uses: "Budgets"
    rights: "Budgets"
    veil: "Veil"
    random: Callable[[int], bytes]
    seconds: float


class Shell:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, around: Surroundings) -> None:
        self._app = app
        self._around = around

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_dress(scope, message["headers"])]
            await send(message)

        try:
            await self._in_time(scope, receive, dressed)
        except Exception as error:  # noqa: BLE001 - the last line: nothing of it may reach the caller or the log
            if not status:
                await self.problem(scope, error)(scope, receive, dressed)
            elif isinstance(error, RequestOverdue):
                # The reader is too slow: the connection ends before the answer does.
                scope[CODE] = error.code
            else:
                self._fault(scope, error)
        self._account(scope, status, time.perf_counter() - began)

    def problem(self, scope: Scope, error: Exception) -> Response:
        """The problem document of an error (RFC 9457)."""
        if (
            not isinstance(error, MienError)
            or status_of(type(error)) == HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            return document(*self._fault(scope, error))
        scope[CODE] = error.code
        return document(error)

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        patience = asyncio.timeout(self._around.seconds)
        try:
            async with patience:
                scope[PATIENCE] = patience
                await self._serve(scope, receive, send)
        except TimeoutError:
            if not patience.expired():
                raise
            msg = "the server did not answer in time; send the same again, it counts once"
            raise RequestOverdue(msg) from None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        budgets = self._around.rights if is_right(scope["path"]) else self._around.uses
        budgets.addresses.take(self._around.veil.hide(client[0] if client else ""))
        if scope["method"] == "OPTIONS" and (origin := _preflight(scope)):
            headers = {b"access-control-allow-origin": origin, **dict(PREFLIGHT)}
            response = Response(status_code=204)
            response.raw_headers = list(headers.items())
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _fault(self, scope: Scope, error: Exception) -> tuple[MienError, str]:
        identity = self._around.random(8).hex()
        scope[CODE] = ServerFault.code
        self._around.logger.error(
            "fault",
            error_id=identity,
            kind=type(error).__name__,
            where=logs.where(error.__traceback__),
            route=_route(scope),
        )
        return ServerFault(
            "a fault of the server; report the id in `instance`"
        ), f"urn:mien:fault:{identity}"

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route, code = _route(scope), scope.get(CODE, "")
        self._around.meters.answered(route, status, seconds)
        if code:
            self._around.meters.refused(route, code)
        log = self._around.logger.info if code else self._around.logger.debug
        log(
            "refused" if code else "answered",
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            code=code,
        )


def document(error: MienError, instance: str = "") -> Response:
    """An error as a problem document (RFC 9457) with the status and headers that belong to it."""
    status = status_of(type(error))
    body: dict[str, Any] = {
        "type": TYPE_BASE + error.code,
        "title": error.code.replace("-", " "),
        "status": status,
        "detail": _detail(error),
        "code": error.code,
        "laws": list(error.laws),
    }
    if instance:
        body["instance"] = instance
    return Response(
        json.dumps(body), status, headers=_headers(error, status), media_type=PROBLEM_TYPE
    )


def _detail(error: MienError) -> str:
    # What is wrong with the server's own configuration names its files and variables: that is for its operator's log and commands.
    if isinstance(error, SettingsError):
        return OPERATORS
    return str(error.args[0]) if error.args else error.code


async def http_error(_request: Request, error: Exception) -> Response:
    """What the router itself refuses: an unknown page or a method it does not have."""
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response = document(MethodRefused("the page exists, but not for this method; see `Allow`"))
        response.headers["allow"] = (error.headers or {}).get("Allow", "")
        return response
    return document(NotFound("no such page; the reference of the API lists them"))


def _headers(error: MienError, status: int) -> dict[str, str]:
    if status in HANG_UP:
        return {"connection": "close"}
    retry = getattr(error, "retry_after", RETRY_SECONDS)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return {"retry-after": str(max(1, round(retry)))}
    challenge = next((CHALLENGES[base] for base in type(error).__mro__ if base in CHALLENGES), None)
    return (
        {"www-authenticate": challenge} if challenge and status == HTTPStatus.UNAUTHORIZED else {}
    )


def _dress(scope: Scope, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    given = {name for name, _ in headers}
    more = [(name, value) for name, value in SECURITY if name not in given]
    if b"cache-control" not in given:
        more.append((b"cache-control", b"no-store"))
    if scope.get(PUBLIC):
        more.append((b"access-control-allow-origin", b"*"))
    elif (origin := _allowed_origin(scope)) is not None:
        more += [(b"access-control-allow-origin", origin), (b"vary", b"origin"), READABLE]
    return more


def _allowed_origin(scope: Scope) -> bytes | None:
    site = scope.get(SITE)
    if site is None or not site.origins:
        return None
    origin = _header(scope, b"origin")
    return origin if origin.decode("latin-1") in site.origins else None


def _preflight(scope: Scope) -> bytes:
    """The origin of a CORS preflight, empty for anything else. The request that follows is judged by its site's own list."""
    return _header(scope, b"origin") if _header(scope, b"access-control-request-method") else b""


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


def _route(scope: Scope) -> str:
    route = scope.get("route")
    template: str = getattr(route, "path_format", UNKNOWN_ROUTE)
    return template

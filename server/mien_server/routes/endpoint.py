"""What an endpoint is: a row of a table, from which both the route and its OpenAPI description are made."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mien.errors import ClockSkewed, MienError, RequestInvalid, ServerBusy, SignatureInvalid
from mien.wire.messages import OfficerStatement, Problem
from mien_server.errors import (
    BodyTooLarge,
    BodyTooSlow,
    MediaTypeRefused,
    OfficerUnknown,
    OriginRefused,
    RateLimited,
    RequestOverdue,
    ServerFault,
    SiteUnknown,
    StoreBusy,
    StoreUnwritable,
    status_of,
)
from mien_server.routes.call import Call, Services

Answer = Callable[[Call], Awaitable[Response]]
Asks = tuple[str, ...]
NOBODY: Final[Asks] = ()
DEVICE: Final[Asks] = ("SiteKey",)
BACKEND: Final[Asks] = ("SiteKey", "Backend")
"""Either of the two."""
STATEMENT: Final[Asks] = ("SiteKey+Statement",)
OFFICER: Final[Asks] = ("Officer",)
ANYWHERE: Final = (
    RateLimited, ServerFault, ServerBusy, StoreBusy, StoreUnwritable, RequestOverdue,
)  # fmt: skip
"""What any endpoint may answer with."""
RIGHTS: Final = ("/v1/withdrawals", "/v1/erasures", "/v1/me")
"""Where people take back, are forgotten, see, take along and correct."""
PROBLEM_TYPE: Final = "application/problem+json"
SCHEMES: Final[dict[str, Any]] = {
    "SiteKey": {
        "type": "apiKey", "in": "header", "name": "Mien-Site-Key",
        "description": "The site's publishable key, `pk_...`.",
    },
    "Backend": {"type": "http", "scheme": "bearer", "description": "The site's secret key, `sk_...`."},
    "Statement": {
        "type": "apiKey", "in": "header", "name": "Authorization",
        "description": "`Mien-Statement` and a statement signed by a key of the person's key set.",
    },
    "Officer": {
        "type": "apiKey", "in": "header", "name": "Authorization",
        "description": "`Mien-Statement` and what is asked (`OfficerStatement`), signed by a privacy officer's key.",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. `gives` is the message of a 200, or the media type of its bytes; `problems` are those of its own.

    What lies below `RIGHTS` has budgets of its own.
    """

    method: str
    path: str
    answer: Answer
    gives: type[BaseModel] | str
    body: type[BaseModel] | None = None
    asks: Asks = NOBODY
    problems: tuple[type[MienError], ...] = ()
    parameters: tuple[dict[str, Any], ...] = ()

    @property
    def right(self) -> bool:
        """Whether this is how a person takes something back, sees or corrects it: never kept waiting by what else was asked."""
        return is_right(self.path)

    def refusals(self) -> tuple[type[MienError], ...]:
        """Every problem this endpoint may answer with."""
        found = [*self.problems, *ANYWHERE]
        if self.body is not None:
            found += [BodyTooLarge, BodyTooSlow, MediaTypeRefused]
        if self.asks == OFFICER:
            found += [OfficerUnknown, SignatureInvalid, RequestInvalid, ClockSkewed]
        elif self.asks:
            found += [SiteUnknown, OriginRefused]
        return tuple(found)


class Direct(APIRoute):
    """A route that goes straight to its answer: FastAPI's dependency solving and coercion would cost more than many an answer."""

    def serve(self, endpoint: Endpoint, services: Services) -> None:
        """Let `endpoint` answer."""
        right = endpoint.right

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            call = Call(scope, receive, services, services.rights if right else services.uses)
            response = await endpoint.answer(call)
            await response(scope, receive, send)

        self.app = app


def is_right(path: str) -> bool:
    """Whether a path is below `RIGHTS`."""
    return path.startswith(RIGHTS)


def text(name: str, pattern: str, *, where: str = "path") -> dict[str, Any]:
    """A required text parameter for the description."""
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": where, "required": True, "schema": schema}


def install(app: FastAPI, endpoints: Sequence[Endpoint], services: Services | None) -> None:
    """Add every endpoint to `app`. Without `services` they are there to be described only."""
    for endpoint in endpoints:
        route = Direct(
            endpoint.path,
            _described(endpoint),
            methods=[endpoint.method],
            name=endpoint.answer.__name__,
            operation_id=endpoint.answer.__name__,
            response_class=Response,
            response_model=None,
            responses=_responses(endpoint),
            openapi_extra=_extra(endpoint),
        )
        if services is not None:
            route.serve(endpoint, services)
        app.router.routes.append(route)


def describe(app: FastAPI, endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI description, made from the same table as the routes."""
    models: set[type[BaseModel]] = {Problem, OfficerStatement}
    models |= {one for e in endpoints for one in (e.body, e.gives) if isinstance(one, type)}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema(
        [(model, "validation") for model in ordered], ref_template="#/components/schemas/{model}"
    )
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    document["components"] = {"schemas": schemas["$defs"], "securitySchemes": SCHEMES}
    return document


def _described(endpoint: Endpoint) -> Callable[[], Awaitable[Response]]:
    async def described() -> Response:  # FastAPI reads its description only; `Direct` answers
        raise NotImplementedError

    described.__doc__ = endpoint.answer.__doc__
    return described


def _responses(endpoint: Endpoint) -> dict[int | str, dict[str, Any]]:
    codes: dict[int, list[str]] = {}
    for kind in endpoint.refusals():
        codes.setdefault(status_of(kind), []).append(kind.code)
    found: dict[int | str, dict[str, Any]] = {
        status: {
            "description": ", ".join(sorted(names)),
            "content": {PROBLEM_TYPE: _schema(Problem)},
        }
        for status, names in sorted(codes.items())
    }
    if isinstance(endpoint.gives, str):
        shape = "object" if endpoint.gives == "application/json" else "string"
        content: dict[str, Any] = {endpoint.gives: {"schema": {"type": shape}}}
    else:
        content = {"application/json": _schema(endpoint.gives)}
    return {200: {"description": "Done.", "content": content}, **found}


def _extra(endpoint: Endpoint) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if endpoint.asks:
        extra["security"] = [{name: [] for name in way.split("+")} for way in endpoint.asks]
    if endpoint.parameters:
        extra["parameters"] = list(endpoint.parameters)
    if endpoint.body is not None:
        extra["requestBody"] = {
            "required": True,
            "content": {"application/json": _schema(endpoint.body)},
        }
    return extra


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}

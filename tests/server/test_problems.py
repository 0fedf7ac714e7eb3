"""Errors as problem documents, and what surrounds every answer. The real shell and desk around endpoints made for the purpose."""

import asyncio
import io
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from tests.server.web import Web

from mien import errors
from mien.errors import MienError
from mien.wire.messages import Problem, RewardRequest, parse
from mien_server import errors as server_errors
from mien_server import logs
from mien_server.errors import STATUS, status_of
from mien_server.limits import Budgets, Limiter, Veil
from mien_server.metrics import Meters
from mien_server.routes.call import Call, Services, answer, public
from mien_server.routes.endpoint import Endpoint, install
from mien_server.routes.operations import Health
from mien_server.routes.shell import Shell, Surroundings, document, http_error

CANARY = "canary-5f2e"
PAGES = Path(__file__).resolve().parents[2] / "docs/reference/errors"
WEB_ERRORS = PAGES.parents[2] / "sdk/web/src/errors.ts"
CLASSES = [
    kind
    for module in (errors, server_errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, MienError)
]
VEIL = Veil(os.urandom, lambda: 0)
SOUND = {"v": 1, "site": "shop", "event": "ev_" + "a" * 26, "place": 1, "reward": 50}


class Desk:
    """An application of endpoints made for the purpose, with its log and counts."""

    def __init__(self, *endpoints: Endpoint, rate: float = 1e6, seconds: float = 60) -> None:
        self.log = io.StringIO()
        self.meters = Meters()
        services = Services(
            pipeline=cast("Any", None),  # none of these endpoints asks it
            meters=self.meters, uses=_budgets(rate), rights=_budgets(rate), veil=VEIL,
            max_body_bytes=4096, body_seconds=seconds, publish_metrics=True, ready=lambda: None, openapi=dict,
        )  # fmt: skip
        self.app = app = FastAPI(
            openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False
        )
        install(app, endpoints, services)
        app.add_exception_handler(HTTPException, http_error)
        around = Surroundings(
            logs.make("debug", self.log), self.meters, services.uses, services.rights, VEIL, os.urandom, 3 * seconds
        )  # fmt: skip
        app.add_middleware(Shell, around=around)
        self.client = Web(app)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def _budgets(rate: float) -> Budgets:
    return Budgets(*(Limiter(rate, rate, lambda: 0.0) for _ in range(3)))


def _raising(error: Exception) -> Callable[[Call], Awaitable[Response]]:
    async def raising(_call: Call) -> Response:
        raise error

    return raising


async def _reads(call: Call) -> Response:
    await call.message(RewardRequest)
    return answer(Health())


async def _opens(call: Call) -> Response:
    return public(call, answer(Health()))


READS = Endpoint("POST", "/reads", _reads, Health, body=RewardRequest)
OPENS = Endpoint("GET", "/opens", _opens, Health)


Make = Callable[..., Desk]


@pytest.fixture
def make() -> Iterator[Make]:
    with ExitStack() as stack:

        def made(*endpoints: Endpoint, **more: Any) -> Desk:
            desk = Desk(*endpoints, **more)
            stack.enter_context(desk.client)
            return desk

        yield made


@pytest.fixture
def desk(make: Make) -> Desk:
    return make(READS, OPENS)


def _problem(response: Any) -> Problem:
    assert response.headers["content-type"] == "application/problem+json"
    found = parse(Problem, response.json())
    assert found.status == response.status_code
    assert found.type == f"https://mien.example/errors/{found.code}"
    return found


async def _slow(call: Call) -> Response:
    await asyncio.sleep(0.2)
    return answer(Health())


async def _large(call: Call) -> Response:
    call.allow(60)
    return await _slow(call)


def test_only_what_is_allowed_more_time_takes_it(make: Make) -> None:
    endpoints = [Endpoint("GET", "/slow", _slow, Health), Endpoint("GET", "/large", _large, Health)]
    desk = make(*endpoints, seconds=0.02)
    assert _problem(desk.client.get("/slow")).code == "request-overdue"
    assert desk.client.get("/large").status_code == 200


# ---- the tree ----
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.code)
def test_every_code_has_a_page_that_says_what_why_and_what_to_do(kind: type[MienError]) -> None:
    page = (PAGES / f"{kind.code}.md").read_text()
    assert page.startswith(f"# {kind.code}\n")
    assert f"`{kind.__name__}`" in page
    for heading in ("**What it means.** ", "**Why.** ", "**What to do.** "):
        (words,) = re.findall(re.escape(heading) + "(.+)", page)
        assert len(words) > 20
    if found := re.search(r"HTTP (\d+)", page):
        assert int(found[1]) == status_of(kind)


def test_every_page_is_of_a_code_and_in_the_list() -> None:
    """Of Python's, or of the web SDK's, which has a few of its own."""
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    web = set(re.findall(r'readonly code(?:: string)? = "([a-z-]+)";', WEB_ERRORS.read_text()))
    assert len(web) > 20
    assert pages == {kind.code for kind in CLASSES} | web
    listed = set(re.findall(r"\]\(([a-z-]+)\.md\)", (PAGES / "README.md").read_text()))
    assert listed == pages


def test_codes_are_unique() -> None:
    kinds = set(CLASSES)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_trees_in_the_docstrings_name_every_class() -> None:
    for module in (errors, server_errors):
        named = set(re.findall(r"── (\w+)", module.__doc__ or ""))
        own = {
            k.__name__ for k in CLASSES if k.__module__ == module.__name__ and k is not MienError
        }
        assert named == own


def test_status_is_looked_up_along_the_bases() -> None:
    class New(server_errors.NotFound):
        code = "new"

    assert status_of(New) == 404
    assert status_of(MienError) == 500
    assert all(400 <= status < 600 for status in STATUS.values())


# ---- documents ----
def test_error_becomes_a_document_with_code_and_laws(make: Make) -> None:
    refused = errors.PolicyDenied(
        "this use is not allowed here; go on without emotion", laws=["GDPR 9(1)"]
    )
    desk = make(Endpoint("GET", "/x", _raising(refused), Health))
    response = desk.client.get("/x")
    found = _problem(response)
    assert (found.status, found.code, found.laws) == (403, "policy-denied", ["GDPR 9(1)"])
    assert found.detail == "this use is not allowed here; go on without emotion"
    assert found.title == "policy denied"


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (server_errors.RateLimited("wait", retry_after=7), "retry-after", "7"),
        (server_errors.StoreBusy("wait", retry_after=0.2), "retry-after", "1"),
        (errors.ServerBusy("wait", retry_after=3.0), "retry-after", "3"),
        (server_errors.NotReady("wait"), "retry-after", "2"),
        (server_errors.SiteUnknown("no"), "www-authenticate", "Mien-Site-Key, Bearer"),
        (server_errors.OfficerUnknown("no"), "www-authenticate", "Mien-Statement"),
        (errors.SignatureInvalid("no"), "www-authenticate", "Mien-Statement"),
    ],
)
def test_headers_that_belong_to_the_status(error: MienError, header: str, value: str) -> None:
    assert document(error).headers[header] == value


def test_unexpected_exception_tells_an_id_and_nothing_else(make: Make) -> None:
    desk = make(Endpoint("GET", "/x/{a}", _raising(ValueError(CANARY)), Health))
    response = desk.client.get(f"/x/{CANARY}")
    found = _problem(response)
    assert (found.status, found.code) == (500, "server-fault")
    assert CANARY not in response.text + desk.log.getvalue()
    fault, refused = desk.lines()
    assert response.json()["instance"] == f"urn:mien:fault:{fault['error_id']}"
    assert (fault["kind"], fault["route"]) == ("ValueError", "/x/{a}")
    assert fault["where"].startswith("test_problems.py:")
    assert (refused["code"], refused["status"]) == ("server-fault", 500)


def test_error_of_ours_that_is_a_fault_is_not_told_either(make: Make) -> None:
    desk = make(Endpoint("GET", "/x", _raising(errors.LogTampered(CANARY)), Health))
    response = desk.client.get("/x")
    assert _problem(response).code == "server-fault"
    assert CANARY not in response.text + desk.log.getvalue()


def test_fault_after_the_answer_began_is_logged(make: Make) -> None:
    class Broken(Response):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            raise ValueError(CANARY)

    async def breaks(_call: Call) -> Response:
        return Broken()

    desk, sent = make(Endpoint("GET", "/x", breaks, Health)), []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""}
    desk.client.run(desk.app(scope, cast("Any", None), send))
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert desk.lines()[0]["event"] == "fault"
    assert CANARY not in desk.log.getvalue()


def test_unknown_page_and_unknown_method(desk: Desk) -> None:
    assert _problem(desk.client.get(f"/{CANARY}")).code == "not-found"
    response = desk.client.request("DELETE", "/reads")
    assert _problem(response).code == "method-refused"
    assert response.headers["allow"] == "POST"
    assert CANARY not in desk.log.getvalue()
    assert desk.lines()[0]["route"] == "unknown"


# ---- bodies ----
def test_sound_body_is_read(desk: Desk) -> None:
    assert desk.client.post("/reads", json=SOUND).json() == {"alive": True}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[]", "message"),
        (b"null", "message"),
        (json.dumps({**SOUND, "reward": "50"}).encode(), "reward"),
        (json.dumps({**SOUND, "reward": 50.0}).encode(), "fraction"),
        (json.dumps({**SOUND, "reward": True}).encode(), "reward"),
        (json.dumps({**SOUND, "reward": 101}).encode(), "reward"),
        (json.dumps({**SOUND, "site": f"{CANARY} ü"}).encode(), "site"),
        (json.dumps({**SOUND, CANARY: CANARY}).encode(), "message"),
        (json.dumps(SOUND).encode()[:-1] + b', "reward": 1}', "twice"),
        (b'{"reward": NaN}', "fraction"),
        (b'{"a":' * 50 + b"1" + b"}" * 50, "nested"),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "nested"),
    ],
)
def test_wrong_body_names_what_is_wrong_and_repeats_nothing(
    desk: Desk, content: bytes, named: str
) -> None:
    response = desk.client.post(
        "/reads", content=content, headers={"content-type": "application/json"}
    )
    found = _problem(response)
    assert (found.status, found.code) == (400, "request-invalid")
    assert named in found.detail
    assert CANARY not in response.text + desk.log.getvalue()


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]
)
def test_other_media_types_are_refused(desk: Desk, media: str) -> None:
    response = desk.client.post(
        "/reads", content=json.dumps(SOUND), headers={"content-type": media}
    )
    assert _problem(response).code == "media-type-refused"


def test_charset_beside_the_media_type_is_fine(desk: Desk) -> None:
    response = desk.client.post(
        "/reads",
        content=json.dumps(SOUND),
        headers={"content-type": "Application/JSON; charset=utf-8"},
    )
    assert response.status_code == 200


def test_oversized_body_is_refused_by_its_declared_length(desk: Desk) -> None:
    response = desk.client.post(
        "/reads", content=b" " * 4097, headers={"content-type": "application/json"}
    )
    assert (_problem(response).code, response.status_code) == ("body-too-large", 413)


def test_oversized_body_without_a_length_is_refused_when_it_grows_too_large(desk: Desk) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 1000

    response = desk.client.post(
        "/reads", content=pieces(), headers={"content-type": "application/json"}
    )
    assert _problem(response).code == "body-too-large"


# ---- around ----
def test_security_headers_are_on_every_answer(desk: Desk) -> None:
    for response in (
        desk.client.get("/opens"),
        desk.client.get("/none"),
        desk.client.post("/reads"),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["content-security-policy"].startswith("default-src 'none'")
        assert response.headers["cache-control"] == "no-store"


def test_public_answers_may_be_read_by_any_page_and_others_by_none(desk: Desk) -> None:
    origin = {"origin": "https://elsewhere.example"}
    assert desk.client.get("/opens", headers=origin).headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in desk.client.post("/reads", headers=origin).headers


def test_preflight_is_answered_and_plain_options_is_not(desk: Desk) -> None:
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    response = desk.client.request("OPTIONS", "/reads", headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert "mien-site-key" in response.headers["access-control-allow-headers"]
    assert desk.client.request("OPTIONS", "/reads").status_code == 405


def test_address_is_limited_before_anything_is_looked_at(make: Make) -> None:
    desk = make(READS, rate=2)
    for _ in range(2):
        assert desk.client.post("/reads", json=SOUND).status_code == 200
    response = desk.client.post("/reads", json=SOUND)
    assert _problem(response).code == "rate-limited"
    assert int(response.headers["retry-after"]) >= 1
    assert "192.0.2.7" not in desk.log.getvalue()


def test_answers_and_refusals_are_counted_by_template(desk: Desk) -> None:
    desk.client.get("/opens")
    desk.client.post("/reads", content=b"{", headers={"content-type": "application/json"})
    text = desk.meters.text().decode()
    assert 'mien_http_answers_total{route="/opens",status="200"} 1.0' in text
    assert 'mien_refusals_total{code="request-invalid",route="/reads"} 1.0' in text


# ---- in time ----
async def _dawdles(_call: Call) -> Response:
    await asyncio.sleep(30)
    return answer(Health())


async def _gives_up(_call: Call) -> Response:
    raise TimeoutError(CANARY)  # somebody else's patience: a fault, and not ours to explain


DAWDLES = Endpoint("GET", "/dawdles", _dawdles, Health)


def test_request_that_takes_too_long_is_answered_so(make: Make) -> None:
    desk = make(DAWDLES, seconds=0.05)
    response = desk.client.get("/dawdles")
    assert _problem(response).code == "request-overdue"
    assert (response.status_code, response.headers["retry-after"]) == (503, "2")


def test_other_timeouts_are_faults(make: Make) -> None:
    desk = make(Endpoint("GET", "/x", _gives_up, Health))
    response = desk.client.get("/x")
    assert _problem(response).code == "server-fault"
    assert CANARY not in response.text + desk.log.getvalue()


def test_body_that_does_not_come_is_refused_and_the_connection_ends(make: Make) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(30)

    desk, sent = make(READS, seconds=0.05), []
    coming = pieces()

    async def receive() -> Any:
        return {"type": "http.request", "body": await anext(coming), "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/reads", "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }  # fmt: skip
    desk.client.run(desk.app(scope, receive, send))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "body-too-slow"


def test_reader_that_is_too_slow_is_left_and_is_no_fault(make: Make) -> None:
    desk, sent = make(OPENS, seconds=0.05), []

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            await asyncio.sleep(30)

    scope = {"type": "http", "method": "GET", "path": "/opens", "headers": [], "query_string": b""}
    desk.client.run(desk.app(scope, cast("Any", None), send))
    (line,) = desk.lines()
    assert (line["event"], line["code"]) == ("refused", "request-overdue")

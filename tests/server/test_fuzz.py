"""Hostile requests: whatever is sent to whichever endpoint, no fault comes of it, and what was not accepted changes nothing.

`fuzz(count, seed)` is the whole test; a soak run calls it with a larger count.
"""

import asyncio
import base64
import hashlib
import json
import random  # noqa: TID251 - seeded: what is found can be found again
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.web import Web
from tests.server.world import Phone, World

from mien.wire.messages import ExportRequest, dump
from mien.wire.signatures import Kind
from mien_server.app import create_app
from mien_server.routes import ENDPOINTS
from mien_server.settings import Settings

SEED = 20_261_126
COUNT = 400
"""Requests of the ordinary run."""
TOGETHER = 50
"""Requests sent at once; the state is compared after each such lot."""
SITE_KEY = {"Mien-Site-Key": "pk_shop"}
BACKEND = {"Authorization": "Bearer sk_shop"}
VOLATILE = frozenset({"leaf", "nonce", "tile", "entry_tile", "tree", "alembic_version"})
"""Tables that a refusal may write to: its decision stays in the log, and the nonce of a statement that was signed is spent."""
WRITES = {
    "/v1/rank": ("event", "sums", "person"),
    "/v1/rewards": ("event", "sums", "person"),
    "/v1/labels": ("accepted", "record", "person"),
}
"""What a request writes that was sound in spite of everything: a change that changed nothing, or a ranking that needs no signature."""
TEXTS = (
    "", " ", "null", "\x00", "\ud800", "../../etc/passwd", "' OR 1=1 --", "%s%n", "{{7*7}}", "A" * 70_000,
    "sub_" + "a" * 26, "shop", "\u202e\u0000", "1e999", "-0", "Infinity",
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, 1e308, [], {}, [[]], [None] * 1000, {"": ""}, *TEXTS,
)  # fmt: skip


@dataclass
class Outcome:
    """What was answered, and what must not have been."""

    statuses: Counter[int] = field(default_factory=Counter)
    by_path: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, request: "Request", answer: httpx.Response) -> None:
        """Count one answer."""
        self.statuses[answer.status_code] += 1
        self.by_path[request.template] += 1
        media = answer.headers.get("content-type")
        explained = media == "application/problem+json" or not answer.is_error
        if answer.status_code >= 500 or not explained:
            self.faults.append(f"{answer.status_code} {media}: {request!r}"[:2000])

    def compare(self, lot: "Lot", changed: set[str]) -> None:
        """Hold what changed against what was accepted."""
        accepted = {r.template for r, a in lot if a.is_success and r.method == "POST"}
        unasked = changed.difference(*(WRITES.get(path, ()) for path in accepted))
        if unasked:
            self.faults.append(
                f"{sorted(unasked)} changed, and of {len(lot)} only {accepted} were accepted"
            )


@dataclass(frozen=True)
class Request:
    """One request, as it is sent."""

    method: str
    template: str
    path: str
    headers: dict[str, str]
    content: bytes


class Hostile:
    """Makes requests out of sound ones and of nothing, all from one seed."""

    def __init__(self, seed: int, bodies: dict[str, list[Any]], statements: list[str]) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._bodies = bodies
        self._statements = statements

    def request(self) -> Request:
        """The next one."""
        endpoint = self._random.choice(ENDPOINTS)
        method = endpoint.method if self._random.random() < 0.95 else self._method()
        path = self._path(endpoint.path)
        content = self._content(endpoint.path)
        return Request(method, endpoint.path, path, self._headers(content), content)

    def _method(self) -> str:
        return self._random.choice(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])

    def _path(self, template: str) -> str:
        found = template
        for name in ("site", "locale", "tile", "erasure"):
            value = self._random.choice(
                ["shop", "en", "0/000", "x001/000", "000.p/3", self._path_text()]
            )
            found = found.replace(f"{{{name}:path}}", value).replace(f"{{{name}}}", value)
        if self._random.random() < 0.3:
            found += "?" + self._random.choice(
                ["leaf=", "leaf=" + "A" * 43, "a=" * 50, "leaf=%00%ff&leaf=1"]
            )
        return found

    def _path_text(self) -> str:
        raw = bytes(self._random.randrange(1, 256) for _ in range(self._random.randrange(1, 30)))
        return "".join(f"%{byte:02x}" for byte in raw)

    def _headers(self, content: bytes) -> dict[str, str]:
        headers = dict(self._random.choice([SITE_KEY, SITE_KEY, SITE_KEY, BACKEND, {}]))
        media = "application/json" if self._random.random() < 0.9 else self._random.choice(["text/plain", "", "application/json;a=b", "\t"])  # fmt: skip
        headers["content-type"] = media
        if self._random.random() < 0.2:
            words = [
                f"Mien-Statement {self._statement()}",
                "Bearer ",
                "Bearer x",
                "Mien-Statement a.b.c",
                "Basic e30=",
            ]
            headers["Authorization"] = self._random.choice(words)
        if self._random.random() < 0.1:
            headers["Sec-GPC"] = self._random.choice(["1", "0", "x"])
        if self._random.random() < 0.1:
            headers["Content-Length"] = self._random.choice(["-1", "abc", str(len(content)), "9" * 30])  # fmt: skip
        return headers

    def _content(self, template: str) -> bytes:
        ways = [self._changed, self._changed, self._changed, self._cut, self._noise, self._nested]
        return self._random.choice(ways)(template)

    def _sound(self, template: str) -> Any:
        if template in self._bodies and self._random.random() < 0.8:
            return self._random.choice(self._bodies[template])
        if self._random.random() < 0.5:
            return {"jws": self._statement()}
        return self._random.choice(self._random.choice(list(self._bodies.values())))

    def _changed(self, template: str) -> bytes:
        body = self._sound(template)
        for _ in range(self._random.randrange(1, 4)):
            body = self._change(body)
        return json.dumps(body).encode()

    def _change(self, value: Any) -> Any:
        if isinstance(value, dict) and value and self._random.random() < 0.85:
            name = self._random.choice(list(value))
            ways: list[Callable[[], Any]] = [
                lambda: {**value, name: self._change(value[name])},
                lambda: {**value, name: self._random.choice(VALUES)},
                lambda: {key: kept for key, kept in value.items() if key != name},
                lambda: {**value, self._random.choice(TEXTS): self._random.choice(VALUES)},
            ]
            return self._random.choice(ways)()
        if isinstance(value, list) and value and self._random.random() < 0.85:
            return [self._change(each) for each in value]
        if isinstance(value, str) and value and self._random.random() < 0.7:
            return self._text(value)
        return self._random.choice(VALUES)

    def _text(self, value: str) -> str:
        """One character of it is another, or it is cut or doubled; a JWS may be another statement's."""
        at = self._random.randrange(len(value))
        other = self._random.choice("AZaz09-_.= \x00é")
        cut = [value[:at], value + value, value[:at] + other + value[at + 1 :]]
        return self._random.choice([*cut, self._statement()] if value.count(".") == 2 else cut)

    def _statement(self) -> str:
        """Parts of two statements together, or one with other contents: never one that is signed as it stands."""
        one, other = self._random.choice(self._statements), self._random.choice(self._statements)
        head, payload, signature = one.split(".")
        if self._random.random() < 0.5:
            body = json.loads(base64.urlsafe_b64decode(payload + "=="))
            changed = json.dumps(self._change(body)).encode()
            payload = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        else:
            signature = other.rpartition(".")[2] if other != one else "A" * 86
        return f"{head}.{payload}.{signature}"

    def _cut(self, template: str) -> bytes:
        whole = json.dumps(self._sound(template)).encode()
        return whole[: self._random.randrange(len(whole) + 1)]

    def _noise(self, _template: str) -> bytes:
        return self._random.randbytes(self._random.choice([0, 1, 7, 300, 5000, 140_000]))

    def _nested(self, _template: str) -> bytes:
        deep = self._random.choice([3, 20, 1000, 20_000])
        return self._random.choice(
            [b'{"a":' * deep + b"1" + b"}" * deep, b"[" * deep, b'"' + b"\\u" * deep]
        )


def state_of_file(database: Path) -> dict[str, str]:
    """A hash of every table of an SQLite file, but for those that a refusal may write to."""
    with closing(sqlite3.connect(database)) as raw:
        names = [
            name
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name not in VOLATILE and not name.startswith("sqlite_")
        ]
        return {
            name: hashlib.sha256(
                repr(sorted(map(repr, raw.execute(f'SELECT * FROM "{name}"')))).encode()  # noqa: S608 - names of our tables
            ).hexdigest()
            for name in names
        }


Lot = list[tuple[Request, httpx.Response]]


async def storm(
    count: int, hostile: Hostile, client: httpx.AsyncClient, state: Callable[[], dict[str, str]]
) -> Outcome:
    """Send `count` requests of `hostile`, and look at `state` after each lot."""
    outcome, before = Outcome(), state()
    for begin in range(0, count, TOGETHER):
        requests = [hostile.request() for _ in range(min(TOGETHER, count - begin))]
        answers = await asyncio.gather(*(_sent(client, each) for each in requests))
        lot: Lot = list(zip(requests, answers, strict=True))
        for request, answer in lot:
            outcome.note(request, answer)
        after = state()
        outcome.compare(lot, {name for name in after if after[name] != before.get(name)})
        before = after
    return outcome


def fuzz(count: int, seed: int) -> dict[str, Any]:
    """A server of its own under `count` hostile requests: how many were answered how, by which endpoint, and `faults` (none, or it failed)."""
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory))
        world.clock.at = int(time.time())
        hostile = Hostile(seed, *asyncio.run(_prepared(world)))
        settings = Settings(
            database=world.address, keys=world.key_directory, journal=world.journal_directory, log_level="error",
            rate_per_address=1e9, rate_per_site=1e9, rate_per_subject=1e9,
        )  # fmt: skip
        with Web(create_app(settings, clock=world.clock)) as web:
            outcome = web.run(
                storm(count, hostile, web._client, lambda: state_of_file(world.database))
            )
    return {
        "requests": sum(outcome.statuses.values()),
        "statuses": {str(status): n for status, n in sorted(outcome.statuses.items())},
        "endpoints": dict(sorted(outcome.by_path.items())),
        "faults": outcome.faults,
    }


async def _prepared(world: World) -> tuple[dict[str, list[Any]], list[str]]:
    async with world:
        return await sound(world, await world.enrolled())


async def _sent(client: httpx.AsyncClient, request: Request) -> httpx.Response:
    return await client.request(
        request.method, request.path, headers=request.headers, content=request.content
    )


async def sound(world: World, phone: Phone) -> tuple[dict[str, list[Any]], list[str]]:
    """Bodies and statements that are sound but for being sent already, or not being meant: what `Hostile` starts from."""
    await phone.send()
    ranked = await phone.rank()
    other = world.phone()
    export = ExportRequest(**phone.by_person(seal=phone.opening.seal_key().text()))
    statements = [
        phone.signed(Kind.CONSENT, await phone.consent_statement("personalize_offers")),
        phone.withdrawal("personalize_offers", key=other.signing),
        phone.erasure(key=other.signing),
        phone.signed(Kind.EXPORT_REQUEST, export, other.signing),
    ]
    bodies: dict[str, list[Any]] = {
        "/v1/labels": [dump(phone.envelope(seq=1)), dump(other.envelope())],
        "/v1/rank": [dump(phone.rank_request()), dump(other.rank_request())],
        "/v1/rewards": [dump(phone.reward_request(ranked.event, 1))],
        "/v1/decisions:explain": [{"v": 1, "site": world.site.id}],
    }
    return bodies, statements


def test_hostile_requests_are_refused_and_change_nothing() -> None:
    found = fuzz(COUNT, SEED)
    assert found["faults"] == []
    assert found["requests"] == COUNT
    assert set(found["endpoints"]) == {endpoint.path for endpoint in ENDPOINTS}
    assert found["statuses"]["400"] > COUNT / 10  # most came as far as being read


def test_same_seed_is_the_same_requests() -> None:
    bodies, statements = {"/v1/rank": [{"v": 1}]}, ["e30.e30.AA", "e30.e30.AB"]
    one, other = (Hostile(7, bodies, statements) for _ in range(2))
    assert [one.request() for _ in range(50)] == [other.request() for _ in range(50)]


@pytest.mark.sqlite
def test_change_by_a_refusal_is_seen(make_world: Callable[..., World]) -> None:
    """The watch itself: a row that appears while everything is refused."""
    world = make_world()

    async def prepare() -> None:
        async with world:
            pass

    asyncio.run(prepare())

    class Sly(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            del request
            with closing(sqlite3.connect(world.database)) as raw, raw:
                raw.execute("DELETE FROM catalogue")
            return httpx.Response(404, headers={"content-type": "application/problem+json"})

    async def run() -> Outcome:
        hostile = Hostile(1, {"/v1/rank": [{"v": 1}]}, ["e30.e30.AA", "e30.e30.AB"])
        async with httpx.AsyncClient(transport=Sly(), base_url="http://x") as client:
            return await storm(1, hostile, client, lambda: state_of_file(world.database))

    (fault,) = asyncio.run(run()).faults
    assert "catalogue" in fault


def test_fault_and_unexplained_refusal_are_seen() -> None:
    outcome, request = Outcome(), Request("GET", "/x", "/x", {}, b"")
    outcome.note(request, httpx.Response(404, headers={"content-type": "application/problem+json"}))
    assert outcome.faults == []
    outcome.note(request, httpx.Response(500, headers={"content-type": "application/problem+json"}))
    outcome.note(request, httpx.Response(404, text="Not Found"))
    assert len(outcome.faults) == 2

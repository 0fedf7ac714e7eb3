"""The small web server of samples: it answers what it is given, refuses what is none of it, and lets a page reach its mien server and nobody else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mien.cli.demo.door import Answer, Door, NoSuchThing, Query, Site, assets, page, told

SHOP = Path(__file__).resolve().parents[2] / "samples/shop/pages"
MIEN = "http://127.0.0.1:8080"


def get(path: str, query: Query) -> Answer:
    if path != "/":
        raise NoSuchThing
    return page(f"<p>{query.get('q', [''])[0]}</p>")


def post(path: str, said: dict[str, Any]) -> Answer:
    return told([path, said])


@pytest.fixture(scope="module")
def visitor() -> Iterator[httpx.Client]:
    with Door() as door:
        door.open(Site(assets(SHOP), get, post, MIEN))
        with httpx.Client(base_url=door.url) as client:
            yield client


def test_pages_files_and_messages_are_answered(visitor: httpx.Client) -> None:
    assert visitor.get("/", params={"q": "tea"}).text == "<p>tea</p>"
    picture = visitor.get("/assets/pictures/frisbee.svg")
    assert (picture.headers["content-type"], picture.text[:4]) == ("image/svg+xml", "<svg")
    assert visitor.post("/api", json={"a": 1}).json() == ["/api", {"a": 1}]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "application/json"),
        (b"{", "application/json"),
        (b"{}", "text/plain"),
        (b'"' + b"x" * 9000 + b'"', "application/json"),
    ],
    ids=["a list", "half of something", "another type", "too much"],
)
def test_what_is_no_message_is_refused(visitor: httpx.Client, body: bytes, kind: str) -> None:
    assert visitor.post("/api", content=body, headers={"content-type": kind}).status_code == 400
    assert visitor.get("/assets/../counter.py").status_code == 400
    assert visitor.get("/").status_code == 200  # and the next one is served


def test_a_page_reaches_its_mien_server_and_nobody_else(visitor: httpx.Client) -> None:
    headers = visitor.get("/").headers
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["frame-src"] == MIEN
    assert rules["script-src"] == rules["connect-src"] == f"'self' {MIEN}"
    assert headers["permissions-policy"] == f'camera=(self "{MIEN}"), microphone=()'


def test_a_page_without_mien_frames_nobody() -> None:
    headers = Site({}, get).headers()
    assert "frame-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Permissions-Policy"] == "camera=(), microphone=()"

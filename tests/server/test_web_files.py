"""What browsers load from a server: the frame's document under its policy, and the files of the web SDK as they were built."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.server.web import Web

from mien_server import app
from mien_server.app import create_app
from mien_server.built import Built
from mien_server.errands import administer, make_keys
from mien_server.machine import SystemClock, SystemEntropy
from mien_server.ports import Transaction
from mien_server.registry import SiteDoc, register
from mien_server.registry import add as add_site
from mien_server.settings import Settings
from mien_server.values import Site

LISTED = "https://shop.example"
SCRIPT = b"export const value = 1; // " + b"again and again " * 64
WEIGHTS = bytes(range(256))
FILES = {
    "loader-00000000000000aa.js": (SCRIPT, "page"), "module-00000000000000ab.js": (SCRIPT + b"m", "page"), "frame-aaaaaaaaaaaaaaaa.js": (SCRIPT + b"f", "frame"),
    "client-B-_aaaaaaaaaaaaa.js": (SCRIPT + b"c", "yes"), "worker-00000000000000ac.js": (SCRIPT + b"w", "camera"),
    "runtime-00000000000000ad.wasm": (SCRIPT + b"r", "camera"), "models-00000000000000ae/manifest.json": (SCRIPT, "camera"),
    "models-00000000000000ae/detector.onnx": (WEIGHTS, "camera"),
}  # fmt: skip
ENTRIES = {
    "loader": "loader-00000000000000aa.js", "module": "module-00000000000000ab.js", "frame": "frame-aaaaaaaaaaaaaaaa.js",
    "worker": "worker-00000000000000ac.js", "wasm": "runtime-00000000000000ad.wasm", "models": "models-00000000000000ae/",
}  # fmt: skip
TYPES = {
    ".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm", ".onnx": "application/octet-stream", ".json": "application/json",
}  # fmt: skip


def build(folder: Path, **changed: Any) -> None:
    """A build in miniature, as `sdk/web/build.ts` leaves one."""
    described = {}
    for name, (data, when) in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = gzip.compress(data)
        small = len(packed) < len(data)
        if small:
            path.with_name(path.name + ".gz").write_bytes(packed)
            path.with_name(path.name + ".br").write_bytes(b"as if by Brotli")
        else:
            path.write_bytes(data)
        described[name] = {
            "type": TYPES[path.suffix], "when": when, "sha384": base64.b64encode(hashlib.sha384(data).digest()).decode(), "bytes": len(data),
            "br": 15 if small else None, "gzip": len(packed) if small else None,
        }  # fmt: skip
    manifest = {"v": 1, "entries": ENTRIES, "model": 2, "files": described} | changed
    (folder / "manifest.json").write_text(json.dumps(manifest))


def put(site: Site, transaction: Transaction) -> None:
    add_site(transaction.sites, site, None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Built]]:
    """One server for all of them, with two sites."""
    home = tmp_path_factory.mktemp("web-files")
    settings = Settings(database=f"sqlite:///{home / 'mien.db'}", keys=home / "keys")
    make_keys(settings)
    for name, origins in (("listed", [LISTED, "http://localhost:8080"]), ("closed", [])):
        doc = SiteDoc(
            id=name, name=name, sector="retail", roles=["customer"], jurisdictions=["EU-DE"], controller="Tea </script><b> & Cups",
            contact="privacy@tea.example", origins=origins,
        )  # fmt: skip
        site = register(doc, SystemEntropy(), SystemClock()).site
        administer(settings, partial(put, site))
    built = Built(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "Built", lambda: built)
        with Web(create_app(settings)) as web:
            yield web, built


@pytest.fixture
def folder(tmp_path: Path, served: tuple[Web, Built]) -> Path:
    """Where the build lies: nothing yet."""
    _, built = served
    built.folder = tmp_path
    built._known = None
    return tmp_path


@pytest.fixture
def web(served: tuple[Web, Built], folder: Path) -> Web:
    assert folder.exists()
    return served[0]


def script(page: str, kind: str) -> Any:
    found = re.search(rf'<script type="{kind}">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_without_a_build_the_answer_says_how_to_make_one(web: Web) -> None:
    for path in ("/web/frame/listed", "/web/loader.js", "/web/frame-aaaaaaaaaaaaaaaa.js"):
        answer = web.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "web-missing")
        assert "make web" in answer.json()["detail"]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"v": 2},
        {"more": 1},
        {"entries": {**ENTRIES, "frame": "../settings.py"}},
        {"entries": {**ENTRIES, "frame": "frame-bbbbbbbbbbbbbbbb.js"}},
        {"files": {"../../etc/passwd": {}}},
    ],
)
def test_a_build_of_another_kind_counts_as_none(web: Web, folder: Path, spoiled: Any) -> None:
    build(folder, **spoiled)
    assert web.get("/web/frame/listed").json()["code"] == "web-missing"


def test_a_frame_may_be_embedded_by_the_sites_origins_alone(web: Web, folder: Path) -> None:
    build(folder)
    policies = {
        site: web.get(f"/web/frame/{site}").headers.get_list("content-security-policy")
        for site in ("listed", "closed")
    }
    assert [len(each) for each in policies.values()] == [1, 1]
    assert policies["listed"][0].endswith(f"frame-ancestors {LISTED} http://localhost:8080")
    assert policies["closed"][0].endswith("frame-ancestors 'none'")
    assert web.get("/web/frame/nobody").json()["code"] == "not-found"


def test_a_frame_loads_nothing_from_elsewhere_and_runs_only_what_is_named(
    web: Web, folder: Path
) -> None:
    build(folder)
    answer = web.get("/web/frame/listed")
    rules = dict(
        rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";")
    )
    mapped = re.search(r'<script type="importmap">(.*?)</script>', answer.text)
    assert mapped
    own = base64.b64encode(hashlib.sha256(mapped[1].encode()).digest()).decode()
    assert rules.pop("frame-ancestors")
    assert rules == {
        "default-src": "'none'", "script-src": f"'self' 'wasm-unsafe-eval' 'sha256-{own}'", "worker-src": "'self'", "connect-src": "'self'",
        "style-src": "'self'", "img-src": "'self' data:", "base-uri": "'none'", "form-action": "'none'",
        "require-trusted-types-for": "'script'", "trusted-types": "default",
    }  # fmt: skip
    assert answer.headers["permissions-policy"] == "camera=(self), microphone=()"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    loaded = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert loaded == [f"../{ENTRIES['frame']}"]
    assert f'integrity="{integrity("frame-aaaaaaaaaaaaaaaa.js")}"' in answer.text
    assert json.loads(mapped[1]) == {
        "integrity": {f"../{name}": integrity(name) for name in ("client-B-_aaaaaaaaaaaaa.js", "frame-aaaaaaaaaaaaaaaa.js")}
    }  # fmt: skip


def integrity(name: str) -> str:
    return f"sha384-{base64.b64encode(hashlib.sha384(FILES[name][0]).digest()).decode()}"


def test_a_frame_is_told_its_site_its_embedders_and_its_files_and_no_words_break_out(
    web: Web, folder: Path
) -> None:
    build(folder)
    page = web.get("/web/frame/listed").text
    told = script(page, "application/json")
    assert told["site"]["controller"] == "Tea </script><b> & Cups"
    assert "<b>" not in page
    assert told["origins"] == [LISTED, "http://localhost:8080"]
    assert told["vision"] == {
        "worker": {"name": ENTRIES["worker"], "integrity": integrity(ENTRIES["worker"])},
        "wasm": {"name": ENTRIES["wasm"], "integrity": integrity(ENTRIES["wasm"])},
        "models": ENTRIES["models"],
        "model": 2,
    }


def test_a_build_without_a_camera_says_so(web: Web, folder: Path) -> None:
    build(folder, model=None)
    assert script(web.get("/web/frame/listed").text, "application/json")["vision"] is None


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_file_travels_as_small_as_the_asker_accepts(
    web: Web, folder: Path, accepted: str, coding: str | None
) -> None:
    build(folder)
    request = web._client.build_request(
        "GET", "/web/client-B-_aaaaaaaaaaaaa.js", headers={"accept-encoding": accepted}
    )
    answer = web.run(web._client.send(request, stream=True))
    data = b"".join(web.run(_all(answer)))
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    sent = {"br": b"as if by Brotli", "gzip": gzip.compress(SCRIPT + b"c"), None: SCRIPT + b"c"}
    assert (gzip.decompress(data) if coding == "gzip" else data) == (SCRIPT + b"c" if coding == "gzip" else sent[coding])  # fmt: skip


async def _all(answer: Any) -> list[bytes]:
    return [piece async for piece in answer.aiter_raw()]


def test_what_does_not_shrink_travels_as_it_is(web: Web, folder: Path) -> None:
    build(folder)
    answer = web.get("/web/models-00000000000000ae/detector.onnx")
    assert (answer.content, answer.headers.get("content-encoding")) == (WEIGHTS, None)


def test_loaders_are_read_by_any_page_and_the_rest_by_frames(web: Web, folder: Path) -> None:
    build(folder)
    for path, named in (("/web/loader.js", "loader"), ("/web/module.js", "module")):
        short, pinned = web.get(path), web.get(f"/web/{ENTRIES[named]}")
        assert short.headers["access-control-allow-origin"] == "*"
        assert pinned.headers["access-control-allow-origin"] == "*"
        assert short.headers["cache-control"] == "public, max-age=300"
        assert "immutable" in pinned.headers["cache-control"]
    for name in ("client-B-_aaaaaaaaaaaaa.js", ENTRIES["wasm"], "models-00000000000000ae/manifest.json"):  # fmt: skip
        assert "access-control-allow-origin" not in web.get(f"/web/{name}").headers


def test_a_loader_that_did_not_change_is_not_sent_again(web: Web, folder: Path) -> None:
    build(folder)
    first = web.get("/web/loader.js", headers={"accept-encoding": "gzip"})
    again = web.get(
        "/web/loader.js",
        headers={"accept-encoding": "gzip", "if-none-match": first.headers["etag"]},
    )
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["access-control-allow-origin"] == "*"


def test_the_worker_has_a_policy_of_its_own(web: Web, folder: Path) -> None:
    build(folder)
    policy = web.get(f"/web/{ENTRIES['worker']}").headers.get_list("content-security-policy")
    assert policy == [
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
    ]


@pytest.mark.parametrize(
    "path",
    [
        "manifest.json", "frame-aaaaaaaaaaaaaaaa.js.gz", "../built.py", "%2e%2e/built.py", "models-00000000000000ae/../manifest.json",
        "models-00000000000000ae/", "frame-bbbbbbbbbbbbbbbb.js", "frame/listed/more", "frame",
    ],
)  # fmt: skip
def test_nothing_but_the_files_of_the_build_is_served(web: Web, folder: Path, path: str) -> None:
    build(folder)
    answer = web.get(f"/web/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_a_build_that_is_made_anew_is_served_without_a_restart(web: Web, folder: Path) -> None:
    build(folder)
    assert web.get("/web/loader.js").status_code == 200
    build(folder, entries=ENTRIES | {"loader": ENTRIES["module"]})
    assert web.get("/web/loader.js").content == SCRIPT + b"m"

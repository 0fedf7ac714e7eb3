"""A small web server for the pages of a demo or a sample: on loopback, on an origin of its own, beside the mien server that the pages embed."""

import argparse
import json
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from mien.cli.demo.stage import SITE, Stage

MAX_BODY: Final = 8192
"""The largest body that is read, in bytes."""
IDLE_SECONDS: Final = 30
PATIENCE: Final = 6000
"""Milliseconds that a page waits for an order, unless told: it shows its own until then."""
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
Query = Mapping[str, list[str]]


class NoSuchThing(Exception):
    """Nothing is at this path, or the message is none that it takes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a path answers. `seconds` is how long a browser may keep it."""

    kind: str
    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    seconds: int = 0


def page(text: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """A page of HTML."""
    return Answer(HTML, text.encode(), status)


def told(value: Any) -> Answer:
    """A value as JSON."""
    return Answer(JSON, json.dumps(value).encode())


def assets(folder: Path) -> dict[str, Answer]:
    """The stylesheets, scripts and pictures below `folder`, by their path under `/assets/`."""
    return {
        f"/assets/{file.relative_to(folder).as_posix()}": Answer(
            KINDS[file.suffix], file.read_bytes(), seconds=300
        )
        for file in sorted(folder.rglob("*"))
        if file.suffix in KINDS
    }


def _nothing(_path: str, _said: dict[str, Any]) -> Answer:
    raise NoSuchThing


@dataclass(frozen=True, slots=True)
class Site:
    """What one origin serves: fixed files, `get` for all other paths and `post` for JSON objects, both raising `NoSuchThing`.

    `mien` is the origin of the mien server that its pages embed; empty for none.
    """

    files: Mapping[str, Answer]
    get: Callable[[str, Query], Answer]
    post: Callable[[str, dict[str, Any]], Answer] = _nothing
    mien: str = ""

    def headers(self) -> dict[str, str]:
        """This origin alone; for loader, frame and questions the mien server; the camera for its frame, and for no other."""
        other = f" {self.mien}" if self.mien else ""
        # What a page does not have itself it cannot pass on (Permissions Policy, 9.7): hence `self`.
        camera = f'camera=(self "{self.mien}")' if self.mien else "camera=()"
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; script-src 'self'{other}; style-src 'self'; img-src 'self'; connect-src 'self'{other}; "
                f"frame-src{other or _NONE}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
            ),
            "Permissions-Policy": f"{camera}, microphone=()",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin",
        }


_NONE: Final = " 'none'"


class Door:
    """A free port of this machine (or `port`), answering as a `Site` says from `open` on, until the block ends."""

    def __init__(self, port: int = 0) -> None:
        self._server = _Server(port)

    @property
    def url(self) -> str:
        """The origin. By name: for a browser another site than the mien server's `127.0.0.1`."""
        return f"http://localhost:{self._server.server_address[1]}"

    def open(self, site: Site) -> None:
        """Begin to answer."""
        self._server.site = site
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server.site is not None:
            self._server.shutdown()
        self._server.server_close()


def embedded(stage: Stage, theme: Mapping[str, str], patience: int) -> str:
    """The loader's tag as `mien site embed` prints it, with the look of the frames and the milliseconds an order may take. Raises `StageFailed` where the web SDK was not built."""
    asked = ("site", "embed", SITE, "--server", stage.url, "--key", stage.publishable, "--json")
    script: str = json.loads(stage.mien(*asked))["script"]
    look = escape(json.dumps(theme), quote=True)
    return script.replace(" async>", f' data-patience="{patience}" data-theme="{look}" async>')


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a sample's pages are there. `ready` is a file that gets the addresses, for those who wait; `once`: look at the own pages, and end.

    `patience` is how many milliseconds an order may take.
    """

    once: bool
    port: int
    ready: Path | None
    patience: int
    rest: Sequence[str]

    @classmethod
    def of(cls, name: str, words: Sequence[str]) -> Self:
        """Read a command line; what is not known here is left in `rest`."""
        parser = argparse.ArgumentParser(prog=name, add_help=False, allow_abbrev=False)
        parser.add_argument("--once", action="store_true")
        parser.add_argument("--port", type=int, default=0)
        parser.add_argument("--ready", type=Path)
        parser.add_argument("--patience", type=int, default=PATIENCE)
        found, rest = parser.parse_known_args(words)
        return cls(found.once, found.port, found.ready, found.patience, rest)

    def until_told(
        self, url: str, stage: Stage | None, more: Mapping[str, str], paths: Sequence[str]
    ) -> int:
        """Say where everything is and stay until Ctrl-C or SIGTERM; with `once`, look at `paths`. Returns the exit status."""
        print(f"open {url}")
        for what, path in more.items():
            print(f"  {what}: {url}{path}")
        mien = stage.url if stage else ""
        if mien:
            print(f"  the mien server: {mien}")
        if self.ready is not None:
            self.ready.write_text(json.dumps({"url": url, "mien": mien}))
        if self.once:
            return _looked(url, paths)
        print("stop with Ctrl-C", flush=True)
        told = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: told.set())
        told.wait()
        return 0


def _looked(url: str, paths: Sequence[str]) -> int:
    with httpx.Client(base_url=url) as visitor:
        missing = [path for path in paths if visitor.get(path).status_code != HTTPStatus.OK]
    print(f"missing: {', '.join(missing)}" if missing else f"all {len(paths)} pages are there")
    return 1 if missing else 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        self.site: Site | None = None
        super().__init__(("127.0.0.1", port), _Connection)


@dataclass(frozen=True, slots=True)
class _Asked:
    path: str
    query: Query = field(default_factory=dict)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    server: _Server

    def do_GET(self) -> None:
        site, asked = self._site(), self._asked()
        self._answer(lambda: site.files.get(asked.path) or site.get(asked.path, asked.query))

    def do_POST(self) -> None:
        site, asked = self._site(), self._asked()
        size = self.headers.get("content-length", "")
        if not size.isdecimal() or int(size) > MAX_BODY or self.headers.get_content_type() != JSON:
            self.close_connection = True  # what comes is not read
            self._send(Answer(JSON, b"{}", HTTPStatus.BAD_REQUEST))
            return
        body = self.rfile.read(int(size))
        self._answer(lambda: site.post(asked.path, _object(body)))

    def log_message(self, *_: Any) -> None:
        """Nobody is noted down."""

    def _site(self) -> Site:
        if self.server.site is None:
            raise NoSuchThing
        return self.server.site

    def _asked(self) -> _Asked:
        parts = urlsplit(self.path)
        return _Asked(parts.path, parse_qs(parts.query))

    def _answer(self, work: Callable[[], Answer]) -> None:
        try:
            answer = work()
        except NoSuchThing:
            answer = Answer(JSON, b"{}", HTTPStatus.BAD_REQUEST)
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header(
            "Cache-Control", f"max-age={answer.seconds}" if answer.seconds else "no-store"
        )
        for name, value in self._site().headers().items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise NoSuchThing from error
    if not isinstance(said, dict):
        raise NoSuchThing
    return said

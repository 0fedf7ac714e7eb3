"""A shop of two pages on an origin of its own, for tests of what it embeds: it serves what it is told, and remembers what it was asked."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mien.cli.demo.stage import SITE, Stage

HEAD = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>shop</title><link rel="icon" href="data:,">
<script src="{server}/web/loader.js" data-site="{site}" data-key="{key}" data-jurisdictions="{place}" data-age-band="{age}" data-patience="15000" async></script></head>
<body><h1>A shop</h1>"""
ELEMENTS = "<mien-indicator></mien-indicator><mien-consent></mien-consent><mien-mood></mien-mood><mien-why></mien-why><mien-me></mien-me>"


@dataclass(slots=True)
class Shop:
    """`pages` by path. Serves on a free port of `localhost`, which is another site than the server's 127.0.0.1."""

    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                page = shop.pages.get(self.path.split("?", 1)[0])
                self.send_response(200 if page is not None else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        """As the browser sees it."""
        return f"http://localhost:{self.port}"

    def page(
        self, stage: Stage, *, lang: str = "en", place: str = "EU-DE", age: str = "adult", elements: str = ELEMENTS,
    ) -> str:  # fmt: skip
        """A page of this shop with the loader, and these elements in it."""
        head = HEAD.format(
            server=stage.url, site=SITE, key=stage.publishable, lang=lang, place=place, age=age
        )
        return f"{head}{elements}</body></html>"


def stage(folder: Path, catalogue: Path, origin: str, **claims: str) -> Stage:
    """A server whose site lists this origin."""
    named = {"sector": "retail", "role": "customer", "jurisdiction": "EU-DE", "origin": origin}
    return Stage(folder, catalogue, claims=named | claims)

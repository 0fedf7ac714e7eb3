"""A site is told by a real server what it must forget, with the receiver of the how-to; and the person can read and show what is held."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from mien import Claims, Client
from mien.cli.demo.stage import SITE, Stage
from mien.client import check_export, readable
from mien.wire.keys import VerifyKey

ROOT = Path(__file__).resolve().parents[2]
WAIT = 60


def receive_of_the_how_to() -> Callable[..., int]:
    """The program that the page gives to sites."""
    page = (ROOT / "docs/how-to/webhooks.md").read_text()
    [source] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(source, "webhooks.md", "exec"), names)  # noqa: S102 - the point of the test
    found: Callable[..., int] = names["receive"]
    return found


class Backend:
    """What a site would have: it fails on its first call, then does as the page says."""

    def __init__(self) -> None:
        self.key = ""
        self.seen: set[str] = set()
        self.forgotten: list[tuple[str, str, list[str]]] = []
        self.calls: list[tuple[str, int]] = []
        self._receive = receive_of_the_how_to()

    def heard(self, headers: dict[str, str], body: bytes) -> int:
        """One POST; the status."""
        status = 503
        if self.calls:
            status = self._receive(
                headers, body, key=self.key, site=SITE, seen=self.seen,
                forget=lambda *what: self.forgotten.append(what),
            )  # fmt: skip
        self.calls.append((headers["webhook-id"], status))
        return status

    def wait(self, count: int) -> None:
        """Until so many things were forgotten."""
        until = time.monotonic() + WAIT
        while len(self.forgotten) < count:
            assert time.monotonic() < until, self.calls
            time.sleep(0.05)


@contextmanager
def listening(backend: Backend) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): text for name, text in self.headers.items()}
            self.send_response(backend.heard(headers, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_words: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/mien"
        server.shutdown()
        thread.join()


def test_a_site_hears_what_it_must_forget(stage: Stage, tmp_path: Path) -> None:
    backend = Backend()
    with listening(backend) as url:
        said = stage.mien("site", "webhook", SITE, url)
        backend.key = re.findall(r"whpk_\S+", said)[0]
        client = Client(
            stage.url, SITE, key=stage.publishable, trust=stage.trust, home=tmp_path / "home", eyes=None
        )  # fmt: skip
        with client:
            client.notice("en")
            client.consent(purposes=["personalize_offers", "declare_mood"], claims=Claims(("EU-DE",), age_band="adult"))  # fmt: skip
            subject = client.standing().subject or ""
            client.declare("joy")
            client.flush()
            client.rank()
            held = client.export()
            client.withdraw(["declare_mood"])
            backend.wait(1)
            certificate = client.erase()
        assert certificate is not None
        backend.wait(2)
    assert backend.forgotten == [
        ("consent.withdrawn", subject, ["declare_mood"]), ("person.erased", subject, []),
    ]  # fmt: skip
    (first, refused), (second, done), (third, last) = backend.calls
    assert (refused, done, last) == (503, 204, 204)
    assert first == second != third
    counts = httpx.get(f"{stage.url}/metrics").text
    assert 'mien_webhooks_total{outcome="delivered"}' in counts
    assert 'mien_webhooks_total{outcome="failed"} 1.0' in counts
    assert subject not in stage.log.read_text()
    # What was downloaded before is still whole, and says so without a server.
    stage.stop()
    assert check_export(json.loads(json.dumps(held)), VerifyKey.from_text(stage.trust)).subject == subject  # fmt: skip
    page = readable(held)
    assert all(each["record"] in page for each in held["labels"])
    assert all(each["event"] in page for each in held["events"])
    assert [each["expression"] for each in held["labels"]] == ["joy"]

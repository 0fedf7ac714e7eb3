"""`mien serve` in a process of its own, with real time, and phones that speak to it over real connections."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from tests.server.world import CATALOGUE, Phone, shop

from mien.wire.canonical import b64, encode
from mien.wire.messages import dump
from mien.wire.signatures import Kind
from mien_server.errands import administer, make_keys
from mien_server.ports import Transaction
from mien_server.settings import Settings
from mien_server.values import Site

T = TypeVar("T")
PUBLISHABLE = {"Mien-Site-Key": "pk_shop"}
START_SECONDS = 60.0
STOP_SECONDS = 30.0


class RealClock:
    """The machine's clock."""

    def now(self) -> int:
        return int(time.time())


@dataclass
class Served:
    """A server on a directory. `url` is of its database: without one, an SQLite file in the directory; `more` are settings by their names."""

    directory: Path
    url: str = ""
    more: dict[str, str] = field(default_factory=dict)
    site: Site = field(default_factory=shop)
    clock: RealClock = field(default_factory=RealClock)
    address: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _notice: str = ""

    @property
    def database(self) -> Path:
        return self.directory / "mien.db"

    @property
    def log(self) -> Path:
        """What the server wrote, over all its starts."""
        return self.directory / "server.log"

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None
        return self._process

    @property
    def settings(self) -> Settings:
        address = self.url or f"sqlite:///{self.database}"
        return Settings(database=address, keys=self.directory / "keys")

    # ---- life ----
    def __enter__(self) -> Self:
        self.directory.mkdir(exist_ok=True)
        self.keys = make_keys(self.settings)
        self.administer(lambda t: t.sites.put(self.site))
        self.administer(lambda t: t.sites.put_catalogue(self.site.id, CATALOGUE))
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def start(self) -> None:
        """Start it, and return when it answers."""
        ready = self.directory / "ready.json"
        ready.unlink(missing_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
        told = {
            "MIEN_DATABASE": self.settings.database, "MIEN_KEYS": str(self.settings.keys),
            "MIEN_RATE_PER_ADDRESS": "1000000", "MIEN_RATE_PER_SUBJECT": "1000000", **self.more,
        }  # fmt: skip
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mien.cli", "serve", "--port", "0", "--ready-file", str(ready)],
                stdout=log, stderr=log, cwd=self.directory, env=kept | told,
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not ready.exists():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.02)
        self.address = json.loads(ready.read_text())["url"]

    def tell(self, sig: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal."""
        self.process.send_signal(sig)

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until it has ended; its exit status."""
        return self.process.wait(seconds)

    def stop(self) -> int:
        """Stop it well; its exit status."""
        self.tell()
        return self.ended()

    def administer(self, work: Callable[[Transaction], T]) -> T:
        """Look into the database beside the server."""
        return administer(self.settings, work)

    def lines(self) -> list[dict[str, Any]]:
        """The log, but for what is no JSON (the line that says where it serves)."""
        return [json.loads(one) for one in self.log.read_text().splitlines() if one[:1] == "{"]

    # ---- speaking ----
    @contextmanager
    def client(self, **more: Any) -> Iterator[httpx.Client]:
        """A client with the site's key."""
        with httpx.Client(
            base_url=self.address, headers=PUBLISHABLE, timeout=30.0, **more
        ) as client:
            yield client

    def get(self, path: str) -> httpx.Response:
        with self.client() as client:
            return client.get(path)

    def post(self, path: str, body: Any) -> httpx.Response:
        with self.client() as client:
            return client.post(path, json=body)

    async def notice_hash(self, locale: str = "en") -> str:
        """What people are shown, found over HTTP once."""
        if not self._notice:
            shown = await asyncio.to_thread(self.get, f"/v1/sites/{self.site.id}/notices/{locale}")
            self._notice = b64(hashlib.sha256(encode(shown.json())).digest())
        return self._notice

    def enrolled(self) -> Phone:
        """A phone whose person has said yes."""
        phone = Phone(self)  # type: ignore[arg-type]  # what a phone asks of a world, this has
        statement = asyncio.run(phone.consent_statement("personalize_offers"))
        answer = self.post("/v1/consents", {"jws": phone.signed(Kind.CONSENT, statement)})
        assert phone.receipt(answer.json()["receipt"]).outcome == "given"
        return phone

    def envelope(self, phone: Phone) -> dict[str, Any]:
        """The next envelope of a phone, as it is sent."""
        return dump(phone.envelope())

    def send(self, phone: Phone) -> httpx.Response:
        """Send the next envelope of a phone."""
        return self.post("/v1/labels", self.envelope(phone))

    def kept(self, phone: Phone, seq: int) -> bool:
        """Whether the database knows that this envelope was accepted."""
        found = self.administer(
            lambda t: t.people.stream(self.site.id, phone.subject, phone.id, seq)
        )
        return found is not None and found.digest is not None

"""A fresh mien server in its own process: keys, one registered site, embedded SQLite, a free port on loopback. Nothing survives from the run before."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mien.errors import MienError

READY_SECONDS = 60
STOP_SECONDS = 20
SITE = "demo-shop"
DEFAULT_CLAIMS = {"sector": "retail", "role": "customer", "jurisdiction": "EU-DE"}


class StageFailed(MienError):
    """The demo's server could not be set up; the message says where its output is."""

    code = "demo-stage"


@dataclass(slots=True)
class Stage:
    """The server of one demo. `folder` is emptied first and holds all it writes; `more` are further settings of the server."""

    folder: Path
    catalogue: Path
    claims: dict[str, str] = field(default_factory=lambda: dict(DEFAULT_CLAIMS))
    more: dict[str, str] = field(default_factory=dict)
    controller: str = "Demo Shop (a pretend company)"
    contact: str = "privacy@demo-shop.example"
    url: str = ""
    publishable: str = ""
    secret: str = field(default="", repr=False)
    trust: str = ""
    _server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, mode=0o700)
        try:
            self._prepare()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def log(self) -> Path:
        """Where the server writes its log."""
        return self.folder / "server.log"

    def mien(self, *arguments: str) -> str:
        """The output of a `mien` command run beside the server, with its settings. Raises `StageFailed` with the command's own words."""
        done = subprocess.run(
            [*_command(), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=self._environment(),
        )
        if done.returncode:
            raise StageFailed(
                f"`mien {' '.join(arguments[:2])}` failed: {done.stderr.strip() or done.stdout.strip()}"
            )
        return done.stdout

    def stop(self) -> None:
        """Stop the server as an operator would (SIGTERM); raise `StageFailed` when it does not end well."""
        server, self._server = self._server, None
        if server is None or server.poll() is not None:
            return
        server.send_signal(signal.SIGTERM)
        try:
            status = server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
            raise StageFailed(
                f"the server did not stop within {STOP_SECONDS} s; see {self.log}"
            ) from None
        if status not in {0, -signal.SIGTERM}:
            raise StageFailed(f"the server ended with status {status}; see {self.log}")

    def _prepare(self) -> None:
        self.mien("keys", "init")
        pairs = [(f"--{name}", value) for name, value in self.claims.items()]
        options = [word for pair in pairs for word in pair]
        added: dict[str, Any] = json.loads(
            self.mien(
                "site", "add", SITE, *options, "--controller", self.controller,
                "--contact", self.contact, "--impact-assessment", "--catalogue", str(self.catalogue), "--json",
            )
        )  # fmt: skip
        self.publishable = added["publishable_key"]
        self.secret = added["secret_key"]
        self.trust = added["verify_key"]

    def _start(self) -> None:
        ready = self.folder / "ready.json"
        with self.log.open("wb") as log:
            self._server = subprocess.Popen(
                [*_command(), "serve", "--port", "0", "--ready-file", str(ready)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
            )
        deadline = time.monotonic() + READY_SECONDS
        while not ready.exists():
            if self._server.poll() is not None:
                raise StageFailed(f"the server did not start: {_last_line(self.log)}")
            if time.monotonic() > deadline:
                raise StageFailed(
                    f"the server was not ready within {READY_SECONDS} s; see {self.log}"
                )
            time.sleep(0.05)
        self.url = json.loads(ready.read_text())["url"]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
        return kept | {
            "MIEN_DATABASE": f"sqlite:///{self.folder / 'mien.db'}",
            "MIEN_KEYS": str(self.folder / "keys"),
            "MIEN_ORIGIN": "demo.mien.local/log",
            "PYTHONUNBUFFERED": "1",
            **self.more,
        }


def _command() -> Sequence[str]:
    return sys.executable, "-m", "mien.cli"


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it said nothing; see {log}"

"""Real servers: one place (keys, journal, a registered site, a database) and any number of nodes on it, each a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

MIEN = Path(sys.executable).with_name("mien")
SITE = "soak"
CATALOGUE = Path(__file__).resolve().parents[2] / "samples/catalogue/demo.json"
START_SECONDS = 60
STOP_SECONDS = 30


@dataclass
class Node:
    """One server process."""

    url: str
    process: subprocess.Popen[bytes] | None = None
    """None when somebody else started it."""

    def kill(self) -> None:
        """End it as a power cut would end the process: no handler runs."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End it as an operator would. Raises `RuntimeError` when it does not end well."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            if self.process.wait(STOP_SECONDS) not in {0, -signal.SIGTERM}:
                raise RuntimeError(f"a node ended with {self.process.returncode}")


@dataclass
class Place:
    """Where servers run: `folder` holds keys and journal, `database` is the URL."""

    folder: Path
    database: str
    key: str = ""
    more: dict[str, str] = field(default_factory=dict)
    started: int = 0

    @classmethod
    def made(cls, folder: Path, database: str, **more: str) -> Self:
        """A fresh place with one registered site."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = cls(folder, database, more=more)
        place.mien("keys", "init")
        added = place.mien(
            "site", "add", SITE, "--sector", "retail", "--role", "customer", "--jurisdiction", "EU-DE", "--controller", "Soak",
            "--contact", "soak@mien.example", "--impact-assessment", "--catalogue", str(CATALOGUE), "--json",
        )  # fmt: skip
        place.key = json.loads(added)["publishable_key"]
        return place

    @property
    def environment(self) -> dict[str, str]:
        """Of every node and command."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MIEN_")}
        return kept | {
            "MIEN_DATABASE": self.database, "MIEN_KEYS": str(self.folder / "keys"), "MIEN_JOURNAL": str(self.folder / "journal"),
            "MIEN_RATE_PER_SITE": "1000000", "MIEN_RATE_PER_ADDRESS": "1000000", "MIEN_RATE_PER_SUBJECT": "1000000",
            **self.more,
        }  # fmt: skip

    def mien(self, *arguments: str) -> str:
        """What a command prints. Raises `RuntimeError` with its own words when it fails."""
        done = subprocess.run(
            [str(MIEN), *arguments], env=self.environment, capture_output=True, text=True, check=False
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"`mien {' '.join(arguments[:2])}`: {done.stderr or done.stdout}")
        return done.stdout

    def serve_command(self) -> tuple[list[str], Path]:
        """How a node is started, and the file that says when it is ready."""
        self.started += 1
        ready = self.folder / f"ready-{self.started}.json"
        return [str(MIEN), "serve", "--port", "0", "--ready-file", str(ready)], ready

    def start(self) -> Node:
        """Start a node; return once it answers."""
        command, ready = self.serve_command()
        with (self.folder / "server.log").open("ab") as log:
            process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        until = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"a node did not start; see {self.folder / 'server.log'}")
            time.sleep(0.02)
        return self.found(ready, process)

    @staticmethod
    def found(ready: Path, process: subprocess.Popen[bytes] | None = None) -> Node:
        """The node that wrote the file `ready`."""
        return Node(json.loads(ready.read_text())["url"], process)

    @contextmanager
    def node(self) -> Iterator[Node]:
        """A node until the block is left; stopped well at its end."""
        node = self.start()
        try:
            yield node
        finally:
            node.stop()

    def client(self, node: Node) -> httpx.Client:
        """Speaks to a node as a device of the site."""
        return httpx.Client(base_url=node.url, timeout=30, headers={"Mien-Site-Key": self.key})

    def log_agrees(self, name: str, older: Path | None = None) -> dict[str, object]:
        """Export the log as an officer does and verify it with all decisions that can be opened; with `older`, that it only grew. The report."""
        folder = self.folder / name
        self.mien("audit", "export", str(folder))
        words = ["audit", "verify", str(folder), "--json"]
        report: dict[str, object] = json.loads(
            self.mien(*words, *(("--older", str(older)) if older else ()))
        )
        return report

"""`mien witness serve` in a process of its own."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
from tests.server.world import ROOT


class Serving:
    """`mien witness serve` in a process of its own."""

    def __init__(self, folder: Path, *vkeys: str, number: int = 0, port: int = 0) -> None:
        self.ready = folder.parent / f"{folder.name}-{number}.json"
        self.ready.unlink(missing_ok=True)
        named = [word for vkey in vkeys for word in ("--log", vkey)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mien.cli", "witness", "serve", str(folder), *named, "--port", str(port), "--ready-file", str(self.ready)],
            cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while not self.ready.exists():
            assert self.process.poll() is None, self.process.stderr
            assert time.monotonic() < until
            time.sleep(0.02)
        self.url = json.loads(self.ready.read_text())["url"]
        self._client = httpx.Client(timeout=30)

    def kill(self) -> None:
        self._client.close()
        self.process.kill()
        self.process.communicate()

    def post(self, body: bytes) -> httpx.Response:
        return self._client.post(f"{self.url}/add-checkpoint", content=body)

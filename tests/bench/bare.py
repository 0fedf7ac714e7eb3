"""The yardstick: a FastAPI endpoint that does nothing but parse the same body with pydantic, under the same uvicorn settings.

`python -m tests.bench.bare READY_FILE` serves on a free port of loopback.
"""

import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from mien.wire.messages import Accepted, Envelope, RankRequest
from mien_server.cli.serve import address, announce, listen

app = FastAPI()


@app.post("/v1/labels")
async def labels(body: Envelope) -> Accepted:
    """Parse, answer."""
    del body
    return Accepted()


@app.post("/v1/rank")
async def rank(body: RankRequest) -> Accepted:
    """Parse, answer."""
    del body
    return Accepted()


class Server(uvicorn.Server):
    """Says where it listens."""

    url = ""
    ready: Path

    async def startup(self, sockets: list | None = None) -> None:  # type: ignore[type-arg]
        await super().startup(sockets)
        announce(self.url, self.ready)


if __name__ == "__main__":
    listener = listen("127.0.0.1", 0)
    server = Server(uvicorn.Config(app, loop="auto", ws="none", log_config=None, access_log=False))
    server.url, server.ready = address(listener), Path(sys.argv[1])
    server.run(sockets=[listener])

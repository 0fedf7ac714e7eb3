"""`mien serve`: the server on one address until it is told to stop."""

import json
import math
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien_server.cli.told import FAILED, told

if TYPE_CHECKING:
    from mien_server.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; `MIEN_HOST`.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on, 0 for a free one; `MIEN_PORT`.")
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(help="Write `{url, pid}` as JSON here once requests are answered."),
    ] = None,
) -> None:
    """Answer requests until SIGTERM or Ctrl-C; what was begun is finished first, a second signal ends it at once. Settings come from the environment (`MIEN_...`)."""
    with told():
        from mien_server.settings import load

        settings = load(os.environ, host=host, port=port)
        _run(settings, ready_file)


def _run(settings: "Settings", ready_file: Path | None) -> None:
    # The ranking's matrices are small: a second thread of BLAS only waits for the first, and on one processor for its turn. Read when numpy is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import uvicorn

    from mien_server.app import create_app
    from mien_server.cli.connections import Server, guarded

    app = create_app(settings)
    listener = listen(settings.host, settings.port)
    url = address(listener)
    config = uvicorn.Config(
        app,
        loop="auto",  # uvloop where it is installed
        http=guarded(settings.max_connections, settings.head_seconds),
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=math.ceil(settings.idle_seconds),
        timeout_graceful_shutdown=math.ceil(settings.stop_seconds),
    )
    server = Server(
        config, lambda: announce(url, ready_file), app.state.leaving, settings.drain_seconds
    )
    # uvicorn raises the signal again once it has stopped; having stopped well is no failure
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    except SystemExit:
        if app.state.refused is None:
            raise
    finally:
        listener.close()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)
    if app.state.refused is not None:
        raise app.state.refused  # it never served: whoever started it hears why


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Exits with one line when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        print(
            f"mien: cannot listen on `{host}` port {port}: {error.strerror}; choose another",
            file=sys.stderr,
        )
        raise typer.Exit(FAILED) from None
    return listener


def address(listener: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(url: str, ready_file: Path | None, says: str = "mien serves") -> None:
    """Write the URL to the file in one step, so that nobody reads half of it; then print it: who read the line finds the file."""
    if ready_file is not None:
        ready_file.parent.mkdir(parents=True, exist_ok=True)
        new = ready_file.with_name(ready_file.name + ".new")
        new.write_text(json.dumps({"url": url, "pid": os.getpid()}))
        new.replace(ready_file)
    print(f"{says} {url}", flush=True)

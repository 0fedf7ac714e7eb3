"""`mien witness`: cosign the checkpoints of other people's logs. Not for the log's own machine: a witness is somebody else.

- `init`   the witness's key and memory
- `serve`  answer logs that ask
"""

import math
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mien.errors import SettingsError
from mien_server.cli.told import told

if TYPE_CHECKING:
    from mien_server.witness import Judge

app = typer.Typer(no_args_is_help=True, add_completion=False)
HEAD_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 60.0
"""Logs ask again and again: their connections may stay open between two requests."""
STOP_SECONDS: Final = 10.0
MAX_CONNECTIONS: Final = 200
LOGS: Final = "logs"
"""File in the folder with keys of logs, one a line; `#` begins a comment."""
Folder = Annotated[Path, typer.Argument(help="The witness's folder: key and memory. Never restore an older copy of it.")]  # fmt: skip


@app.command()
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="What the witness is called in notes, such as `witness.example/w1`.")],
) -> None:  # fmt: skip
    """Make the key and the empty memory of a new witness, and print its verification key for logs and officers."""
    with told():
        from mien.wire.keys import SigningKey
        from mien_server import witness

        home = witness.make(folder, name, SigningKey.generate())
    print(home.vkey)


@app.command()
def serve(
    folder: Folder,
    log: Annotated[list[str] | None, typer.Option(metavar="VKEY", help="Verification key of a log to cosign; repeatable. More, one a line, in the file `logs` of the folder.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on. TLS is the reverse proxy's task.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for a free one.")] = 8090,
    ready_file: Annotated[Path | None, typer.Option(help="Write `{url, pid}` as JSON here once requests are answered.")] = None,
) -> None:  # fmt: skip
    """Cosign checkpoints of the logs named, over c2sp.org/tlog-witness, until SIGTERM or Ctrl-C."""
    with told():
        from mien_server import witness
        from mien_server.machine import SystemClock

        known = witness.logs_of([*(log or ()), *_listed(folder / LOGS)])
        if not known:
            msg = f"the witness was told of no log; give --log, or write its key into `{folder / LOGS}`"
            raise SettingsError(msg)
        home = witness.open_home(folder)
        _run(witness.Judge(home, known, SystemClock()), host, port, ready_file)


def _listed(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        msg = f"`{path}` cannot be read; write a verification key a line"
        raise SettingsError(msg) from error
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line]


def _run(judge: "Judge", host: str, port: int, ready_file: Path | None) -> None:
    import uvicorn

    from mien_server import logs, witness
    from mien_server.cli.connections import Server, guarded
    from mien_server.cli.serve import address, announce, listen

    logger = logs.make("info")
    logs.capture_libraries(logger)
    listener = listen(host, port)
    url = address(listener)
    config = uvicorn.Config(
        witness.application(judge, logger),
        http=guarded(MAX_CONNECTIONS, HEAD_SECONDS),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=math.ceil(IDLE_SECONDS),
        timeout_graceful_shutdown=math.ceil(STOP_SECONDS),
    )
    server = Server(config, lambda: announce(url, ready_file, "mien witnesses on"), threading.Event(), 0.0)  # fmt: skip
    # uvicorn raises the signal again once it has stopped; having stopped well is no failure
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)

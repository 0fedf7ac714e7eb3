"""Make `.venv` ready: `python3 scripts/bootstrap.py runtime|dev`. Needs nothing but a Python >= 3.11; works offline once it has run.

What is installed is written down in `.venv/mien-<group>.stamp`; when nothing changed since, this returns at once and asks no index.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)


def main(group: str) -> int:
    """Install `group` (runtime or dev). Returns the exit status."""
    if sys.version_info < OLDEST:
        return with_newer_python(group)
    stamp, wanted = VENV / f"mien-{group}.stamp", state(group)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted:
        return 0
    make_venv()
    print(
        f"mien: installing pinned dependencies ({group}) into .venv, about a minute the first time",
        flush=True,
    )
    pip(
        "install",
        "--require-hashes",
        "--no-deps",  # the pins are the whole closure: with a resolver, a newer release of one could break this
        "--only-binary",
        ":all:",
        "-r",
        str(ROOT / "requirements" / f"{group}.txt"),
    )
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    for other in VENV.glob("mien-*.stamp"):
        other.unlink()
    stamp.write_text(wanted)
    if group == "dev":  # dev holds all of runtime
        (VENV / "mien-runtime.stamp").write_text(state("runtime"))
    return 0


def with_newer_python(group: str) -> int:
    """Run this script again with a newer Python from PATH, newest first."""
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return subprocess.call([found, __file__, group])
    print(
        f"mien needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}. Install one, or say where: make PYTHON=/path/to/python3",
        file=sys.stderr,
    )
    return 1


def state(group: str) -> str:
    """What the installation depends on: the pins, the project's metadata, the interpreter and the place."""
    digest = hashlib.sha256()
    for name in (f"requirements/{group}.txt", "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    digest.update(f"{sys.version_info[:2]} {ROOT}".encode())
    return digest.hexdigest()


def make_venv() -> None:
    """Create the virtual environment; where ensurepip is missing, with the pip that this Python has."""
    if PYTHON.exists() and usable():
        return
    print("mien: creating .venv", flush=True)
    try:
        venv.create(VENV, with_pip=True, clear=True, symlinks=os.name != "nt")
    except (subprocess.CalledProcessError, SystemExit):
        venv.create(VENV, with_pip=False, clear=True, symlinks=os.name != "nt")
        if subprocess.call(
            [sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet", "pip"]
        ):
            sys.exit(
                "mien: this Python has neither ensurepip nor pip; on Debian and Ubuntu: apt install python3-venv"
            )


def usable() -> bool:
    """Whether .venv works here and is of this interpreter's version: a moved or copied one does not."""
    probe = "import sys, pip; print(sys.version_info[:2])"
    done = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == str(sys.version_info[:2])


def pip(*arguments: str) -> None:
    """Run pip in .venv; its own error stays readable, ours says what to do."""
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [PYTHON, "-m", "pip", *arguments[:1], *quiet, *arguments[1:]], check=False
    )
    if done.returncode:
        sys.exit(
            "mien: pip could not install the pinned dependencies (see above). Is PyPI reachable? Then run the same command again."
        )


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"runtime", "dev"}:  # noqa: PLR2004
        sys.exit("usage: python3 scripts/bootstrap.py runtime|dev")
    sys.exit(main(sys.argv[1]))

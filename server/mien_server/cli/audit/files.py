"""The files of an exported log: read, and written for their owner alone."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mien.errors import SettingsError

if TYPE_CHECKING:
    from mien_server import audit


def reader(folder: Path) -> "audit.Read":
    """Reads the files of `folder` by name; None for one that is not there. Raises `SettingsError`."""

    def read(name: str) -> bytes | None:
        path = folder / name
        try:
            return path.read_bytes() if path.is_file() else None
        except OSError as error:
            msg = f"`{path}` cannot be read: {(error.strerror or 'unreadable').lower()}"
            raise SettingsError(msg) from error

    return read


def names(folder: Path) -> Iterator[str]:
    """The names of all files in `folder`."""
    for path in folder.rglob("*"):
        if not path.is_dir():
            yield path.relative_to(folder).as_posix()


def text(path: Path) -> str:
    """A file's text. Raises `SettingsError`."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"`{path}` cannot be read; give a folder written by `mien audit export`"
        raise SettingsError(msg) from error


def make_empty(folder: Path) -> None:
    """Make `folder`. Raises `SettingsError` when it cannot be made or holds anything."""
    try:
        _mkdir(folder)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        msg = f"`{folder}` cannot be made: {(error.strerror or 'unwritable').lower()}"
        raise SettingsError(msg) from error
    if taken is not None:
        msg = f"`{folder}` is not empty; export into a new folder, nothing is overwritten"
        raise SettingsError(msg)


def _mkdir(folder: Path) -> None:
    """A folder and what is missing above it, for its owner only (`parents=True` would make those for everybody)."""
    if not folder.is_dir():
        _mkdir(folder.parent)
        folder.mkdir(mode=0o700)


def write(path: Path, data: bytes) -> None:
    """Write a new file that only its owner can read. Raises `SettingsError`."""
    try:
        _mkdir(path.parent)
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
    except OSError as error:
        msg = f"`{path}` cannot be written: {(error.strerror or 'unwritable').lower()}"
        raise SettingsError(msg) from error

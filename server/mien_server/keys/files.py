"""Secrets as files: directory mode 0700, files 0600, each one line of base64url. Refused when anybody else could read them."""

import os
from pathlib import Path
from typing import Final, Self

from mien.errors import KeysMissing, KeysUnsafe, KeysUnwritable, RequestInvalid
from mien.wire.canonical import b64, unb64
from mien_server.keys.names import is_name

_OTHERS: Final = 0o077
_SUFFIX: Final = ".key"
_DYING: Final = ".dying"
"""What follows the name of a file that is being destroyed: no secret any more, whenever the process dies."""


class FileProvider:
    """`ports.KeyProvider` from a directory. Raises `KeysMissing` and `KeysUnsafe`."""

    writable: Final = True

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        if not directory.is_dir():
            msg = f"`{directory}` is not there; run `mien keys init`"
            raise KeysMissing(msg)
        _check_mode(directory, "chmod 700")
        self._bury()

    @classmethod
    def made(cls, directory: Path) -> Self:
        """The same, the directory made when it is not there. Raises `KeysUnwritable`."""
        try:
            directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            msg = f"`{directory}` cannot be made; make it, mode 0700, or set `MIEN_KEYS` to another place"
            raise KeysUnwritable(msg) from error
        return cls(directory)

    def names(self) -> frozenset[str]:
        """See `ports.KeyProvider`."""
        try:
            found = [path.stem for path in self._directory.iterdir() if path.suffix == _SUFFIX]
        except OSError as error:
            msg = f"`{self._directory}` cannot be listed; run `mien keys init`, or restore it"
            raise KeysMissing(msg) from error
        return frozenset(name for name in found if is_name(name))

    def read(self, name: str) -> bytes:
        """See `ports.KeyProvider`."""
        path = self._path(name)
        try:
            _check_mode(path, "chmod 600")
            return unb64(path.read_text("ascii").strip())
        except FileNotFoundError as error:
            msg = f"`{path}` is not there; run `mien keys init`, or restore it"
            raise KeysMissing(msg) from error
        except (OSError, UnicodeDecodeError, RequestInvalid) as error:
            msg = f"`{path}` cannot be read as a key; restore it"
            raise KeysMissing(msg) from error

    def create(self, name: str, secret: bytes) -> bool:
        """See `ports.KeyProvider`."""
        path = self._path(name)
        try:
            return not path.exists() and _write(path, secret)
        except OSError as error:
            msg = f"`{path}` cannot be written; see to its disk and its rights"
            raise KeysUnwritable(msg) from error

    def destroy(self, name: str) -> None:
        """See `ports.KeyProvider`. On a disk that copies on write the overwriting is no proof; see docs/explanation/erasure.md."""
        path = self._path(name)
        try:
            path.replace(path.with_name(path.name + _DYING))
            _sync(
                self._directory
            )  # first: a power cut must not leave an overwritten file under the key's name
        except FileNotFoundError:
            return
        except OSError as error:
            raise _indestructible(path) from error
        self._bury()

    def where(self, name: str) -> str:
        """See `ports.KeyProvider`."""
        return str(self._path(name))

    def _bury(self) -> None:
        """Overwrite and remove what `destroy` has put aside, also where a process died in it. Raises `KeysUnwritable`."""
        for path in self._directory.glob(f"*{_SUFFIX}{_DYING}"):
            try:
                _destroy(path)
            except OSError as error:
                raise _indestructible(path) from error

    def _path(self, name: str) -> Path:
        return self._directory / (name + _SUFFIX)


def _check_mode(path: Path, cure: str) -> None:
    if path.stat().st_mode & _OTHERS:
        msg = f"`{path}` can be read by other users; run `{cure} {path}` and think about who has seen it"
        raise KeysUnsafe(msg)


def _write(path: Path, secret: bytes) -> bool:
    """All or nothing, never readable by others, durable before it is used. False when another process was first: its secret stays."""
    # A name of its own: process numbers are the same in every container.
    part = path.with_suffix(f".{os.urandom(8).hex()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(b64(secret) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return _linked(part, path)
    finally:
        part.unlink()
        _sync(path.parent)


def _linked(part: Path, path: Path) -> bool:
    # link fails when another process made the key meanwhile: the first one stays, and both use it.
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    return True


def _destroy(path: Path) -> None:
    """Overwrite, then unlink."""
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    _sync(path.parent)


def _indestructible(path: Path) -> KeysUnwritable:
    return KeysUnwritable(f"`{path}` cannot be destroyed; see to its disk and its rights")


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

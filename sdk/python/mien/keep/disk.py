"""A folder that only its owner may read, with files that are whole or not there."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.errors import KeepError, KeepUnsafe

_OTHERS: Final = 0o077
_PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Disk:
    """A private folder. Made with mode 0700 when it is not there."""

    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Disk":
        """The folder, made if need be. Raises `KeepUnsafe` when others may read it, `KeepError` when it cannot be made."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = f"cannot make the folder `{folder}`; choose another home that you may write to"
            raise KeepError(msg) from error
        check_private(folder)
        return cls(folder)

    def read(self, name: str) -> bytes | None:
        """The bytes of a file, None when it is not there. Raises `KeepUnsafe` or `KeepError`."""
        path = self.folder / name
        try:
            check_private(path)
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _cannot(path) from error

    def write(self, name: str, data: bytes) -> None:
        """Replace a file so that a crash leaves the old one or the new one, on disk when this returns. Raises `KeepError`."""
        path = self.folder / name
        part = self.folder / f"{name}.{os.getpid()}{_PART}"
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_FOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            self._sync()
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise _cannot(path) from error

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def names(self, suffix: str) -> list[str]:
        """The names ending in `suffix`, sorted."""
        return sorted(p.name for p in self.folder.iterdir() if p.name.endswith(suffix))

    def stamp(self, name: str) -> tuple[int, int]:
        """Changes whenever the file is replaced or removed: cheap enough to ask at every frame."""
        try:
            found = (self.folder / name).stat()
        except FileNotFoundError:
            return (0, 0)
        return (found.st_ino, found.st_mtime_ns)

    def sweep(self) -> None:
        """Remove what a crash left half written."""
        for name in self.names(_PART):
            self.remove(name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against other processes and threads that also ask."""
        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | _NO_FOLLOW, 0o600)
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)  # closing gives the lock back

    def _sync(self) -> None:
        if sys.platform == "win32":  # a folder cannot be synced there
            return
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def check_private(path: Path) -> None:
    """Return when only its owner, who is this user, may use `path`; raise `KeepUnsafe` otherwise."""
    found = path.lstat()
    if (
        sys.platform == "win32"
    ):  # access there is by list, and a user's profile is private by default
        return
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        msg = f"`{path}` is a link or belongs to somebody else; move it away or choose another home"
        raise KeepUnsafe(msg)
    if found.st_mode & _OTHERS:
        msg = f"`{path}` can be read by other users; run `chmod go= {path}` or choose another home"
        raise KeepUnsafe(msg)


def _cannot(path: Path) -> KeepError:
    return KeepError(f"cannot use `{path}`; check the disk's space and permissions")


if sys.platform == "win32":
    import msvcrt

    _NO_FOLLOW = os.O_BINARY

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    _NO_FOLLOW = os.O_NOFOLLOW

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

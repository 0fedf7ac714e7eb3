"""What a watcher remembers: a folder with every checkpoint that it verified, and the evidence when something was wrong.

    checkpoints/<size, 19 digits>.note    as first seen with this size, or with more cosignatures since
    evidence/<unix seconds>-shown.note    what the log showed when it was wrong
    evidence/<unix seconds>-kept.note     what it had shown before
    evidence/<unix seconds>.txt           what was wrong

The newest checkpoint is what the next is compared with; older ones may be deleted. Keep the folder away from whoever runs the log.
"""

import os
from pathlib import Path
from typing import Final

from mien.errors import CheckpointInvalid, SettingsError
from mien.wire.proof import Checkpoint, parse_checkpoint
from mien.wire.witness import Cosignature, cosignatures
from mien_server import audit
from mien_server.cli.audit.files import text

_DIGITS: Final = 19


class Watched:
    """The folder `folder`, made when it is not there. Raises `SettingsError`."""

    def __init__(self, folder: Path, trusted: audit.Trusted) -> None:
        self._checkpoints = folder / "checkpoints"
        self._evidence = folder / "evidence"
        self._trusted = trusted
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._checkpoints.mkdir(mode=0o700, exist_ok=True)
            self._evidence.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unwritable(folder) from error

    def newest(self) -> tuple[Checkpoint, str] | None:
        """The newest checkpoint and its note; None when there is none. Raises `SettingsError` when it is not the log's."""
        names = sorted(path.name for path in self._checkpoints.glob("*.note"))
        if not names:
            return None
        path = self._checkpoints / names[-1]
        note = text(path)
        try:
            return parse_checkpoint(note, self._trusted.origin, self._trusted.key), note
        except CheckpointInvalid as error:
            msg = f"`{path}` is not signed by this log's key; give the right key, or another folder for another log"
            raise SettingsError(msg) from error

    def keep(self, look: audit.Look) -> bool:
        """Keep a checkpoint that was verified, whoever cosigned it; whether its size is new. Raises `SettingsError`."""
        path = self._checkpoints / f"{look.checkpoint.size:0{_DIGITS}d}.note"
        kept = text(path) if path.exists() else None
        if kept is None or len(self._cosigned(kept, look)) < len(look.cosigned):
            _write(path, look.note.encode())
        return kept is None

    def _cosigned(self, kept: str, look: audit.Look) -> tuple[Cosignature, ...]:
        return cosignatures(kept, look.checkpoint, self._trusted.witnesses)

    def accuse(self, at: int, says: str, shown: bytes | None, kept: str | None) -> Path:
        """Keep what is wrong; where it is said. Raises `SettingsError`."""
        if shown is not None:
            _write(self._evidence / f"{at}-shown.note", shown)
        if kept is not None:
            _write(self._evidence / f"{at}-kept.note", kept.encode())
        path = self._evidence / f"{at}.txt"
        _write(path, f"{says}\n".encode())
        return path


def _write(path: Path, data: bytes) -> None:
    """A whole file or none, durable: what was once verified must be there for the next comparison."""
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _unwritable(path) from error


def _unwritable(path: Path) -> SettingsError:
    return SettingsError(f"`{path}` cannot be written; see to its disk and its rights")

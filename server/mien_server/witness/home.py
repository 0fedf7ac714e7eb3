"""The folder of a witness: `witness.key` (its secret, mode 0600), `witness.vkey` (what it publishes), `memory.db`, and `forks/` with notes that prove one.

Key and memory belong together. A key without its memory would sign again what it has seen otherwise, so such a folder is refused, and neither is ever
made anew beside the other. Restoring an old copy of the folder does the same harm unseen: keep none.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.errors import (
    CheckpointInvalid,
    KeysMissing,
    KeysUnsafe,
    KeysUnwritable,
    RequestInvalid,
    SettingsError,
)
from mien.wire.canonical import b64, unb64
from mien.wire.keys import SigningKey
from mien.wire.proof import COSIGNATURE, note_key, parse_note_key
from mien_server.errors import StoreUnwritable
from mien_server.witness.memory import Memory, Seen

KEY: Final = "witness.key"
PUBLIC: Final = "witness.vkey"
MEMORY: Final = "memory.db"
FORKS: Final = "forks"
MOST_FORKS: Final = 10
"""Kept of one log: its key can sign as many as it likes, and the disk is that of all logs."""
_OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Home:
    """A witness that can sign."""

    name: str
    key: SigningKey
    memory: Memory
    forks: Path

    @property
    def vkey(self) -> str:
        """The witness's verification key as text."""
        return note_key(self.name, self.key.verify_key(), COSIGNATURE)


def make(folder: Path, name: str, key: SigningKey) -> Home:
    """Make the folder of a new witness. Raises `CheckpointInvalid` for a name that notes cannot carry, `KeysUnwritable` also when something is there."""
    vkey = note_key(name, key.verify_key(), COSIGNATURE)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = next(folder.iterdir(), None)
    except OSError as error:
        raise _unwritable(folder) from error
    if taken is not None:
        msg = (
            f"`{folder}` is not empty; a new witness begins in a new folder, nothing is overwritten"
        )
        raise KeysUnwritable(msg)
    memory = Memory(folder / MEMORY)
    try:
        folder.chmod(0o700)  # also where it was there
        memory.make(vkey)
        (folder / MEMORY).chmod(0o600)
        (folder / FORKS).mkdir(mode=0o700)
        _write(folder / PUBLIC, f"{vkey}\n")
        _write(folder / KEY, f"{b64(key.secret())}\n")  # last: without it nothing is signed
        _sync(folder)
    except OSError as error:
        raise _unwritable(folder) from error
    return Home(name, key, memory, folder / FORKS)


def open_home(folder: Path) -> Home:
    """The witness that lives in `folder`. Raises `KeysMissing`, `KeysUnsafe`, `SettingsError`, `StoreUnwritable`."""
    key = _key(folder / KEY)
    try:
        name, public = parse_note_key((folder / PUBLIC).read_text("utf-8").strip(), COSIGNATURE)
    except (OSError, UnicodeDecodeError, CheckpointInvalid) as error:
        msg = f"`{folder / PUBLIC}` cannot be read; restore it from where the witness's key is published"
        raise SettingsError(msg) from error
    home = Home(name, key, Memory(folder / MEMORY), folder / FORKS)
    if public != key.verify_key() or home.memory.owner() != home.vkey:
        msg = f"key, public key and memory in `{folder}` are not of one witness; begin a new one in a new folder"
        raise SettingsError(msg)
    return home


def keep_fork(home: Home, kept: Seen, shown: Seen) -> None:
    """Write both notes down, once for each checkpoint shown, up to `MOST_FORKS` of a log: its own signatures prove that it forked.

    Raises `StoreUnwritable`.
    """
    log, mark = _mark(shown.checkpoint.origin), _mark(shown.checkpoint.body())
    path = home.forks / f"{log}-{mark}-shown.note"
    try:
        known = sum(1 for _ in home.forks.glob(f"{log}-*-shown.note"))
        if known < MOST_FORKS and not path.exists():
            _write(home.forks / f"{log}-{mark}-kept.note", kept.note)
            _write(path, shown.note)
            _sync(home.forks)
    except OSError as error:
        msg = f"`{home.forks}` cannot be written; see to its disk and its rights"
        raise StoreUnwritable(msg) from error


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _key(path: Path) -> SigningKey:
    try:
        if path.stat().st_mode & _OTHERS or path.parent.stat().st_mode & _OTHERS:
            msg = f"`{path}` or its folder can be read by other users; begin a new witness, and think about who has seen it"
            raise KeysUnsafe(msg)
        return SigningKey.from_secret(unb64(path.read_text("ascii").strip()))
    except FileNotFoundError as error:
        msg = f"`{path}` is not there; run `mien witness init`"
        raise KeysMissing(msg) from error
    except (OSError, UnicodeDecodeError, RequestInvalid) as error:
        msg = f"`{path}` cannot be read as a key; begin a new witness in a new folder"
        raise KeysMissing(msg) from error


def _write(path: Path, text: str) -> None:
    """A new file for its owner alone, durable."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:  # fmt: skip
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(folder: Path) -> KeysUnwritable:
    return KeysUnwritable(f"`{folder}` cannot be written; see to its disk and its rights")

"""The server's secrets as files: directory mode 0700, files 0600, each one line of base64url. Refused when anybody else could read them.

    signing.key          Ed25519: receipts, capabilities, certificates, the service document
    log.key              Ed25519: checkpoints of the audit log
    kek-00000.key        32 bytes: key-encryption key of an epoch; everything in the database is under one of them
    seal-2026-11-22.key  96 bytes: what devices seal to on that UTC day; dies a day later

A key-encryption key lives for an epoch of 30 days. At its end the living are wrapped anew and the old key is destroyed: with it, every backup
of that epoch becomes unreadable, the erased included. Keep this directory off the disk and the backups of the database.
"""

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from mien.errors import KeysMissing, KeysUnsafe, RequestInvalid, SealKeyExpired, SealKeyUnknown
from mien.wire.canonical import b64, unb64
from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import SealKeyDoc
from mien_server.ports import Entropy

DAY: Final = 86_400
SEAL_LIFE: Final = 2 * DAY
"""Seconds from the start of its day until a seal key dies: what was sealed just before midnight has a day to arrive."""
EPOCH: Final = 30 * DAY
"""Seconds a key-encryption key is used for new wrapping."""
REWRAP: Final = DAY
"""Seconds after an epoch's end within which everybody living has been wrapped anew and the old key is gone."""
_SECRET: Final = 32
_OTHERS: Final = 0o077
_SEAL_FILE: Final = re.compile(r"seal-(\d{4}-\d{2}-\d{2})\.key")
_KEK_FILE: Final = re.compile(r"kek-(\d{5})\.key")
_FIXED: Final = ("signing", "log")


def day_of(now: int) -> str:
    """The UTC day of a time, as a seal key's id."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def start_of(kid: str) -> int:
    """Unix seconds at which the day `kid` begins. Raises `SealKeyUnknown` when it is no day."""
    try:
        return int(datetime.combine(date.fromisoformat(kid), datetime.min.time(), UTC).timestamp())
    except ValueError as error:
        msg = "no seal key has this id; fetch the service document again"
        raise SealKeyUnknown(msg) from error


def epoch_of(now: int) -> int:
    """The number of the epoch that a time lies in."""
    return now // EPOCH


def create_keys(directory: Path, entropy: Entropy, now: int) -> "FileKeys":
    """Make the directory and what is missing in it; what is there stays. Raises `KeysUnsafe`."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_directory(directory)
    for name in _FIXED:
        path = directory / f"{name}.key"
        if not path.exists():
            _write(path, entropy.bytes(_SECRET))
    _make_epoch(directory, epoch_of(now), entropy.bytes)
    _make_seal(directory, day_of(now))
    return FileKeys(directory, entropy)


class FileKeys:
    """`ports.Keys` from a directory that `create_keys` made. Raises `KeysMissing` and `KeysUnsafe`."""

    def __init__(self, directory: Path, entropy: Entropy) -> None:
        self._directory = directory
        self._entropy = entropy
        _check_directory(directory)
        self.signing = SigningKey.from_secret(_read(directory / "signing.key"))
        self.log = SigningKey.from_secret(_read(directory / "log.key"))
        self._keks: dict[int, bytes] = {}
        self._seals: dict[str, OpenKey] = {}
        self._load()

    def epoch(self) -> int:
        """See `ports.Keys`."""
        return max(self._keks)

    def epoch_ends(self, epoch: int) -> int:
        """See `ports.Keys`."""
        return (epoch + 1) * EPOCH + REWRAP

    def kek(self, epoch: int) -> bytes:
        """See `ports.Keys`."""
        found = self._keks.get(epoch)
        if found is None:
            msg = f"the key-encryption key of epoch {epoch} is not here: what it wrapped was erased with it, or restore `kek-{epoch:05d}.key`"
            raise KeysMissing(msg)
        return found

    def seal_keys(self, now: int) -> tuple[SealKeyDoc, ...]:
        """See `ports.Keys`."""
        documents = [_document(kid, key) for kid, key in sorted(self._seals.items(), reverse=True)]
        return tuple(each for each in documents if each.not_before <= now < each.not_after)

    def open_key(self, kid: str, now: int) -> OpenKey:
        """See `ports.Keys`."""
        start = start_of(kid)
        if now >= start + SEAL_LIFE:
            msg = "this was sealed to a key that has died; seal it to today's"
            raise SealKeyExpired(msg)
        found = self._seals.get(kid)
        if found is None:
            msg = "no seal key has this id; fetch the service document again"
            raise SealKeyUnknown(msg)
        return found

    def rotate(self, now: int) -> None:
        """See `ports.Keys`."""
        if day_of(now) not in self._seals:
            _make_seal(self._directory, day_of(now))
        if epoch_of(now) not in self._keks:
            _make_epoch(self._directory, epoch_of(now), self._entropy.bytes)
        for kid in [kid for kid in self._seals if now >= start_of(kid) + SEAL_LIFE]:
            del self._seals[kid]
            _destroy(self._directory / f"seal-{kid}.key")
        self._load()

    def drop_epochs_before(self, epoch: int) -> None:
        """See `ports.Keys`."""
        for old in [old for old in self._keks if old < epoch]:
            del self._keks[old]
            _destroy(self._directory / f"kek-{old:05d}.key")

    def _load(self) -> None:
        """Read the keys that come and go; another server on the same directory may have made or destroyed some."""
        names = sorted(path.name for path in self._directory.iterdir())
        keks = {int(found[1]): found[0] for name in names if (found := _KEK_FILE.fullmatch(name))}
        seals = {found[1]: found[0] for name in names if (found := _SEAL_FILE.fullmatch(name))}
        self._keks = {
            epoch: self._keks.get(epoch) or _read(self._directory / name)
            for epoch, name in keks.items()
        }
        self._seals = {
            kid: self._seals.get(kid) or OpenKey.from_secret(_read(self._directory / name))
            for kid, name in seals.items()
        }
        if not self._keks:
            msg = "no key-encryption key is here; run `mien keys init`, or restore the files `kek-*.key`"
            raise KeysMissing(msg)


def _document(kid: str, key: OpenKey) -> SealKeyDoc:
    start = start_of(kid)
    return SealKeyDoc(
        kid=kid, public=key.seal_key().text(), not_before=start, not_after=start + SEAL_LIFE
    )


def _make_epoch(directory: Path, epoch: int, random: Callable[[int], bytes]) -> None:
    path = directory / f"kek-{epoch:05d}.key"
    if not path.exists():
        _write(path, random(_SECRET))


def _make_seal(directory: Path, kid: str) -> None:
    path = directory / f"seal-{kid}.key"
    if not path.exists():
        _write(path, OpenKey.generate().secret())


def _check_directory(directory: Path) -> None:
    if not directory.is_dir():
        msg = f"`{directory}` is not there; run `mien keys init`"
        raise KeysMissing(msg)
    _check_mode(directory, "chmod 700")


def _check_mode(path: Path, cure: str) -> None:
    if path.stat().st_mode & _OTHERS:
        msg = f"`{path}` can be read by other users; run `{cure} {path}` and think about who has seen it"
        raise KeysUnsafe(msg)


def _read(path: Path) -> bytes:
    try:
        _check_mode(path, "chmod 600")
        return unb64(path.read_text("ascii").strip())
    except FileNotFoundError as error:
        msg = f"`{path}` is not there; run `mien keys init`, or restore it"
        raise KeysMissing(msg) from error
    except (OSError, UnicodeDecodeError, RequestInvalid) as error:
        msg = f"`{path}` cannot be read as a key; restore it"
        raise KeysMissing(msg) from error


def _write(path: Path, secret: bytes) -> None:
    """All or nothing, never readable by others, durable before it is used."""
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(b64(secret) + "\n")
        file.flush()
        os.fsync(file.fileno())
    # link fails when another process made the key meanwhile: the first one stays, and both use it.
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
    _sync(path.parent)


def _destroy(path: Path) -> None:
    """Overwrite, then unlink. On a disk that copies on write the overwriting is no proof; see docs/explanation/erasure.md."""
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except FileNotFoundError:
        return
    _sync(path.parent)


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

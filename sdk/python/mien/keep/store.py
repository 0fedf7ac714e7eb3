"""What is kept of one site on one device: the person, the counter, the queue. AES-256-GCM, each file under its own derived key and its own name.

Files of a site's folder: `person`, `personal`, `asked`, `counter`, `losses`, `service`, `NNN.envelope` and `NNN.receipt`, each `nonce (12) || ciphertext`.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mien.errors import KeepUnreadable, RequestInvalid
from mien.keep.disk import Disk
from mien.keep.key import MasterKey
from mien.wire.canonical import decode, encode
from mien.wire.keys import derive

QUEUE_LIMIT: Final = 2048
"""Sealed envelopes kept while offline: nearly six hours at one every ten seconds."""
RECEIPT_LIMIT: Final = 64
"""Receipts kept; the oldest go first."""
_NONCE: Final = 12
_MOST: Final = 1024 * 1024
"""No kept file has more bytes when it is opened."""
_ENVELOPE: Final = ".envelope"
_RECEIPT: Final = ".receipt"
_PERSON: Final = "person"
_PERSONAL: Final = "personal"
_ASKED: Final = "asked"
_COUNTER: Final = "counter"
_LOSSES: Final = "losses"


@dataclass(frozen=True, slots=True)
class Keep:
    """The kept things of one site. Several processes may hold the same folder: what must not happen twice happens under its lock."""

    disk: Disk
    key: bytes
    entropy: Callable[[int], bytes]
    limit: int = QUEUE_LIMIT

    @classmethod
    def open(
        cls,
        home: Path,
        place: str,
        master: MasterKey,
        entropy: Callable[[int], bytes],
        limit: int = QUEUE_LIMIT,
    ) -> "Keep":
        """The folder `place` under `home`. Raises `KeepUnsafe`, `KeepUnreadable` or `KeepError`."""
        key = master.load()
        disk = Disk.open(home / place)
        with disk.locked():
            disk.sweep()
        return cls(disk, derive(key, f"mien keep v1 {place}"), entropy, limit)

    # ---- the person ----
    def person(self) -> Any | None:
        """The JSON value kept of the person, None when nobody is known. Raises `KeepUnreadable`."""
        return self._load(_PERSON)

    def change_person(
        self,
        change: Callable[[Any | None], Any | None],
        learns: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        """Replace what is kept by `change` of it (None: leave it), against all others that would.

        What was learned of the person goes first unless `learns` says of the new value that it may stay: a crash leaves too little, never too much.
        """
        with self.disk.locked():
            value = change(self._load(_PERSON))
            if value is not None:
                if not learns(value):
                    self.disk.remove(_PERSONAL)
                self._store(_PERSON, value)

    def stamp(self) -> tuple[int, int]:
        """Changes whenever anybody, this process or another, changes what is kept of the person."""
        return self.disk.stamp(_PERSON)

    def forget(self) -> None:
        """Remove everything kept of the person: keys, consent, receipts, counter, queue, what was learned of them. What others put there stays."""
        with self.disk.locked():
            files = (*self.disk.names(_ENVELOPE), *self.disk.names(_RECEIPT))
            for name in (*files, _COUNTER, _LOSSES, _ASKED, _PERSONAL, _PERSON):
                self.disk.remove(name)

    # ---- what was learned of them ----
    def personal(self) -> Any | None:
        """The JSON value kept of what was learned of the person, None when nothing is. Raises `KeepUnreadable`."""
        return self._load(_PERSONAL)

    def change_personal(
        self, change: Callable[[Any | None], Any], learns: Callable[[Any], bool]
    ) -> bool:
        """Replace what was learned by `change` of it, if `learns` says of the person as kept now that it may be. Says whether it was.

        When it may not, what was learned before goes as well.
        """
        with self.disk.locked():
            person = self._load(_PERSON)
            if person is None or not learns(person):
                self.disk.remove(_PERSONAL)
                return False
            self._store(_PERSONAL, change(self._load(_PERSONAL)))
            return True

    def personal_stamp(self) -> tuple[int, int]:
        """Changes whenever anybody changes what was learned."""
        return self.disk.stamp(_PERSONAL)

    def forget_personal(self) -> bool:
        """Remove what was learned of the person. Says whether there was anything."""
        with self.disk.locked():
            there = self.disk.read(_PERSONAL) is not None
            self.disk.remove(_PERSONAL)
            return there

    # ---- before there is a person ----
    def asked(self) -> str:
        """How far asking went with somebody who is not known: a state of a consent, `none` at first."""
        found = self._load(_ASKED)
        return found if isinstance(found, str) else "none"

    def keep_asked(self, state: str) -> None:
        """Remember how far asking went."""
        with self.disk.locked():
            self._store(_ASKED, state)

    # ---- receipts ----
    def keep_receipt(self, value: Any) -> None:
        """Keep a receipt behind those that are there, of which the last `RECEIPT_LIMIT` stay. Nothing is kept of a person who was forgotten."""
        with self.disk.locked():
            if self.disk.read(_PERSON) is None:
                return
            there = self.disk.names(_RECEIPT)
            number = int(there[-1].removesuffix(_RECEIPT)) + 1 if there else 1
            self._store(f"{number:016d}{_RECEIPT}", value)
            for name in there[: max(0, len(there) + 1 - RECEIPT_LIMIT)]:
                self.disk.remove(name)

    def receipts(self) -> tuple[Any, ...]:
        """The kept receipts, newest last. Raises `KeepUnreadable`."""
        found = (self._load(name) for name in self.disk.names(_RECEIPT))
        return tuple(value for value in found if value is not None)

    # ---- what may be kept without a person ----
    def document(self, name: str) -> Any | None:
        """A document such as the server's signed description of itself."""
        return self._load(f"{name}.document")

    def keep_document(self, name: str, value: Any) -> None:
        """Keep a document that says nothing of a person."""
        self._store(f"{name}.document", value)

    def change_document(self, name: str, change: Callable[[Any | None], Any | None]) -> Any | None:
        """Replace a document by `change` of it (None: leave it), against all others that would. What was stored, or None."""
        with self.disk.locked():
            value = change(self.document(name))
            if value is not None:
                self.keep_document(name, value)
            return value

    # ---- the queue ----
    def next_number(self) -> int:
        """A sequence number that nobody had before, from 1; on disk before this returns, so a crash skips a number and never repeats one."""
        with self.disk.locked():
            number = int(self._load(_COUNTER) or 0) + 1
            self._store(_COUNTER, number)
            return number

    def put(self, number: int, envelope: Any) -> None:
        """Queue a sealed envelope. When the queue is full the oldest goes, and is counted as lost."""
        with self.disk.locked():
            for name in self._waiting()[: max(0, len(self._waiting()) + 1 - self.limit)]:
                self.disk.remove(name)
                self._count("queue-full", 1)
            self._store(f"{number:016d}{_ENVELOPE}", envelope)

    def queue(self) -> list[int]:
        """The numbers of the waiting envelopes, oldest first."""
        return [int(name.removesuffix(_ENVELOPE)) for name in self._waiting()]

    def envelope(self, number: int) -> Any | None:
        """A waiting envelope, None when it is gone. One that is damaged is dropped and counted as lost."""
        name = f"{number:016d}{_ENVELOPE}"
        try:
            return self._load(name)
        except KeepUnreadable:
            self.lose(number, "damaged")
            return None

    def sent(self, number: int) -> None:
        """The server has this envelope: it need not be kept."""
        self.disk.remove(f"{number:016d}{_ENVELOPE}")

    def lose(self, number: int, why: str) -> None:
        """Drop an envelope that can never arrive, and count it."""
        with self.disk.locked():
            self.disk.remove(f"{number:016d}{_ENVELOPE}")
            self._count(why, 1)

    def purge(self) -> int:
        """Drop every waiting envelope (withdrawal). Gives how many there were."""
        with self.disk.locked():
            waiting = self._waiting()
            for name in waiting:
                self.disk.remove(name)
            return len(waiting)

    # ---- what was lost ----
    def count_loss(self, why: str, number: int = 1) -> None:
        """Remember that something was lost, so that it can be told."""
        with self.disk.locked():
            self._count(why, number)

    def losses(self) -> Mapping[str, int]:
        """How many envelopes or labels were lost, by why."""
        found = self._load(_LOSSES)
        return found if isinstance(found, dict) else {}

    def _count(self, why: str, number: int) -> None:
        found = dict(self.losses())
        found[why] = found.get(why, 0) + number
        self._store(_LOSSES, found)

    def _waiting(self) -> list[str]:
        return self.disk.names(_ENVELOPE)

    # ---- encryption ----
    def _store(self, name: str, value: Any) -> None:
        nonce = self.entropy(_NONCE)
        sealed = AESGCM(self._key_of(name)).encrypt(nonce, encode(value), name.encode())
        self.disk.write(name, nonce + sealed)

    def _load(self, name: str) -> Any | None:
        data = self.disk.read(name)
        if data is None:
            return None
        try:
            plain = AESGCM(self._key_of(name)).decrypt(data[:_NONCE], data[_NONCE:], name.encode())
            return decode(plain, limit=_MOST)
        except (InvalidTag, ValueError, RequestInvalid) as error:
            msg = f"`{self.disk.folder / name}` does not open with this key; restore it, or remove the folder to start afresh"
            raise KeepUnreadable(msg) from error

    def _key_of(self, name: str) -> bytes:
        """A key for each file name: random nonces then never meet too many messages under one key (NIST SP 800-38D, 8.3)."""
        return derive(self.key, f"file {name}")


def default_home() -> Path:
    """Where a user's programs keep data: `platformdirs`' user data folder for mien."""
    import platformdirs

    return Path(os.fspath(platformdirs.user_data_dir("mien", appauthor=False)))

"""Logs in memory that sign what a test wants, and witnesses in a folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.server.tiles import Memory

from mien.wire.keys import SigningKey
from mien.wire.proof import Checkpoint, note_key
from mien.wire.witness import AddCheckpoint, Witness
from mien_server import audit, witness

ORIGIN = "shop.example/log"


@dataclass
class SmallLog:
    """A log with a key: `fork` is another one that begins like it and has the same key."""

    origin: str = ORIGIN
    key: SigningKey = field(default_factory=SigningKey.generate)
    tiles: Memory = field(default_factory=Memory)

    @property
    def vkey(self) -> str:
        return note_key(self.origin, self.key.verify_key())

    def grow(self, count: int, mark: str = "") -> Self:
        first = self.tiles.size()
        audit.append(self.tiles, [f"{mark}{first + n}".encode() for n in range(count)])
        return self

    def fork(self) -> Self:
        return type(self)(self.origin, self.key, self.tiles.copy())

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.tiles.size() if size is None else size
        return Checkpoint(self.origin, size, audit.root(self.tiles, size))

    def note(self, size: int | None = None) -> str:
        return audit.sign(self.checkpoint(size), self.key)

    def asks(self, old: int, size: int | None = None, path: Sequence[bytes] | None = None) -> bytes:
        """The body of an honest request, or of one with another proof."""
        size = self.tiles.size() if size is None else size
        if path is None:
            path = audit.consistency(self.tiles, min(old, size), size)
        return AddCheckpoint(old, tuple(path), self.note(size)).text().encode()


@dataclass
class TestClock:
    at: int = 1_795_305_600

    __test__ = False

    def now(self) -> int:
        return self.at


def new_home(folder: Path, name: str = "witness.example/w1") -> witness.Home:
    return witness.make(folder, name, SigningKey.generate())


def judge(home: witness.Home, *logs: SmallLog, clock: TestClock | None = None) -> witness.Judge:
    return witness.Judge(home, witness.logs_of(log.vkey for log in logs), clock or TestClock())


def public(home: witness.Home) -> Witness:
    return Witness.from_text(home.vkey)

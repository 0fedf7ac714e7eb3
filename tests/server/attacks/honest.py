"""The honest log that every attack begins with, exported from a real server, and the tools of who attacks it: an export made again, with whatever key.

An attack is a file of this folder, named after it: `attacks(honest)` yields what an officer is shown instead of the honest log, and where the fault must
be named; `CAUGHT_BY` and `SAYS` are what the table in `docs/reference/audit-log.md` says of it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.server.tiles import Memory
from tests.server.world import ORIGIN, Phone, World

from mien.wire import proof
from mien.wire.keys import SigningKey
from mien.wire.signatures import Kind
from mien_server import audit

Files = dict[str, bytes]
SIZE = 600
"""At least: two full tiles and one that is not, so that there is a level above."""
PLACE = 300
"""An entry in the middle of a full tile."""
KEPT = 400
"""At least so many entries had the log when the officer kept its checkpoint."""


@dataclass(frozen=True)
class Honest:
    """An honest log as it was exported. Its attacker may have everything here, both keys too."""

    files: Files
    key: SigningKey
    """The log's: signs checkpoints."""
    trust: SigningKey
    """The server's: signs receipts."""
    kept: str
    """A checkpoint the officer kept from before."""
    receipts: tuple[str, ...]
    """As people keep them."""
    made_at: int
    """The server's time when the last was given (unix seconds)."""

    @property
    def origin(self) -> str:
        return ORIGIN

    @property
    def vkey(self) -> str:
        return proof.note_key(self.origin, self.key.verify_key())

    @property
    def size(self) -> int:
        return proof.parse_checkpoint(self.note, self.origin, self.key.verify_key()).size

    @property
    def kept_size(self) -> int:
        return proof.parse_checkpoint(self.kept, self.origin, self.key.verify_key()).size

    @property
    def note(self) -> str:
        return self.files[audit.CHECKPOINT].decode()

    def entries(self) -> list[bytes]:
        """Every entry, in order."""
        folder = audit.Folder(self.files.get, self.size)
        bundles = range(-(-self.size // audit.TILE_WIDTH))
        return [entry for number in bundles for entry in folder.entry_tile(number)]

    def bundle(self, number: int) -> str:
        """The name of the file that holds the entries from 256 times `number` on."""
        width = min(audit.TILE_WIDTH, self.size - number * audit.TILE_WIDTH)
        return audit.entries_path(number, width)


@dataclass(frozen=True)
class Attacked:
    """What the officer is shown, what they hold against it, and where the fault must be named (a regular expression for the whole `where`)."""

    files: Files
    where: str
    older: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    proof: tuple[str, bytes] | None = None
    """A tlog-proof and the entry it is for, instead of a log."""


def exported(entries: Sequence[bytes], key: SigningKey, origin: str = ORIGIN) -> Files:
    """An export of a log of these entries, without anything opened, signed with `key`: whole and consistent in itself."""
    tiles = Memory()
    audit.append(tiles, entries)
    note = audit.checkpoint(tiles, origin, key)
    return dict(audit.files(tiles, note, proof.note_key(origin, key.verify_key())))


def altered(honest: Honest, change: Callable[[list[bytes]], object], *, rehashed: bool) -> Files:
    """The export with its entries changed: the bundles only, or `rehashed` every tile. Only the signature cannot follow."""
    entries = honest.entries()
    change(entries)
    forged = exported(entries, honest.key)
    for name in (audit.CHECKPOINT, audit.KEY):
        del forged[name]
    if not rehashed:
        forged = {name: data for name, data in forged.items() if "entries" in name}
    return {**honest.files, **forged}


def unopened(files: Files) -> Files:
    """Without the opened decisions: whoever forges a log would hand over none that tell."""
    return {name: data for name, data in files.items() if name != audit.OPENED}


# ---- how it came to be ----
def made(directory: Path, export: Callable[[World, Path], None]) -> Honest:
    """Use a real server until its log is long enough, and export that as an officer does."""
    directory.mkdir()
    world = World(directory)
    kept, receipts = asyncio.run(_used(world))
    folder = directory / "export"
    export(world, folder)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return Honest(files, world.keys.log, world.keys.signing, kept, receipts, world.clock.now())


async def _used(world: World) -> tuple[str, tuple[str, ...]]:
    """A checkpoint from before the end, and receipts of both halves."""
    async with world:
        first = await _lived(world, KEPT)
        kept = await world.pipeline.checkpoint()
        second = await _lived(world, SIZE)
    return kept, (*first, *second)


async def _lived(world: World, size: int) -> list[str]:
    """People consent, are shown offers, withdraw and are erased, until there are `size` entries; what they were handed."""
    receipts: list[str] = []
    while await _length(world) < size:
        phone = world.phone()
        statement = await phone.consent_statement("personalize_offers")
        signed = phone.signed(Kind.CONSENT, statement)
        receipts.append((await world.pipeline.consent(world.site, signed)).receipt)
        await phone.send()
        await asyncio.gather(*(phone.rank() for _ in range(40)))
        text = phone.withdrawal("personalize_offers")
        receipts.append((await world.pipeline.withdraw(world.site, text)).receipt)
        if len(receipts) % 4 == 0:
            receipts.append(await _erased(phone))
    return receipts


async def _length(world: World) -> int:
    await world.pipeline.sequence()
    return int(await world.store.transact(lambda t: t.tiles.size()))


async def _erased(phone: Phone) -> str:
    answer = await phone.erase()
    return answer.certificate

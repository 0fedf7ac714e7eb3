"""One bit of one byte is flipped, in any file: by a bad disk, or by somebody who hopes that nobody hashes."""

import re
from collections.abc import Iterator

from tests.server.attacks.honest import PLACE, Attacked, Honest

from mien_server import audit

CAUGHT_BY = "the hashes and the signature"
SAYS = "is not the one that was hashed into the log"
_ENTRY = 42
"""Bytes of an entry in its bundle, with its length."""


def attacks(honest: Honest) -> Iterator[Attacked]:
    bundle = honest.bundle(PLACE // audit.TILE_WIDTH)
    within = PLACE % audit.TILE_WIDTH * _ENTRY + 10
    yield Attacked(flipped(honest, bundle, within, 0), f"entry {PLACE}")
    for name, data in sorted(honest.files.items()):
        if name == audit.KEY:  # trust does not come from the export
            continue
        for bit, at in enumerate(range(0, len(data), max(1, len(data) // 6))):
            yield Attacked(flipped(honest, name, at, bit % 8), _where(honest, name, at))


def flipped(honest: Honest, name: str, at: int, bit: int) -> dict[str, bytes]:
    """The export with one bit of one file flipped."""
    data = bytearray(honest.files[name])
    data[at] ^= 1 << bit
    return {**honest.files, name: bytes(data)}


def _where(honest: Honest, name: str, at: int) -> str:
    """What must be named: the very entry where the file tells, or the file."""
    if name == audit.CHECKPOINT:
        return "checkpoint"
    if name == audit.OPENED:
        before = honest.files[name][:at].count(b"\n")
        index = re.match(rb'\{"index":(\d+)', honest.files[name].split(b"\n")[before])
        return rf"opened\.jsonl line {before + 1}|entry {int(index[1]) if index else ''}|entry \d+"
    if "/entries/" in name:
        first = next(n for n in range(9) if honest.bundle(n) == name) * audit.TILE_WIDTH
        return rf"entry {first + at // _ENTRY}|entries from {first}"
    level = int(name.split("/")[1])
    return r"entry \d+" if level == 0 else r"tile/.*|checkpoint"

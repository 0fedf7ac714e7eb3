"""The log's tree in memory, and the tree written down naively: what the server's own is compared with."""

from mien.wire import proof


class Memory:
    """The port `Tiles` in memory; counts what is read and written."""

    def __init__(self) -> None:
        self.hashes: dict[tuple[int, int], bytes] = {}
        self.entries: dict[int, tuple[bytes, ...]] = {}
        self.count = self.touched = 0

    def tile(self, level: int, number: int) -> bytes:
        self.touched += 1
        return self.hashes.get((level, number), b"")

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        self.touched += 1
        self.hashes[level, number] = hashes

    def entry_tile(self, number: int) -> tuple[bytes, ...]:
        self.touched += 1
        return self.entries.get(number, ())

    def put_entry_tile(self, number: int, entries: tuple[bytes, ...]) -> None:
        self.touched += 1
        self.entries[number] = entries

    def size(self) -> int:
        return self.count

    def grow(self, before: int, size: int) -> None:
        assert self.count == before
        self.count = size

    def copy(self) -> "Memory":
        other = Memory()
        other.hashes, other.entries, other.count = dict(self.hashes), dict(self.entries), self.count
        return other


def mth(entries: list[bytes]) -> bytes:
    """RFC 6962 section 2.1."""
    if len(entries) < 2:
        return proof.leaf_hash(entries[0]) if entries else proof.EMPTY_ROOT
    middle = 1 << (len(entries) - 1).bit_length() - 1
    return proof.node_hash(mth(entries[:middle]), mth(entries[middle:]))

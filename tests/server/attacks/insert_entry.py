"""An entry is slipped in between two others: a consent from before the processing."""

from collections.abc import Iterator

from tests.server.attacks.honest import PLACE, Attacked, Honest, altered

from mien_server import audit

CAUGHT_BY = "the hashes and the signature"
SAYS = "is not the one that was hashed into the log"
FORGED = bytes(range(32))


def attacks(honest: Honest) -> Iterator[Attacked]:
    def insert(entries: list[bytes]) -> None:
        entries.insert(PLACE, audit.entry(FORGED, honest.made_at))

    yield Attacked(altered(honest, insert, rehashed=False), f"entry {PLACE}")
    yield Attacked(altered(honest, insert, rehashed=True), r"tile/.*|checkpoint")

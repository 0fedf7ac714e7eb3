"""An entry disappears, and all behind it move up: a decision that never was."""

from collections.abc import Iterator

from tests.server.attacks.honest import PLACE, Attacked, Honest, altered

CAUGHT_BY = "the hashes and the signature"
SAYS = "is not the one that was hashed into the log (it is what stood at 301)"


def attacks(honest: Honest) -> Iterator[Attacked]:
    yield Attacked(altered(honest, _drop, rehashed=False), f"entry {PLACE}")
    yield Attacked(
        altered(honest, _drop, rehashed=True), r"tile/.*|entry \d+|entries from \d+|checkpoint"
    )


def _drop(entries: list[bytes]) -> None:
    del entries[PLACE]

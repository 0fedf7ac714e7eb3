"""Two entries change places: the withdrawal now stands behind the use."""

from collections.abc import Iterator

from tests.server.attacks.honest import PLACE, Attacked, Honest, altered, unopened

CAUGHT_BY = "the hashes and the signature"
SAYS = "(it is what stood at 301)"


def attacks(honest: Honest) -> Iterator[Attacked]:
    yield Attacked(altered(honest, _swap, rehashed=False), f"entry {PLACE}")
    yield Attacked(altered(honest, _swap, rehashed=False), f"entry {PLACE + 1}")
    yield Attacked(unopened(altered(honest, _swap, rehashed=True)), "checkpoint")


def _swap(entries: list[bytes]) -> None:
    entries[PLACE], entries[PLACE + 1] = entries[PLACE + 1], entries[PLACE]

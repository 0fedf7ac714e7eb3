"""The log's own key signs a shorter log: the newest decisions never were."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest, exported

CAUGHT_BY = "a checkpoint kept from before"
SAYS = "and all after it are gone: the older checkpoint had"


def attacks(honest: Honest) -> Iterator[Attacked]:
    for size in (0, 1, 256, 500):
        shorter = exported(honest.entries()[:size], honest.key)
        yield Attacked(shorter, f"entry {size}", older=(honest.note,))

"""The log's own key signs two histories: one for the officer, another for everybody else. They are the same up to a point."""

from collections.abc import Iterator

from tests.server.attacks.honest import PLACE, Attacked, Honest, exported

from mien_server import audit

CAUGHT_BY = "a checkpoint kept from before"
SAYS = "or one before it was rewritten"


def attacks(honest: Honest) -> Iterator[Attacked]:
    """The officer kept what the others were shown."""
    forged = audit.entry(bytes(32), honest.made_at)
    for more in (0, 1, 300):
        ours = [*honest.entries()[:PLACE], *(forged for _ in range(honest.size - PLACE + more))]
        found = exported(ours, honest.key)
        yield Attacked(found, f"entry {honest.size - 1}", older=(honest.note,))

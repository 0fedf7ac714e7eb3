"""One old entry is replaced, everything above it made anew and signed with the log's own key: consistent in itself, and not what was."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest, exported

from mien_server import audit

CAUGHT_BY = "a checkpoint kept from before"
SAYS = "or one before it was rewritten"


def attacks(honest: Honest) -> Iterator[Attacked]:
    for at in (0, 123, honest.kept_size - 1):
        entries = honest.entries()
        entries[at] = audit.entry(bytes(32), honest.made_at)
        forged = exported(entries, honest.key)
        yield Attacked(forged, f"entry {honest.kept_size - 1}", older=(honest.kept,))

"""An old checkpoint is shown again: with today's files, or with the files of that time."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest, exported

from mien_server import audit

CAUGHT_BY = "a checkpoint kept from before"
SAYS = "and all after it are gone: the older checkpoint had"


def attacks(honest: Honest) -> Iterator[Attacked]:
    then = exported(honest.entries()[: honest.kept_size], honest.key)
    then[audit.CHECKPOINT] = honest.kept.encode()
    yield Attacked(then, f"entry {honest.kept_size}", older=(honest.note,))
    mixed = {**honest.files, audit.CHECKPOINT: honest.kept.encode()}
    yield Attacked(mixed, honest.bundle(2))

"""A log of another name, signed with the right key: an operator's second log, which tells another story."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest, exported

CAUGHT_BY = "the log's key, known from elsewhere"
SAYS = "fetch it from the right log"


def attacks(honest: Honest) -> Iterator[Attacked]:
    yield Attacked(exported(honest.entries(), honest.key, "other.example/log"), "checkpoint")

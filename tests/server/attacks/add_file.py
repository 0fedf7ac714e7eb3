"""A file is added: entries that were never logged, laid beside those that were."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest

CAUGHT_BY = "the files that the checkpoint implies"
SAYS = "is no part of a log of"


def attacks(honest: Honest) -> Iterator[Attacked]:
    for name in (
        "tile/0/009",
        "tile/entries/000.p/7",
        "tile/entries/009.p/3",
        "notes.txt",
        "tile/2/000.p/1",
        "tile/1/000",
        "tile/x/000",
    ):
        yield Attacked({**honest.files, name: b"x"}, name)

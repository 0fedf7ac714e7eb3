"""A file is left out: the entries in it, or the hashes over them, are nobody's business."""

from collections.abc import Iterator

from tests.server.attacks.honest import Attacked, Honest

from mien_server import audit

CAUGHT_BY = "the files that the checkpoint implies"
SAYS = "is missing; entries were dropped or the export is not whole"


def attacks(honest: Honest) -> Iterator[Attacked]:
    for name in sorted(set(honest.files) - {audit.KEY, audit.OPENED}, reverse=True):
        left = {other: data for other, data in honest.files.items() if other != name}
        yield Attacked(left, name)

"""A proof that leads to the root of another tree: its checkpoint is honest, its path is not, or the other way round."""

from collections.abc import Iterator

from tests.server.attacks.honest import PLACE, Attacked, Honest
from tests.server.tiles import Memory

from mien_server import audit

CAUGHT_BY = "the proof itself"
SAYS = "the proof does not lead from entry"


def attacks(honest: Honest) -> Iterator[Attacked]:
    entries = honest.entries()
    forged = audit.entry(bytes(32), honest.made_at)
    theirs = Memory()
    audit.append(theirs, [*entries[:PLACE], forged, *entries[PLACE + 1 :]])
    path = audit.inclusion(theirs, PLACE, theirs.size())
    yield Attacked({}, "", proof=(audit.proof_text(PLACE, path, honest.note), forged))
    path = audit.inclusion(theirs, 5, theirs.size())
    yield Attacked({}, "", proof=(audit.proof_text(5, path, honest.note), entries[5]))
    ours = Memory()
    audit.append(ours, entries)
    path = audit.inclusion(ours, PLACE, honest.kept_size)
    yield Attacked({}, "", proof=(audit.proof_text(PLACE, path, honest.note), entries[PLACE]))

"""The entry of the log about a look at it, written in a transaction that commits before anything is shown."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from mien.errors import KeepUnreadable, KeysMissing
from mien_server import record
from mien_server.errors import PersonErased
from mien_server.pipeline.parts import Parts, where
from mien_server.pipeline.retaining import EVERY_SITE
from mien_server.ports import Transaction
from mien_server.record import Look
from mien_server.values import Person

SERVER: Final = "@server"
"""What the log calls whoever looks at the server itself, with its database and keys. No officer can have this name."""


def log_look(
    parts: Parts, transaction: Transaction, look: Look, whom: Iterable[Person] = ()
) -> None:
    """Write a look into the transaction as a pending leaf that says nothing of anybody, and one for each of `whom` under their own key.

    Kept as long as the shortest life of a decision's record; their own as long as their decisions.
    """
    now = parts.clock.now()
    content = record.look_record(look, parts.bundle, now)
    leaf = record.plain_leaf(EVERY_SITE, content, now, parts.entropy)
    until = now + parts.known_life("decision_record", frozenset())
    transaction.leaves.add(replace(leaf, retain_until=until))
    for person in whom:
        _tell(parts, transaction, look, person, now)


def _tell(parts: Parts, transaction: Transaction, look: Look, person: Person, now: int) -> None:
    """What the person reads of it in their export. Of somebody who was erased, or whose key is gone, nobody could ever read it."""
    site = transaction.sites.get(person.site)
    if person.tombstoned_at or site is None:
        return
    try:
        vault = parts.vault(person)
    except (KeysMissing, KeepUnreadable, PersonErased):
        return
    content = record.look_record(look, parts.bundle, now, (person.site, person.subject))
    until = now + parts.known_life("decision_record", where(site, person))
    transaction.leaves.add(record.seal_leaf(vault, content, now, until, parts.entropy))

"""What ranking learned, kept exact: events are added to a site's sums once, and taken out again when they go.

The sums are a cache of the events, so every change of one is in the transaction of the other. They are kept parsed in memory under the tag of
the stored bytes; a tag is random, so sums of a transaction that was undone are never taken for those of another. Sums that cannot be read, of an older
server or damaged, are made again from the events.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from mien.errors import KeepUnreadable, KeysMissing, RequestInvalid
from mien_server import record
from mien_server.errors import PersonErased
from mien_server.personalize import Sums, fits
from mien_server.pipeline.parts import Parts
from mien_server.ports import Lock, Transaction
from mien_server.record import Vault
from mien_server.values import Event, SealedEvent

TAG_BYTES: Final = 16
PAGE: Final = 512
"""Events read at once when sums are made again."""


class Learning:
    """The sums of every site."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sums: dict[str, tuple[bytes, Sums]] = {}
        self._empty = Sums.empty()

    def sums(self, transaction: Transaction, site: str, lock: Lock = "none") -> Sums:
        """The site's sums as this transaction sees them. Not to be changed."""
        version = transaction.sites.sums_version(site, lock)
        if version is None:
            return self._empty
        kept = self._sums.get(site)
        if kept is None or kept[0] != version:
            # Without a lock another node may have replaced them since: then newer sums are kept under a tag that never comes back.
            kept = self._sums[site] = (version, self._read(transaction, site))
        return kept[1]

    def _read(self, transaction: Transaction, site: str) -> Sums:
        """The sums as they are stored; where they cannot be read, those of the events. They are stored again with the next change."""
        try:
            return Sums.from_bytes(transaction.sites.sums(site) or b"")
        except RequestInvalid:
            return self.rebuilt(transaction, site)

    def rebuilt(self, transaction: Transaction, site: str) -> Sums:
        """The sums of the events that were learned, read one by one. An event that does not open (any more), or is of an older server, taught nothing."""
        sums, after = Sums.empty(), ""
        while found := transaction.events.learned_at(site, after, PAGE):
            for each in found:
                event = self._opened(transaction, each)
                if event is not None and fits(event):
                    sums.learn(event)
            after = found[-1].id
        return sums

    def change(
        self, transaction: Transaction, site: str, *, learn: Iterable[Event] = (),
        forget: Iterable[Event] = (),
    ) -> None:  # fmt: skip
        """Take events out of the site's sums, put others in: one transaction of all nodes at a time, each on what the last one left."""
        old = self.sums(transaction, site, "update")
        sums = old.copy()
        for event in filter(fits, forget):
            sums.forget(event)
        for event in filter(fits, learn):
            sums.learn(event)
        tag = self._parts.entropy.bytes(TAG_BYTES)
        transaction.sites.put_sums(site, tag, sums.to_bytes())
        self._sums[site] = (tag, sums)

    def remove(self, transaction: Transaction, events: Sequence[SealedEvent]) -> None:
        """Delete events and take them out of the sums of their sites.

        Events that do not open, damaged or with their key lost with its epoch (an old backup was restored), are deleted all the same:
        retention comes before exact sums.
        """
        for site, group in groupby(sorted(events, key=_site), key=_site):
            of_site = list(group)
            learned = [
                event
                for each in of_site
                if each.learned and (event := self._opened(transaction, each)) is not None
            ]
            if learned:
                self.change(transaction, site, forget=learned)
            transaction.events.delete(site, [each.id for each in of_site])

    def set_aside(self, transaction: Transaction, events: Sequence[SealedEvent]) -> None:
        """Take events of one site out of its sums and keep them: those of a person whose data is held are not used, and not deleted either."""
        opened = [event for each in events if (event := self._opened(transaction, each))]
        if opened:
            self.change(transaction, opened[0].site, forget=opened)
        for each in events:
            transaction.events.replace(replace(each, learned=False))

    def held(self, transaction: Transaction, sealed: SealedEvent, now: int) -> bool:
        """Whether a hold came on the person of an event since it was found: then it is not learned, and not deleted either."""
        if sealed.subject is None:
            return False
        person = transaction.people.get(sealed.site, sealed.subject, "share")
        return person is not None and now < person.held_until

    def readable(self, transaction: Transaction, sealed: SealedEvent) -> bool:
        """Whether an event opens: its key still exists and it is whole."""
        return self._opened(transaction, sealed) is not None

    def _opened(self, transaction: Transaction, sealed: SealedEvent) -> Event | None:
        try:
            return self.open(transaction, sealed)
        except (KeysMissing, KeepUnreadable, PersonErased):
            return None

    def open(self, transaction: Transaction, sealed: SealedEvent) -> Event:
        """The event, with the vault of its subject. Raises `PersonErased`, `KeepUnreadable`."""
        return record.open_event(sealed, self.vault(transaction, sealed))

    def vault(self, transaction: Transaction, sealed: SealedEvent) -> Vault | None:
        """The vault of an event's subject, tombstoned or not: its erasure must still read what it subtracts."""
        if sealed.subject is None:
            return None
        person = transaction.people.get(sealed.site, sealed.subject, "share")
        return None if person is None else self._parts.vault(person)


def _site(event: SealedEvent) -> str:
    return event.site

"""What the rooms of the server need from outside, as Protocols. Only `app` chooses who fills them.

A `Store` runs a synchronous closure over one `Transaction`: everything a request does (the consent row it read, the decision, its
effects, the pending leaf of the log) commits together or not at all. The closure must not wait for anything but the transaction, may run
on another thread, and may be run again from the start by a store that retries; so it returns its answer and changes nothing else.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import SealKeyDoc
from mien_server.values import (
    Answered,
    Catalogue,
    Contribution,
    Due,
    Erasure,
    Evidence,
    Hold,
    Holding,
    LessonBank,
    LessonSums,
    Notification,
    Participation,
    Person,
    PersonKey,
    Published,
    Record,
    Reply,
    Round,
    SealedEvent,
    SealedLeaf,
    SharedHead,
    Site,
    Taken,
)

T = TypeVar("T")
Lock = Literal["none", "share", "update"]
"""How a row is read: `share` for a use, `update` for a change; a use that began first commits first, a change waits for it. With one
writer (SQLite) every transaction is alone and the word changes nothing; PostgreSQL says FOR SHARE and FOR UPDATE."""


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> int:
        """Unix seconds."""
        ...


class Entropy(Protocol):
    """Where randomness comes from."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        ...


class KeyProvider(Protocol):
    """Where the server's secrets lie: named bytes, and nothing of what they are for. `mien_server.keys` knows that.

    Names are `signing`, `log`, `kek-00690` (an epoch), `seal-2026-11-22` (a day). Several nodes use one place at once. No text of an error
    may hold a secret.
    """

    @property
    def writable(self) -> bool:
        """Whether `create` makes and `destroy` really removes; otherwise the operator does both, and epochs may lie there before they begin."""
        ...

    def names(self) -> frozenset[str]:
        """The secrets that are here now."""
        ...

    def read(self, name: str) -> bytes:
        """One secret. Raises `KeysMissing` when it is not here or cannot be read, `KeysUnsafe` when others can read it."""
        ...

    def create(self, name: str, secret: bytes) -> bool:
        """Keep a new secret, durable when this returns; False when one of this name is here: the first stays, whatever node it came from.

        Raises `KeysUnwritable`; `KeysMissing` where only the operator could make it.
        """
        ...

    def destroy(self, name: str) -> None:
        """Make one secret unreadable for good; nothing when it is not here. Raises `KeysUnwritable`."""
        ...

    def where(self, name: str) -> str:
        """Where a secret lies or should lie, in words for the operator."""
        ...


class Keys(Protocol):
    """The server's secrets. Kept apart from the database, so that a stolen database is unreadable."""

    @property
    def signing(self) -> SigningKey:
        """Signs receipts, capabilities, certificates and the service document."""
        ...

    @property
    def log(self) -> SigningKey:
        """Signs the log's checkpoints and nothing else."""
        ...

    def epoch(self) -> int:
        """The number of the key-encryption key that wraps now; begins the next one when it is due. Raises `KeysMissing`, `KeysUnwritable`."""
        ...

    def kek(self, epoch: int) -> bytes:
        """The 32-byte key-encryption key of an epoch. Raises `KeysMissing` once destroyed."""
        ...

    def seal_keys(self, now: int) -> tuple[SealKeyDoc, ...]:
        """The public keys that may be sealed to at `now`, newest first."""
        ...

    def open_key(self, kid: str, now: int) -> OpenKey:
        """The private half of the key of the day `kid`. Raises `SealKeyUnknown` or `SealKeyExpired`."""
        ...

    def rotate(self, now: int) -> None:
        """Make what `now` needs (seal key of the day, key-encryption key of the epoch) and destroy seal keys that died."""
        ...

    def begin(self) -> int:
        """Begin an epoch before its time, and give its number. Raises `KeysUnwritable`."""
        ...

    def settled(self) -> bool:
        """Whether every node has had time to wrap with the key of this epoch, so that older ones may be destroyed."""
        ...

    def drop_epochs_before(self, epoch: int) -> int:
        """Destroy older key-encryption keys; how many. Only when nothing alive is wrapped by them any more, and `settled`."""
        ...


class Tiles(Protocol):
    """The log's tree as it lies in the store: tiles of 256 hashes (C2SP tlog-tiles) and tiles of entries."""

    def tile(self, level: int, number: int) -> bytes:
        """The concatenated 32-byte hashes present in a tile, at most 8,192 bytes; empty when there are none."""
        ...

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Replace a tile."""
        ...

    def entry_tile(self, number: int) -> tuple[bytes, ...]:
        """The entries present in an entry tile, at most 256."""
        ...

    def put_entry_tile(self, number: int, entries: tuple[bytes, ...]) -> None:
        """Replace an entry tile."""
        ...

    def size(self) -> int:
        """How many entries the tree has."""
        ...

    def grow(self, before: int, size: int) -> None:
        """Say that the tree had `before` entries and now has `size`. Raises `StoreBusy` when another sequencer grew it meanwhile."""
        ...


class Sites(Protocol):
    """Registered sites and what they offer."""

    def get(self, site: str) -> Site | None:
        """The site with this id."""
        ...

    def of_publishable(self, sha256: bytes) -> Site | None:
        """The site whose publishable key has this SHA-256."""
        ...

    def of_secret(self, sha256: bytes) -> Site | None:
        """The site whose secret key has this SHA-256."""
        ...

    def all(self) -> tuple[Site, ...]:
        """Every site, by id."""
        ...

    def put(self, site: Site) -> None:
        """Add or replace a site."""
        ...

    def catalogue_version(self, site: str) -> str | None:
        """SHA-256 of the catalogue (hex), None when the site has none: tells a cached one from an old one."""
        ...

    def catalogue(self, site: str) -> Catalogue | None:
        """What the site offers."""
        ...

    def put_catalogue(self, site: str, catalogue: Catalogue) -> None:
        """Replace what the site offers."""
        ...

    def sums_version(self, site: str, lock: Lock = "none") -> bytes | None:
        """Tag of the site's ranking sums, None when there are none yet. Two different contents never share a tag."""
        ...

    def sums(self, site: str) -> bytes | None:
        """The site's ranking sums as `personalize` wrote them."""
        ...

    def put_sums(self, site: str, version: bytes, sums: bytes) -> None:
        """Replace them."""
        ...


@dataclass(frozen=True, slots=True)
class Stream:
    """All that judging one message of a device needs, read at once: person, device, and where its sequence stands.

    `highest` is the greatest sequence number accepted (0 for none); `digest` is what was accepted under the number asked for.
    """

    person: Person
    key: PersonKey
    highest: int = 0
    digest: bytes | None = field(default=None, repr=False)


class People(Protocol):
    """Subjects, their key sets, and the sequence numbers of their devices."""

    def get(self, site: str, subject: str, lock: Lock) -> Person | None:
        """The person, tombstones included."""
        ...

    def put(self, person: Person) -> None:
        """Add or replace a person."""
        ...

    def keys(self, site: str, subject: str) -> tuple[PersonKey, ...]:
        """The key set, oldest first."""
        ...

    def put_key(self, key: PersonKey) -> None:
        """Add or replace a key."""
        ...

    def delete_links(self, now: int, limit: int) -> int:
        """Delete up to `limit` link keys that ended before `now`; how many."""
        ...

    def delete_key(self, site: str, subject: str, key: str) -> None:
        """Delete one key of the key set and the sequence numbers of its device."""
        ...

    def stream(self, site: str, subject: str, device: str, seq: int = 0) -> Stream | None:
        """Person (locked for share), device and sequence in one read. None when there is no such person or key."""
        ...

    def accept(  # noqa: PLR0917 - a row
        self, site: str, subject: str, device: str, seq: int, digest: bytes, at: int
    ) -> None:
        """Remember that a sequence number was used, when, and for what."""
        ...

    def delete_accepted(self, before: int, limit: int) -> int:
        """Forget up to `limit` sequence numbers accepted before a time (sealed to keys that have died); how many."""
        ...

    def delete_keys(self, site: str, subject: str) -> None:
        """Delete the key set and the sequence numbers."""
        ...

    def expired(self, now: int, limit: int) -> tuple[Person, ...]:
        """People whose consent stands in the row but ended by `now`, locked for a change."""
        ...

    def standing_under(self, site: str, notice: bytes, limit: int) -> tuple[Person, ...]:
        """Up to `limit` people whose consent to the notice with this SHA-256 stands in the row, locked for a change."""
        ...

    def mark(self, site: str, subject: str) -> None:
        """Remember that a person's consent shrank, so that what it no longer covers is deleted even if this process dies now."""
        ...

    def marked(self, limit: int, last: tuple[str, str] = ("", "")) -> tuple[tuple[str, str], ...]:
        """Site and subject of up to `limit` people that are marked, in this order, those after `last`."""
        ...

    def unmark(self, site: str, subject: str) -> None:
        """All that the consent no longer covers is deleted."""
        ...

    def wrapped_before(self, epoch: int, last: Person | None, limit: int) -> tuple[Person, ...]:
        """Up to `limit` people, tombstoned ones too, whose data key is wrapped by an older key-encryption key; those after `last`, locked for update."""
        ...

    def wrapped_by(self) -> dict[int, int]:
        """How many people's data keys each epoch's key wraps."""
        ...

    def states(self, now: int) -> tuple[tuple[str, int, int, int], ...]:
        """Of each state that is in a row: how many people have a consent that has not run out by `now`, one that has, and how many were erased."""
        ...

    def rewrap(self, people: Iterable[Person]) -> None:
        """Replace wrapped data key and epoch, and nothing else, of people who still have a key."""
        ...


class Records(Protocol):
    """Labels at rest: many in a record, or one (`record.labels`)."""

    def add(self, records: Iterable[Record]) -> None:
        """Store new records."""
        ...

    def get(self, site: str, subject: str, record: str) -> Record | None:
        """One record."""
        ...

    def remove(self, record: Record) -> None:
        """Delete one record."""
        ...

    def replace(self, record: Record) -> None:
        """Replace what a record holds. Its `ended_at` stays, and on PostgreSQL its `retain_until` should."""
        ...

    def recent(
        self, site: str, subject: str, since: int, now: int, limit: int
    ) -> tuple[Record, ...]:
        """Records of labels whose last one ended at `since` or later and that may be kept past `now`, newest first. Answers to lessons are no labels."""
        ...

    def answers(self, site: str, subject: str, now: int, limit: int) -> tuple[Record, ...]:
        """Up to `limit` answers to lessons that may be kept past `now`, newest first."""
        ...

    def learners(self, site: str, after: str, limit: int) -> tuple[str, ...]:
        """Up to `limit` subjects of a site of whom any answer is kept, by their ids; those after `after`."""
        ...

    def all(self, site: str, subject: str, now: int = 0) -> tuple[Record, ...]:
        """Every record of a person that may be kept past `now` or is under a hold, oldest first. 0: whether or not its time has passed."""
        ...

    def delete(self, site: str, subject: str, limit: int, data_class: str | None = None) -> int:
        """Delete up to `limit` records of a person, of one data class or of all; how many."""
        ...

    def delete_expired(self, now: int, limit: int) -> Counter[str]:
        """Delete up to `limit` records whose time has passed and that nothing holds; how many of each data class."""
        ...


class Events(Protocol):
    """Rankings at rest."""

    def add(self, event: SealedEvent) -> bool:
        """Store an event; False when one with this id is there already."""
        ...

    def get(self, site: str, event: str, lock: Lock = "none") -> SealedEvent | None:
        """One event."""
        ...

    def replace(self, event: SealedEvent) -> None:
        """Replace what an event holds; one that is gone stays gone."""
        ...

    def of_person(
        self, site: str, subject: str, limit: int, now: int = 0, lock: Lock = "none"
    ) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of a person that may be kept past `now` or are under a hold, oldest first. 0: whether or not their time has passed."""
        ...

    def learned_of(self, site: str, subject: str, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of a person that the ranking sums contain, locked for a change."""
        ...

    def learned_at(self, site: str, after: str, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of a site that its ranking sums contain, in the order of their ids, those after `after` (empty: from the first)."""
        ...

    def resting_on(
        self, site: str, subject: str, purposes: Collection[str], limit: int
    ) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of a person that rest on any of these purposes, locked for a change."""
        ...

    def unlearned(self, before: int, now: int, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of before that time that no ranking sums contain yet, oldest first; none that must go at `now` or is held.

        Locked for a change; those that another node is at are left out.
        """
        ...

    def expired(self, now: int, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events whose time has passed and that nothing holds, locked for a change; those that another node is at are left out."""
        ...

    def delete(self, site: str, events: Iterable[str]) -> None:
        """Delete these events."""
        ...


class Lessons(Protocol):
    """What sites teach with, and what answers taught (`pipeline.rebuilding` makes the sums)."""

    def sites(self) -> tuple[str, ...]:
        """The sites that have exercises, by id."""
        ...

    def version(self, site: str) -> str | None:
        """SHA-256 of the site's exercises (hex), None when it has none: tells a cached bank from an old one."""
        ...

    def bank(self, site: str) -> LessonBank | None:
        """A site's exercises."""
        ...

    def put_bank(self, site: str, bank: LessonBank) -> None:
        """Replace them."""
        ...

    def gone(self, site: str, at: int) -> None:
        """Note that answers were taken back, erased or held at this time, or exercises replaced: sums from before are to be made anew."""
        ...

    def gone_at(self, site: str) -> int:
        """When that was last; 0 for never."""
        ...

    def sums(self, site: str) -> LessonSums | None:
        """What a site's answers taught."""
        ...

    def put_sums(self, sums: LessonSums) -> None:
        """Replace it."""
        ...


class Rounds(Protocol):
    """Rounds of the shared head, the updates that wait in them, what was released, and what it cost whom."""

    def get(self, name: str, lock: Lock = "none") -> Round | None:
        """One round."""
        ...

    def standing(self, lock: Lock = "none") -> Round | None:
        """The round that did not end yet: there is never more than one. With `update` none can be opened before this transaction ends."""
        ...

    def latest(self, limit: int) -> tuple[Round, ...]:
        """Up to `limit` rounds, the newest first."""
        ...

    def put(self, found: Round) -> None:
        """Add or replace one."""
        ...

    def add_update(self, update: Contribution) -> bool:
        """Keep a sealed update; False when one of this person is there already."""
        ...

    def has_update(self, name: str, site: str, subject: str) -> bool:
        """Whether one of this person is there."""
        ...

    def counts(self, name: str) -> dict[str, int]:
        """How many updates wait in a round, by site."""
        ...

    def updates(self, name: str, after: tuple[str, str], limit: int) -> tuple[Contribution, ...]:
        """Up to `limit` updates of a round by site and subject, those after `after`."""
        ...

    def drop_updates(self, name: str) -> int:
        """Delete every update of a round; how many."""
        ...

    def drop_of(self, site: str, subject: str) -> int:
        """Delete what waits of a person; how many updates."""
        ...

    def head(self, version: int | None = None) -> SharedHead | None:
        """The head of this version, or the newest; None where nothing was released."""
        ...

    def put_head(self, head: SharedHead) -> None:
        """Add a head. Versions are given once: another of this number fails the transaction."""
        ...

    def heads(self) -> tuple[SharedHead, ...]:
        """Every head, the newest first."""
        ...

    def spent(self, site: str, subject: str) -> tuple[Participation, ...]:
        """The releases that a person was in, oldest first."""
        ...

    def charge(self, many: Iterable[Participation]) -> None:
        """Write into the ledger; the same person and round twice fails the transaction."""
        ...

    def ledger(self, site: str, after: tuple[str, str], limit: int) -> tuple[Participation, ...]:
        """Up to `limit` participations at a site by subject and round, those after `after`; of nobody who was erased."""
        ...

    def forget(self, site: str, subject: str) -> int:
        """Delete the ledger of a person who was erased; how many participations."""
        ...


class Holds(Protocol):
    """Legal holds: what is held of a person is neither used nor deleted while one stands."""

    def get(self, hold: str) -> Hold | None:
        """One hold, its row locked for a change."""
        ...

    def all(self) -> tuple[Hold, ...]:
        """Every hold that is on record, oldest first."""
        ...

    def of_person(self, site: str, subject: str) -> tuple[Hold, ...]:
        """Every hold on a person, oldest first, those that are over included."""
        ...

    def standing(self, site: str, subject: str, now: int) -> tuple[Hold, ...]:
        """The holds on a person that stand at `now`."""
        ...

    def due(self, now: int, limit: int) -> tuple[Hold, ...]:
        """Up to `limit` holds whose end has come but was not written yet."""
        ...

    def put(self, hold: Hold) -> None:
        """Add or replace one."""
        ...

    def delete_over(self, now: int, limit: int) -> int:
        """Forget up to `limit` holds that are over and whose own time has passed; how many."""
        ...

    def forget(self, site: str, subject: str) -> int:
        """Forget every hold on a person whose erasure is complete; how many."""
        ...


class Retained(Protocol):
    """How much is kept of each data class, and the count of what was deleted until it is in the log."""

    def status(self, now: int, replays: int) -> tuple[Holding, ...]:
        """Of each class of which anything is kept, how much. Sequence numbers accepted before `replays` are overdue."""
        ...

    def due(self, now: int, replays: int) -> tuple[Due, ...]:
        """What a sweep at `now` deletes, by class and by the day on which it had to go."""
        ...

    def consents(self, now: int) -> int:
        """How many people there are whose consent ended or shrank and whose rows were not tidied up after yet."""
        ...

    def count(self, why: str, rows: Mapping[str, int]) -> None:
        """Count rows deleted in this transaction, by class. `why`: retention, or consent (it no longer covers them)."""
        ...

    def take(self) -> dict[str, dict[str, int]]:
        """What was counted and is not in the log yet, by why and class. It is taken: whoever takes it logs it in the same transaction."""
        ...


class Leaves(Protocol):
    """Leaves of the log: pending until sequenced, with what opens them under the subject's data key."""

    def add(self, leaf: SealedLeaf) -> None:
        """Store a leaf; it is pending."""
        ...

    def pending(self, limit: int) -> tuple[SealedLeaf, ...]:
        """The oldest leaves that have no place in the tree yet."""
        ...

    def pending_count(self) -> int:
        """How many have no place yet."""
        ...

    def place(self, hashes: Iterable[bytes], first: int) -> None:
        """Give these leaves the indexes `first`, `first + 1`, ..."""
        ...

    def openable(self, first: int, limit: int, now: int = 0) -> tuple[tuple[int, SealedLeaf], ...]:
        """Up to `limit` leaves with their indexes, from index `first` on, whose opening is there and may be kept past `now` or is under a hold."""
        ...

    def of_hours(
        self, hours: tuple[int, int], after: tuple[int, int], end: int, limit: int, now: int
    ) -> tuple[tuple[int, SealedLeaf], ...]:
        """Up to `limit` leaves with their indexes, ordered by hour and index: published hours from the first to the last of `hours`, index below `end`.

        Those after the hour and index `after`. An opening that may not be kept past `now` is left out of its leaf.
        """
        ...

    def count_hours(self, hours: tuple[int, int], end: int) -> int:
        """How many leaves `of_hours` has in all."""
        ...

    def placed(self, leaf: bytes) -> tuple[int, int] | None:
        """Index in the tree and published hour of a leaf: None while pending. Raises `LeafUnknown`."""
        ...

    def of_person(self, site: str, subject: str, now: int = 0) -> tuple[SealedLeaf, ...]:
        """The leaves that a person's data key opens, and may past `now` or because they are under a hold, oldest first."""
        ...

    def wrapped_before(
        self, epoch: int, last: SealedLeaf | None, limit: int
    ) -> tuple[SealedLeaf, ...]:
        """Up to `limit` leaves with a key of their own that is wrapped by an older key-encryption key; those after `last`, locked for update."""
        ...

    def wrapped_by(self) -> dict[int, int]:
        """How many leaves' own keys each epoch's key wraps."""
        ...

    def rewrap(self, leaves: Iterable[SealedLeaf]) -> None:
        """Replace wrapped key and epoch of leaves that still have a key of their own."""
        ...

    def drop_openings(self, site: str, subject: str, limit: int) -> int:
        """Delete nonce and record of up to `limit` leaves of a person; how many. The hashes stay in the tree."""
        ...

    def drop_tagged(self, site: str, tag: bytes, limit: int) -> int:
        """The same for leaves with this tag (`record.refusal_tag`), and the keys of their own with them."""
        ...

    def drop_expired_openings(self, now: int, limit: int) -> int:
        """Delete nonce and record of up to `limit` leaves whose time has passed and that nothing holds; how many."""
        ...


class Nonces(Protocol):
    """Nonces of statements, spent once."""

    def spend(self, site: str, nonce: bytes, until: int) -> None:
        """Spend a nonce that must not come again before `until`. Raises `EnvelopeReplayed`."""
        ...

    def delete_expired(self, now: int, limit: int) -> int:
        """Forget nonces whose time has passed; how many."""
        ...


class Erasures(Protocol):
    """Erasures on their way, and their certificates."""

    def get(self, erasure: str, lock: Lock = "none") -> Erasure | None:
        """One erasure; each step of it locks the row for `update`, so that two nodes do not take the same step."""
        ...

    def of_person(self, site: str, subject: str) -> Erasure | None:
        """The erasure of a person."""
        ...

    def put(self, erasure: Erasure) -> None:
        """Add or replace one."""
        ...

    def all(self, last: str, limit: int) -> tuple[Erasure, ...]:
        """Up to `limit` erasures, complete ones too, by their ids; those after `last`."""
        ...

    def open(self, limit: int, last: Erasure | None = None) -> tuple[Erasure, ...]:
        """The oldest after `last` that are not complete and that no hold keeps waiting: one waits until the end of the hold is written."""
        ...


class Journal(Protocol):
    """What people took back, kept apart from the database, so that restoring an old one cannot undo it. All nodes read what every node wrote."""

    def append(self, entries: Sequence[Taken]) -> None:
        """Write entries, durable when this returns. Called off the event loop. Raises `JournalUnwritable`."""
        ...

    def written_at(self, entry: bytes) -> int | None:
        """The time of the entry with this id that this process wrote not long ago."""
        ...

    def entries(self) -> tuple[Taken, ...]:
        """Every entry, oldest first, each id once, with its latest time. Raises `JournalInvalid` for one that cannot be understood."""
        ...

    def newest(self) -> tuple[Taken, ...]:
        """The last entry of each node's files: cheap. Raises `JournalInvalid`."""
        ...

    def drop_before(self, at: int) -> None:
        """Forget what was written before that time, by whole files."""
        ...

    def make(self) -> None:
        """Make the place where it lies, when there is none. Raises `JournalUnwritable`, `JournalInvalid`."""
        ...

    def check(self) -> None:
        """Whether entries can be written. Raises `JournalUnwritable`, `JournalMissing`."""
        ...


class Noted(Protocol):
    """The ids of the journal's entries that this database has heard of."""

    def add(self, entry: bytes, at: int) -> None:
        """Remember one; again is nothing."""
        ...

    def there(self, entry: bytes) -> bool:
        """Whether it was heard of."""
        ...

    def since(self, at: int) -> frozenset[bytes]:
        """All of that time or later."""
        ...

    def any(self) -> bool:
        """Whether it has heard of any."""
        ...

    def delete_before(self, at: int, limit: int) -> int:
        """Forget up to `limit` of before that time; how many."""
        ...

    def taken(self, since: int) -> tuple[tuple[str, str, int], ...]:
        """Site, subject and time of erasure of people erased at `since` or later; time 0 for those whose consent somebody ended."""
        ...


class Poster(Protocol):
    """Who speaks to the webhooks of sites."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send once, within a bounded time, following nothing. Never raises for what the other side or the network does."""
        ...


class Asker(Protocol):
    """Who speaks to the log's witnesses: the other way out of the server."""

    async def ask(self, url: str, body: str) -> Answered:
        """Send once, within a bounded time, following nothing. Never raises for what the other side or the network does."""
        ...


class Publications(Protocol):
    """The checkpoint that is shown, once witnesses were asked to cosign it (`pipeline.cosigning` writes it)."""

    def get(self, lock: Lock = "none") -> Published | None:
        """The one that is shown; None before the first. Whoever puts another in its place locks it with `update` first."""
        ...

    def put(self, published: Published) -> None:
        """Replace it."""
        ...

    def lease(self, now: int, until: int) -> bool:
        """Whether this node may ask the witnesses until `until`; False: another node does, or nothing was shown yet."""
        ...

    def release(self) -> None:
        """Let the next one ask."""
        ...


class Notifications(Protocol):
    """What sites are still to be told of people (`pipeline.telling` writes and sends it)."""

    def add(self, notification: Notification) -> None:
        """Store one."""
        ...

    def sites_due(self, now: int, limit: int) -> tuple[str, ...]:
        """Up to `limit` sites that something is due for at `now`."""
        ...

    def due(self, site: str, now: int, limit: int) -> tuple[Notification, ...]:
        """Up to `limit` that are due for a site: the least tried first, then the oldest."""
        ...

    def claim(self, notification: Notification, until: int) -> bool:
        """Count an attempt and keep others from it until then; False when somebody else was first."""
        ...

    def postpone(self, notification: str, until: int, *, untried: bool = False) -> None:
        """Try (again) at that time. `untried`: it was claimed and not sent, so that attempt does not count."""
        ...

    def rest(self, site: str, now: int, until: int, within: int) -> None:
        """Leave a site alone until then: what is due for it at `now` waits, though no notice for longer than `within` after its beginning."""
        ...

    def delete(self, notification: str) -> None:
        """Forget one."""
        ...

    def of_person(self, site: str, subject: str) -> tuple[Notification, ...]:
        """All about a person, oldest first."""
        ...

    def delete_of(self, site: str, subject: str | None = None) -> int:
        """Forget all for a site, or all about one person of it; how many."""
        ...

    def count(self) -> int:
        """How many wait."""
        ...


class Evidences(Protocol):
    """Proofs of consent, and the notices they rest on."""

    def add(self, evidence: Evidence) -> None:
        """Store one."""
        ...

    def of_person(self, site: str, subject: str, now: int = 0) -> tuple[Evidence, ...]:
        """All of a person that may be kept past `now` or are under a hold, oldest first. 0: whether or not their time has passed."""
        ...

    def delete_expired(self, now: int, limit: int) -> int:
        """Delete up to `limit` whose time has passed and that nothing holds; how many."""
        ...

    def wrapped_before(self, epoch: int, last: Evidence | None, limit: int) -> tuple[Evidence, ...]:
        """Up to `limit` whose key is wrapped by an older key-encryption key; those after `last`, locked for update."""
        ...

    def wrapped_by(self) -> dict[int, int]:
        """How many each epoch's key wraps."""
        ...

    def rewrap(self, evidence: Iterable[Evidence]) -> None:
        """Replace wrapped keys and epochs."""
        ...

    def keep_notice(self, sha256: bytes, content: bytes) -> None:
        """Keep what was shown (canonical bytes), once. It says nothing of anybody."""
        ...

    def notice(self, sha256: bytes) -> bytes | None:
        """What was shown under this hash."""
        ...


class GuardianVerifier(Protocol):
    """Who decides whether a guardian is one, where a law wants that verified (COPPA: 16 CFR 312.5; DPDP 9(1)).

    Without a verifier the answer is no. `mien_server.unseal.SignedVerifier` believes signed words of the key that the site registered.
    """

    def verified_until(
        self, site: Site, subject: str, guardian: str, word: str | None, now: int
    ) -> int:
        """Until when (unix seconds) the holder of key id `guardian` is verified as guardian of `subject`; 0: not. `word` is what the statement carried.

        A consent that rests on it ends no later.

        Raises `SignatureInvalid` or `RequestInvalid` for a forged or foreign word.
        """
        ...


class Partitions(Protocol):
    """Records by the week they must go, where the database keeps them so (PostgreSQL); elsewhere both do nothing."""

    def ahead(self, now: int) -> None:
        """Make the pieces that records of the coming weeks will go to."""
        ...

    def drop_past(self, now: int) -> Counter[str]:
        """Drop the pieces of which every record's time has passed and none is held; how many records of each data class went."""
        ...


class Transaction(Protocol):
    """One transaction, by noun."""

    def turn(self, name: str) -> bool:
        """Whether this transaction may do the work `name`, which one at a time does among all nodes; False: another is at it.

        Held until the transaction ends, and let go when its node dies. Always true where one transaction writes at a time anyway (SQLite).
        """
        ...

    @property
    def partitions(self) -> Partitions:
        """Records by the week they must go."""
        ...

    @property
    def sites(self) -> Sites:
        """Sites and what they offer."""
        ...

    @property
    def people(self) -> People:
        """Subjects."""
        ...

    @property
    def records(self) -> Records:
        """Labels."""
        ...

    @property
    def events(self) -> Events:
        """Rankings."""
        ...

    @property
    def lessons(self) -> Lessons:
        """What sites teach with."""
        ...

    @property
    def rounds(self) -> Rounds:
        """Rounds of the shared head."""
        ...

    @property
    def leaves(self) -> Leaves:
        """Leaves of the log."""
        ...

    @property
    def nonces(self) -> Nonces:
        """Spent nonces."""
        ...

    @property
    def erasures(self) -> Erasures:
        """Erasures."""
        ...

    @property
    def noted(self) -> Noted:
        """The journal's entries that this database has heard of."""
        ...

    @property
    def evidence(self) -> Evidences:
        """Proofs of consent."""
        ...

    @property
    def holds(self) -> Holds:
        """Legal holds."""
        ...

    @property
    def retained(self) -> Retained:
        """How much is kept, and what was deleted."""
        ...

    @property
    def notifications(self) -> Notifications:
        """What sites are still to be told."""
        ...

    @property
    def published(self) -> Publications:
        """The log's checkpoint as it is shown."""
        ...

    @property
    def tiles(self) -> Tiles:
        """The log's tree."""
        ...


class Store(Protocol):
    """Durable state."""

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in one transaction; return its answer once that is durable, or raise what it raised with nothing changed.

        Raises `ServerBusy` when too much waits already, `StoreBusy` when another program holds the database, `StoreUnwritable` when it
        cannot be written.
        """
        ...

    async def scrub(self) -> None:
        """Leave no trace of deleted rows in side files (journals, logs)."""
        ...

    async def close(self) -> None:
        """Finish what waits and let go of the database. A closed store answers nothing."""
        ...

"""What the rooms of the server need from outside, as Protocols. Only `app` chooses who fills them.

A `Store` runs a synchronous closure over one `Transaction`: everything a request does (the consent row it read, the decision, its
effects, the pending leaf of the log) commits together or not at all. The closure must not wait for anything but the transaction, may run
on another thread, and may be run again from the start by a store that retries; so it returns its answer and changes nothing else.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from mien.wire.keys import OpenKey, SigningKey
from mien.wire.messages import SealKeyDoc
from mien_server.values import (
    Catalogue,
    Erasure,
    Evidence,
    Person,
    PersonKey,
    Record,
    SealedEvent,
    SealedLeaf,
    Site,
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
        """The number of the youngest key-encryption key."""
        ...

    def epoch_ends(self, epoch: int) -> int:
        """Unix seconds after which the key-encryption key of `epoch` may be destroyed."""
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

    def drop_epochs_before(self, epoch: int) -> None:
        """Destroy older key-encryption keys. Only when nothing alive is wrapped by them any more."""
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

    def set_size(self, size: int) -> None:
        """Say how many entries the tree has."""
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

    def sums_version(self, site: str) -> bytes | None:
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
        """People whose consent stands in the row but ended by `now`."""
        ...

    def standing_under(self, site: str, notice: bytes, limit: int) -> tuple[Person, ...]:
        """Up to `limit` people whose consent to the notice with this SHA-256 stands in the row."""
        ...

    def mark(self, site: str, subject: str) -> None:
        """Remember that a person's consent shrank, so that what it no longer covers is deleted even if this process dies now."""
        ...

    def marked(self, limit: int) -> tuple[tuple[str, str], ...]:
        """Site and subject of people that are marked."""
        ...

    def unmark(self, site: str, subject: str) -> None:
        """All that the consent no longer covers is deleted."""
        ...

    def wrapped_before(self, epoch: int, limit: int) -> tuple[Person, ...]:
        """People whose data key is wrapped by an older key-encryption key."""
        ...


class Records(Protocol):
    """Labels at rest."""

    def add(self, records: Iterable[Record]) -> None:
        """Store new records."""
        ...

    def get(self, site: str, subject: str, record: str) -> Record | None:
        """One record."""
        ...

    def replace(self, record: Record) -> None:
        """Replace what a record holds."""
        ...

    def recent(
        self, site: str, subject: str, since: int, now: int, limit: int
    ) -> tuple[Record, ...]:
        """Records that ended at `since` or later and may be kept past `now`, newest first."""
        ...

    def all(self, site: str, subject: str) -> tuple[Record, ...]:
        """Every record of a person, oldest first."""
        ...

    def delete(
        self, site: str, subject: str, limit: int, classes: Collection[str] | None = None
    ) -> int:
        """Delete up to `limit` records of a person, of these data classes or of all; how many."""
        ...

    def delete_expired(self, now: int, limit: int) -> int:
        """Delete up to `limit` records whose time has passed; how many."""
        ...


class Events(Protocol):
    """Rankings at rest."""

    def add(self, event: SealedEvent) -> bool:
        """Store an event; False when one with this id is there already."""
        ...

    def get(self, site: str, event: str) -> SealedEvent | None:
        """One event."""
        ...

    def replace(self, event: SealedEvent) -> None:
        """Replace what an event holds."""
        ...

    def of_person(self, site: str, subject: str, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of a person, oldest first."""
        ...

    def resting_on(
        self, site: str, subject: str, purposes: Collection[str], limit: int
    ) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of a person that rest on any of these purposes."""
        ...

    def unlearned(self, before: int, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events of before that time that no ranking sums contain yet, oldest first."""
        ...

    def expired(self, now: int, limit: int) -> tuple[SealedEvent, ...]:
        """Up to `limit` events whose time has passed."""
        ...

    def delete(self, site: str, events: Iterable[str]) -> None:
        """Delete these events."""
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

    def openable(self, first: int, limit: int) -> tuple[tuple[int, SealedLeaf], ...]:
        """Up to `limit` leaves with their indexes, from index `first` on, whose opening is still kept."""
        ...

    def placed(self, leaf: bytes) -> tuple[int, int] | None:
        """Index in the tree and published hour of a leaf: None while pending. Raises `LeafUnknown`."""
        ...

    def of_person(self, site: str, subject: str) -> tuple[SealedLeaf, ...]:
        """The leaves that a person's data key opens, oldest first."""
        ...

    def wrapped_before(self, epoch: int, limit: int) -> tuple[SealedLeaf, ...]:
        """Leaves with a key of their own that is wrapped by an older key-encryption key."""
        ...

    def rewrap(self, leaf: bytes, wrapped_key: bytes, epoch: int) -> None:
        """Replace the wrapped key of a leaf."""
        ...

    def drop_openings(self, site: str, subject: str, limit: int) -> int:
        """Delete nonce and record of up to `limit` leaves of a person; how many. The hashes stay in the tree."""
        ...

    def drop_expired_openings(self, now: int, limit: int) -> int:
        """Delete nonce and record of up to `limit` leaves whose time has passed; how many."""
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

    def get(self, erasure: str) -> Erasure | None:
        """One erasure."""
        ...

    def of_person(self, site: str, subject: str) -> Erasure | None:
        """The erasure of a person."""
        ...

    def put(self, erasure: Erasure) -> None:
        """Add or replace one."""
        ...

    def open(self, limit: int) -> tuple[Erasure, ...]:
        """The oldest that are not complete."""
        ...


class Evidences(Protocol):
    """Proofs of consent, and the notices they rest on."""

    def add(self, evidence: Evidence) -> None:
        """Store one."""
        ...

    def of_person(self, site: str, subject: str) -> tuple[Evidence, ...]:
        """All of a person, oldest first."""
        ...

    def delete_expired(self, now: int, limit: int) -> int:
        """Delete up to `limit` whose time has passed; how many."""
        ...

    def wrapped_before(self, epoch: int, limit: int) -> tuple[Evidence, ...]:
        """Those whose key is wrapped by an older key-encryption key."""
        ...

    def rewrap(self, evidence: str, wrapped_key: bytes, epoch: int) -> None:
        """Replace a wrapped key."""
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


class Transaction(Protocol):
    """One transaction, by noun."""

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
    def evidence(self) -> Evidences:
        """Proofs of consent."""
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

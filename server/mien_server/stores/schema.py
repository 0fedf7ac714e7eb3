"""The tables, in the order the data meets them. What is sealed here is sealed before it comes here; nothing in this package holds a key.

Lists of words are one text joined by spaces. Times are unix seconds. Rows of a person are found by (site, subject), which is random.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)

VERSION: Final = 2
"""Goes up with every change of a table; a database of another version is refused."""

Whole: Final = BigInteger().with_variant(Integer(), "sqlite")
"""Times, counts and numbers: 64 bits everywhere (SQLite's INTEGER is, and only under that name it numbers rows by itself)."""

metadata = MetaData()

site = Table(
    "site",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("sector", String, nullable=False),
    Column("roles", String, nullable=False),
    Column("jurisdictions", String, nullable=False),
    Column("controller", String, nullable=False),
    Column("contact", String, nullable=False),
    Column("publishable_sha256", LargeBinary, nullable=False, unique=True),
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("origins", String, nullable=False),
    Column("impact_assessment", Boolean, nullable=False),
    Column("created_at", Whole, nullable=False),
    Column("verifier", LargeBinary),
)

catalogue = Table(
    "catalogue",
    metadata,
    Column("site", String, ForeignKey("site.id"), primary_key=True),
    Column("version", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# A cache of what the events say, kept exact by adding and subtracting: owned by `pipeline`, one row a site.
sums = Table(
    "sums",
    metadata,
    Column("site", String, ForeignKey("site.id"), primary_key=True),
    Column("version", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("site", String, ForeignKey("site.id"), primary_key=True),
    Column("subject", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("purposes", String, nullable=False),
    Column("jurisdictions", String, nullable=False),
    Column("sector", String, nullable=False),
    Column("role", String, nullable=False),
    Column("age_band", String, nullable=False),
    Column("gpc_at", Whole, nullable=False),
    Column("revoked_at", Whole, nullable=False),
    Column("guardian", Boolean, nullable=False),
    Column("guardian_verified", Boolean, nullable=False),
    Column("written_release", Boolean, nullable=False),
    Column("notice_sha256", LargeBinary, nullable=False),
    Column("consented_at", Whole, nullable=False),
    Column("expires_at", Whole, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("epoch", Whole, nullable=False),
    Column("site_handle", LargeBinary),
    Column("tombstoned_at", Whole, nullable=False),
    Index("person_by_expiry", "state", "expires_at"),
    Index("person_by_epoch", "epoch"),
    sqlite_with_rowid=False,
)

person_key = Table(
    "person_key",
    metadata,
    Column("site", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("sign", LargeBinary, nullable=False),
    Column("seal", LargeBinary),
    Column("sealed_stream", LargeBinary),
    Column("added_at", Whole, nullable=False),
    Column("expires_at", Whole, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
    Index("person_key_by_end", "role", "expires_at"),
)

# Which sequence numbers a device has used, and for what. Rows go when the key their envelope was sealed to has died.
accepted = Table(
    "accepted",
    metadata,
    Column("site", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("device", String, primary_key=True),
    Column("seq", Whole, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("at", Whole, nullable=False),
    ForeignKeyConstraint(
        ["site", "subject", "device"], ["person_key.site", "person_key.subject", "person_key.id"]
    ),
    Index("accepted_by_time", "at"),
    sqlite_with_rowid=False,
)

# People whose consent shrank: what it no longer covers is still to be deleted.
mark = Table(
    "mark",
    metadata,
    Column("site", String, primary_key=True),
    Column("subject", String, primary_key=True),
    sqlite_with_rowid=False,
)

# Clustered by person and time: that is how labels are used, exported and deleted.
record = Table(
    "record",
    metadata,
    Column("site", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("ended_at", Whole, primary_key=True),
    Column("id", String, primary_key=True),
    Column("data_class", String, nullable=False),
    Column("retain_until", Whole, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
    Index("record_by_end", "retain_until"),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, ForeignKey("site.id"), nullable=False),
    Column("subject", String),
    Column("at", Whole, nullable=False),
    Column("retain_until", Whole, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("learned", Boolean, nullable=False),
    Column("basis", String, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
    Index("event_by_end", "retain_until"),
)
Index("event_unlearned", event.c.at, sqlite_where=event.c.learned.is_(False))
Index(
    "event_by_person",
    event.c.site,
    event.c.subject,
    event.c.basis,
    sqlite_where=event.c.subject.is_not(None),
)

# Never deleted: the hashes are the log. `opening` and `wrapped_key` go when the person does, or when their time has passed.
leaf = Table(
    "leaf",
    metadata,
    Column("n", Whole, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("hour", Whole, nullable=False),
    Column("site", String, nullable=False),
    Column("subject", String),
    Column("retain_until", Whole, nullable=False),
    Column("opening", LargeBinary),
    Column("wrapped_key", LargeBinary),
    Column("epoch", Whole, nullable=False),
    Column("log_index", Whole),
)
Index("leaf_pending", leaf.c.n, sqlite_where=leaf.c.log_index.is_(None))
Index("leaf_by_person", leaf.c.site, leaf.c.subject, sqlite_where=leaf.c.subject.is_not(None))
Index("leaf_by_place", leaf.c.log_index, sqlite_where=leaf.c.log_index.is_not(None))
Index("leaf_by_epoch", leaf.c.epoch, sqlite_where=leaf.c.wrapped_key.is_not(None))
Index("leaf_by_end", leaf.c.retain_until, sqlite_where=leaf.c.opening.is_not(None))

# Proofs of consent: no foreign key, because they outlive the erasure of the person's row's contents, until `retain_until`.
evidence = Table(
    "evidence",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("at", Whole, nullable=False),
    Column("retain_until", Whole, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("epoch", Whole, nullable=False),
    Index("evidence_by_person", "site", "subject"),
    Index("evidence_by_end", "retain_until"),
    Index("evidence_by_epoch", "epoch"),
)

# Every notice that anybody consented to, as it was shown. Public texts.
shown = Table(
    "shown",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

nonce = Table(
    "nonce",
    metadata,
    Column("site", String, primary_key=True),
    Column("nonce", LargeBinary, primary_key=True),
    Column("until", Whole, nullable=False),
    Index("nonce_by_end", "until"),
    sqlite_with_rowid=False,
)

erasure = Table(
    "erasure",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("accepted_at", Whole, nullable=False),
    Column("completed_at", Whole),
    Column("certificate", String, nullable=False),
    Column("records_deleted", Whole, nullable=False),
    Column("events_subtracted", Whole, nullable=False),
    Column("key_destroyed", Boolean, nullable=False),
    Index("erasure_by_person", "site", "subject"),
)

tile = Table(
    "tile",
    metadata,
    Column("level", Whole, primary_key=True),
    Column("number", Whole, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)

entry_tile = Table(
    "entry_tile",
    metadata,
    Column("number", Whole, primary_key=True, autoincrement=False),
    Column("entries", LargeBinary, nullable=False),
)

tree = Table(
    "tree",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("size", Whole, nullable=False),
)

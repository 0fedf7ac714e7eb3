"""The tables, in the order the data meets them. What is sealed here is sealed before it comes here; nothing in this package holds a key.

Lists of words are one text joined by spaces. Times are unix seconds. Rows of a person are found by (site, subject), which is random.
"""

from typing import Any, Final

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    false,
)
from sqlalchemy.event import listen

VERSION: Final = 3
"""`user_version` of an SQLite file: what servers look at that knew no revisions (`revisions`), so that they leave it alone."""

Whole: Final = BigInteger().with_variant(Integer(), "sqlite")
"""Times, counts and numbers: 64 bits everywhere (SQLite's INTEGER is, and only under that name it numbers rows by itself)."""

metadata = MetaData()


def only(where: ColumnElement[bool]) -> dict[str, Any]:
    """The options of an index over the rows `where`, on every database."""
    return {"sqlite_where": where, "postgresql_where": where}


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
    Column("webhook", String),
    Column("contributes", Boolean, nullable=False, server_default=false()),
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
    Column("held_until", Whole, nullable=False, server_default="0"),
    Index("person_by_expiry", "state", "expires_at"),
    sqlite_with_rowid=False,
)
# Not of the erased, whose rows stay: rotation looks here every minute.
Index(
    "person_by_epoch",
    person.c.epoch,
    person.c.site,
    person.c.subject,
    **only(person.c.wrapped_key.is_not(None)),
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

# Legal holds. The reason is sealed under the person's data key and goes with it.
hold = Table(
    "hold",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("reason", LargeBinary, nullable=False),
    Column("placed_at", Whole, nullable=False),
    Column("ends_at", Whole, nullable=False),
    Column("over_at", Whole, nullable=False),
    Column("retain_until", Whole, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
    Index("hold_by_person", "site", "subject", "over_at", "ends_at"),
    Index("hold_by_end", "over_at", "ends_at"),
)

# What was deleted and is not in the log yet: counted in the transactions that delete, emptied in the one that logs.
swept = Table(
    "swept",
    metadata,
    Column("why", String, primary_key=True),
    Column("data_class", String, primary_key=True),
    Column("rows", Whole, nullable=False),
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
    Column("retain_until", Whole, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
    Index("record_by_end", "retain_until"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (retain_until)",
)
Index("record_answers", record.c.site, record.c.subject, **only(record.c.data_class == "answer"))
# The piece for what no week was made for: see `partitions`.
listen(
    record,
    "after_create",
    DDL("CREATE TABLE record_rest PARTITION OF record DEFAULT").execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]
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
Index("event_unlearned", event.c.at, **only(event.c.learned.is_(False)))
Index(
    "event_by_person",
    event.c.site,
    event.c.subject,
    event.c.basis,
    **only(event.c.subject.is_not(None)),
)

# A site's exercises. `gone_at` is when an answer was last taken back, or these were replaced: sums made before that are made anew.
lessons = Table(
    "lessons",
    metadata,
    Column("site", String, ForeignKey("site.id"), primary_key=True),
    Column("version", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("gone_at", Whole, nullable=False),
)

# What answers taught, made anew from them, and how far the next making is: written by `pipeline.rebuilding` alone.
lesson_sums = Table(
    "lesson_sums",
    metadata,
    Column("site", String, ForeignKey("site.id"), primary_key=True),
    Column("since", Whole, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("begun", Whole, nullable=False),
    Column("last", String, nullable=False),
    Column("partial", LargeBinary, nullable=False),
)

# Rounds of the shared head: what was agreed, who owns it, how it ended. Names nobody.
round_ = Table(
    "round",
    metadata,
    Column("id", String, primary_key=True),
    Column("task", String, nullable=False),
    Column("model", Whole, nullable=False),
    Column("version", Whole, nullable=False),
    Column("head_sha256", LargeBinary, nullable=False),
    Column("terms", String, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Column("owner", LargeBinary, nullable=False),
    Column("opened_at", Whole, nullable=False),
    Column("closes_at", Whole, nullable=False),
    Column("beat_at", Whole, nullable=False),
    Column("state", String, nullable=False),
    Column("ended_at", Whole, nullable=False),
    Column("participants", Whole, nullable=False),
    Column("dropped", String, nullable=False),
    Column("before", Whole, nullable=False),
    Column("after", Whole, nullable=False),
    Column("released", Whole),
    Index("round_by_time", "opened_at", "id"),
)
Index("round_standing", round_.c.ended_at, **only(round_.c.ended_at == 0))

# Sealed updates of the round that stands: they go in the transaction that ends it.
contribution = Table(
    "contribution",
    metadata,
    Column("round", String, ForeignKey("round.id"), primary_key=True),
    Column("site", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("at", Whole, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
    Index("contribution_by_person", "site", "subject"),
)

# The ledger: written in the transaction that releases, and only there. A person's goes with them; the certificate of their erasure says what it came to.
participation = Table(
    "participation",
    metadata,
    Column("site", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("round", String, ForeignKey("round.id"), primary_key=True),
    Column("at", Whole, nullable=False),
    Column("noise_thousandths", Whole, nullable=False),
    Column("delta_one_in", Whole, nullable=False),
    Column("epsilon_millionths", Whole, nullable=False),
    ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
)

# Released heads, never deleted: they are public.
head = Table(
    "head",
    metadata,
    Column("version", Whole, primary_key=True, autoincrement=False),
    Column("task", String, nullable=False),
    Column("model", Whole, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("statement", String, nullable=False),
    Column("at", Whole, nullable=False),
    Column("round", String, ForeignKey("round.id")),
    Column("restores", Whole),
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
    Column("tag", LargeBinary),
)
Index("leaf_pending", leaf.c.n, **only(leaf.c.log_index.is_(None)))
Index("leaf_by_person", leaf.c.site, leaf.c.subject, **only(leaf.c.subject.is_not(None)))
Index("leaf_by_place", leaf.c.log_index, **only(leaf.c.log_index.is_not(None)))
# Officers ask for hours. The order of hours is not quite the order of places: nodes' clocks differ, and a clock may be set back.
Index("leaf_by_hour", leaf.c.hour, leaf.c.log_index, **only(leaf.c.log_index.is_not(None)))
Index("leaf_by_epoch", leaf.c.epoch, leaf.c.hash, **only(leaf.c.wrapped_key.is_not(None)))
Index("leaf_by_tag", leaf.c.site, leaf.c.tag, **only(leaf.c.tag.is_not(None)))
Index("leaf_by_end", leaf.c.retain_until, **only(leaf.c.opening.is_not(None)))

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
    Index("evidence_by_epoch", "epoch", "id"),
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
# The completed stay for ever: whoever looks for open ones, every second, must not read those.
Index(
    "erasure_open",
    erasure.c.accepted_at,
    erasure.c.id,
    **only(erasure.c.completed_at.is_(None)),
)

# The ids of the journal's entries that this database has heard of. What the journal has beyond them is applied before anything is served.
noted = Table(
    "noted",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("at", Whole, nullable=False),
    Index("noted_by_time", "at"),
    sqlite_with_rowid=False,
)

# What sites are still to be told of people. No foreign key: it outlives what the erasure of the person deletes, for a day at most.
notification = Table(
    "notification",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Whole, nullable=False),
    Column("next_at", Whole, nullable=False),
    Column("attempts", Whole, nullable=False),
    Column("purposes", String, nullable=False),
    Column("erasure", String),
    Index("notification_due", "site", "next_at"),
    Index("notification_by_person", "site", "subject"),
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

# One row: the checkpoint that is shown, once the log has witnesses. `busy_until`: until when a node may be asking them.
published = Table(
    "published",
    metadata,
    Column("id", Whole, primary_key=True, autoincrement=False),
    Column("size", Whole, nullable=False),
    Column("body", String, nullable=False),
    Column("cosignatures", String, nullable=False),
    Column("busy_until", Whole, nullable=False),
)

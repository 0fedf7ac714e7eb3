"""The tables of the first servers, which knew no revisions: an SQLite file with `user_version` 2."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None

WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "entry_tile",
        sa.Column("number", WHOLE, autoincrement=False, nullable=False),
        sa.Column("entries", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("accepted_at", WHOLE, nullable=False),
        sa.Column("completed_at", WHOLE),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("records_deleted", WHOLE, nullable=False),
        sa.Column("events_subtracted", WHOLE, nullable=False),
        sa.Column("key_destroyed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("erasure_by_person", "erasure", ["site", "subject"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("retain_until", WHOLE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_by_end", "evidence", ["retain_until"])
    op.create_index("evidence_by_epoch", "evidence", ["epoch"])
    op.create_index("evidence_by_person", "evidence", ["site", "subject"])
    op.create_table(
        "leaf",
        sa.Column("n", WHOLE, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("hour", WHOLE, nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String()),
        sa.Column("retain_until", WHOLE, nullable=False),
        sa.Column("opening", sa.LargeBinary()),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("epoch", WHOLE, nullable=False),
        sa.Column("log_index", WHOLE),
        sa.PrimaryKeyConstraint("n"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index(
        "leaf_by_end",
        "leaf",
        ["retain_until"],
        sqlite_where=sa.text("opening IS NOT NULL"),
        postgresql_where=sa.text("opening IS NOT NULL"),
    )
    op.create_index(
        "leaf_by_epoch",
        "leaf",
        ["epoch"],
        sqlite_where=sa.text("wrapped_key IS NOT NULL"),
        postgresql_where=sa.text("wrapped_key IS NOT NULL"),
    )
    op.create_index(
        "leaf_by_person",
        "leaf",
        ["site", "subject"],
        sqlite_where=sa.text("subject IS NOT NULL"),
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_index(
        "leaf_by_place",
        "leaf",
        ["log_index"],
        sqlite_where=sa.text("log_index IS NOT NULL"),
        postgresql_where=sa.text("log_index IS NOT NULL"),
    )
    op.create_index(
        "leaf_pending",
        "leaf",
        ["n"],
        sqlite_where=sa.text("log_index IS NULL"),
        postgresql_where=sa.text("log_index IS NULL"),
    )
    op.create_table(
        "mark",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "subject"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "nonce",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("until", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("site", "nonce"),
        sqlite_with_rowid=False,
    )
    op.create_index("nonce_by_end", "nonce", ["until"])
    op.create_table(
        "shown",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("jurisdictions", sa.String(), nullable=False),
        sa.Column("controller", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("publishable_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("origins", sa.String(), nullable=False),
        sa.Column("impact_assessment", sa.Boolean(), nullable=False),
        sa.Column("created_at", WHOLE, nullable=False),
        sa.Column("verifier", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("publishable_sha256"),
        sa.UniqueConstraint("secret_sha256"),
    )
    op.create_table(
        "tile",
        sa.Column("level", WHOLE, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number"),
    )
    op.create_table(
        "tree",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "catalogue",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"]),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "person",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("purposes", sa.String(), nullable=False),
        sa.Column("jurisdictions", sa.String(), nullable=False),
        sa.Column("sector", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("age_band", sa.String(), nullable=False),
        sa.Column("gpc_at", WHOLE, nullable=False),
        sa.Column("revoked_at", WHOLE, nullable=False),
        sa.Column("guardian", sa.Boolean(), nullable=False),
        sa.Column("guardian_verified", sa.Boolean(), nullable=False),
        sa.Column("written_release", sa.Boolean(), nullable=False),
        sa.Column("notice_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("consented_at", WHOLE, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary()),
        sa.Column("epoch", WHOLE, nullable=False),
        sa.Column("site_handle", sa.LargeBinary()),
        sa.Column("tombstoned_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"]),
        sa.PrimaryKeyConstraint("site", "subject"),
        sqlite_with_rowid=False,
    )
    op.create_index("person_by_epoch", "person", ["epoch"])
    op.create_index("person_by_expiry", "person", ["state", "expires_at"])
    op.create_table(
        "sums",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("version", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"]),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String()),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("retain_until", WHOLE, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("learned", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
        sa.ForeignKeyConstraint(["site"], ["site.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("event_by_end", "event", ["retain_until"])
    op.create_index(
        "event_by_person",
        "event",
        ["site", "subject", "basis"],
        sqlite_where=sa.text("subject IS NOT NULL"),
        postgresql_where=sa.text("subject IS NOT NULL"),
    )
    op.create_index(
        "event_unlearned",
        "event",
        ["at"],
        sqlite_where=sa.text("learned IS 0"),
        postgresql_where=sa.text("learned IS false"),
    )
    op.create_table(
        "person_key",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("sign", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary()),
        sa.Column("sealed_stream", sa.LargeBinary()),
        sa.Column("added_at", WHOLE, nullable=False),
        sa.Column("expires_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
        sa.PrimaryKeyConstraint("site", "subject", "id"),
    )
    op.create_index("person_key_by_end", "person_key", ["role", "expires_at"])
    op.create_table(
        "record",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("ended_at", WHOLE, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("data_class", sa.String(), nullable=False),
        sa.Column("retain_until", WHOLE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
        sa.PrimaryKeyConstraint("site", "subject", "ended_at", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("record_by_end", "record", ["retain_until"])
    op.create_table(
        "accepted",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("seq", WHOLE, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "subject", "device"],
            ["person_key.site", "person_key.subject", "person_key.id"],
        ),
        sa.PrimaryKeyConstraint("site", "subject", "device", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("accepted_by_time", "accepted", ["at"])

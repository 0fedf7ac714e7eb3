"""Legal holds, what sites are told, the journal's ids, counts of what was swept; records that PostgreSQL keeps by the week they must go."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None

WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From 0001."""
    op.create_table(
        "noted",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_index("noted_by_time", "noted", ["at"])
    op.create_table(
        "notification",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("next_at", WHOLE, nullable=False),
        sa.Column("attempts", WHOLE, nullable=False),
        sa.Column("purposes", sa.String(), nullable=False),
        sa.Column("erasure", sa.String()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("notification_by_person", "notification", ["site", "subject"])
    op.create_index("notification_due", "notification", ["site", "next_at"])
    op.create_table(
        "swept",
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("data_class", sa.String(), nullable=False),
        sa.Column("rows", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("why", "data_class"),
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("placed_at", WHOLE, nullable=False),
        sa.Column("ends_at", WHOLE, nullable=False),
        sa.Column("over_at", WHOLE, nullable=False),
        sa.Column("retain_until", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hold_by_end", "hold", ["over_at", "ends_at"])
    op.create_index("hold_by_person", "hold", ["site", "subject", "over_at", "ends_at"])
    op.create_index(
        "erasure_open",
        "erasure",
        ["accepted_at", "id"],
        sqlite_where=sa.text("completed_at IS NULL"),
        postgresql_where=sa.text("completed_at IS NULL"),
    )
    op.drop_index("evidence_by_epoch", "evidence")
    op.create_index("evidence_by_epoch", "evidence", ["epoch", "id"])
    op.drop_index("leaf_by_epoch", "leaf")
    op.create_index(
        "leaf_by_epoch",
        "leaf",
        ["epoch", "hash"],
        sqlite_where=sa.text("wrapped_key IS NOT NULL"),
        postgresql_where=sa.text("wrapped_key IS NOT NULL"),
    )
    op.add_column("person", sa.Column("held_until", WHOLE, server_default="0", nullable=False))
    op.drop_index("person_by_epoch", "person")
    op.create_index(
        "person_by_epoch",
        "person",
        ["epoch", "site", "subject"],
        sqlite_where=sa.text("wrapped_key IS NOT NULL"),
        postgresql_where=sa.text("wrapped_key IS NOT NULL"),
    )
    op.add_column("site", sa.Column("webhook", sa.String()))
    _records_by_time()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "PRAGMA user_version = 3"
        )  # servers that know no revisions look there, and leave the file alone


def _records_by_time() -> None:
    """`retain_until` joins the primary key: PostgreSQL wants what a table is cut by in it, and cuts it here."""
    op.execute("CREATE TABLE record_before AS SELECT * FROM record")
    op.drop_table("record")
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
        sa.PrimaryKeyConstraint("site", "subject", "ended_at", "id", "retain_until"),
        sqlite_with_rowid=False,
        postgresql_partition_by="RANGE (retain_until)",
    )
    op.create_index("record_by_end", "record", ["retain_until"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE record_rest PARTITION OF record DEFAULT")
    op.execute(
        "INSERT INTO record (site, subject, ended_at, id, data_class, retain_until, sealed)"
        " SELECT site, subject, ended_at, id, data_class, retain_until, sealed FROM record_before"
    )
    op.drop_table("record_before")

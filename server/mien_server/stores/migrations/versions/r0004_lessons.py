"""Lessons: a site's exercises, and what answers to them taught. The answers themselves are records."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None

WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From 0003."""
    op.create_table(
        "lessons",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("gone_at", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"]),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_table(
        "lesson_sums",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("since", WHOLE, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("begun", WHOLE, nullable=False),
        sa.Column("last", sa.String(), nullable=False),
        sa.Column("partial", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["site.id"]),
        sa.PrimaryKeyConstraint("site"),
    )
    op.create_index(
        "record_answers",
        "record",
        ["site", "subject"],
        sqlite_where=sa.text("data_class = 'answer'"),
        postgresql_where=sa.text("data_class = 'answer'"),
    )

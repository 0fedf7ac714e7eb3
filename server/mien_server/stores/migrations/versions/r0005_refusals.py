"""Refused consents are found by who asked, so that an erasure reaches them. Those from before have no tag and end with their retention."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """From 0004."""
    op.add_column("leaf", sa.Column("tag", sa.LargeBinary()))
    op.create_index(
        "leaf_by_tag",
        "leaf",
        ["site", "tag"],
        sqlite_where=sa.text("tag IS NOT NULL"),
        postgresql_where=sa.text("tag IS NOT NULL"),
    )

"""The checkpoint that the log shows, with what its witnesses signed of it."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None

WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From 0002."""
    op.create_table(
        "published",
        sa.Column("id", WHOLE, autoincrement=False, nullable=False),
        sa.Column("size", WHOLE, nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("cosignatures", sa.String(), nullable=False),
        sa.Column("busy_until", WHOLE, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )

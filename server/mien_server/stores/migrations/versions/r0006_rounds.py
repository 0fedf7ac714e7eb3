"""Rounds of the shared head: the rounds, the sealed updates that wait in one, the heads that were released, and the ledger of who was in what."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None

WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From 0005."""
    op.add_column(
        "site", sa.Column("contributes", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    _rounds()
    _of_people()
    op.create_table(
        "head",
        sa.Column("version", WHOLE, autoincrement=False, nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("model", WHOLE, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("round", sa.String()),
        sa.Column("restores", WHOLE),
        sa.ForeignKeyConstraint(["round"], ["round.id"]),
        sa.PrimaryKeyConstraint("version"),
    )


def _rounds() -> None:
    op.create_table(
        "round",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("model", WHOLE, nullable=False),
        sa.Column("version", WHOLE, nullable=False),
        sa.Column("head_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("terms", sa.String(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("owner", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", WHOLE, nullable=False),
        sa.Column("closes_at", WHOLE, nullable=False),
        sa.Column("beat_at", WHOLE, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", WHOLE, nullable=False),
        sa.Column("participants", WHOLE, nullable=False),
        sa.Column("dropped", sa.String(), nullable=False),
        sa.Column("before", WHOLE, nullable=False),
        sa.Column("after", WHOLE, nullable=False),
        sa.Column("released", WHOLE),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("round_by_time", "round", ["opened_at", "id"])
    op.create_index(
        "round_standing",
        "round",
        ["ended_at"],
        sqlite_where=sa.text("ended_at = 0"),
        postgresql_where=sa.text("ended_at = 0"),
    )


def _of_people() -> None:
    op.create_table(
        "contribution",
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["round"], ["round.id"]),
        sa.ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
        sa.PrimaryKeyConstraint("round", "site", "subject"),
    )
    op.create_index("contribution_by_person", "contribution", ["site", "subject"])
    op.create_table(
        "participation",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("round", sa.String(), nullable=False),
        sa.Column("at", WHOLE, nullable=False),
        sa.Column("noise_thousandths", WHOLE, nullable=False),
        sa.Column("delta_one_in", WHOLE, nullable=False),
        sa.Column("epsilon_millionths", WHOLE, nullable=False),
        sa.ForeignKeyConstraint(["round"], ["round.id"]),
        sa.ForeignKeyConstraint(["site", "subject"], ["person.site", "person.subject"]),
        sa.PrimaryKeyConstraint("site", "subject", "round"),
    )

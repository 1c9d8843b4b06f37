"""shared runs

On PostgreSQL a run can be handed to other processes, cut into pieces. The tables with which they hand each other the
work are the engine's own, in a schema of their own (bot/store/engine_tables.py).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("handed_at", bot.store.types.UtcDateTime(timezone=True), nullable=True))
    op.create_table(
        "run_piece",
        sa.Column("run_id", _KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", bot.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", bot.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.run_id"], name=op.f("fk_run_piece_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_run_piece")),
    )


def downgrade() -> None:
    op.drop_table("run_piece")
    with op.batch_alter_table("run") as run:
        run.drop_column("handed_at")

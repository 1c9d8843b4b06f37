"""what requests show"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calibration",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("week", name=op.f("pk_calibration")),
    )
    with op.batch_alter_table("session_facts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cache_break_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("compaction_read_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("compaction_written_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("short_effort_requests", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("short_effort_cost_microusd", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("pastes", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("pasted_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("pasted_resent_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("failure_loops", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("failure_loop_cost_microusd", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("repeat_cost_microusd", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cut_starts", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cut_failures", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cut_cost_microusd", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cut_loops", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cut_loop_cost_microusd", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("heavy_starts", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("heavy_start_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("heavy_start_resent_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("long_requests", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("long_excess_tokens", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("session_facts", schema=None) as batch_op:
        batch_op.drop_column("long_excess_tokens")
        batch_op.drop_column("long_requests")
        batch_op.drop_column("heavy_start_resent_tokens")
        batch_op.drop_column("heavy_start_tokens")
        batch_op.drop_column("heavy_starts")
        batch_op.drop_column("cut_loop_cost_microusd")
        batch_op.drop_column("cut_loops")
        batch_op.drop_column("cut_cost_microusd")
        batch_op.drop_column("cut_failures")
        batch_op.drop_column("cut_starts")
        batch_op.drop_column("repeat_cost_microusd")
        batch_op.drop_column("failure_loop_cost_microusd")
        batch_op.drop_column("failure_loops")
        batch_op.drop_column("pasted_resent_tokens")
        batch_op.drop_column("pasted_tokens")
        batch_op.drop_column("pastes")
        batch_op.drop_column("short_effort_cost_microusd")
        batch_op.drop_column("short_effort_requests")
        batch_op.drop_column("compaction_written_tokens")
        batch_op.drop_column("compaction_read_tokens")
        batch_op.drop_column("cache_break_tokens")
    op.drop_table("calibration")

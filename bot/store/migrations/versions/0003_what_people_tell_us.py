"""what people tell us"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meant_pattern",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("detector", sa.String(length=8), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("told_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_meant_pattern_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "detector", "tool", name=op.f("pk_meant_pattern")),
    )
    op.create_table(
        "check_in",
        sa.Column("nudge_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("helped", sa.String(length=16), nullable=False),
        sa.Column("reported_saving", sa.String(length=24), nullable=True),
        sa.Column("went_to", sa.String(length=24), nullable=True),
        sa.Column("answered_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nudge_id"], ["nudge.nudge_id"], name=op.f("fk_check_in_nudge_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_check_in_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("nudge_id", name=op.f("pk_check_in")),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_in_person_id"), ["person_id"], unique=False)

    op.create_table(
        "follow_up",
        sa.Column("nudge_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("after_days", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tipped_on", sa.Date(), nullable=False),
        sa.Column("detector", sa.String(length=8), nullable=False),
        sa.Column("tool", sa.Text(), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("value_before", sa.BigInteger(), nullable=True),
        sa.Column("value_after", sa.BigInteger(), nullable=True),
        sa.Column("unknown", sa.String(length=24), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("rule_version", sa.String(length=32), nullable=False),
        sa.Column("measured_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["nudge_id"], ["nudge.nudge_id"], name=op.f("fk_follow_up_nudge_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_follow_up_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("nudge_id", "after_days", name=op.f("pk_follow_up")),
    )
    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_up_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.add_column(sa.Column("on_leave_at", bot.store.types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("not_allowed_at", bot.store.types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("no_questions_at", bot.store.types.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.drop_column("no_questions_at")
        batch_op.drop_column("not_allowed_at")
        batch_op.drop_column("on_leave_at")

    with op.batch_alter_table("follow_up", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_up_person_id"))

    op.drop_table("follow_up")
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_in_person_id"))

    op.drop_table("check_in")
    op.drop_table("meant_pattern")

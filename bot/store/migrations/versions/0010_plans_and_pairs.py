"""if-then plans, and pairs

One plan a person, two more causes that a person may tell (no trust, no time), who would show a colleague something, and
who asked for it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "if_then_plan",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tip_id", sa.String(length=64), nullable=False),
        sa.Column("cue", sa.String(length=32), nullable=False),
        sa.Column("made_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=False),
        sa.Column("reminded_at", bot.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_if_then_plan_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_if_then_plan")),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "pair_volunteer",
        sa.Column("person_id", number, nullable=False),
        sa.Column("offered_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_pair_volunteer_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_pair_volunteer")),
    )
    op.create_table(
        "pair_request",
        sa.Column("person_id", number, nullable=False),
        sa.Column("volunteer_id", number, nullable=True),
        sa.Column("nudge_id", number, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asks", sa.BigInteger(), nullable=False),
        sa.Column("made_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_pair_request_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["volunteer_id"], ["person.person_id"], name=op.f("fk_pair_request_volunteer_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["nudge_id"], ["nudge.nudge_id"], name=op.f("fk_pair_request_nudge_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_pair_request")),
    )
    op.create_index("ix_pair_request_volunteer_id", "pair_request", ["volunteer_id"])
    op.create_index("ix_pair_request_nudge_id", "pair_request", ["nudge_id"])
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.add_column(sa.Column("no_trust_at", bot.store.types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("no_time_at", bot.store.types.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("preference", schema=None) as batch_op:
        batch_op.drop_column("no_time_at")
        batch_op.drop_column("no_trust_at")

    op.drop_table("pair_request")
    op.drop_table("pair_volunteer")
    op.drop_table("if_then_plan")

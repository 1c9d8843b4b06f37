"""campaigns"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("campaign_id", _KEY, autoincrement=True, nullable=False),
        sa.Column("campaign_key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("trigger", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=True),
        sa.Column("tool", sa.Text(), nullable=True),
        sa.Column("group_key", sa.String(length=40), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("hour_from", sa.BigInteger(), nullable=False),
        sa.Column("hour_until", sa.BigInteger(), nullable=False),
        sa.Column("most_messages", sa.BigInteger(), nullable=True),
        sa.Column("holdout_percent", sa.BigInteger(), nullable=False),
        sa.Column("author_slack_id", sa.String(length=32), nullable=True),
        sa.Column("approver_slack_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_wave_on", sa.Date(), nullable=True),
        sa.Column("why_ended", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("campaign_key", name=op.f("uq_campaign_campaign_key")),
    )
    op.create_index(op.f("ix_campaign_state"), "campaign", ["state"])
    _who_was_drawn_and_what_came_of_it()
    op.create_table(
        "audience_count",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("cut", sa.String(length=160), nullable=False),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("week", "cut", name=op.f("pk_audience_count")),
    )
    op.create_table(
        "halt",
        sa.Column("halt_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("halted_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("halt_id", name=op.f("pk_halt")),
    )
    op.add_column("nudge", sa.Column("campaign_id", sa.BigInteger(), nullable=True))
    op.add_column("nudge", sa.Column("campaign_step", sa.BigInteger(), nullable=True))
    op.create_index("ix_nudge_campaign_id", "nudge", ["campaign_id"])


def _who_was_drawn_and_what_came_of_it() -> None:
    op.create_table(
        "campaign_member",
        sa.Column("campaign_id", _KEY, nullable=False),
        sa.Column("person_id", _KEY, nullable=False),
        sa.Column("stratum", sa.String(length=80), nullable=False),
        sa.Column("arm", sa.String(length=16), nullable=False),
        sa.Column("enrolled_on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.campaign_id"], name=op.f("fk_campaign_member_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_campaign_member_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "person_id", name=op.f("pk_campaign_member")),
    )
    op.create_index("ix_campaign_member_person_id", "campaign_member", ["person_id"])
    op.create_table(
        "campaign_result",
        sa.Column("campaign_id", _KEY, nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.campaign_id"], name=op.f("fk_campaign_result_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "week", name=op.f("pk_campaign_result")),
    )


def downgrade() -> None:
    op.drop_index("ix_nudge_campaign_id", "nudge")
    op.drop_column("nudge", "campaign_step")
    op.drop_column("nudge", "campaign_id")
    for table in ("halt", "audience_count", "campaign_result", "campaign_member", "campaign"):
        op.drop_table(table)

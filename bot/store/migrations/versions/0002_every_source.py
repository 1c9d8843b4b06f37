"""every source"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_COUNTERS = (
    "requests", "failed_requests", "sessions", "input_tokens", "cache_read_tokens", "cache_write_tokens",
    "output_tokens", "cost_microusd", "accepted", "rejected",
)  # fmt: skip
_ACTIVE = f"UPDATE usage_day SET active = true WHERE {' OR '.join(f'{name} > 0' for name in _COUNTERS)}"  # noqa: S608 - names of ours
_KINDS = (
    "INSERT INTO source (name, kind, lag_days, lists_members)"
    " SELECT DISTINCT source, 'claude_code', 0, false FROM usage_day WHERE source <> 'file'"
)
"""Until now there was one kind of connector."""


def upgrade() -> None:
    op.create_table(
        "billed_day",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_microusd", sa.BigInteger(), nullable=False),
        sa.Column("as_of", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_billed_day")),
    )
    op.create_table(
        "pushed_point",
        sa.Column("point_key", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("point_key", name=op.f("pk_pushed_point")),
    )
    with op.batch_alter_table("pushed_point", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pushed_point_day"), ["day"], unique=False)

    op.create_table(
        "source",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lag_days", sa.BigInteger(), nullable=False),
        sa.Column("lists_members", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source")),
    )
    op.create_table(
        "open_session",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_open_session_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", "session_key", name=op.f("pk_open_session")),
    )
    with op.batch_alter_table("open_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_open_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "pushed_series",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("series_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_pushed_series_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", "series_key", name=op.f("pk_pushed_series")),
    )
    with op.batch_alter_table("pushed_series", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pushed_series_person_id"), ["person_id"], unique=False)

    op.create_table(
        "team_stay",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("manager_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["manager_id"], ["person.person_id"], name=op.f("fk_team_stay_manager_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_team_stay_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "first_day", name=op.f("pk_team_stay")),
    )
    with op.batch_alter_table("team_stay", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_team_stay_manager_id"), ["manager_id"], unique=False)
    _add_columns()


def _add_columns() -> None:
    with op.batch_alter_table("calendar_day", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.Text(), nullable=True))

    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ai_evidence", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("repository", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reverts_ref", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("reverted", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("reached_production", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("lines_survived_14d", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("lines_survived_30d", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(sa.Column("filled_by", sa.JSON(), nullable=True))

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.Text(), nullable=True))

    with op.batch_alter_table("session_facts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("accepted", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("rejected", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("tool_calls", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("failed_tool_calls", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("longest_failure_streak", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("repeated_failures", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("compactions", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("retries_exhausted", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("first_prompt_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("largest_prompt_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cold_restarts", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cold_restart_tokens", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("cache_breaks", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("usage_day", schema=None) as batch_op:
        batch_op.add_column(sa.Column("prompts", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("offered", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("lines_added", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("fast_requests", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("long_context_requests", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("headless_requests", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_ACTIVE)
    with op.batch_alter_table("usage_day", schema=None) as batch_op:
        # Whoever writes a row must say it: a default would be a zero that nobody said (P12).
        batch_op.alter_column("active", server_default=None)
    op.execute(_KINDS)


def downgrade() -> None:
    with op.batch_alter_table("usage_day", schema=None) as batch_op:
        batch_op.drop_column("active")
        batch_op.drop_column("headless_requests")
        batch_op.drop_column("long_context_requests")
        batch_op.drop_column("fast_requests")
        batch_op.drop_column("lines_added")
        batch_op.drop_column("offered")
        batch_op.drop_column("prompts")

    with op.batch_alter_table("session_facts", schema=None) as batch_op:
        batch_op.drop_column("cache_breaks")
        batch_op.drop_column("cold_restart_tokens")
        batch_op.drop_column("cold_restarts")
        batch_op.drop_column("largest_prompt_tokens")
        batch_op.drop_column("first_prompt_tokens")
        batch_op.drop_column("retries_exhausted")
        batch_op.drop_column("compactions")
        batch_op.drop_column("repeated_failures")
        batch_op.drop_column("longest_failure_streak")
        batch_op.drop_column("failed_tool_calls")
        batch_op.drop_column("tool_calls")
        batch_op.drop_column("rejected")
        batch_op.drop_column("accepted")

    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_column("source")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("filled_by")

    with op.batch_alter_table("outcome", schema=None) as batch_op:
        batch_op.drop_column("lines_survived_30d")
        batch_op.drop_column("lines_survived_14d")
        batch_op.drop_column("reached_production")
        batch_op.drop_column("reverted")
        batch_op.drop_column("reverts_ref")
        batch_op.drop_column("repository")
        batch_op.drop_column("ai_evidence")

    with op.batch_alter_table("calendar_day", schema=None) as batch_op:
        batch_op.drop_column("source")

    with op.batch_alter_table("team_stay", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_team_stay_manager_id"))

    op.drop_table("team_stay")
    with op.batch_alter_table("pushed_series", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pushed_series_person_id"))

    op.drop_table("pushed_series")
    with op.batch_alter_table("open_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_open_session_person_id"))

    op.drop_table("open_session")
    op.drop_table("source")
    with op.batch_alter_table("pushed_point", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pushed_point_day"))

    op.drop_table("pushed_point")
    op.drop_table("billed_day")

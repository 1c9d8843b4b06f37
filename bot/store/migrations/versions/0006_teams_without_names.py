"""teams without names"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

import bot.store.types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PERSON = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "team_group",
        sa.Column("person_id", _PERSON, autoincrement=False, nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_team_group_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_team_group")),
        sa.UniqueConstraint("group_key", name=op.f("uq_team_group_group_key")),
    )
    op.create_table(
        "snapshot",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("parent_key", sa.String(length=40), nullable=True),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("alike_since", sa.Date(), nullable=False),
        sa.Column("rule_version", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("week", "group_key", name=op.f("pk_snapshot")),
    )
    op.create_table(
        "snapshot_cell",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.String(length=16), nullable=True),
        sa.Column("people", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["week", "group_key"],
            ["snapshot.week", "snapshot.group_key"],
            name=op.f("fk_snapshot_cell_week_group_key"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("week", "group_key", "measure", name=op.f("pk_snapshot_cell")),
    )
    _of_a_person("team_person", sa.Column("group_key", sa.String(length=40)))
    _of_a_person("snapshot_member", sa.Column("week", sa.Date()), sa.Column("group_key", sa.String(length=40)))
    op.create_table(
        "summary_block",
        sa.Column("block_key", sa.String(length=80), nullable=False),
        sa.Column("home", sa.String(length=40), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("block_key", name=op.f("pk_summary_block")),
    )
    _of_a_person("summary_block_member", sa.Column("block_key", sa.String(length=80)))
    _of_a_person(
        "summary_figure",
        sa.Column("measure", sa.String(length=40)),
        beside=(
            sa.Column("value", sa.BigInteger(), nullable=False),
            sa.Column("week", sa.Date(), nullable=False),
        ),
    )
    _audit()
    _digests()


def downgrade() -> None:
    op.drop_table("digest")
    op.drop_table("digest_wish")
    _let_the_audit_be_changed()
    op.drop_table("audit")
    for table in ("summary_figure", "summary_block_member", "summary_block", "snapshot_member", "team_person"):
        op.drop_table(table)
    op.drop_table("snapshot_cell")
    op.drop_table("snapshot")
    op.drop_table("team_group")


def _of_a_person(table: str, *keys: sa.Column[Any], beside: Sequence[sa.Column[Any]] = ()) -> None:
    """A table whose key ends with the number of the person whom the row is about."""
    op.create_table(
        table,
        *keys,
        sa.Column("person_id", _PERSON, nullable=False),
        *beside,
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f(f"fk_{table}_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(*(key.name for key in keys), "person_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(f"ix_{table}_person_id", table, ["person_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("audit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("group_key", sa.String(length=40), nullable=True),
        sa.Column("week", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_group_key_week", "audit", ["group_key", "week"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_stays BEFORE UPDATE ON audit "
            "BEGIN SELECT RAISE(ABORT, 'what was written down is not changed'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'what was written down is not changed'; END $$"
    )
    op.execute("CREATE TRIGGER audit_stays BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays()")


def _let_the_audit_be_changed() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_stays")
        return
    op.execute("DROP TRIGGER audit_stays ON audit")
    op.execute("DROP FUNCTION audit_stays()")


def _digests() -> None:
    op.create_table(
        "digest_wish",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_digest_wish_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_digest_wish")),
    )
    op.create_table(
        "digest",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("claimed_at", bot.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_digest_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "week", name=op.f("pk_digest")),
    )

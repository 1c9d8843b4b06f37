"""why, months later"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("installation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first_judged_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("installation_id", name=op.f("pk_installation")),
    )
    # An installation that has been judging stays as old as it is.
    op.execute(
        "INSERT INTO installation (installation_id, first_judged_on) "
        "SELECT 1, min(first_day) FROM state HAVING min(first_day) IS NOT NULL"
    )
    op.create_table(
        "basis",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_basis_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "last_day", name=op.f("pk_basis")),
    )


def downgrade() -> None:
    op.drop_table("basis")
    op.drop_table("installation")

"""second lead

What was asked of a second lead, or has to be: else nobody knew it any more once the approver was erased.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ASKED = "UPDATE campaign SET needs_approval = true WHERE state = 'waiting' OR approver_slack_id IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("campaign") as campaign:
        campaign.add_column(sa.Column("needs_approval", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(_ASKED)
    with op.batch_alter_table("campaign") as campaign:
        campaign.alter_column("needs_approval", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("campaign") as campaign:
        campaign.drop_column("needs_approval")

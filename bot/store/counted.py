"""In which published summaries somebody was counted: for their own receipts, and so that it ends when they are erased.

Called by `bot/store/rights.py` and by the page on privacy, for the one who asked. Next: `bot/store/rights.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from bot.domain.teams import COMPANY
from bot.store.tables import SnapshotMemberRow, SnapshotRow, SummaryBlockMemberRow, SummaryBlockRow


@dataclass(frozen=True)
class Counted:
    """A published summary that counted a person: made on which Monday, and of whom. No label: the group has no name."""

    week: date
    label: str | None
    everybody: bool


def close_blocks(session: Session, *, person_id: int) -> None:
    """Close the blocks that count this person, who is about to be erased (`disclosure.forget`)."""
    theirs = select(SummaryBlockMemberRow.block_key).where(SummaryBlockMemberRow.person_id == person_id)
    closing = update(SummaryBlockRow).where(SummaryBlockRow.block_key.in_(theirs)).values(is_open=False)
    session.execute(closing.execution_options(synchronize_session=False))


def counted_me(session: Session, *, person_id: int) -> tuple[Counted, ...]:
    """The summaries that showed something and counted this person, newest first, groups without a name last."""
    member, group = SnapshotMemberRow, SnapshotRow
    rows = session.execute(
        select(member.week, member.group_key, group.label)
        .outerjoin(group, and_(member.week == group.week, member.group_key == group.group_key))
        .where(member.person_id == person_id)
        .order_by(member.week.desc(), group.label.is_(None), group.label, member.group_key)
    )
    return tuple(Counted(week, label, key == COMPANY) for week, key, label in rows)

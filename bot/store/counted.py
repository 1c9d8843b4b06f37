"""In which published summaries somebody was counted: for their own receipts, and so that it ends when they are erased.

Called by `bot/store/rights.py` and by the page on privacy, for the one who asked. Next: `bot/store/rights.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from bot.domain.teams import COMPANY
from bot.store import audit
from bot.store.tables import SnapshotMemberRow, SnapshotRow, SummaryBlockMemberRow, SummaryBlockRow


@dataclass(frozen=True)
class Counted:
    """A published summary that counted a person: made on which Monday, and of whom. No label: the group has no name.

    `opened` is how often it was seen, by the role of those who saw it; empty when nobody did.
    """

    week: date
    label: str | None
    everybody: bool
    opened: Mapping[str, int] = field(default_factory=dict)


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
    ).all()
    seen: dict[audit.Summary, dict[str, int]] = {(key, week): {} for week, key, _ in rows}
    for one in audit.opened(session, summaries=seen):
        seen[one.group_key, one.week][one.role] = one.times
    return tuple(Counted(week, label, key == COMPANY, seen[key, week]) for week, key, label in rows)

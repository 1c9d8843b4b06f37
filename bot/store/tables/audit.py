"""Who did what, written once and never changed; and which managers want their summary sent.

Next: `bot/store/audit.py`.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class AuditRow(Base):
    """One summary shown, or one thing that somebody in charge did. Append only: the database refuses a change.

    `role` is all that is kept of who it was, and no figure is kept of what was shown. `group_key` and `week` say which
    summary, where it was one.
    """

    __tablename__ = "audit"
    audit_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    role: Mapped[str] = mapped_column(String(16))
    act: Mapped[str] = mapped_column(String(32))
    group_key: Mapped[str | None] = mapped_column(String(40))
    week: Mapped[date | None]
    __table_args__ = (Index("ix_audit_group_key_week", "group_key", "week"),)


class DigestWishRow(Base):
    """A manager who wants their team's summary in their own messages each time. No row: not wanted."""

    __tablename__ = "digest_wish"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime]


class DigestRow(Base):
    """One week's summary to one manager: claimed before it is sent, and never sent again (`jobs/digest.py`)."""

    __tablename__ = "digest"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    claimed_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(24))

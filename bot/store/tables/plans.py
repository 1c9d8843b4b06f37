"""What people planned for themselves. Next: `bot/store/plans.py`."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class IfThenRow(Base):
    """The if-then plan of one person: a cue out of a few, and the tip whose suggestion follows it; no free text.

    `reminded_at` is when its one reminder was planned, NULL before that. A new plan takes the place of the old one.
    """

    __tablename__ = "if_then_plan"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    tip_id: Mapped[str] = mapped_column(String(64))
    cue: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[datetime]
    remind_on: Mapped[date]
    reminded_at: Mapped[datetime | None]

"""Tips that a company's leads wrote, changed, ended or translated in Slack. Next: `bot/store/own_tips.py`."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class OwnTipRow(Base):
    """A tip in one language (domain.tips.Tip, column by column); it goes before the file of the same id.

    What holds for a tip in every language (topic to link_kind) stands in its English row alone, and is NULL in others.
    """

    __tablename__ = "own_tip"
    tip_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    locale: Mapped[str] = mapped_column(String(8), primary_key=True)
    topic: Mapped[str | None] = mapped_column(String(64))
    triggers: Mapped[str | None]
    roles: Mapped[str | None]
    owner: Mapped[str | None] = mapped_column(String(64))
    expires_on: Mapped[date | None]
    link_kind: Mapped[str | None] = mapped_column(String(16))
    link: Mapped[str | None]
    text: Mapped[str]
    try_this: Mapped[str]
    how_to: Mapped[str]
    changed_at: Mapped[datetime]

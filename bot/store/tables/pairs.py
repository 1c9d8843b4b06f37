"""Who offered to show something to a colleague, and who asked for it. Next: `bot/store/pairs.py`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class PairVolunteerRow(Base):
    """Somebody who would show a colleague something for fifteen minutes; they put it here and take it away."""

    __tablename__ = "pair_volunteer"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    offered_at: Mapped[datetime]


class PairRequestRow(Base):
    """The one request of a person (domain.pairs.Request, column by column).

    `volunteer_id` and `nudge_id` stand while somebody is asked and after a yes, and are NULL otherwise.
    """

    __tablename__ = "pair_request"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    volunteer_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="SET NULL"), index=True)
    nudge_id: Mapped[int | None] = mapped_column(ForeignKey("nudge.nudge_id", ondelete="SET NULL"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    asks: Mapped[int]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]

"""What we concluded about each person, and why we kept silent. Next: `bot/store/tables/messages.py`."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Float, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class StateRow(Base):
    """State history: a stretch of judging days on which the answer stayed the same, with the last evidence."""

    __tablename__ = "state"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date]
    state: Mapped[str] = mapped_column(String(24), index=True)
    reason: Mapped[str]
    rule_version: Mapped[str] = mapped_column(String(32))
    evidence: Mapped[dict[str, Any]]


class FindingRow(Base):
    """One waste pattern of one person in the window that ends on `window_last_day`, after the P6 and P7 arithmetic."""

    __tablename__ = "finding"
    finding_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"))
    window_last_day: Mapped[date]
    detector: Mapped[str] = mapped_column(String(8))
    rule_version: Mapped[str] = mapped_column(String(32))
    tool: Mapped[str]
    ledger: Mapped[str] = mapped_column(String(16))
    counted_microusd: Mapped[int | None]
    forgiven_microusd: Mapped[int | None]
    low_microusd: Mapped[int | None]
    high_microusd: Mapped[int | None]
    confidence: Mapped[float] = mapped_column(Float)
    occurrences: Mapped[int]
    innocent_reason: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    __table_args__ = (UniqueConstraint("person_id", "window_last_day", "detector", "tool"),)


class SilenceRow(Base):
    """Why a person heard nothing, over a stretch of days on which the reason stayed the same."""

    __tablename__ = "silence"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(32))


class BasisRow(Base):
    """What the conclusions about one person's window were drawn from, so that they can be worked out again (P11).

    Kept for as long as a state's last day or a finding's window ends on `last_day`.
    """

    __tablename__ = "basis"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    last_day: Mapped[date] = mapped_column(primary_key=True)
    inputs: Mapped[dict[str, Any]]

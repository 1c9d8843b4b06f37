"""Groups of people, and what was published about them once a period: frozen. Next: `bot/store/published.py`."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class TeamGroupRow(Base):
    """Which opaque key stands for everybody below this manager. The key is drawn, so that it tells nothing once this
    row is gone with the manager; what was published under it stays.
    """

    __tablename__ = "team_group"
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    group_key: Mapped[str] = mapped_column(String(40), unique=True)


class SnapshotRow(Base):
    """One group in the period that ends on `week`, a Sunday. `people` is how many there were, and is never shown.

    The group of everybody has no parent.
    """

    __tablename__ = "snapshot"
    week: Mapped[date] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    parent_key: Mapped[str | None] = mapped_column(String(40))
    label: Mapped[str | None]
    people: Mapped[int]
    rule_version: Mapped[str] = mapped_column(String(32))


class SnapshotCellRow(Base):
    """One figure of a group as it was published, or why it was not. Never both."""

    __tablename__ = "snapshot_cell"
    week: Mapped[date] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    measure: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int | None]
    why: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (
        ForeignKeyConstraint(["week", "group_key"], ["snapshot.week", "snapshot.group_key"], ondelete="CASCADE"),
    )


class SnapshotMemberRow(Base):
    """The smallest group that counted this person in that period; those above it follow from `snapshot.parent_key`.

    For the person's receipts, and so that the next period can tell who came and who went.
    """

    __tablename__ = "snapshot_member"
    week: Mapped[date] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40))
    __table_args__ = (Index("ix_snapshot_member_person_id", "person_id"),)

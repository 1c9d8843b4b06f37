"""Groups of people, what was published about them, and what must be remembered so that it stays safe.

Next: `bot/store/published.py`, `bot/store/snapshots.py`.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base


class TeamGroupRow(Base):
    """Which opaque key stands for everybody below this manager, since the group was last published. The key is drawn,
    so that it tells nothing once this row is gone with the manager; what was published under it stays.
    """

    __tablename__ = "team_group"
    person_id: Mapped[int] = mapped_column(
        ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    group_key: Mapped[str] = mapped_column(String(40), unique=True)


class TeamPersonRow(Base):
    """Somebody who was in a group when it was last published: by this it is told whether it still is the same group."""

    __tablename__ = "team_person"
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    __table_args__ = (Index("ix_team_person_person_id", "person_id"),)


class SnapshotRow(Base):
    """One group as it was published on a Monday about the four weeks before. The group of everybody has no parent.

    `alike_since` is the first Monday from which on it was, each time, mostly the people of the time before.
    """

    __tablename__ = "snapshot"
    week: Mapped[date] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    parent_key: Mapped[str | None] = mapped_column(String(40))
    label: Mapped[str | None]
    alike_since: Mapped[date]
    rule_version: Mapped[str] = mapped_column(String(32))


class SnapshotCellRow(Base):
    """One figure of a group as it was published, or why it was not: `value` with `at` and `people`, or `why`."""

    __tablename__ = "snapshot_cell"
    week: Mapped[date] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    measure: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int | None]
    at: Mapped[str | None] = mapped_column(String(16))
    people: Mapped[int | None]
    why: Mapped[str | None] = mapped_column(String(32))
    __table_args__ = (
        ForeignKeyConstraint(["week", "group_key"], ["snapshot.week", "snapshot.group_key"], ondelete="CASCADE"),
    )


class SnapshotMemberRow(Base):
    """Somebody who is counted in something that was shown of a group: for that person's own receipts."""

    __tablename__ = "snapshot_member"
    week: Mapped[date] = mapped_column(primary_key=True)
    group_key: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    __table_args__ = (Index("ix_snapshot_member_person_id", "person_id"),)


class SummaryBlockRow(Base):
    """A fixed set of people out of whose common figures those of groups are made (`bot/domain/disclosure`)."""

    __tablename__ = "summary_block"
    block_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    home: Mapped[str] = mapped_column(String(40))
    measure: Mapped[str] = mapped_column(String(40))
    since: Mapped[date]
    until: Mapped[date]
    is_open: Mapped[bool]


class SummaryBlockMemberRow(Base):
    """Somebody in a block."""

    __tablename__ = "summary_block_member"
    block_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    __table_args__ = (Index("ix_summary_block_member_person_id", "person_id"),)


class SummaryFigureRow(Base):
    """What somebody last added to a measure: whoever leaves a group goes on counting with it for a while.

    `week` is the Monday on which it was known last: by it the figure grows old, however often it is counted.
    """

    __tablename__ = "summary_figure"
    measure: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    value: Mapped[int]
    week: Mapped[date]
    __table_args__ = (Index("ix_summary_figure_person_id", "person_id"),)

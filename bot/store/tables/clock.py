"""The clock's own memory, since when this Kindling has been judging, and what people were told of it.

Next: `bot/store/runs.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class RunRow(Base):
    """One job, one window: unique, so that any number of clocks fire once and a gap is caught up once.

    `handed_at` is when it was handed to the workers, on the database's clock; NULL where the clock does it itself.
    """

    __tablename__ = "run"
    run_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    job: Mapped[str] = mapped_column(String(32))
    scheduled_for: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    handed_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("job", "scheduled_for"),)


class RunPieceRow(Base):
    """One piece of a run that many processes share: a range of people's numbers, a source, a drain of the queue.

    `attempt` is the run's attempt that it was cut in: the pieces of an earlier one are nobody's work any longer. The
    pieces of a phase begin when all of the phase before are done. `result` is what may be told, like a run's.
    """

    __tablename__ = "run_piece"
    run_id: Mapped[int] = mapped_column(BigKey, ForeignKey("run.run_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    phase: Mapped[int]
    what: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]


class InstallationRow(Base):
    """The one row about this installation: the day on which it first judged anybody."""

    __tablename__ = "installation"
    installation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_judged_on: Mapped[date]


class CalibrationRow(Base):
    """The calibration report of one week, shares of people and nobody's name; `week` is its Monday.

    The same week always tells the same: the difference between two reports could be one person.
    """

    __tablename__ = "calibration"
    week: Mapped[date] = mapped_column(primary_key=True)
    report: Mapped[dict[str, Any]]


class PapersRow(Base):
    """The facts with which the papers for people and their representatives were last written; nobody's name.

    Kept for good: it proves what people were told, and when.
    """

    __tablename__ = "papers"
    facts_hash: Mapped[str] = mapped_column(primary_key=True)
    written_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]

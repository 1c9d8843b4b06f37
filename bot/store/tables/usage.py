"""What was used, by the sources that say so, and what came out of the work. Next: `bot/store/tables/conclusions.py`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class UsageDayRow(Base):
    """One usage day: person x day x tool x model, as one source reports it. Kept per source, merged by no one.

    A row whose subject could not be mapped has no person; `subject` keeps such rows apart and is NULL-free.
    """

    __tablename__ = "usage_day"
    source: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"))
    requests: Mapped[int | None]
    failed_requests: Mapped[int | None]
    sessions: Mapped[int | None]
    input_tokens: Mapped[int | None]
    cache_read_tokens: Mapped[int | None]
    cache_write_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    cost_microusd: Mapped[int | None]
    priced: Mapped[str | None] = mapped_column(String(16))
    accepted: Mapped[int | None]
    rejected: Mapped[int | None]
    prompts: Mapped[int | None]
    offered: Mapped[int | None]
    lines_added: Mapped[int | None]
    fast_requests: Mapped[int | None]
    long_context_requests: Mapped[int | None]
    headless_requests: Mapped[int | None]
    active: Mapped[bool]
    fetched_at: Mapped[datetime]
    __table_args__ = (Index("ix_usage_day_person_id_day", "person_id", "day"),)


class SessionFactsRow(Base):
    """Counters of one AI session on one day. No time of day and no duration: minutes of use are not kept (P5)."""

    __tablename__ = "session_facts"
    source: Mapped[str] = mapped_column(primary_key=True)
    session_key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    requests: Mapped[int | None]
    failed_requests: Mapped[int | None]
    input_tokens: Mapped[int | None]
    cache_read_tokens: Mapped[int | None]
    cache_write_tokens: Mapped[int | None]
    output_tokens: Mapped[int | None]
    cost_microusd: Mapped[int | None]
    accepted: Mapped[int | None]
    rejected: Mapped[int | None]
    tool_calls: Mapped[int | None]
    failed_tool_calls: Mapped[int | None]
    longest_failure_streak: Mapped[int | None]
    repeated_failures: Mapped[int | None]
    compactions: Mapped[int | None]
    retries_exhausted: Mapped[int | None]
    first_prompt_tokens: Mapped[int | None]
    largest_prompt_tokens: Mapped[int | None]
    cold_restarts: Mapped[int | None]
    cold_restart_tokens: Mapped[int | None]
    cache_breaks: Mapped[int | None]
    cache_break_tokens: Mapped[int | None]
    compaction_read_tokens: Mapped[int | None]
    compaction_written_tokens: Mapped[int | None]
    short_effort_requests: Mapped[int | None]
    short_effort_cost_microusd: Mapped[int | None]
    pastes: Mapped[int | None]
    pasted_tokens: Mapped[int | None]
    pasted_resent_tokens: Mapped[int | None]
    failure_loops: Mapped[int | None]
    failure_loop_cost_microusd: Mapped[int | None]
    repeat_cost_microusd: Mapped[int | None]
    cut_starts: Mapped[int | None]
    cut_failures: Mapped[int | None]
    cut_cost_microusd: Mapped[int | None]
    cut_loops: Mapped[int | None]
    cut_loop_cost_microusd: Mapped[int | None]
    heavy_starts: Mapped[int | None]
    heavy_start_tokens: Mapped[int | None]
    heavy_start_resent_tokens: Mapped[int | None]
    long_requests: Mapped[int | None]
    long_excess_tokens: Mapped[int | None]


class OpenSessionRow(Base):
    """Where the counting of a session stands that is still being pushed to us; gone a few days after its last event."""

    __tablename__ = "open_session"
    source: Mapped[str] = mapped_column(primary_key=True)
    session_key: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    progress: Mapped[dict[str, Any]]


class PushedSeriesRow(Base):
    """The last value of a counter that is pushed as a running total, so that only its growth is counted.

    When it began is part of what `series_key` is a hash of. Gone a few days after its last value.
    """

    __tablename__ = "pushed_series"
    source: Mapped[str] = mapped_column(primary_key=True)
    series_key: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    at: Mapped[datetime]
    value: Mapped[float] = mapped_column(Float)


class PushedPointRow(Base):
    """What was pushed to us and has been counted, as a hash: the same batch sent again counts once."""

    __tablename__ = "pushed_point"
    point_key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)


class SourceRow(Base):
    """A source that was ever read: which kind it is, how many days after a day's end it finishes that day, and whether
    only those are covered whom it lists itself.
    """

    __tablename__ = "source"
    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    lag_days: Mapped[int]
    lists_members: Mapped[bool]


class BilledDayRow(Base):
    """What a source says it billed the company for one day, as a whole: the yardstick for the sum of its rows (P6)."""

    __tablename__ = "billed_day"
    source: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    amount_microusd: Mapped[int]
    as_of: Mapped[datetime]


class CoverageRow(Base):
    """Which source finished which day of which tool: only there does the absence of a usage row mean zero (P12)."""

    __tablename__ = "coverage"
    source: Mapped[str] = mapped_column(primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None]
    as_of: Mapped[datetime]


class CoveredPersonRow(Base):
    """For whom a source can prove a zero: person, tool, first and last day, both included; no last day: still open."""

    __tablename__ = "covered_person"
    source: Mapped[str] = mapped_column(primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date | None]
    __table_args__ = (Index("ix_covered_person_person_id", "person_id"),)


class SourceRunRow(Base):
    """One attempt to read a source: what was asked, how it ended. No body, no key, no person."""

    __tablename__ = "source_run"
    source_run_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(index=True)
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(16))
    row_count: Mapped[int | None]
    http_status: Mapped[int | None]
    message: Mapped[str | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class OutcomeRow(Base):
    """Something that came out of the work: merged, closed, reverted, deployed, resolved, written."""

    __tablename__ = "outcome"
    source: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]
    lines_added: Mapped[int | None]
    lines_removed: Mapped[int | None]
    ai_assisted: Mapped[bool | None]
    ai_evidence: Mapped[str | None]
    repository: Mapped[str | None]
    reverts_ref: Mapped[str | None]
    reverted: Mapped[bool | None]
    reached_production: Mapped[bool | None]
    lines_survived_14d: Mapped[int | None]
    lines_survived_30d: Mapped[int | None]
    __table_args__ = (Index("ix_outcome_person_id_at", "person_id", "at"),)

"""All tables on one page. Migrations are in `bot/store/migrations`; `alembic check` holds the two together.

A person is a number. Who that number is stands only in `identity`; every other table knows just the number (P1, P14).
NULL means that nobody told us; 0 means that somebody said none. Money is in integer micro-dollars, moments in UTC.
Next: `bot/store/database.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.store.types import UtcDateTime

BigKey = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy wants plain dicts
        datetime: UtcDateTime,
        date: Date,
        str: Text,
        dict[str, Any]: JSON,
        int: BigInteger,
    }


# ---------------------------------------------------------------- who


class PersonRow(Base):
    """Somebody who works here. No name and no address: those are identities."""

    __tablename__ = "person"
    person_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    team: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="SET NULL"), index=True)
    timezone: Mapped[str | None]
    locale: Mapped[str | None]
    country: Mapped[str | None]
    role: Mapped[str | None]
    started_on: Mapped[date | None]
    ended_on: Mapped[date | None]
    # Which of these a directory filled in, by its name as a source: only those may it change again.
    filled_by: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    # A forgotten person's number is never used again.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy wants plain dicts


class IdentityRow(Base):
    """What a source calls somebody. `person_id` is NULL when the id could not be mapped: reported, never guessed."""

    __tablename__ = "identity"
    source: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    method: Mapped[str]
    confidence: Mapped[str]
    first_seen_at: Mapped[datetime]


class SeatRow(Base):
    """A paid licence of one tool. `source` lists it, until it lists it no longer; NULL: a file, or somebody by hand."""

    __tablename__ = "seat"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    assigned_on: Mapped[date] = mapped_column(primary_key=True)
    released_on: Mapped[date | None]
    monthly_cost_microusd: Mapped[int | None]
    source: Mapped[str | None]


class CalendarDayRow(Base):
    """A day on which this person does not work for a reason of their own. Weekends and holidays are computed.

    `source` is the calendar that says so, until it says so no longer; NULL: a file.
    """

    __tablename__ = "calendar_day"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str]
    source: Mapped[str | None]


class TeamStayRow(Base):
    """Who belonged to which team, and reported to whom, from when to when, both included; no last day: still so."""

    __tablename__ = "team_stay"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    first_day: Mapped[date] = mapped_column(primary_key=True)
    last_day: Mapped[date | None]
    team: Mapped[str | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="SET NULL"), index=True)


# ---------------------------------------------------------------- what was used, and what came out of it


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
    """The last value of a counter that is pushed as a running total, so that only its growth is counted."""

    __tablename__ = "pushed_series"
    source: Mapped[str] = mapped_column(primary_key=True)
    series_key: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    day: Mapped[date]
    started_at: Mapped[datetime]
    at: Mapped[datetime]
    value: Mapped[float] = mapped_column(Float)


class PushedPointRow(Base):
    """What was pushed to us and has been counted, as a hash: the same batch sent again counts once."""

    __tablename__ = "pushed_point"
    point_key: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)


class SourceRow(Base):
    """A source that was ever read: which kind it is, and how many days after a day's end it finishes that day."""

    __tablename__ = "source"
    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    lag_days: Mapped[int]


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


# ---------------------------------------------------------------- what we concluded


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


# ---------------------------------------------------------------- what we say


class PreferenceRow(Base):
    """What a person told us about messages (domain.nudging.Preferences, column by column)."""

    __tablename__ = "preference"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    paused_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    introduced_at: Mapped[datetime | None]
    not_my_work_at: Mapped[datetime | None]
    no_access_at: Mapped[datetime | None]
    other_tool_at: Mapped[datetime | None]
    heard_from_at: Mapped[datetime | None]


OPEN_NUDGE = "state IN ('planned', 'claimed', 'sending', 'ambiguous')"


class NudgeRow(Base):
    """One message to one person; the rows are the delivery queue (`docs/why/delivery.md`).

    `nudge_key` is opaque and the only thing about it that Slack ever sees. `facts` holds the person's own figures that
    fill the text, with the window they were taken from. `due_at`, `expires_at`, `sent_at` and `answered_at` are on the
    calendar's clock; `lease_until`, `next_try_at` and `sending_since` on the database's clock.
    """

    __tablename__ = "nudge"
    nudge_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    nudge_key: Mapped[str] = mapped_column(String(40), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    tip_id: Mapped[str] = mapped_column(String(64))
    topic: Mapped[str] = mapped_column(String(64))
    trigger: Mapped[str] = mapped_column(String(24))
    rule_version: Mapped[str] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]]
    planned_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None]
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    lookups: Mapped[int] = mapped_column(server_default=text("0"))
    channel_id: Mapped[str | None] = mapped_column(String(32))
    sending_since: Mapped[datetime | None]
    slack_ts: Mapped[str | None] = mapped_column(String(32))
    sent_at: Mapped[datetime | None]
    answer: Mapped[str | None] = mapped_column(String(24))
    answered_at: Mapped[datetime | None]
    __table_args__ = (
        Index(
            "uq_nudge_one_open_per_person",
            "person_id",
            unique=True,
            sqlite_where=text(OPEN_NUDGE),
            postgresql_where=text(OPEN_NUDGE),
        ),
        Index("ix_nudge_open_due", "due_at", sqlite_where=text(OPEN_NUDGE), postgresql_where=text(OPEN_NUDGE)),
    )


class NudgeStepRow(Base):
    """Every arrow a nudge went along, append only: the answer to "what happened to it" (P8, P11)."""

    __tablename__ = "nudge_step"
    nudge_step_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    nudge_id: Mapped[int] = mapped_column(ForeignKey("nudge.nudge_id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    from_state: Mapped[str | None] = mapped_column(String(16))
    to_state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None]


class SendSlotRow(Base):
    """One row a workspace: when the next message may leave, and until when everything is held (database's clock)."""

    __tablename__ = "send_slot"
    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    hold_until: Mapped[datetime | None]


# ---------------------------------------------------------------- the clock's own memory


class RunRow(Base):
    """One job, one window: unique, so that any number of clocks fire once and a gap is caught up once."""

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
    __table_args__ = (UniqueConstraint("job", "scheduled_for"),)

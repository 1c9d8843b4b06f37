"""What people told us, the queue from which messages are sent, and what was seen after them.

Next: `bot/store/delivery.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class PreferenceRow(Base):
    """What a person told us about messages (domain.told.Preferences, column by column)."""

    __tablename__ = "preference"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    paused_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    introduced_at: Mapped[datetime | None]
    not_my_work_at: Mapped[datetime | None]
    no_access_at: Mapped[datetime | None]
    other_tool_at: Mapped[datetime | None]
    on_leave_at: Mapped[datetime | None]
    not_allowed_at: Mapped[datetime | None]
    no_trust_at: Mapped[datetime | None]
    no_time_at: Mapped[datetime | None]
    no_questions_at: Mapped[datetime | None]
    heard_from_at: Mapped[datetime | None]


class MeantPatternRow(Base):
    """A pattern of cost that a person told us was meant, so that it is not brought up again for a while."""

    __tablename__ = "meant_pattern"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    detector: Mapped[str] = mapped_column(String(8), primary_key=True)
    tool: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


OPEN_NUDGE = "state IN ('planned', 'claimed', 'sending', 'ambiguous')"


class NudgeRow(Base):
    """One message to one person; the rows are the delivery queue (`docs/why/delivery.md`).

    `nudge_key` is opaque and the only thing about it that Slack ever sees. `facts` holds the person's own figures that
    fill the text, with the window they were taken from. `campaign_id` is NULL for the tips that go out by themselves;
    it is no foreign key, so that a campaign may go and the message stays. `due_at`, `expires_at`, `sent_at` and
    `answered_at` are on the calendar's clock; `lease_until`, `next_try_at` and `sending_since` on the database's clock.
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
    campaign_id: Mapped[int | None]
    campaign_step: Mapped[int | None]
    __table_args__ = (
        Index("ix_nudge_campaign_id", "campaign_id"),
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


class CheckInRow(Base):
    """What a person answered to one check-in: reported, never measured, and never turned into money (P5).

    `reported_saving` and `went_to` are choices out of a few; NULL: not said.
    """

    __tablename__ = "check_in"
    nudge_id: Mapped[int] = mapped_column(ForeignKey("nudge.nudge_id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    helped: Mapped[str] = mapped_column(String(16))
    reported_saving: Mapped[str | None] = mapped_column(String(24))
    went_to: Mapped[str | None] = mapped_column(String(24))
    answered_at: Mapped[datetime]


class FollowUpRow(Base):
    """The pattern of a tip, looked at again so many days after it was sent (`after_days`).

    `measure` says what the two values count. `unknown` says why it cannot be known; then `value_after` is NULL.
    """

    __tablename__ = "follow_up"
    nudge_id: Mapped[int] = mapped_column(ForeignKey("nudge.nudge_id", ondelete="CASCADE"), primary_key=True)
    after_days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), index=True)
    tipped_on: Mapped[date]
    detector: Mapped[str] = mapped_column(String(8))
    tool: Mapped[str]
    measure: Mapped[str] = mapped_column(String(24))
    value_before: Mapped[int | None]
    value_after: Mapped[int | None]
    unknown: Mapped[str | None] = mapped_column(String(24))
    first_day: Mapped[date]
    last_day: Mapped[date]
    rule_version: Mapped[str] = mapped_column(String(32))
    measured_at: Mapped[datetime]


class SendSlotRow(Base):
    """One row a workspace: when the next message may leave, and until when everything is held (database's clock)."""

    __tablename__ = "send_slot"
    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[datetime]
    hold_until: Mapped[datetime | None]

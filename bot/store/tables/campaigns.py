"""Campaigns: what a lead planned, who was drawn into which arm, and what was published of it.

Next: `bot/store/campaigns.py`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.tables.base import Base, BigKey


class CampaignRow(Base):
    """One campaign (domain.campaigns.Campaign, column by column). `campaign_key` is opaque and all that Slack sees.

    Who planned and who approved it are kept as Slack ids, so that they can be told to be two; erasing everything about
    one of them empties the column.
    """

    __tablename__ = "campaign"
    campaign_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    campaign_key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(16), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    trigger: Mapped[str] = mapped_column(String(24))
    role: Mapped[str | None] = mapped_column(String(16))
    tool: Mapped[str | None]
    group_key: Mapped[str | None] = mapped_column(String(40))
    steps: Mapped[dict[str, Any]]
    first_day: Mapped[date]
    last_day: Mapped[date]
    hour_from: Mapped[int]
    hour_until: Mapped[int]
    most_messages: Mapped[int | None]
    holdout_percent: Mapped[int]
    author_slack_id: Mapped[str | None] = mapped_column(String(32))
    approver_slack_id: Mapped[str | None] = mapped_column(String(32))
    needs_approval: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    last_wave_on: Mapped[date | None]
    why_ended: Mapped[str | None] = mapped_column(String(32))


class CampaignMemberRow(Base):
    """Somebody drawn into an arm when their wave was frozen, and how their follow-up ended.

    `outcome` is yes, no or unknown; NULL while the follow-up goes on. `stratum` is the team and the state within which
    the arm was drawn.
    """

    __tablename__ = "campaign_member"
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.campaign_id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.person_id", ondelete="CASCADE"), primary_key=True)
    stratum: Mapped[str] = mapped_column(String(80))
    arm: Mapped[str] = mapped_column(String(16))
    enrolled_on: Mapped[date]
    outcome: Mapped[str | None] = mapped_column(String(16))
    resolved_on: Mapped[date | None]
    __table_args__ = (Index("ix_campaign_member_person_id", "person_id"),)


class CampaignResultRow(Base):
    """What was published of a campaign in the week that begins on this Monday: counts and an interval, of nobody."""

    __tablename__ = "campaign_result"
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.campaign_id", ondelete="CASCADE"), primary_key=True)
    week: Mapped[date] = mapped_column(primary_key=True)
    result: Mapped[dict[str, Any]]


class AudienceCountRow(Base):
    """What was told of the size of one audience in one week, so that asking again tells the same (P10)."""

    __tablename__ = "audience_count"
    week: Mapped[date] = mapped_column(primary_key=True)
    cut: Mapped[str] = mapped_column(String(160), primary_key=True)
    people: Mapped[int | None]


class HaltRow(Base):
    """The one row that is there while a lead has switched off everything that is sent."""

    __tablename__ = "halt"
    halt_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    halted_at: Mapped[datetime]
